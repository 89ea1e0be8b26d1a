//! What all parts of a store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::ends::Ends;
use crate::options::Options;
use crate::queue::Queue;
use crate::stats::Counters;
use crate::topology::Topology;

/// It is told this often at most that the store takes nothing.
const TOLD_EVERY: Duration = Duration::from_mins(1);

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) runtime: Handle,
    pub(crate) topology: Arc<Topology>,
    pub(crate) queue: Queue,
    pub(crate) ends: Ends,
    pub(crate) batches: Batches,
    pub(crate) counters: Counters,
    pub(crate) is_refused_told: Mutex<Told>,
    pub(crate) is_cluster_told: Mutex<Told>,
}

/// How many batches wait for the store. It answers one after the other: what is written
/// makes room for them.
#[derive(Default)]
pub(crate) struct Batches {
    waiting: AtomicUsize,
    /// How many have waited.
    answered: AtomicU64,
    over: Notify,
}

/// One of them, as long as it waits.
pub(crate) struct Waiting<'a>(&'a Batches);

impl Batches {
    /// One more.
    pub(crate) fn begin(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// How many have had their answers, or none in time.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Until none waits.
    pub(crate) async fn over(&self) {
        while self.waiting.load(Ordering::Relaxed) > 0 {
            self.over.notified().await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Ordering::Relaxed);
        if self.0.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.over.notify_one();
        }
    }
}

/// When something was told that may be so all the time.
#[derive(Default)]
pub(crate) struct Told(Option<Instant>);

impl Told {
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= TOLD_EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
