//! What became of a batch, for a host that has it in a form of its own: which of its spans
//! have other links now, and which are held back.

use bytes::Bytes;
use linkmend_core::Mended;
use linkmend_core::wire::Fields;
use linkmend_core::wire::encode::put_delimiter;
use linkmend_core::wire::otlp::{resource_spans, scope_spans, span, traces_data};

use crate::numbers::put_u32;

/// What is to become of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Status {
    Unchanged = 0,
    Changed = 1,
    Dropped = 2,
    Rejected = 3,
    Malformed = 4,
}

/// Spans whose links are others now, and spans that are held.
#[derive(Debug, Default)]
struct Changes {
    /// The places of spans with other links.
    changed: Vec<u32>,
    /// These spans, with nothing but their links and what is dropped of them, one after
    /// the other as fields of a `ScopeSpans`.
    links: Vec<u8>,
    /// The places of spans that are held.
    held: Vec<u32>,
}

/// The answer to a batch that went through.
pub(crate) fn of_mended(batch: &Bytes, mended: &Mended) -> Vec<u8> {
    let overflow = mended.overflow.iter();
    let overflow: Vec<&Bytes> = overflow
        .filter_map(|mended| mended.traces.as_ref())
        .collect();
    if mended.is_dropped {
        return put(Status::Dropped, &Changes::default(), &overflow, "");
    }
    let changes = match &mended.traces {
        Some(traces) if is_same(batch, traces) => Changes::default(),
        Some(traces) => Changes::between(batch, traces),
        None => Changes::between(batch, &[]),
    };
    let is_changed = !changes.changed.is_empty() || !changes.held.is_empty();
    let status = if is_changed {
        Status::Changed
    } else {
        Status::Unchanged
    };
    put(status, &changes, &overflow, "")
}

/// The answer to a batch whose sender may try again.
pub(crate) fn rejected(text: &str) -> Vec<u8> {
    put(Status::Rejected, &Changes::default(), &[], text)
}

/// The answer to what is no batch.
pub(crate) fn malformed(text: &str) -> Vec<u8> {
    put(Status::Malformed, &Changes::default(), &[], text)
}

/// The very same bytes.
fn is_same(batch: &Bytes, traces: &Bytes) -> bool {
    batch.as_ptr() == traces.as_ptr() && batch.len() == traces.len()
}

impl Changes {
    /// What was done to a batch: spans keep their order, and all that is not their links.
    fn between(before: &[u8], after: &[u8]) -> Self {
        let (spans, left) = (spans_of(before), spans_of(after));
        let all_are_there = spans.len() == left.len();
        let mut left = left.into_iter().peekable();
        let mut changes = Self::default();
        for (place, old) in (0..).zip(spans) {
            let now = left.next_if(|now| {
                all_are_there || *now == old || without_links(now).eq(without_links(old))
            });
            match now {
                None => changes.held.push(place),
                Some(now) if now != old => changes.add(place, now),
                Some(_) => {}
            }
        }
        changes
    }

    fn add(&mut self, place: u32, span: &[u8]) {
        self.changed.push(place);
        let links = || links_of(span);
        put_delimiter(
            &mut self.links,
            scope_spans::SPANS,
            links().map(<[u8]>::len).sum(),
        );
        for field in links() {
            self.links.extend_from_slice(field);
        }
    }
}

/// The spans of a batch that is known to be well-formed, in their order: what is in them is
/// passed over.
fn spans_of(traces: &[u8]) -> Vec<&[u8]> {
    let resources = messages(traces, traces_data::RESOURCE_SPANS);
    let scopes = resources.flat_map(|resource| messages(resource, resource_spans::SCOPE_SPANS));
    scopes
        .flat_map(|scope| messages(scope, scope_spans::SPANS))
        .collect()
}

fn messages(bytes: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let fields = Fields::new(bytes).flatten();
    let wanted = fields.filter(move |field| field.number == number);
    wanted.filter_map(|field| field.bytes())
}

/// The fields of a span that a rule may change.
fn links_of(span: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(span, true)
}

/// All others.
fn without_links(span: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(span, false)
}

fn fields(bytes: &[u8], of_links: bool) -> impl Iterator<Item = &[u8]> {
    let fields = Fields::new(bytes).flatten();
    let wanted = fields.filter(move |field| {
        matches!(field.number, span::LINKS | span::DROPPED_LINKS_COUNT) == of_links
    });
    wanted.filter_map(|field| bytes.get(field.start..field.end))
}

fn put(status: Status, changes: &Changes, overflow: &[&Bytes], text: &str) -> Vec<u8> {
    let links = traces_of(&changes.links);
    let mut out = Vec::with_capacity(24 + links.len());
    for number in [
        status as usize,
        changes.changed.len(),
        changes.held.len(),
        overflow.len(),
        links.len(),
        text.len(),
    ] {
        put_u32(&mut out, number as u32);
    }
    for place in changes.changed.iter().chain(&changes.held) {
        put_u32(&mut out, *place);
    }
    out.extend_from_slice(&links);
    out.extend_from_slice(text.as_bytes());
    for traces in overflow {
        put_u32(&mut out, traces.len() as u32);
        out.extend_from_slice(traces);
    }
    out
}

/// A `TracesData` of one resource and one scope with these spans; nothing for none.
fn traces_of(spans: &[u8]) -> Vec<u8> {
    if spans.is_empty() {
        return Vec::new();
    }
    let mut scope = Vec::with_capacity(10);
    put_delimiter(&mut scope, resource_spans::SCOPE_SPANS, spans.len());
    let mut out = Vec::with_capacity(spans.len() + 20);
    put_delimiter(
        &mut out,
        traces_data::RESOURCE_SPANS,
        scope.len() + spans.len(),
    );
    out.extend_from_slice(&scope);
    out.extend_from_slice(spans);
    out
}
