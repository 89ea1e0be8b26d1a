//! A span that is held, and its place among others.

use super::cut::Piece;
use super::term::Term;
use crate::clock::Instant;
use crate::interface::MessageKey;

/// A span that is held.
#[derive(Debug)]
pub(crate) struct Held {
    /// Which rule deferred it: it goes on with this one.
    pub(crate) rule: usize,
    pub(super) term: Term,
    pub(super) piece: Piece,
    /// How many links it has.
    pub(crate) links: u64,
    pub(super) keys: Box<[MessageKey]>,
}

/// Spans in the order of their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    pub(super) deadline: Instant,
    pub(super) number: u64,
}
