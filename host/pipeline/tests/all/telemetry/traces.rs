//! Spans of linkmend's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use linkmend_pipeline::config::{LogEncoding, LogLevel, TraceExporter};
use linkmend_pipeline::signal::Signal;
use linkmend_pipeline::telemetry::logs;
use linkmend_pipeline::telemetry::resource::Resource;
use linkmend_pipeline::telemetry::traces::{ComponentSpan, InternalTraces, propagate};
use linkmend_pipeline::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Default)]
struct Sink(Mutex<Vec<Traces>>);

impl Consumer for Sink {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        Box::pin(async move {
            // An exporter has a stage, and says things: none of that may become
            // spans, or there would be ever new ones.
            let id = "otlp_http".parse().unwrap();
            ComponentSpan::exporter(&id, Signal::Traces)
                .run(1, async {
                    self.0.lock().unwrap().push(traces);
                    Ok(Accepted::default())
                })
                .await
        })
    }
}

fn exporter() -> TraceExporter {
    TraceExporter {
        schedule_delay: Duration::from_millis(10),
        ..TraceExporter::default()
    }
}

/// All spans that were sent, once for each resource.
fn sent(sink: &Sink) -> (Vec<Vec<(String, String)>>, Vec<Span>) {
    let (mut resources, mut spans) = (Vec::new(), Vec::new());
    for traces in sink.0.lock().unwrap().iter() {
        for one in TracesData::decode(traces.bytes().clone())
            .unwrap()
            .resource_spans
        {
            let attributes = one.resource.unwrap().attributes.into_iter();
            let text = |value: Option<_>| format!("{value:?}");
            resources.push(attributes.map(|one| (one.key, text(one.value))).collect());
            spans.extend(one.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    (resources, spans)
}

/// Runs a batch through three stages; its sender has said `headers`. What the
/// next hop was told, and what was sent.
fn three_stages(headers: &HeaderMap, taken: ConsumeResult) -> (HeaderMap, Arc<Sink>, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sink = Arc::new(Sink::default());
    let resource = Resource([("service.name".to_owned(), "edge".to_owned())].into());
    let own = {
        let _inside = runtime.enter();
        InternalTraces::start(
            vec![(exporter(), sink.clone() as Arc<dyn Consumer>)],
            &resource,
        )
    };
    let config = super::logs::config(&log, LogLevel::Debug, LogEncoding::Console);
    let subscriber = tracing_subscriber::registry()
        .with(logs::layer(&config).unwrap())
        .with(own.layer());
    let mut told = HeaderMap::new();
    tracing::subscriber::with_default(subscriber, || {
        let [receiver, processor, exporter] =
            ["otlp/front", "linkmend", "otlp_grpc"].map(|id| id.parse().unwrap());
        let export = async {
            ComponentSpan::exporter(&exporter, Signal::Traces)
                .run(3, async {
                    tracing::info!(target: "linkmend_pipeline", "an event is no part of a span");
                    propagate(&mut told);
                    taken
                })
                .await
        };
        let process = async { ComponentSpan::processor(&processor).run(3, export).await };
        let receive = ComponentSpan::receiver(&receiver, Signal::Traces, "grpc", Some(headers))
            .run(3, process);
        let _ = runtime.block_on(receive);
    });
    own.end();
    drop(runtime);
    (told, sink, std::fs::read_to_string(log).unwrap())
}

fn traceparent() -> HeaderMap {
    let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    HeaderMap::from_iter([("traceparent".parse().unwrap(), value.parse().unwrap())])
}

#[test]
fn stages_are_spans_below_those_of_the_sender() {
    let (told, sink, log) = three_stages(&traceparent(), Ok(Accepted::default()));
    let (resources, spans) = sent(&sink);
    assert!(
        resources
            .iter()
            .all(|one| one.len() == 1 && one[0].0 == "service.name" && one[0].1.contains("edge"))
    );
    let named = |name: &str, with: usize| {
        let mut found = spans.iter().filter(|span| span.name == name);
        let span = found.find(|span| span.attributes.len() >= with);
        span.unwrap_or_else(|| panic!("{name} in {spans:#?}"))
    };
    let receive = named("receiver/otlp/front/TraceDataReceived", 2);
    let process = named("processor/linkmend/TraceDataProcessed", 1);
    let export = named("exporter/otlp_grpc/traces", 1);
    assert_eq!(hex(&receive.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&receive.parent_span_id), "b7ad6b7169203331");
    assert_eq!(process.parent_span_id, receive.span_id);
    assert_eq!(export.parent_span_id, process.span_id);
    assert_eq!([receive.kind, process.kind, export.kind], [2, 1, 3]);
    let expected = format!("00-{}-{}-01", hex(&export.trace_id), hex(&export.span_id));
    assert_eq!(told["traceparent"], *expected);
    for span in [receive, process, export] {
        assert!(
            span.attributes
                .iter()
                .any(|one| one.key == "items" || one.key == "spans"),
            "{span:?}"
        );
        assert!(span.events.is_empty());
    }
    assert!(
        spans.iter().all(|span| !span.name.contains("otlp_http")),
        "{spans:#?}"
    );
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[test]
fn a_refusal_is_an_error() {
    let (_, sink, _) = three_stages(&HeaderMap::new(), Err(Refusal::retry("not now")));
    let (_, spans) = sent(&sink);
    let name = "receiver/otlp/front/TraceDataReceived";
    let receive = spans.iter().find(|span| span.name == name).unwrap();
    assert!(receive.parent_span_id.is_empty());
    let status = receive.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "not now"));
}

/// A sender that does not record its trace does not get it recorded here.
#[test]
fn what_is_not_sampled_is_not_sent() {
    let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let headers = HeaderMap::from_iter([("traceparent".parse().unwrap(), value.parse().unwrap())]);
    let (told, sink, _) = three_stages(&headers, Ok(Accepted::default()));
    let (_, spans) = sent(&sink);
    assert!(
        spans
            .iter()
            .all(|span| hex(&span.trace_id) != "0af7651916cd43dd8448eb211c80319c")
    );
    assert!(told["traceparent"].to_str().unwrap().ends_with("-00"));
}

#[tokio::test]
async fn without_spans_nothing_is_told() {
    let mut headers = HeaderMap::new();
    let id = "otlp_grpc".parse().unwrap();
    let run = ComponentSpan::exporter(&id, Signal::Traces).run(1, async {
        propagate(&mut headers);
        Ok(Accepted::default())
    });
    run.await.unwrap();
    assert!(headers.is_empty());
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
