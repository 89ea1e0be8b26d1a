//! What became of a batch, as the host reads it.

use bytes::Bytes;
use linkmend_core::wire::encode::put_delimiter;
use linkmend_core::wire::otlp::{resource_spans, traces_data};
use linkmend_core::{Changes, Mended};

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

/// The answer to a batch that went through.
pub(crate) fn of_mended(mended: &Mended) -> Vec<u8> {
    let overflow = mended.overflow.iter();
    let overflow: Vec<&Bytes> = overflow
        .filter_map(|mended| mended.traces.as_ref())
        .collect();
    let nothing = Changes::default();
    let changes = mended.changes.as_ref().unwrap_or(&nothing);
    let status = if mended.is_dropped {
        Status::Dropped
    } else if changes.is_empty() {
        Status::Unchanged
    } else {
        Status::Changed
    };
    put(status, changes, &overflow, "")
}

/// The answer to a batch whose sender may try again.
pub(crate) fn rejected(text: &str) -> Vec<u8> {
    put(Status::Rejected, &Changes::default(), &[], text)
}

/// The answer to what is no batch.
pub(crate) fn malformed(text: &str) -> Vec<u8> {
    put(Status::Malformed, &Changes::default(), &[], text)
}

fn put(status: Status, changes: &Changes, overflow: &[&Bytes], text: &str) -> Vec<u8> {
    let links = traces_of(&changes.links);
    let mut out = Vec::with_capacity(24 + links.len());
    for number in [
        status as usize,
        changes.edited.len(),
        changes.held.len(),
        overflow.len(),
        links.len(),
        text.len(),
    ] {
        put_u32(&mut out, number as u32);
    }
    for place in changes.edited.iter().chain(&changes.held) {
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
