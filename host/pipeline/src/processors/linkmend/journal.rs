//! Held spans on disk, so that their senders need not wait for them: what is
//! there when the program begins was held when it was killed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
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

/// The held spans of one batch in the journal. It goes with each of them, and is
/// taken out of the journal when it was told of each that it has gone on: of
/// what is lost on its way through the program it is never told.
pub(super) struct Record {
    journal: Arc<Journal>,
    number: OnceLock<u64>,
    /// How many spans are still to go on. Some may have gone before it is known
    /// how many there are.
    left: AtomicI64,
}

impl Journal {
    /// Opens it, which takes a while: it is checked.
    pub(super) fn open(storage: &Storage, client: &str) -> Result<Arc<Self>, SetupError> {
        let store = storage.open(client)?;
        Ok(Arc::new(Self { store }))
    }

    /// The numbers of what was held at the end of the last run.
    pub(super) fn left(&self) -> Result<Vec<u64>, String> {
        self.store.numbers()
    }

    /// A batch that was held at the end of the last run, if it is there.
    pub(super) async fn left_over(
        self: &Arc<Self>,
        number: u64,
    ) -> Result<Option<(Arc<Record>, Bytes)>, String> {
        let journal = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || journal.store.read(number));
        let read = reading.await.map_err(|error| error.to_string())??;
        Ok(read.map(|bytes| {
            let record = self.record();
            let _ = record.number.set(number);
            (record, bytes)
        }))
    }

    /// A record of a batch of which it is not known yet what will be held.
    pub(super) fn record(self: &Arc<Self>) -> Arc<Record> {
        Arc::new(Record {
            journal: Arc::clone(self),
            number: OnceLock::new(),
            left: AtomicI64::new(0),
        })
    }
}

impl Record {
    /// Puts the held spans of the batch, so many, into the journal; they are
    /// safe then.
    pub(super) async fn keep(&self, held: Bytes, spans: usize) -> Result<(), Refusal> {
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
        self.expect(spans);
        Ok(())
    }

    /// Counts that it is taken up: how often it was at earlier starts, and came
    /// to nothing. A process may not survive it.
    pub(super) async fn try_once_more(&self) -> Result<u32, String> {
        self.on_disk(Store::try_once_more).await
    }

    /// It was taken up.
    pub(super) async fn is_taken_up(&self) -> Result<(), String> {
        self.on_disk(Store::is_taken_up).await
    }

    /// Puts it out of the way of later starts: where it is then.
    pub(super) async fn set_aside(&self, held: Bytes) -> Result<PathBuf, String> {
        self.on_disk(move |store, number| store.set_aside(number, &held))
            .await
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Store, u64) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let Some(number) = self.number.get().copied() else {
            return Err("it is not on disk".into());
        };
        let journal = Arc::clone(&self.journal);
        let acting = tokio::task::spawn_blocking(move || act(&journal.store, number));
        acting.await.map_err(|error| error.to_string())?
    }

    /// So many of its spans are to go on.
    pub(super) fn expect(&self, spans: usize) {
        self.change(i64::try_from(spans).unwrap_or(i64::MAX));
    }

    /// One of its spans has gone on.
    pub(super) fn gone(&self) {
        self.change(-1);
    }

    fn change(&self, by: i64) {
        let left = self.left.fetch_add(by, Ordering::AcqRel) + by;
        if left == 0
            && let Some(number) = self.number.get()
        {
            self.journal.store.remove(*number);
        }
    }
}
