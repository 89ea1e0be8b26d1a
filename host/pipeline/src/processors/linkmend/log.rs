//! What is remembered, on disk as well: a restart takes it up.
//!
//! Blocks of producers are appended to a storage as they come, and taken away when
//! they are too old or too many. A kill loses what had not been written: what came within
//! [`TOGETHER`], or while the block before was written, and what is being written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use linkmend::Scope;
use linkmend::index::{Entry, IndexOptions, MessageKey, Producer, SharedStore};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::block::{self, Block};
use crate::component::SetupError;
use crate::extensions::file_storage::{Storage, Store};
use crate::telemetry::logs::Throttle;

/// What comes within this time is one block: a disk is not to be synchronised for
/// each batch.
const TOGETHER: Duration = Duration::from_millis(50);

/// So much may wait for the disk.
const MOST_WAITING: usize = 64 << 20;

/// What is remembered, on disk.
pub(super) struct Log {
    storage: Storage,
    client: String,
    bounds: IndexOptions,
    store: OnceLock<Store>,
    waiting: Mutex<Block>,
    /// So many producers are on their way.
    writing: AtomicUsize,
    /// What is there, the oldest first.
    blocks: Mutex<VecDeque<Kept>>,
    added: Notify,
    failed: Throttle,
}

/// A block that is on disk.
struct Kept {
    number: u64,
    since: u64,
    producers: usize,
}

impl Log {
    pub(super) fn new(storage: Storage, client: String, bounds: IndexOptions) -> Arc<Self> {
        Arc::new(Self {
            storage,
            client,
            bounds,
            store: OnceLock::new(),
            waiting: Mutex::default(),
            writing: AtomicUsize::new(0),
            blocks: Mutex::default(),
            added: Notify::new(),
            failed: Throttle::default(),
        })
    }

    /// Opens it, and gives back what was remembered by the last run: how long ago, and
    /// what, the oldest first. To be called once; whether it was open already.
    pub(super) fn open(
        &self,
        mut restore: impl FnMut(Option<Scope>, &Producer, &[u8], Duration),
    ) -> Result<bool, SetupError> {
        let mut kept = self.blocks.lock();
        if self.store.get().is_some() {
            return Ok(false);
        }
        let store = self.storage.open(&self.client)?;
        let now = millis();
        let (mut broken, mut found, mut producers) = (Vec::new(), Vec::new(), 0);
        let read = store.each(|number, bytes| match block::since(bytes) {
            None => broken.push(number),
            Some(since) => {
                let age = Duration::from_millis(now.saturating_sub(since));
                let count = block::each(bytes, |scope, producer, state| {
                    restore(scope, producer, state, age);
                });
                if count.is_err() {
                    broken.push(number);
                }
                let count = count.unwrap_or_else(|count| count);
                producers += count;
                found.push(Kept {
                    number,
                    since,
                    producers: count,
                });
            }
        });
        read.map_err(|text| SetupError::new("", text))?;
        if !broken.is_empty() {
            tracing::error!(
                blocks = broken.len(),
                "a part of what was remembered of messages cannot be read from disk; the rest is \
                 taken up"
            );
        }
        for number in &broken {
            store.remove(*number);
        }
        found.retain(|block| !broken.contains(&block.number));
        tracing::info!(producers, "what was remembered of messages is taken up");
        kept.extend(found);
        drop(kept);
        self.forget(&store);
        let _ = self.store.set(store);
        Ok(true)
    }

    /// Writes what is remembered, until the end, and then the rest.
    pub(super) async fn write(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let is_over = tokio::select! {
                () = self.added.notified() => false,
                () = stop.cancelled() => true,
            };
            if is_over {
                self.write_block().await;
                return;
            }
            tokio::join!(self.write_block(), sleep(TOGETHER));
        }
    }

    /// How many producers are not on disk yet: a kill would have them forgotten.
    pub(super) fn unwritten(&self) -> usize {
        let waiting = self.waiting.lock();
        waiting.producers + self.writing.load(Ordering::Relaxed)
    }

    async fn write_block(&self) {
        let block = self.take();
        self.write_out(block).await;
        self.writing.store(0, Ordering::Relaxed);
    }

    /// What waits, which is on its way then.
    fn take(&self) -> Block {
        let mut waiting = self.waiting.lock();
        let block = std::mem::take(&mut *waiting);
        self.writing.store(block.producers, Ordering::Relaxed);
        block
    }

    async fn write_out(&self, block: Block) {
        let Some(store) = self.store.get().filter(|_| block.producers > 0) else {
            return;
        };
        let producers = block.producers;
        let since = millis();
        let (done, written) = oneshot::channel();
        store.append(Bytes::from(block.end(since)), move |result| {
            let _ = done.send(result);
        });
        match written.await {
            Ok(Ok(number)) => {
                self.blocks.lock().push_back(Kept {
                    number,
                    since,
                    producers,
                });
                self.forget(store);
            }
            Ok(Err(error)) => self.failed.tell(|more| {
                tracing::error!(
                    error,
                    producers,
                    "what is remembered of messages cannot be written: a restart will forget it{more}"
                );
            }),
            Err(_) => {}
        }
    }

    /// Takes away what is too old, and the oldest of what is too much.
    fn forget(&self, store: &Store) {
        let mut blocks = self.blocks.lock();
        let mut all: usize = blocks.iter().map(|block| block.producers).sum();
        let now = millis();
        let time_to_live = self.bounds.time_to_live.map(|time| time.as_millis());
        while let Some(oldest) = blocks.front() {
            let age = u128::from(now.saturating_sub(oldest.since));
            let is_old = time_to_live.is_some_and(|time_to_live| age >= time_to_live);
            if !is_old && all.saturating_sub(oldest.producers) < self.bounds.max_entries {
                return;
            }
            all -= oldest.producers;
            store.remove(oldest.number);
            blocks.pop_front();
        }
    }
}

/// Of the clock that outlives a process.
fn millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

impl SharedStore for Log {
    fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        let mut waiting = self.waiting.lock();
        if waiting.len() > MOST_WAITING {
            drop(waiting);
            self.failed.tell(|more| {
                tracing::error!(
                    "the disk is too slow for what is remembered of messages: a restart will \
                     forget some of it{more}"
                );
            });
            return;
        }
        for producer in producers {
            waiting.add(scope, producer, texts);
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// All that is on disk is in memory.
    fn recall(&self, _: Option<Scope>, _: &[MessageKey]) -> Vec<Entry> {
        Vec::new()
    }
}
