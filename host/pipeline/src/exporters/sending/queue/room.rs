//! How much a queue holds: what enters takes room until it has left.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::IntGauge;
use tokio::sync::oneshot;

/// The room of a queue. Those that wait for some get it in turn.
pub(super) struct Room {
    capacity: u64,
    state: Mutex<State>,
    /// Shows what is taken.
    gauge: IntGauge,
}

#[derive(Default)]
struct State {
    taken: u64,
    waiting: VecDeque<(u64, oneshot::Sender<Place>)>,
}

/// Some of the room, until it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    size: u64,
}

impl Room {
    pub(super) fn new(capacity: u64, gauge: IntGauge) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self {
            capacity,
            state,
            gauge,
        })
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Some room, if there is any, and nobody waits for it.
    pub(super) fn try_enter(self: &Arc<Self>, size: u64) -> Option<Place> {
        let mut state = self.state.lock();
        (state.waiting.is_empty() && self.fits(&state, size)).then(|| self.grant(&mut state, size))
    }

    /// Some room, when there is any.
    pub(super) async fn enter(self: &Arc<Self>, size: u64) -> Option<Place> {
        let given = {
            let mut state = self.state.lock();
            if state.waiting.is_empty() && self.fits(&state, size) {
                return Some(self.grant(&mut state, size));
            }
            let (give, given) = oneshot::channel();
            state.waiting.push_back((size, give));
            given
        };
        given.await.ok()
    }

    /// Room for what is there already, even when it is more than fits.
    pub(super) fn occupy(self: &Arc<Self>, size: u64) -> Place {
        self.grant(&mut self.state.lock(), size)
    }

    fn fits(&self, state: &State, size: u64) -> bool {
        state.taken.saturating_add(size) <= self.capacity
    }

    fn grant(self: &Arc<Self>, state: &mut State, size: u64) -> Place {
        state.taken = state.taken.saturating_add(size);
        self.show(state);
        let room = Arc::clone(self);
        Place { room, size }
    }

    fn show(&self, state: &State) {
        self.gauge
            .set(i64::try_from(state.taken).unwrap_or(i64::MAX));
    }

    fn leave(self: &Arc<Self>, size: u64) {
        let mut state = self.state.lock();
        state.taken = state.taken.saturating_sub(size);
        self.show(&state);
        while let Some((size, _)) = state.waiting.front()
            && self.fits(&state, *size)
            && let Some((size, give)) = state.waiting.pop_front()
        {
            if give.is_closed() {
                continue;
            }
            let place = self.grant(&mut state, size);
            // Who has gone meanwhile leaves at once: not under the lock.
            drop(state);
            drop(give.send(place));
            state = self.state.lock();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.leave(self.size);
    }
}
