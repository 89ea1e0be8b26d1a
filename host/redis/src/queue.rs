//! What waits to be written, and what was written last.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many producers one request writes at most: more would keep the one thread, and the
/// server, from what a batch waits for.
const AT_ONCE: usize = 512;

/// What was written within this time is written again when a server is back: it may be
/// another one, which has not all that the one before it had, or have nothing any more. Spans
/// wait for their producers about as long.
const RECENT: Duration = Duration::from_secs(10);

/// And so many of them at most: a server writes them in a quarter of a second.
const MOST_RECENT: usize = 50_000;

/// A producer that is to be written.
#[derive(Debug)]
pub(crate) struct Pending {
    /// It was written before.
    pub(crate) is_again: bool,
    pub(crate) scope: Option<Scope>,
    pub(crate) entry: Entry,
}

impl Pending {
    /// Under which it is written.
    pub(crate) fn key(&self) -> (Option<Scope>, MessageKey) {
        (self.scope, self.entry.producer.key)
    }
}

/// What may be written twice.
pub(crate) trait Again {
    /// It was written before.
    fn is_again(&self) -> bool;

    /// It is written now.
    fn again(self) -> Self;
}

impl Again for Pending {
    fn is_again(&self) -> bool {
        self.is_again
    }

    fn again(self) -> Self {
        Self {
            is_again: true,
            ..self
        }
    }
}

/// What waits to be written.
pub(crate) struct Queue<T = Pending> {
    pending: Mutex<State<T>>,
    pub(crate) added: Notify,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// On their way.
    writing: usize,
    /// The oldest first.
    recent: VecDeque<(Instant, T)>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            pending: Mutex::new(State {
                waiting: VecDeque::new(),
                writing: 0,
                recent: VecDeque::new(),
            }),
            added: Notify::new(),
        }
    }
}

impl<T: Again> Queue<T> {
    /// Puts some behind the others; how many of the oldest had to make room, so that no
    /// more than `most` wait.
    pub(crate) fn add(&self, pending: impl Iterator<Item = T>, most: usize) -> usize {
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

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.pending.lock().waiting.len()
    }

    /// Some of them, which are on their way then.
    pub(crate) fn take(&self) -> Vec<T> {
        let mut state = self.pending.lock();
        let count = state.waiting.len().min(AT_ONCE);
        state.writing += count;
        state.waiting.drain(..count).collect()
    }

    /// So many have gone their way; those that are left could not be written, and wait
    /// behind the others, so that one server that is away holds up nobody.
    pub(crate) fn settle(&self, count: usize, left: Vec<T>, written: Vec<T>) {
        let now = Instant::now();
        let mut state = self.pending.lock();
        state.writing -= count;
        state.waiting.extend(left);
        // Once: a server that comes and goes must not have the same again and again.
        let first = written.into_iter().filter(|pending| !pending.is_again());
        state.recent.extend(first.map(|pending| (now, pending)));
        let surplus = state.recent.len().saturating_sub(MOST_RECENT);
        state.recent.drain(..surplus);
        state.forget(now);
    }

    /// What was written last is to be written again, behind what waits.
    pub(crate) fn again(&self) {
        let mut state = self.pending.lock();
        state.forget(Instant::now());
        let recent = std::mem::take(&mut state.recent);
        let recent = recent.into_iter().map(|(_, pending)| pending.again());
        state.waiting.extend(recent);
    }
}

impl<T> State<T> {
    fn forget(&mut self, now: Instant) {
        let is_old = |since: &Instant| now.saturating_duration_since(*since) > RECENT;
        while self.recent.front().is_some_and(|(since, _)| is_old(since)) {
            self.recent.pop_front();
        }
    }
}
