//! Joining and cutting batches before they are sent.
//!
//! A batch is a repeated field, so the bytes of two behind one another are one.
//! Not so for profiles: they refer to a dictionary that each batch has its own
//! of.

mod cut;

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::queue::{Part, Ticket};
use crate::config::{Batch, Sizer};
use crate::signal::Signal;
use crate::traces::Traces;
use cut::{Most, Piece, cut};

/// What is sent together.
pub(super) struct Shipment {
    pub(super) traces: Traces,
    /// The batches that it is of.
    pub(super) parts: Vec<Part>,
}

/// What waits to become large enough.
pub(super) struct Batcher {
    signal: Signal,
    /// `None`: batches go as they came.
    config: Option<Batch>,
    pieces: Vec<Bytes>,
    parts: Vec<Part>,
    size: u64,
    begun: Instant,
}

impl Batcher {
    pub(super) fn new(signal: Signal, config: Option<Batch>) -> Self {
        let config = config.filter(|_| signal != Signal::Profiles);
        Self {
            signal,
            config,
            pieces: Vec::new(),
            parts: Vec::new(),
            size: 0,
            begun: Instant::now(),
        }
    }

    /// When what waits is sent in any case.
    pub(super) fn due(&self) -> Option<Instant> {
        let config = self.config.as_ref().filter(|_| !self.parts.is_empty())?;
        self.begun.checked_add(config.flush_timeout)
    }

    /// Adds a batch, and gives what is large enough.
    pub(super) fn add(&mut self, traces: &Traces, ticket: &Arc<Ticket>) -> Vec<Shipment> {
        let piece = Piece {
            bytes: traces.bytes().clone(),
            items: traces.items(),
        };
        let Some(config) = self.config.clone() else {
            self.push(piece, ticket, Sizer::Items);
            return self.flush().into_iter().collect();
        };
        let pieces = match config.max_size {
            Some(most) => self.cut(piece, config.sizer, most),
            None => vec![piece],
        };
        let mut shipments = Vec::new();
        let last = pieces.len().saturating_sub(1);
        for (place, piece) in pieces.into_iter().enumerate() {
            if !piece.bytes.is_empty() || last == 0 {
                self.push(piece, ticket, config.sizer);
            }
            let is_full = config.max_size.is_some_and(|most| self.size >= most);
            if place < last || is_full || self.size >= config.min_size {
                shipments.extend(self.flush());
            }
        }
        shipments
    }

    /// What waits, if anything does.
    pub(super) fn flush(&mut self) -> Option<Shipment> {
        let parts = std::mem::take(&mut self.parts);
        let mut pieces = std::mem::take(&mut self.pieces);
        self.size = 0;
        if parts.is_empty() {
            return None;
        }
        let bytes = match (pieces.pop(), pieces.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                pieces.extend(last);
                joined(&pieces)
            }
        };
        let traces = Traces::checked(self.signal, bytes);
        Some(Shipment { traces, parts })
    }

    fn push(&mut self, piece: Piece, ticket: &Arc<Ticket>, sizer: Sizer) {
        if self.parts.is_empty() {
            self.begun = Instant::now();
        }
        self.size += size(&piece, sizer);
        self.parts.push(Part::new(Arc::clone(ticket), piece.items));
        self.pieces.push(piece.bytes);
    }

    /// The pieces of a batch, the first of which goes with what waits.
    fn cut(&self, piece: Piece, sizer: Sizer, most: u64) -> Vec<Piece> {
        let first = most.saturating_sub(self.size);
        if size(&piece, sizer) <= first {
            return vec![piece];
        }
        let most_of = |size| match sizer {
            Sizer::Bytes => Most::Bytes(size),
            Sizer::Items | Sizer::Requests => Most::Items(size),
        };
        let mut pieces = cut(self.signal, &piece.bytes, most_of(first), most_of(most))
            // What is around items was read when the batch came.
            .unwrap_or_else(|_| vec![piece]);
        if self.parts.is_empty() && pieces.first().is_some_and(|first| first.bytes.is_empty()) {
            pieces.remove(0);
        }
        pieces
    }
}

fn size(piece: &Piece, sizer: Sizer) -> u64 {
    match sizer {
        Sizer::Bytes => piece.bytes.len() as u64,
        Sizer::Items | Sizer::Requests => piece.items as u64,
    }
}

fn joined(pieces: &[Bytes]) -> Bytes {
    let mut joined = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        joined.extend_from_slice(piece);
    }
    joined.freeze()
}
