//! What became of a batch, for a host that has it in a form of its own: which of its spans
//! have other links now, and which are held back.

use bytes::Bytes;
use linkmend_core::Mended;
use linkmend_core::wire::encode::put_delimiter;
use linkmend_core::wire::otlp::{resource_spans, scope_spans, span, traces_data};
use linkmend_core::wire::{Fields, Scan, Selector, WireError};

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
pub(crate) fn of_mended(batch: &Bytes, mended: &Mended) -> Result<Vec<u8>, WireError> {
    let overflow = mended.overflow.iter();
    let overflow: Vec<&Bytes> = overflow
        .filter_map(|mended| mended.traces.as_ref())
        .collect();
    if mended.is_dropped {
        return Ok(put(Status::Dropped, &Changes::default(), &overflow, ""));
    }
    let changes = match &mended.traces {
        Some(traces) if is_same(batch, traces) => Changes::default(),
        Some(traces) => Changes::between(batch, traces)?,
        None => Changes::between(batch, &[])?,
    };
    let is_changed = !changes.changed.is_empty() || !changes.held.is_empty();
    let status = if is_changed {
        Status::Changed
    } else {
        Status::Unchanged
    };
    Ok(put(status, &changes, &overflow, ""))
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
    fn between(before: &[u8], after: &[u8]) -> Result<Self, WireError> {
        let (mut spans, mut left) = (Scan::new(), Scan::new());
        spans.run(before, &Selector::all())?;
        left.run(after, &Selector::all())?;
        let all_are_there = spans.selected().len() == left.selected().len();
        let mut left = left.selected().iter().peekable();
        let mut changes = Self::default();
        for (place, span) in (0..).zip(spans.selected()) {
            let old = before.get(span.body()).unwrap_or_default();
            let now = left.next_if(|now| {
                let now = after.get(now.body()).unwrap_or_default();
                all_are_there || now == old || without_links(now).eq(without_links(old))
            });
            match now {
                None => changes.held.push(place),
                Some(now) => {
                    let now = after.get(now.body()).unwrap_or_default();
                    if now != old {
                        changes.add(place, now);
                    }
                }
            }
        }
        Ok(changes)
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
