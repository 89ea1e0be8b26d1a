//! The queue before an exporter (`sending_queue`), in memory or on disk.

mod dispatch;
mod entry;
mod room;
mod ticket;

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

pub(super) use ticket::{Part, Ticket};

use super::line::Line;
use super::occasion::Occasion;
use crate::component::{SetupError, Tasks};
use crate::config::{self, Sizer};
use crate::extensions::file_storage::{Storage, Storages, Store};
use crate::signal::Signal;
use crate::traces::{Accepted, ConsumeResult, Refusal, Traces};
use dispatch::Dispatcher;
use entry::Entry;
use room::{Place, Room};

/// The queue before an exporter.
pub(super) struct Queue {
    line: Arc<Line>,
    config: config::Queue,
    storage: Option<Storage>,
    room: Arc<Room>,
    open: Mutex<Option<Open>>,
    tasks: Tasks,
    overflows: Occasion,
}

/// What a queue has while it runs. Its entries take no room of their own: they
/// have a place each.
#[derive(Clone)]
struct Open {
    entries: UnboundedSender<Entry>,
    store: Option<Arc<Store>>,
}

impl Queue {
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    pub(super) fn new(
        line: Arc<Line>,
        config: &config::Queue,
        storages: &Storages,
    ) -> Result<Self, SetupError> {
        let storage = match &config.storage {
            None => None,
            Some(id) => {
                let unknown = || {
                    let text = format!("`{id}` is no `file_storage` among the extensions");
                    SetupError::new("sending_queue.storage", text)
                };
                Some(storages.get(id).ok_or_else(unknown)?)
            }
        };
        let metrics = line.metrics();
        let capacity = i64::try_from(config.queue_size).unwrap_or(i64::MAX);
        metrics.queue_capacity.set(capacity);
        let room = Room::new(config.queue_size, metrics.queue_size.clone());
        Ok(Self {
            line,
            config: config.clone(),
            storage,
            room,
            open: Mutex::default(),
            tasks: Tasks::default(),
            overflows: Occasion::default(),
        })
    }

    /// Opens the storage, and begins to send what is in it.
    pub(super) async fn start(&self) -> Result<(), SetupError> {
        let (entries, waiting) = unbounded_channel();
        let store = self.open_store().await?;
        if let Some(store) = &store {
            let (store, room) = (Arc::clone(store), Arc::clone(&self.room));
            let (signal, sizer) = (self.line.signal(), self.config.sizer);
            let reading = move || entry::recovered(signal, &store, &room, sizer);
            let recovered = tokio::task::spawn_blocking(reading).await;
            for entry in recovered.map_err(failed)?? {
                let _ = entries.send(entry);
            }
        }
        let is_stored = store.is_some();
        *self.open.lock() = Some(Open { entries, store });
        let dispatcher = Dispatcher {
            line: Arc::clone(&self.line),
            tasks: self.tasks.clone(),
            consumers: self.config.num_consumers,
            batch: self.config.batch.clone(),
            is_stored,
        };
        self.tasks.tracker.spawn(dispatcher.run(waiting));
        Ok(())
    }

    async fn open_store(&self) -> Result<Option<Arc<Store>>, SetupError> {
        let Some(storage) = self.storage.clone() else {
            return Ok(None);
        };
        // As the Collector's; that of traces is older than the other signals.
        let client = match self.line.signal() {
            Signal::Traces => format!("exporter_{}", self.line.id()),
            signal => format!("exporter_{}_{signal}", self.line.id()),
        };
        let opening = tokio::task::spawn_blocking(move || storage.open(&client));
        let opened = opening.await;
        Ok(Some(Arc::new(opened.map_err(failed)??)))
    }

    /// Sends what is in memory; what is on disk stays there.
    pub(super) async fn stop(&self) {
        let open = self.open.lock().take();
        let store = open.and_then(|open| open.store);
        self.tasks.end().await;
        // What was sent is taken from the disk before this ends.
        if let Some(store) = store {
            let _ = tokio::task::spawn_blocking(move || drop(store)).await;
        }
    }

