//! Taking spans out of a batch.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use linkmend_wire::encode::put_bytes_field;
use linkmend_wire::otlp::{resource_spans, scope_spans, traces_data};
use linkmend_wire::{Field, Fields};

/// The fields of a resource without its scopes, or of a scope without its
/// spans, byte for byte. May be as large as a batch, so that all spans of a
/// batch that have it share it, and it is hashed once.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) bytes: Box<[u8]>,
    pub(super) hash: u64,
    /// How many held spans have it. Changed under the lock of the hold alone.
    holders: AtomicUsize,
}

impl Context {
    fn new(bytes: Vec<u8>) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self {
            bytes: bytes.into(),
            hash: hasher.finish(),
            holders: AtomicUsize::new(0),
        }
    }

    /// One more span has it: what that takes.
    fn hold(&self) -> usize {
        let is_new = self.holders.fetch_add(1, Ordering::Relaxed) == 0;
        if is_new { self.bytes.len() } else { 0 }
    }

    /// One span less has it: what that gives back.
    fn forget(&self) -> usize {
        let was_last = self.holders.fetch_sub(1, Ordering::Relaxed) == 1;
        if was_last { self.bytes.len() } else { 0 }
    }
}

/// What lies around a span.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) resource: Arc<Context>,
    pub(super) scope: Context,
}

impl Origin {
    /// One more held span has it: what that takes.
    pub(super) fn hold(&self) -> usize {
        self.resource.hold() + self.scope.hold()
    }

    /// One held span less has it: what that gives back.
    pub(super) fn forget(&self) -> usize {
        self.resource.forget() + self.scope.forget()
    }
}

/// A span that was taken out of a batch.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) origin: Arc<Origin>,
    /// Its fields.
    pub(super) span: Box<[u8]>,
}

/// Takes the spans at `places`, which ascend, out of a well-formed batch: what
/// is left of it, and the spans. A scope or a resource goes when its last span
/// goes; all other bytes stay, but for the lengths around what went.
pub(super) fn cut(batch: &[u8], places: &[usize]) -> (Vec<u8>, Vec<Piece>) {
    let mut cutter = Cutter {
        batch,
        places,
        place: 0,
        pieces: Vec::with_capacity(places.len()),
    };
    let mut rest = Vec::with_capacity(batch.len());
    for field in Fields::new(batch).flatten() {
        if field.number == traces_data::RESOURCE_SPANS {
            cutter.resource(&field, &mut rest);
        } else {
            rest.extend_from_slice(cutter.raw(&field));
        }
    }
    (rest, cutter.pieces)
}

struct Cutter<'a> {
    batch: &'a [u8],
    /// Of those that are still to be taken.
    places: &'a [usize],
    /// Of the next span.
    place: usize,
    pieces: Vec<Piece>,
}

impl<'a> Cutter<'a> {
    fn raw(&self, field: &Field<'a>) -> &'a [u8] {
        self.batch.get(field.start..field.end).unwrap_or_default()
    }

    fn resource(&mut self, field: &Field<'a>, out: &mut Vec<u8>) {
        let taken = self.pieces.len();
        let mut others = None;
        let mut body = Vec::new();
        let mut is_left = false;
        for inner in Fields::within(self.batch, field.body()).flatten() {
            if inner.number == resource_spans::SCOPE_SPANS {
                is_left |= self.scope(&inner, field, &mut others, &mut body);
            } else {
                body.extend_from_slice(self.raw(&inner));
            }
        }
        if self.pieces.len() == taken {
            out.extend_from_slice(self.raw(field));
        } else if is_left {
            put_bytes_field(out, traces_data::RESOURCE_SPANS, &body);
        }
    }

    /// Whether the scope is still there.
    fn scope(
        &mut self,
        field: &Field<'a>,
        resource: &Field<'a>,
        others: &mut Option<Arc<Context>>,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut origin: Option<Arc<Origin>> = None;
        let mut body = Vec::new();
        let mut is_left = false;
        for inner in Fields::within(self.batch, field.body()).flatten() {
            let is_span = inner.number == scope_spans::SPANS;
            if !(is_span && self.takes_next()) {
                is_left |= is_span;
                body.extend_from_slice(self.raw(&inner));
                continue;
            }
            let origin = origin.get_or_insert_with(|| {
                let of_resource = others.get_or_insert_with(|| {
                    let others = self.others(resource.body(), resource_spans::SCOPE_SPANS);
                    Arc::new(Context::new(others))
                });
                Arc::new(Origin {
                    resource: Arc::clone(of_resource),
                    scope: Context::new(self.others(field.body(), scope_spans::SPANS)),
                })
            });
            self.pieces.push(Piece {
                origin: Arc::clone(origin),
                span: inner.bytes().unwrap_or_default().into(),
            });
        }
        if origin.is_none() {
            out.extend_from_slice(self.raw(field));
            return true;
        }
        if is_left {
            put_bytes_field(out, resource_spans::SCOPE_SPANS, &body);
        }
        is_left
    }

    /// Whether the next span is to be taken.
    fn takes_next(&mut self) -> bool {
        let place = self.place;
        self.place += 1;
        match self.places.split_first() {
            Some((first, rest)) if *first == place => {
                self.places = rest;
                true
            }
            _ => false,
        }
    }

    /// The fields of a message but those of one number.
    fn others(&self, message: Range<usize>, number: u32) -> Vec<u8> {
        let fields = Fields::within(self.batch, message).flatten();
        let mut others = Vec::new();
        for field in fields.filter(|field| field.number != number) {
            others.extend_from_slice(self.raw(&field));
        }
        others
    }
}
