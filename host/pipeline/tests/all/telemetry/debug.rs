//! The exporter `debug`.

use std::fs;

use bytes::Bytes;
use linkmend_pipeline::component::Exporter as _;
use linkmend_pipeline::config::{DebugExporter, LogEncoding, LogLevel, Verbosity};
use linkmend_pipeline::exporters::debug::Debug;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{Consumer as _, RefusalKind, Traces};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use super::logs::logged;

fn traces(name: &str) -> Traces {
    let attribute = KeyValue {
        key: "link.type".into(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue("message\nfake".into())),
        }),
        ..KeyValue::default()
    };
    let link = Link {
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        attributes: vec![attribute],
        ..Link::default()
    };
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: name.into(),
        kind: 5,
        links: vec![link.clone(), link],
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans: vec![span.clone(), span],
        ..ScopeSpans::default()
    }];
    let resource = ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    };
    let data = TracesData {
        resource_spans: vec![resource],
    };
    Traces::new(Bytes::from(data.encode_to_vec())).unwrap()
}

/// What is told of so many batches.
fn told(config: &DebugExporter, batches: usize) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    logged(LogLevel::Info, LogEncoding::Console, || {
        runtime.block_on(async {
            let metrics = Metrics::new(true);
            let id = "debug".parse().unwrap();
            let debug = Debug::new(
                &id,
                config,
                &[linkmend_pipeline::signal::Signal::Traces],
                &metrics,
            )
            .unwrap();
            debug.start().await.unwrap();
            for _ in 0..batches {
                debug.take(traces("orders\nreceive")).await.unwrap();
            }
            assert_eq!(
                metrics
                    .exporter(&id, linkmend_pipeline::signal::Signal::Traces)
                    .sent
                    .get(),
                2 * batches as u64
            );
        });
    })
}

fn with(verbosity: Verbosity) -> DebugExporter {
    DebugExporter {
        verbosity,
        ..DebugExporter::default()
    }
}

#[test]
fn basic_is_a_line() {
    let log = told(&with(Verbosity::Basic), 1);
    assert_eq!(log.lines().count(), 1);
    let fields = r#"Traces	{"exporter":"debug","links":4,"resource_spans":1,"spans":2}"#;
    assert!(log.trim_end().ends_with(fields), "{log}");
}

#[test]
fn normal_is_a_line_for_each_span() {
    let log = told(&with(Verbosity::Normal), 1);
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    for line in &lines[1..] {
        let trace = "01".repeat(16);
        let span = format!(
            "orders\\nreceive trace_id={trace} span_id=0202020202020202 parent_id= kind=Consumer links=2"
        );
        assert!(line.starts_with(&span), "{line}");
    }
}

#[test]
fn detailed_is_all_of_it() {
    let log = told(&with(Verbosity::Detailed), 1);
    assert_eq!(log.matches("SpanLink #1").count(), 2);
    assert!(log.contains("-> Trace ID: abababab"), "{log}");
    assert!(log.contains("-> link.type: Str(message\\nfake)"), "{log}");
    assert!(log.contains("Name          : orders\\nreceive"), "{log}");
    assert!(log.contains("Kind          : Consumer"), "{log}");
}

#[test]
fn of_many_in_a_second_some_are_told() {
    let config = DebugExporter {
        sampling_initial: 2,
        sampling_thereafter: 4,
        ..DebugExporter::default()
    };
    assert_eq!(told(&config, 10).lines().count(), 4);
}

#[test]
fn it_can_go_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("debug.txt");
    let config = DebugExporter {
        use_internal_logger: false,
        output_paths: vec![path.to_str().unwrap().into()],
        ..with(Verbosity::Normal)
    };
    assert_eq!(told(&config, 1), "");
    let text = fs::read_to_string(path).unwrap();
    assert!(
        text.starts_with("debug: 1 resource spans, 2 spans, 4 links\norders\\nreceive "),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_not_well_formed_is_refused() {
    let metrics = Metrics::new(true);
    let debug = Debug::new(
        &"debug".parse().unwrap(),
        &with(Verbosity::Basic),
        &[linkmend_pipeline::signal::Signal::Traces],
        &metrics,
    )
    .unwrap();
    // The kind of a span as a text.
    let bytes = [&[0x0a, 7, 0x12, 5, 0x12, 3][..], &[0x32, 1, 0x61]].concat();
    let refusal = debug
        .take(Traces::new(bytes.into()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Malformed);
}
