//! Batches of held spans, to be shown to the rules again.
//!
//! What lies around a span may be a thousand times larger than the span, and
//! all spans of a batch share it. So spans go together with those that have the
//! same resource and scope, batches are made one at a time, and no batch ends
//! between spans before they weigh as much as what would have to be copied.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use linkmend_wire::encode::{bytes_field_len, put_bytes_field, put_delimiter};
use linkmend_wire::otlp::{resource_spans, scope_spans, traces_data};

use super::cut::{Context, Origin};
use super::held::Held;
use super::term::Terms;
use crate::scope::Scope;

/// How large a batch is made: what a receiver takes without a thought, and a
/// rule within its time.
const MOST_SPANS: usize = 1024;
const MOST_BYTES: usize = 1 << 20;

/// Spans that one rule deferred.
#[derive(Debug)]
pub(crate) struct HeldBatch {
    pub(crate) rule: usize,
    pub(crate) traces: Bytes,
    /// Of each span, in their order in the batch.
    pub(crate) terms: Terms,
}

/// Batches of held spans, each made when it is asked for. Spans keep their
/// order but for the rules that deferred them, and the resources and scopes
/// that they share.
#[derive(Debug)]
pub(crate) struct Batches {
    /// The next one is the last.
    rest: Vec<Placed<Held>>,
}

/// A held span, and where it goes.
#[derive(Debug)]
struct Placed<H> {
    place: Place,
    held: H,
}

/// Numbers of a rule, a resource and a scope, and whose they are: spans of the same
/// one are next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rule: usize,
    /// Of which scope its messages are; the other one is that of OTLP.
    of: Option<Scope>,
    resource: usize,
    scope: usize,
}

impl Place {
    fn has_same_resource(self, other: Self) -> bool {
        self.goes_with(other) && self.resource == other.resource
    }

    /// Both may be in one batch.
    fn goes_with(self, other: Self) -> bool {
        self.rule == other.rule && self.of == other.of
    }
}

impl Batches {
    pub(crate) fn new(held: Vec<Held>) -> Self {
        let mut rest = placed(held);
        rest.reverse();
        Self { rest }
    }
}

impl Iterator for Batches {
    type Item = HeldBatch;

    fn next(&mut self) -> Option<HeldBatch> {
        let rule = self.rest.last()?.held.rule;
        let mut batch = self.rest.split_off(self.rest.len() - fitting(&self.rest));
        batch.reverse();
        // What it was taken from does not stay as large as it was.
        if self.rest.len() < self.rest.capacity() / 4 {
            self.rest.shrink_to_fit();
        }
        let terms = batch.iter().map(|placed| placed.held.term.tried());
        Some(HeldBatch {
            rule,
            terms: Terms::Each(terms.collect()),
            traces: compose(&batch).into(),
        })
    }
}

/// Held spans as one batch, whatever its size.
pub(crate) fn copy(held: &[Held]) -> Bytes {
    compose(&placed(held.iter().collect())).into()
}

/// Puts spans that belong together next to each other; otherwise they stay in
/// their order.
fn placed<H: Borrow<Held>>(held: Vec<H>) -> Vec<Placed<H>> {
    let places = places(&held);
    let placed = places.into_iter().zip(held);
    let mut placed: Vec<_> = placed.map(|(place, held)| Placed { place, held }).collect();
    // Stable.
    placed.sort_by_key(|placed| placed.place);
    placed
}

fn places<H: Borrow<Held>>(held: &[H]) -> Vec<Place> {
    let mut resources = Numbers::default();
    let mut scopes = Numbers::default();
    let places = held.iter().map(|held| {
        let held: &Held = held.borrow();
        Place {
            rule: held.rule,
            of: held.term.scope(),
            resource: resources.number(&held.piece.origin.resource),
            scope: scopes.number(&held.piece.origin.scope),
        }
    });
    places.collect()
}

/// Numbers contexts in the order in which they come; those that say the same
/// have the same.
#[derive(Default)]
struct Numbers<'h> {
    by_identity: HashMap<*const Context, usize>,
    by_content: HashMap<Content<'h>, usize>,
}

struct Content<'h>(&'h Context);

impl Hash for Content<'_> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.0.hash.hash(state);
    }
}

impl PartialEq for Content<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for Content<'_> {}

