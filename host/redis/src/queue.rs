//! What waits to be written.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many producers one request writes at most: more would keep the one thread, and the
/// server, from what a batch waits for.
const AT_ONCE: usize = 512;

/// A producer that is to be written.
pub(crate) struct Pending {
    pub(crate) key: Box<[u8]>,
    pub(crate) score: u64,
    pub(crate) member: Box<[u8]>,
}

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Queue {
    pending: Mutex<State>,
    pub(crate) added: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Pending>,
    /// On their way.
    writing: usize,
}

impl Queue {
    /// Puts some behind the others; how many of the oldest had to make room, so that no
    /// more than `most` wait.
    pub(crate) fn add(&self, pending: Vec<Pending>, most: usize) -> usize {
        let mut state = self.pending.lock();
        state.waiting.extend(pending);
        let surplus = state.waiting.len().saturating_sub(most);
        state.waiting.drain(..surplus);
        drop(state);
        self.added.notify_one();
        surplus
    }

    pub(crate) fn len(&self) -> usize {
        let state = self.pending.lock();
        state.waiting.len() + state.writing
    }

    /// Some of them, which are on their way then.
    pub(crate) fn take(&self) -> Vec<Pending> {
        let mut state = self.pending.lock();
        let count = state.waiting.len().min(AT_ONCE);
        state.writing += count;
        state.waiting.drain(..count).collect()
    }

    /// So many have gone their way; these could not be written, and wait behind the
    /// others, so that one server that is away holds up nobody.
    pub(crate) fn settle(&self, count: usize, left: Vec<Pending>) {
        let mut state = self.pending.lock();
        state.writing -= count;
        state.waiting.extend(left);
    }
}
