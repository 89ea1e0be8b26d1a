//! The traces in `examples/traces`: what their stories say is true.

mod captures;
mod stories;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use linkmend::Counts;
use linkmend_tests::arms::{Engine, Order};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

fn path(folder: &str, file: &str) -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/traces");
    examples.join(folder).join(file)
}

/// The batches of a file.
fn read(folder: &str, file: &str) -> Vec<TracesData> {
    let path = path(folder, file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let batches = text.lines().map(|line| serde_json::from_str(line).unwrap());
    batches.collect()
}

/// What becomes of a file: all of it is remembered, and then mended.
fn mend(
    processor: &(impl Engine + ?Sized),
    order: Order,
    batches: &[TracesData],
) -> (Vec<TracesData>, Vec<Counts>) {
    let encode = |batch: &TracesData| order.of(&batch.encode_to_vec().into());
    let encoded: Vec<Bytes> = batches.iter().map(encode).collect();
    for batch in &encoded {
        assert_eq!(processor.remember(batch.clone()).unwrap().faults, []);
    }
    let mend = |batch: Bytes| {
        let mended = processor.mend(batch).unwrap();
        assert_eq!(mended.faults, []);
        let traces = TracesData::decode(mended.traces.unwrap()).unwrap();
        (traces, mended.counts)
    };
    encoded.into_iter().map(mend).unzip()
}

fn spans(batches: &[TracesData]) -> impl Iterator<Item = &Span> {
    let resources = batches.iter().flat_map(|batch| &batch.resource_spans);
    let scopes = resources.flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans)
}

fn for_each_span(batches: &mut [TracesData], mut change: impl FnMut(&mut Span)) {
    for resource in batches
        .iter_mut()
        .flat_map(|batch| &mut batch.resource_spans)
    {
        let scopes = resource.scope_spans.iter_mut();
        scopes
            .flat_map(|scope| &mut scope.spans)
            .for_each(&mut change);
    }
}

/// The same without links, and without a count of them.
fn without_links(batches: &[TracesData]) -> Vec<TracesData> {
    let mut batches = batches.to_vec();
    for_each_span(&mut batches, |span| {
        span.links.clear();
        span.dropped_links_count = 0;
    });
    batches
}
