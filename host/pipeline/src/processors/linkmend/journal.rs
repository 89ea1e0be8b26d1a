//! Held spans on disk, so that their senders need not wait for them: what is
//! there when the program begins was held when it was killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::component::SetupError;
use crate::extensions::file_storage::{Storage, Store};
use crate::traces::Refusal;

/// The held spans of one stage, by batch.
pub(super) struct Journal {
    store: Store,
}

/// The held spans of one batch in the journal. It goes with each of them, and
/// takes them out of the journal when the last has gone on.
pub(super) struct Record {
    journal: Arc<Journal>,
    number: OnceLock<u64>,
    /// Not all have gone on: they stay for the next time.
    stays: AtomicBool,
}

impl Journal {
    /// Opens it, which takes a while: it is checked.
    pub(super) fn open(storage: &Storage, client: &str) -> Result<Arc<Self>, SetupError> {
        let store = storage.open(client)?;
        Ok(Arc::new(Self { store }))
    }

    /// What was held at the end of the last run.
    pub(super) fn left_over(self: &Arc<Self>) -> Result<Vec<(Arc<Record>, Bytes)>, String> {
        let mut left = Vec::new();
        self.store.each(|number, bytes| {
            let record = self.record();
            let _ = record.number.set(number);
            left.push((record, Bytes::copy_from_slice(bytes)));
        })?;
        Ok(left)
    }

    /// A record of a batch of which it is not known yet what will be held.
    pub(super) fn record(self: &Arc<Self>) -> Arc<Record> {
        Arc::new(Record {
            journal: Arc::clone(self),
            number: OnceLock::new(),
            stays: AtomicBool::new(false),
        })
    }
}

impl Record {
    /// Puts the held spans of the batch into the journal; they are safe then.
    pub(super) async fn keep(&self, held: Bytes) -> Result<(), Refusal> {
        let (done, kept) = oneshot::channel();
        self.journal.store.append(held, move |result| {
            // The sender may have gone: then its spans are held all the same.
            let _ = done.send(result);
        });
        let number = match kept.await {
            Ok(Ok(number)) => number,
            Ok(Err(error)) => {
                return Err(Refusal::retry(format!("cannot keep held spans: {error}")));
            }
            Err(_) => return Err(Refusal::retry("cannot keep held spans")),
        };
        let _ = self.number.set(number);
        Ok(())
    }

    /// They have not gone on.
    pub(super) fn stay(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(number) = self.number.get()
            && !*self.stays.get_mut()
        {
            self.journal.store.remove(*number);
        }
    }
}
