//! The checks against prost, for any bytes.

use linkmend_wire::{ErrorKind, Patch, Scan, WireError, count_spans, field_path, splice, subset};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::choices::Choices;
use super::edits::SpanEdit;
use super::raw;
use super::select::Wanted;

/// Walks over `bytes` and asserts that prost agrees: on whether they are
/// well-formed, but for groups and UTF-8, and on how many spans and links
/// there are. What prost made of them, if it could.
pub fn walk(bytes: &[u8], wanted: &Wanted) -> Result<(Scan, Option<TracesData>), WireError> {
    let mut scan = Scan::new();
    let walked = scan.run(bytes, &wanted.selector());
    assert_count(bytes, walked.as_ref().map(|()| scan.spans()).ok());
    match (walked, TracesData::decode(bytes)) {
        (Ok(()), Ok(batch)) => {
            assert_counts(&scan, &batch, wanted);
            Ok((scan, Some(batch)))
        }
        (Ok(()), Err(error)) => {
            assert!(error.to_string().contains("UTF-8"), "prost: {error}");
            Ok((scan, None))
        }
        (Err(error), prost) => {
            assert!(
                error.kind == ErrorKind::Group || prost.is_err(),
                "prost decodes, the walk says: {error}"
            );
            assert!(error.offset < bytes.len(), "{error}");
            let path = field_path(bytes, error.offset);
            assert!(path.is_ascii(), "names of fields only: {path}");
            Err(error)
        }
    }
}

/// The count that looks into no span agrees with the walk, where that ends; what
/// it refuses, the walk refuses too.
fn assert_count(bytes: &[u8], walked: Option<usize>) {
    match count_spans(bytes) {
        Ok(spans) => assert_eq!(spans, walked.unwrap_or(spans)),
        Err(error) => assert_eq!(walked, None, "{error}"),
    }
}

fn assert_counts(scan: &Scan, batch: &TracesData, wanted: &Wanted) {
    let resources = batch.resource_spans.iter();
    let scopes = resources.flat_map(|resource| &resource.scope_spans);
    let spans: Vec<_> = scopes.flat_map(|scope| &scope.spans).collect();
    assert_eq!(scan.spans(), spans.len());
    let is_id = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte != 0);
    let invalid = spans
        .iter()
        .filter(|span| !is_id(&span.trace_id, 16) || !is_id(&span.span_id, 8));
    assert_eq!(scan.invalid_spans(), invalid.count());
    let links = |span: &&_| -> usize {
        let span: &opentelemetry_proto::tonic::trace::v1::Span = span;
        span.links.len()
    };
    assert_eq!(scan.links(), spans.iter().map(links).sum::<usize>());
    let selected: Vec<_> = spans.iter().filter(|span| wanted.takes(span)).collect();
    assert_eq!(scan.selected().len(), selected.len());
    assert_eq!(scan.all_selected(), selected.len() == spans.len());
    for (ours, prost) in scan.selected().iter().zip(selected) {
        assert_eq!(ours.links, prost.links.len());
    }
}

/// Asserts that two batches are the same, NaN included.
pub fn assert_same(ours: &TracesData, theirs: &TracesData) {
    if ours.encode_to_vec() != theirs.encode_to_vec() {
        assert_eq!(ours, theirs);
    }
}

/// Asserts that the subset of well-formed `bytes` is that of the structs.
pub fn selection(bytes: &[u8], wanted: &Wanted) {
    let Ok((scan, batch)) = walk(bytes, wanted) else {
        return;
    };
    let mut ours = Vec::new();
    subset(bytes, &scan, &mut ours);
    let (again, smaller) = walk(&ours, wanted).unwrap();
    assert!(again.all_selected());
    assert_eq!(again.spans(), scan.selected().len());
    if let (Some(batch), Some(smaller)) = (batch, smaller) {
        assert_same(&smaller, &wanted.subset(&batch));
    }
    // The spans themselves, and what lies beside scopes and spans, are copied.
    let bodies = raw::spans(&ours);
    for (span, body) in scan.selected().iter().zip(bodies) {
        assert_eq!(bytes[span.body()], ours[body]);
    }
}

/// Asserts that random edits of the selected spans of well-formed `bytes` give
/// what the same edits of structs give, and change nothing else.
pub fn edits(bytes: &[u8], wanted: &Wanted, choices: &mut Choices<'_>) {
    let Ok((scan, batch)) = walk(bytes, wanted) else {
        return;
    };
    let mut fresh = Vec::new();
    let mut patches = Vec::new();
    let mut edits = Vec::new();
    let mut edited = Vec::new();
    for (span, selected) in scan.selected().iter().enumerate() {
        let edit = choices.maybe(|choices| SpanEdit::random(choices, selected.links));
        if let Some(edit) = &edit {
            let start = fresh.len();
            let kept = edit.rewrite(bytes, selected.body(), &mut fresh);
            patches.push(Patch {
                span,
                kept,
                body: start..fresh.len(),
            });
            edited.push(selected.body().start);
        }
        edits.push(edit);
    }
    let mut ours = Vec::new();
    splice(bytes, &scan, &patches, &fresh, &mut ours);
    if patches.is_empty() {
        assert_eq!(ours, bytes);
    }
    raw::assert_only_links_differ(bytes, &ours, &edited);
    let (_, after) = walk(&ours, &Wanted::everything()).unwrap();
    if let (Some(batch), Some(after)) = (batch, after) {
        assert_same(&after, &apply(batch, wanted, edits));
    }
}

fn apply(mut batch: TracesData, wanted: &Wanted, edits: Vec<Option<SpanEdit>>) -> TracesData {
    let mut edits = edits.into_iter();
    let resources = batch.resource_spans.iter_mut();
    let scopes = resources.flat_map(|resource| &mut resource.scope_spans);
    for span in scopes.flat_map(|scope| &mut scope.spans) {
        if wanted.takes(span)
            && let Some(edit) = edits.next().unwrap()
        {
            edit.apply(span);
        }
    }
    batch
}
