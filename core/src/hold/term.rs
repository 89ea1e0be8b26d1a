//! How long a span may be held, and how often its rule was asked for it.

use crate::clock::Instant;
use std::sync::Arc;

use crate::index::Room;
use crate::options::Acknowledgement;
use crate::scope::Scope;

/// A span that waits for many messages could be woken by each of them, and its
/// rule would look at all of them each time. After so many tries it waits for
/// its time.
const MOST_TRIES: u8 = 16;

/// Of a span.
#[derive(Clone)]
pub(crate) struct Term {
    /// When its time is up.
    pub(crate) deadline: Instant,
    /// How often it was shown to a rule again.
    pub(crate) tries: u8,
    /// Of whoever waits for it.
    pub(crate) acknowledgement: Option<Acknowledgement>,
    /// Whose it is, where there are scopes.
    pub(crate) room: Option<Arc<Room>>,
}

impl Term {
    /// Of which scope the span is.
    pub(super) fn scope(&self) -> Option<Scope> {
        self.room.as_ref().map(|room| room.scope)
    }

    /// It may be woken before its time is up.
    pub(super) fn may_be_woken(&self) -> bool {
        self.tries < MOST_TRIES
    }

    /// After one more try.
    pub(super) fn tried(&self) -> Self {
        Self {
            tries: self.tries.saturating_add(1),
            ..self.clone()
        }
    }
}

/// Of the spans of a batch.
#[derive(Debug)]
pub(crate) enum Terms {
    /// One for all.
    All(Term),
    /// One each, in the order of the spans that are left.
    Each(Vec<Term>),
}

impl Terms {
    /// Takes out those of the spans at `places`, which ascend.
    pub(super) fn take(&mut self, places: &[usize]) -> Vec<Term> {
        match self {
            Self::All(term) => vec![term.clone(); places.len()],
            Self::Each(terms) => {
                let mut places = places.iter().copied().peekable();
                let (taken, left): (Vec<_>, Vec<_>) = terms
                    .drain(..)
                    .enumerate()
                    .partition(|(place, _)| places.next_if_eq(place).is_some());
                *terms = left.into_iter().map(|(_, term)| term).collect();
                taken.into_iter().map(|(_, term)| term).collect()
            }
        }
    }

    /// Whose the spans are: those of one batch are of one scope.
    pub(crate) fn room(&self) -> Option<&Arc<Room>> {
        let term = match self {
            Self::All(term) => Some(term),
            Self::Each(terms) => terms.first(),
        };
        term?.room.as_ref()
    }

    /// Of whoever waits for the spans that are left: one for each span.
    pub(crate) fn acknowledgements(&self) -> Vec<Acknowledgement> {
        let Self::Each(terms) = self else {
            return Vec::new();
        };
        let acknowledgements = terms
            .iter()
            .filter_map(|term| term.acknowledgement.as_ref());
        acknowledgements.cloned().collect()
    }
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Term")
            .field("deadline", &self.deadline)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}
