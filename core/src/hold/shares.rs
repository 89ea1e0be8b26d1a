//! What held spans of each scope take, where there are scopes.
//!
//! There is one bound for all. Who has to go when it is reached is a span of the
//! scope that has the most, so that whoever fills the hold makes room himself.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::held::Ticket;
use crate::scope::Scope;

/// By scope; empty where there are none.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<Scope, Share>);

/// Of one scope.
#[derive(Debug, Default)]
struct Share {
    spans: usize,
    bytes: usize,
    waiting: BTreeSet<Ticket>,
    ready: usize,
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surplus {
    Spans,
    Bytes,
}

/// What of a scope is to go.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// One that is ready.
    Ready(Scope),
    Waiting(Ticket),
}

impl Shares {
    /// One more span, which waits or is ready.
    pub(super) fn add(&mut self, scope: Option<Scope>, bytes: usize, waiting: Option<Ticket>) {
        let Some(scope) = scope else {
            return;
        };
        let share = self.0.entry(scope).or_default();
        share.spans += 1;
        share.bytes += bytes;
        match waiting {
            Some(ticket) => drop(share.waiting.insert(ticket)),
            None => share.ready += 1,
        }
    }

    /// It does not wait any more: it is ready.
    pub(super) fn is_ready(&mut self, scope: Option<Scope>, ticket: Ticket) {
        if let Some(share) = scope.and_then(|scope| self.0.get_mut(&scope)) {
            share.waiting.remove(&ticket);
            share.ready += 1;
        }
    }

    /// One that was ready is not held any more.
    pub(super) fn forget(&mut self, scope: Option<Scope>, bytes: usize) {
        let Some(scope) = scope else {
            return;
        };
        let Some(share) = self.0.get_mut(&scope) else {
            return;
        };
        share.spans = share.spans.saturating_sub(1);
        share.ready = share.ready.saturating_sub(1);
        share.bytes = share.bytes.saturating_sub(bytes);
        if share.spans == 0 {
            self.0.remove(&scope);
        }
    }

    /// What is to go of the scope that has the most: what would go next in any
    /// case, or the oldest. `None` where there are no scopes.
    pub(super) fn first_of_largest(&self, surplus: Surplus) -> Option<First> {
        let (scope, share) = self.0.iter().max_by_key(|(_, share)| match surplus {
            Surplus::Spans => share.spans,
            Surplus::Bytes => share.bytes,
        })?;
        match share.waiting.first() {
            Some(oldest) if share.ready == 0 => Some(First::Waiting(*oldest)),
            _ => Some(First::Ready(*scope)),
        }
    }
}