    pub(super) async fn take(&self, traces: Traces) -> ConsumeResult {
        let Some(open) = self.open.lock().clone() else {
            return Err(Refusal::retry("the queue does not run"));
        };
        let place = self.place(&traces).await?;
        if open.store.is_some() {
            return self.store(traces, place, open).await;
        }
        if self.config.wait_for_result {
            return self.wait(traces, place, &open).await;
        }
        self.put(&open, Entry::new(traces, Ticket::new(place)))
            .map(|()| Accepted::default())
    }

    /// Room for a batch.
    async fn place(&self, traces: &Traces) -> Result<Place, Refusal> {
        let size = entry::size(traces, self.config.sizer);
        let (capacity, unit) = (self.room.capacity(), self.unit());
        if size > capacity {
            let text = format!(
                "the batch has {size} {unit}, the queue of {} takes {capacity}; make \
                 `sending_queue.queue_size` larger",
                self.line.id()
            );
            return Err(self.refused(traces, Refusal::permanent(text)));
        }
        if let Some(place) = self.room.try_enter(size) {
            return Ok(place);
        }
        let place = if self.config.block_on_overflow {
            let entering = self.room.enter(size);
            match traces.deadline {
                Some(deadline) => timeout_at(deadline.into(), entering).await.ok().flatten(),
                None => entering.await,
            }
        } else {
            None
        };
        place.ok_or_else(|| {
            let id = self.line.id();
            let text = format!("the queue of {id} is full ({capacity} {unit})");
            self.refused(traces, Refusal::retry(text))
        })
    }

    fn refused(&self, traces: &Traces, refusal: Refusal) -> Refusal {
        let items = traces.items();
        self.line.metrics().enqueue_failed.inc_by(items as u64);
        if let Some(more) = self.overflows.is_due() {
            tracing::warn!(exporter = %self.line.id(), items, not_told = more, "{refusal}");
        }
        refusal
    }

    fn unit(&self) -> &'static str {
        match self.config.sizer {
            Sizer::Requests => "requests",
            Sizer::Items => self.line.signal().items(),
            Sizer::Bytes => "bytes",
        }
    }

    fn put(&self, open: &Open, entry: Entry) -> Result<(), Refusal> {
        let sent = open.entries.send(entry);
        sent.map_err(|lost| {
            drop(lost);
            Refusal::retry(format!("the queue of {} has ended", self.line.id()))
        })
    }

    async fn wait(&self, traces: Traces, place: Place, open: &Open) -> ConsumeResult {
        let (reply, taken) = oneshot::channel();
        let deadline = traces.deadline;
        self.put(
            open,
            Entry::new(traces, Ticket::new(place).with_reply(reply)),
        )?;
        let taken = async {
            taken
                .await
                .unwrap_or_else(|_| Err(Refusal::retry("the queue has ended")))
        };
        match deadline {
            None => taken.await,
            Some(deadline) => within(deadline, taken).await,
        }
    }

    /// The batch goes on when it is safe, whether or not its sender still waits.
    async fn store(&self, traces: Traces, place: Place, open: Open) -> ConsumeResult {
        let (reply, stored) = oneshot::channel();
        let items = traces.items();
        let entries = open.entries;
        let Some(store) = open.store else {
            return Err(Refusal::retry("there is no storage"));
        };
        let bytes = traces.bytes().clone();
        // The queue's end is waited for by the last of these.
        let of_entry = Arc::downgrade(&store);
        store.append(bytes, move |number| {
            let stored = number.and_then(|number| {
                let store = of_entry.upgrade().ok_or("the queue has ended")?;
                // When the queue has ended, it is sent after the next start.
                let ticket = Ticket::new(place).with_entry(store, number);
                let _ = entries.send(Entry::stored(ticket));
                Ok(())
            });
            let _ = reply.send(stored);
        });
        drop(store);
        let stored = stored
            .await
            .unwrap_or_else(|_| Err("the storage has ended".into()));
        match stored {
            Ok(()) => Ok(Accepted::default()),
            Err(text) => {
                self.line.metrics().enqueue_failed.inc_by(items as u64);
                Err(Refusal::retry(text))
            }
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is for map_err")]
fn failed(error: tokio::task::JoinError) -> SetupError {
    SetupError::new("sending_queue.storage", error.to_string())
}

async fn within(deadline: Instant, taken: impl Future<Output = ConsumeResult>) -> ConsumeResult {
    let taken = timeout_at(deadline.into(), taken).await;
    taken.unwrap_or_else(|_| Err(Refusal::retry("it could not be sent in time")))
}
