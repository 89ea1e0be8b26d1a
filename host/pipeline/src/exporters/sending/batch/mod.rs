//! Joining and cutting batches before they are sent.
//!
//! A batch is a repeated field, so the bytes of two behind one another are one.
//! Not so for profiles: they refer to a dictionary that each batch has its own
//! of.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::queue::{Part, Ticket};
use crate::config::{Batch, Sizer};
use crate::exporters::cut::{Cutter, Most, Piece};
use crate::signal::Signal;
use crate::traces::Traces;

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

    /// Begins to add a batch, to be gone on with until nothing comes any more.
    pub(super) fn begin(&self, traces: Traces, ticket: Arc<Ticket>) -> Cutting {
        // What is not added is not settled.
        let rest = Part::new(Arc::clone(&ticket), 0);
        let piece = Piece {
            items: traces.items(),
            bytes: traces.into_bytes(),
        };
        let left = match self.cutter(&piece) {
            Some(cutter) => Left::ToCut(Box::new(cutter)),
            None => Left::Whole(piece),
        };
        Cutting { left, ticket, rest }
    }

    /// Adds more of a batch, until something is large enough to be sent, or all
    /// of the batch is added.
    pub(super) fn go_on(&mut self, mut cutting: Cutting) -> (Option<Shipment>, Option<Cutting>) {
        let sizer = self.config.as_ref().map_or(Sizer::Items, |c| c.sizer);
        loop {
            let Some((piece, is_last)) = cutting.left.next() else {
                return (None, None);
            };
            // Of a batch that does not even begin to fit, nothing.
            if !piece.bytes.is_empty() || is_last && cutting.is_whole() {
                self.push(piece, &cutting.ticket, sizer);
            }
            let shipment = self.is_to_be_sent(is_last).then(|| self.flush()).flatten();
            if is_last {
                cutting.rest.forget();
                return (shipment, None);
            }
            if shipment.is_some() {
                return (shipment, Some(cutting));
            }
        }
    }

    fn is_to_be_sent(&self, is_last: bool) -> bool {
        let Some(config) = &self.config else {
            return true;
        };
        let is_full = config.max_size.is_some_and(|most| self.size >= most);
        !is_last || is_full || self.size >= config.min_size
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

    /// What cuts a batch into pieces, the first of which goes with what waits;
    /// none when it need not be cut.
    fn cutter(&self, piece: &Piece) -> Option<Cutter> {
        let config = self.config.as_ref()?;
        let (sizer, most) = (config.sizer, config.max_size?);
        let first = most.saturating_sub(self.size);
        if size(piece, sizer) <= first {
            return None;
        }
        let most_of = |size| match sizer {
            Sizer::Bytes => Most::Bytes(size),
            Sizer::Items | Sizer::Requests => Most::Items(size),
        };
        let bytes = piece.bytes.clone();
        Some(Cutter::new(
            self.signal,
            bytes,
            most_of(first),
            most_of(most),
        ))
    }
}

/// A batch that is being added.
pub(super) struct Cutting {
    left: Left,
    ticket: Arc<Ticket>,
    rest: Part,
}

/// What is left of it.
enum Left {
    Whole(Piece),
    ToCut(Box<Cutter>),
}

impl Cutting {
    fn is_whole(&self) -> bool {
        matches!(self.left, Left::Whole(_))
    }
}

impl Left {
    /// The next piece, and whether it is the last one.
    fn next(&mut self) -> Option<(Piece, bool)> {
        match self {
            Self::Whole(piece) => Some((std::mem::take(piece), true)),
            Self::ToCut(cutter) => match cutter.piece() {
                Ok(piece) => Some((piece, cutter.is_done())),
                // Cannot be: what is around items was read when it came.
                Err(error) => {
                    tracing::error!(%error, "a batch cannot be cut");
                    None
                }
            },
        }
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
