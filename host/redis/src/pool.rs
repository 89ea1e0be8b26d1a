//! The connections to a server that batches ask on, each of them one batch at a time.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use crate::direct::Direct;

/// More threads than this take turns.
const MOST: usize = 16;

#[derive(Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    given_back: Condvar,
    /// A batch has found none.
    pub(crate) wanted: Notify,
}

#[derive(Default)]
struct State {
    /// The one that was used last is used next.
    idle: Vec<Direct>,
    /// With those that are in use, or being made.
    made: usize,
    /// One is being made.
    is_growing: bool,
}

impl Pool {
    /// One that nobody uses, or that somebody is done with in time. When there is none,
    /// another one is asked for.
    pub(crate) fn take(&self, deadline: Instant) -> Option<Direct> {
        let mut state = self.state.lock();
        loop {
            while let Some(direct) = state.idle.pop() {
                if direct.is_there() {
                    return Some(direct);
                }
                state.made -= 1;
            }
            if state.made < MOST && !state.is_growing {
                state.is_growing = true;
                self.wanted.notify_one();
            }
            if self.given_back.wait_until(&mut state, deadline).timed_out() {
                return state.idle.pop();
            }
        }
    }

    /// It can be used by others.
    pub(crate) fn give_back(&self, direct: Direct) {
        self.state.lock().idle.push(direct);
        self.given_back.notify_one();
    }

    /// One that was taken is of no use any more.
    pub(crate) fn is_lost(&self) {
        let mut state = self.state.lock();
        state.made = state.made.saturating_sub(1);
    }

    /// Another one was made, or could not be.
    pub(crate) fn grow(&self, made: Option<Direct>) {
        let mut state = self.state.lock();
        state.is_growing = false;
        if let Some(direct) = made {
            state.made += 1;
            state.idle.push(direct);
            drop(state);
            self.given_back.notify_one();
        }
    }
}