impl<'h> Numbers<'h> {
    #[allow(
        clippy::mutable_key_type,
        reason = "what a context counts by itself is no part of what is compared"
    )]
    fn number(&mut self, context: &'h Context) -> usize {
        let next = self.by_content.len();
        let by_content = &mut self.by_content;
        let number = self.by_identity.entry(std::ptr::from_ref(context));
        *number.or_insert_with(|| *by_content.entry(Content(context)).or_insert(next))
    }
}

/// How many of the spans, from the last one on, go into one batch; one at least.
fn fitting(rest: &[Placed<Held>]) -> usize {
    let mut size = Size::default();
    let fitting = rest.iter().rev();
    fitting.take_while(|placed| size.takes(placed)).count()
}

/// The size of a batch that is being put together.
#[derive(Default)]
struct Size {
    spans: usize,
    bytes: usize,
    last: Option<Place>,
    /// What there is of the resource and the scope of the last span, but for
    /// their own fields.
    in_resource: usize,
    in_scope: usize,
}

impl Size {
    /// Takes one more span, unless it is to begin the next batch.
    fn takes(&mut self, Placed { place, held }: &Placed<Held>) -> bool {
        let origin = &held.piece.origin;
        let (resource, scope) = (origin.resource.bytes.len(), origin.scope.bytes.len());
        let last = self.last.replace(*place);
        let is_of_rule = last.is_none_or(|last| last.goes_with(*place));
        let same_resource = last.is_some_and(|last| last.has_same_resource(*place));
        let same_scope = last == Some(*place);
        if !same_resource {
            self.in_resource = 0;
        }
        if !same_scope {
            self.in_scope = 0;
        }
        let span = held.piece.span.len();
        let with_scope = span + if same_scope { 0 } else { scope };
        let more = with_scope + if same_resource { 0 } else { resource };
        let fits = self.spans < MOST_SPANS && self.bytes + more <= MOST_BYTES;
        // Otherwise more would be copied for the next batch than is in this one.
        let is_light =
            same_resource && self.in_resource < resource || same_scope && self.in_scope < scope;
        if self.spans > 0 && !(is_of_rule && (fits || is_light)) {
            return false;
        }
        self.spans += 1;
        self.bytes += more;
        self.in_resource += with_scope;
        self.in_scope += span;
        true
    }
}

/// A batch of spans that lie next to each other if they belong together.
fn compose<H: Borrow<Held>>(spans: &[Placed<H>]) -> Vec<u8> {
    let mut out = Vec::new();
    for of_resource in spans.chunk_by(|a, b| a.place.has_same_resource(b.place)) {
        let scopes = || of_resource.chunk_by(|a, b| a.place == b.place);
        let Some(origin) = origin(of_resource) else {
            continue;
        };
        let resource = &origin.resource.bytes;
        let in_resource = scopes()
            .map(|scope| bytes_field_len(resource_spans::SCOPE_SPANS, scope_len(scope)))
            .sum::<usize>();
        let length = resource.len() + in_resource;
        out.reserve(bytes_field_len(traces_data::RESOURCE_SPANS, length));
        put_delimiter(&mut out, traces_data::RESOURCE_SPANS, length);
        out.extend_from_slice(resource);
        for scope in scopes() {
            put_scope(scope, &mut out);
        }
    }
    out
}

fn put_scope<H: Borrow<Held>>(spans: &[Placed<H>], out: &mut Vec<u8>) {
    put_delimiter(out, resource_spans::SCOPE_SPANS, scope_len(spans));
    if let Some(origin) = origin(spans) {
        out.extend_from_slice(&origin.scope.bytes);
    }
    for span in bytes_of(spans) {
        put_bytes_field(out, scope_spans::SPANS, span);
    }
}

fn scope_len<H: Borrow<Held>>(spans: &[Placed<H>]) -> usize {
    let around = origin(spans).map_or(0, |origin| origin.scope.bytes.len());
    let lengths = bytes_of(spans).map(|span| bytes_field_len(scope_spans::SPANS, span.len()));
    around + lengths.sum::<usize>()
}

/// What lies around the first of the spans.
fn origin<H: Borrow<Held>>(spans: &[Placed<H>]) -> Option<&Origin> {
    let first: &Held = spans.first()?.held.borrow();
    Some(&first.piece.origin)
}

fn bytes_of<H: Borrow<Held>>(spans: &[Placed<H>]) -> impl Iterator<Item = &[u8]> {
    spans.iter().map(|placed| {
        let held: &Held = placed.held.borrow();
        &*held.piece.span
    })
}
