//! What the tests of files share.

use std::path::Path;

use bytes::Bytes;
use linkmend_files::{BatchReader, ReadOptions};
use linkmend_pipeline::component::Exporter as _;
use linkmend_pipeline::config::{Exporter, FileExporter, Id};
use linkmend_pipeline::exporters::file::File;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::Traces;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use crate::support::{exporter, read, with};

pub fn id(id: &str) -> Id {
    id.parse().unwrap()
}

/// A batch of one span, which has this name.
pub fn batch(name: &str) -> Traces {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: name.into(),
        ..Span::default()
    };
    let data = TracesData {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    Traces::new(Bytes::from(data.encode_to_vec())).unwrap()
}

/// The names of all spans of a batch.
pub fn names_of(bytes: &[u8]) -> Vec<String> {
    let data = TracesData::decode(bytes).unwrap();
    let scopes = data
        .resource_spans
        .into_iter()
        .flat_map(|one| one.scope_spans);
    let spans = scopes.flat_map(|one| one.spans);
    spans.map(|span| span.name).collect()
}

/// The names of all spans of a file, as `linkmend process` reads it.
pub fn names_in(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).unwrap();
    let reader = BatchReader::open(file, ReadOptions::default()).unwrap();
    let mut names = Vec::new();
    for raw in reader {
        let decoded = raw.unwrap().decode();
        assert!(decoded.faults.is_empty(), "{:?}", decoded.faults);
        names.extend(names_of(decoded.batch.unwrap().traces()));
    }
    names
}

pub fn config(path: &Path, lines: &str) -> FileExporter {
    let lines = format!("path: {}\n{lines}", path.display());
    match exporter(&read(&[&with("exporters", "file", &lines)]), "file") {
        Exporter::File(file) => file.clone(),
        other => panic!("{other:?}"),
    }
}

pub async fn started(path: &Path, lines: &str) -> File {
    let file = File::new(
        &id("file"),
        &config(path, lines),
        &[linkmend_pipeline::signal::Signal::Traces],
        &Metrics::new(true),
    )
    .unwrap();
    file.start().await.unwrap();
    file
}
