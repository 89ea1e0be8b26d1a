//! What is in a queue: batches, or the numbers of those on disk.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::room::Room;
use super::ticket::Ticket;
use crate::component::SetupError;
use crate::config::Sizer;
use crate::extensions::file_storage::Store;
use crate::signal::Signal;
use crate::traces::Traces;

/// How often an entry is read that cannot be, and how long it waits between.
const MOST_READS: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// A batch that waits.
pub(super) struct Entry {
    /// `None`: it is on disk.
    traces: Option<Traces>,
    ticket: Ticket,
}

impl Entry {
    pub(super) fn new(traces: Traces, ticket: Ticket) -> Self {
        // Its sender may have gone before it is sent.
        let traces = Some(traces.with_deadline(None));
        Self { traces, ticket }
    }

    /// One that is on disk.
    pub(super) fn stored(ticket: Ticket) -> Self {
        let traces = None;
        Self { traces, ticket }
    }

    /// The batch, read from the disk if need be. A disk that cannot be read may
    /// get well again.
    pub(super) async fn load(self, signal: Signal) -> Result<(Traces, Arc<Ticket>), String> {
        let ticket = Arc::new(self.ticket);
        if let Some(traces) = self.traces {
            return Ok((traces, ticket));
        }
        let Some((store, number)) = ticket.entry() else {
            return Err("it is neither in memory nor on disk".into());
        };
        let mut tries = 1;
        loop {
            match read(Arc::clone(store), *number).await {
                Ok(Some(bytes)) => return Ok((Traces::checked(signal, bytes), ticket)),
                Ok(None) => return Err("it is not there any more".into()),
                Err(error) if tries == MOST_READS => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            tries += 1;
        }
    }
}

async fn read(store: Arc<Store>, number: u64) -> Result<Option<Bytes>, String> {
    let reading = tokio::task::spawn_blocking(move || store.read(number));
    reading.await.map_err(|error| error.to_string())?
}

/// What a batch takes of a queue.
pub(super) fn size(traces: &Traces, sizer: Sizer) -> u64 {
    match sizer {
        Sizer::Requests => 1,
        Sizer::Items => traces.items() as u64,
        Sizer::Bytes => traces.bytes().len() as u64,
    }
}

/// What is on disk from before.
pub(super) fn recovered(
    signal: Signal,
    store: &Arc<Store>,
    room: &Arc<Room>,
    sizer: Sizer,
) -> Result<Vec<Entry>, SetupError> {
    let mut entries = Vec::new();
    let walked = store.each(|number, bytes| {
        let taken = match sizer {
            Sizer::Requests => 1,
            Sizer::Bytes => bytes.len() as u64,
            Sizer::Items => {
                let batch = Bytes::copy_from_slice(bytes);
                size(&Traces::checked(signal, batch), sizer)
            }
        };
        let ticket = Ticket::new(room.occupy(taken)).with_entry(Arc::clone(store), number);
        entries.push(Entry::stored(ticket));
    });
    walked.map_err(|text| SetupError::new("sending_queue.storage", text))?;
    if !entries.is_empty() {
        tracing::info!(
            batches = entries.len(),
            "the queue has batches from before; they are sent"
        );
    }
    Ok(entries)
}
