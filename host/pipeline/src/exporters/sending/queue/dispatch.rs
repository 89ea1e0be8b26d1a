//! Sending what is in a queue, as much at once as there are consumers.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::entry::Entry;
use super::ticket::Part;
use crate::component::Tasks;
use crate::config::Batch;
use crate::exporters::sending::batch::{Batcher, Cutting, Shipment};
use crate::exporters::sending::line::Line;
use crate::traces::ConsumeResult;

/// Takes entries from a queue, joins them, and sends them.
pub(super) struct Dispatcher {
    pub(super) line: Arc<Line>,
    pub(super) tasks: Tasks,
    pub(super) consumers: usize,
    pub(super) batch: Option<Batch>,
    /// What is not sent is on disk, and stays there when this ends.
    pub(super) is_stored: bool,
}

/// What is next.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
enum Next {
    Entry(Entry),
    /// What waits to become larger is sent as it is.
    Flush,
    End,
}

impl Dispatcher {
    /// Runs until the queue ends; then sends what is in memory.
    pub(super) async fn run(self, mut entries: UnboundedReceiver<Entry>) {
        let consumers = Arc::new(Semaphore::new(self.consumers.min(Semaphore::MAX_PERMITS)));
        let mut batcher = Batcher::new(self.line.signal(), self.batch.clone());
        loop {
            let (mut shipment, mut cutting) = match self.next(&mut entries, &batcher).await {
                Next::Entry(entry) => (None, self.load(entry, &batcher).await),
                Next::Flush => (batcher.flush(), None),
                Next::End => break,
            };
            // One at a time: all pieces of a batch may be much more than it is.
            loop {
                if let Some(shipment) = shipment.take() {
                    let Some(consumer) = self.consumer(&consumers).await else {
                        return;
                    };
                    self.ship(shipment, consumer);
                }
                let Some(rest) = cutting.take() else {
                    break;
                };
                (shipment, cutting) = batcher.go_on(rest);
            }
        }
        if let Some(shipment) = batcher.flush()
            && let Some(consumer) = self.consumer(&consumers).await
        {
            self.ship(shipment, consumer);
        }
    }

    /// What is to be sent of this entry.
    async fn load(&self, entry: Entry, batcher: &Batcher) -> Option<Cutting> {
        let loaded = tokio::select! {
            biased;
            () = self.tasks.stop.cancelled(), if self.is_stored => return None,
            loaded = entry.load(self.line.signal()) => loaded,
        };
        match loaded {
            Ok((traces, ticket)) => Some(batcher.begin(traces, ticket)),
            Err(error) => {
                tracing::error!(
                    exporter = %self.line.id(),
                    error,
                    "a batch cannot be read from the disk; it stays there until the next start"
                );
                None
            }
        }
    }

    async fn next(&self, entries: &mut UnboundedReceiver<Entry>, batcher: &Batcher) -> Next {
        let receiving = async {
            match batcher.due() {
                None => Some(entries.recv().await),
                Some(due) => timeout_at(due.into(), entries.recv()).await.ok(),
            }
        };
        let received = tokio::select! {
            biased;
            () = self.tasks.stop.cancelled(), if self.is_stored => Some(None),
            received = receiving => received,
        };
        match received {
            Some(Some(entry)) => Next::Entry(entry),
            Some(None) => Next::End,
            None => Next::Flush,
        }
    }

    /// One that is free; none when what is on disk is not sent any more.
    async fn consumer(&self, consumers: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            biased;
            () = self.tasks.stop.cancelled(), if self.is_stored => None,
            consumer = Arc::clone(consumers).acquire_owned() => consumer.ok(),
        }
    }

    fn ship(&self, shipment: Shipment, consumer: OwnedSemaphorePermit) {
        let line = Arc::clone(&self.line);
        let stop = self.tasks.stop.clone();
        self.tasks.tracker.spawn(async move {
            let Shipment { traces, parts } = shipment;
            let taken = line.deliver(traces, &stop).await;
            settle(&line, parts, &taken, stop.is_cancelled());
            drop(consumer);
        });
    }
}

/// What was not taken is lost, unless its sender still has it, or it is on disk
/// and was not tried to the end.
fn settle(line: &Line, parts: Vec<Part>, taken: &ConsumeResult, has_stopped: bool) {
    let mut lost = 0;
    for part in parts {
        if let Err(refusal) = taken {
            if part.is_stored() && has_stopped && refusal.is_retryable() {
                continue;
            }
            if !part.has_sender() {
                lost += part.items();
            }
        }
        part.settle(taken);
    }
    if let Err(refusal) = taken
        && lost > 0
    {
        tracing::error!(
            exporter = %line.id(),
            error = %refusal,
            dropped_items = lost,
            "{} could not be sent, and are dropped",
            line.signal().items()
        );
    }
}
