//! A smaller batch: the selected spans inside their resource and scope.

use alloc::vec::Vec;
use core::ops::Range;

use crate::encode::{bytes_field_len, put_bytes_field, put_delimiter};
use crate::otlp::{resource_spans, scope_spans, traces_data};
use crate::scan::{Frame, Scan, SelectedSpan};

/// Appends the selected spans of `batch` to `out`, in their order, each inside
/// a copy of what else its scope and its resource hold. Scopes and resources
/// without a selected span are left out, and so are unknown fields of the batch
/// itself. `scan` is the walk over `batch`.
///
/// When every span is selected the batch itself will do: see
/// [`Scan::all_selected`].
pub fn subset(batch: &[u8], scan: &Scan, out: &mut Vec<u8>) {
    subset_of(batch, scan, 0..scan.selected.len(), out);
}

/// The same as [`subset`], with some of the selected spans: those whose numbers
/// are in the range. What is out of range is left out.
pub fn subset_of(batch: &[u8], scan: &Scan, spans: Range<usize>, out: &mut Vec<u8>) {
    let selected = scan.selected.get(spans).unwrap_or_default();
    let by_resource =
        |a: &SelectedSpan, b: &SelectedSpan| scan.resource_of(a) == scan.resource_of(b);
    for spans in selected.chunk_by(by_resource) {
        let Some(resource) = spans
            .first()
            .and_then(|span| scan.resources.get(scan.resource_of(span)))
        else {
            continue;
        };
        let others = ranges(&scan.resource_others, resource);
        let by_scope = |a: &SelectedSpan, b: &SelectedSpan| a.scope() == b.scope();
        let scopes_length: usize = spans
            .chunk_by(by_scope)
            .map(|spans| bytes_field_len(resource_spans::SCOPE_SPANS, scope_length(scan, spans)))
            .sum();
        let others_length: usize = others.iter().map(ExactSizeIterator::len).sum();
        put_delimiter(
            out,
            traces_data::RESOURCE_SPANS,
            others_length + scopes_length,
        );
        put_ranges(out, batch, others);
        for spans in spans.chunk_by(by_scope) {
            put_delimiter(out, resource_spans::SCOPE_SPANS, scope_length(scan, spans));
            put_ranges(out, batch, scope_others(scan, spans));
            for span in spans {
                let body = batch.get(span.body.clone()).unwrap_or_default();
                put_bytes_field(out, scope_spans::SPANS, body);
            }
        }
    }
}

impl Scan {
    /// Every span of the batch is selected.
    #[must_use]
    pub fn all_selected(&self) -> bool {
        self.selected.len() == self.spans()
    }

    pub(crate) fn resource_of(&self, span: &SelectedSpan) -> usize {
        self.scopes
            .get(span.scope())
            .map_or(usize::MAX, |scope| scope.parent)
    }
}

fn scope_others<'s>(scan: &'s Scan, spans: &[SelectedSpan]) -> &'s [Range<usize>] {
    let scope = spans.first().and_then(|span| scan.scopes.get(span.scope()));
    scope.map_or(&[], |scope| ranges(&scan.scope_others, scope))
}

fn scope_length(scan: &Scan, spans: &[SelectedSpan]) -> usize {
    let others = scope_others(scan, spans).iter().map(ExactSizeIterator::len);
    let spans = spans
        .iter()
        .map(|span| bytes_field_len(scope_spans::SPANS, span.body.len()));
    others.sum::<usize>() + spans.sum::<usize>()
}

fn ranges<'s>(others: &'s [Range<usize>], frame: &Frame) -> &'s [Range<usize>] {
    others.get(frame.others.clone()).unwrap_or_default()
}

fn put_ranges(out: &mut Vec<u8>, batch: &[u8], ranges: &[Range<usize>]) {
    for range in ranges {
        out.extend_from_slice(batch.get(range.clone()).unwrap_or_default());
    }
}
