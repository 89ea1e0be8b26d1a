//! What was asked and written, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`Store`](crate::Store) did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys of which a producer was known in this program.
    pub hits_here: u64,
    /// Keys of which only the store knew one.
    pub hits_there: u64,
    /// Keys of which nothing was known.
    pub misses: u64,
    /// Keys that could not be asked for, or were not answered in time.
    pub unanswered: u64,
    /// Requests that were answered.
    pub round_trips: u64,
    /// Requests that were not answered in time, or failed.
    pub failures: u64,
    /// Producers that were written.
    pub written: u64,
    /// Producers that were not, since too many waited to be written.
    pub dropped: u64,
    /// Producers that the store did not take: it has no room, or no right.
    pub refused: u64,
    /// Producers that wait to be written now.
    pub waiting: u64,
    /// Answers that say that the server is one of a cluster, while
    /// [`Options::cluster`](crate::Options::cluster) says that it is none.
    pub of_a_cluster: u64,
    /// Servers that are asked at the moment.
    pub servers: u64,
    /// Those of them that cannot be reached at the moment, or are too slow: they are
    /// not waited for.
    pub servers_away: u64,
}

/// The same while it grows.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hits_here: AtomicU64,
    pub(crate) hits_there: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) unanswered: AtomicU64,
    pub(crate) round_trips: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) of_a_cluster: AtomicU64,
}

/// One more, or so many.
pub(crate) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn so_far(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            hits_here: of(&self.hits_here),
            hits_there: of(&self.hits_there),
            misses: of(&self.misses),
            unanswered: of(&self.unanswered),
            round_trips: of(&self.round_trips),
            failures: of(&self.failures),
            written: of(&self.written),
            dropped: of(&self.dropped),
            refused: of(&self.refused),
            of_a_cluster: of(&self.of_a_cluster),
            ..Stats::default()
        }
    }
}
