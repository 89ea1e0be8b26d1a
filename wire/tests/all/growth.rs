//! Spans, scopes and resources that grow and shrink across the sizes at which
//! a length takes another byte.

use linkmend_wire::encode::varint_len;
use linkmend_wire::{Patch, splice};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use super::bytes::scan;
use super::shared::edits::{LinkEdit, SpanEdit};
use super::shared::raw;

/// Two resources with two scopes of two spans each; the names of the spans
/// have `padding` bytes together, in one span, scope or resource or in all.
fn batch(padding: usize, spread: usize, links: usize) -> TracesData {
    let mut names = vec![padding / spread; spread].into_iter();
    let mut span = || Span {
        name: "n".repeat(names.next().unwrap_or_default()),
        links: vec![Link::default(); links],
        ..Span::default()
    };
    let mut scope = || ScopeSpans {
        spans: vec![span(), span()],
        ..ScopeSpans::default()
    };
    let mut resource = || ResourceSpans {
        scope_spans: vec![scope(), scope()],
        ..ResourceSpans::default()
    };
    TracesData {
        resource_spans: vec![resource(), resource()],
    }
}

/// Edits spans of `batch` as bytes and as structs; how many lengths of spans,
/// scopes and resources changed their size, each, by level.
fn edit(batch: &mut TracesData, spans: &[usize], edit: &SpanEdit) -> [usize; 3] {
    let before = batch.encode_to_vec();
    let scan = scan(&before).unwrap();
    let mut fresh = Vec::new();
    let mut patches = Vec::new();
    for &span in spans {
        let start = fresh.len();
        let kept = edit.rewrite(&before, scan.selected()[span].body(), &mut fresh);
        patches.push(Patch {
            span,
            kept,
            body: start..fresh.len(),
        });
    }
    let mut after = Vec::new();
    splice(&before, &scan, &patches, &fresh, &mut after);
    let old = length_sizes(batch);
    let resources = batch.resource_spans.iter_mut();
    let scopes = resources.flat_map(|resource| &mut resource.scope_spans);
    for (index, span) in scopes.flat_map(|scope| &mut scope.spans).enumerate() {
        if spans.contains(&index) {
            edit.apply(span);
        }
    }
    // Not only the same batch, but the same bytes: each length as short as it
    // can be.
    assert_eq!(after, batch.encode_to_vec());
    raw::spans(&after);
    let new = length_sizes(batch);
    let changed = |level: usize| {
        old[level]
            .iter()
            .zip(&new[level])
            .filter(|(old, new)| old != new)
    };
    [0, 1, 2].map(|level| changed(level).count())
}

/// How many bytes the lengths of all spans, scopes and resources take.
fn length_sizes(batch: &TracesData) -> [Vec<usize>; 3] {
    let size = |length: usize| varint_len(length as u64);
    let resources = batch.resource_spans.iter();
    let scopes = resources.clone().flat_map(|resource| &resource.scope_spans);
    let spans = scopes.clone().flat_map(|scope| &scope.spans);
    [
        spans.map(|span| size(span.encoded_len())).collect(),
        scopes.map(|scope| size(scope.encoded_len())).collect(),
        resources
            .map(|resource| size(resource.encoded_len()))
            .collect(),
    ]
}

#[test]
fn lengths_grow_and_shrink_with_what_they_are_of() {
    let grow = SpanEdit {
        links: Vec::new(),
        added: vec![Link {
            trace_id: vec![1; 16],
            ..Link::default()
        }],
        dropped: Some(1),
    };
    let shrink = SpanEdit {
        links: vec![LinkEdit::Drop; 10],
        added: Vec::new(),
        dropped: None,
    };
    let mut crossed = [0; 3];
    for padding in (0..300).chain(16_150..16_450) {
        // All in one span; in two of a scope; in four of a resource.
        for spread in [1, 2, 4] {
            for spans in [&[0][..], &[0, 1], &[0, 1, 2, 3], &[1, 6]] {
                let grown = edit(&mut batch(padding, spread, 0), spans, &grow);
                let shrunk = edit(&mut batch(padding, spread, 10), spans, &shrink);
                for level in 0..3 {
                    crossed[level] += grown[level] + shrunk[level];
                }
            }
        }
    }
    assert!(crossed.iter().all(|times| *times > 100), "{crossed:?}");
}

#[test]
fn every_padding_crosses_exactly_at_the_boundary() {
    for (size, bytes) in [(127, 1), (128, 2), (16_383, 2), (16_384, 3)] {
        assert_eq!(varint_len(size), bytes);
    }
    assert_eq!(varint_len(0), 1);
    assert_eq!(varint_len(u64::MAX), 10);
}
