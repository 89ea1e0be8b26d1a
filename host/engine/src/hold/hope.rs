//! Whether it is of any use to hold the spans of a service.
//!
//! Many consumers have producers that nobody instruments: all of their spans
//! would wait for nothing, and their senders with them. So it is learned, by
//! resource, whether producers come at all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::cut::Piece;

/// How often a span is held all the same, to see whether producers come now.
const PROBE: Duration = Duration::from_secs(30);

/// How many resources are told apart; when there are more, all is learned anew.
const MOST: usize = 10_000;

/// What was learned of services.
#[derive(Debug, Default)]
pub(super) struct Hope {
    services: HashMap<u64, Service>,
}

#[derive(Debug, Clone, Copy)]
struct Service {
    /// How many spans in a row were held in vain.
    misses: usize,
    /// When a span was held last.
    probed: Instant,
}

impl Hope {
    /// Whether a span is to be held. `patience`: how many may have been held in
    /// vain, one after the other; 0 for any number.
    pub(super) fn is_left(&mut self, piece: &Piece, patience: usize, now: Instant) -> bool {
        let Some(service) = self.services.get_mut(&key(piece)) else {
            return true;
        };
        if patience == 0 || service.misses < patience {
            return true;
        }
        let is_due = now.saturating_duration_since(service.probed) >= PROBE;
        if is_due {
            service.probed = now;
        }
        is_due
    }

    /// A producer came in time.
    pub(super) fn came(&mut self, piece: &Piece) {
        self.services.remove(&key(piece));
    }

    /// The time of a span is up, and no producer of it has come.
    pub(super) fn missed(&mut self, piece: &Piece, now: Instant) {
        if self.services.len() >= MOST {
            self.services.clear();
        }
        let service = self.services.entry(key(piece)).or_insert(Service {
            misses: 0,
            probed: now,
        });
        service.misses = service.misses.saturating_add(1);
    }
}

fn key(piece: &Piece) -> u64 {
    piece.origin.resource.hash
}
