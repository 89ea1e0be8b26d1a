//! Services with all three signals on, for which one endpoint is all that is set,
//! and a Collector behind linkmend.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::scope;

use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

use crate::support::clients::folder;
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::peers::{Collector, Export, Tap, built};
use crate::support::services::Service;
use crate::support::wait;

const MESSAGES: usize = 20;

/// One endpoint for all.
const ALL: &str = "
processors: {memory_limiter: {limit_mib: 4000}}
service:
  pipelines:
    traces: {processors: [memory_limiter, linkmend]}
    metrics: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_grpc]}
    logs: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_grpc]}
";

/// What would make whoever runs a service look twice.
const ALARMING: [&str; 8] = [
    "warn",
    "error",
    "exception",
    "fail",
    "traceback",
    "deprecat",
    "refused",
    "unavailable",
];

#[test]
fn all_signals_of_every_sdk_arrive_at_a_collector() {
    let (Some(installed), Some(_)) = (folder(), built()) else {
        return;
    };
    let languages = ["python", "javascript", "java", "go"];
    let services = languages.map(|language| Service::find(&installed, language));
    for service in services.into_iter().flatten() {
        // Each with a linkmend of its own: their messages have the same names.
        scope(|scope| {
            let installed = &installed;
            scope.spawn(move || arrive(installed, service, Port::Grpc));
            scope.spawn(move || arrive(installed, service.by("grpc"), Port::Grpc));
            scope.spawn(move || arrive(installed, service.by("http/protobuf"), Port::Http));
        });
    }
}

#[derive(Debug, Clone, Copy)]
enum Port {
    Grpc,
    Http,
}

/// A service, a tap, linkmend, a tap, a Collector, an intake.
fn arrive(installed: &Path, service: Service, port: Port) {
    let intake = Intake::start();
    let onward = format!(
        "endpoint: '{}', sending_queue: {{enabled: false}}",
        intake.url()
    );
    let collector = Collector::start("otlp_http", &onward);
    let behind = Tap::start(collector.grpc);
    let keys = format!(
        "endpoint: '{}', tls: {{insecure: true}}, compression: none",
        behind.address
    );
    let linkmend = Linkmend::start(&[&linkmend::exporter("otlp_grpc", &keys), ALL]);
    let to = match port {
        Port::Grpc => linkmend.addresses.grpc,
        Port::Http => linkmend.addresses.http,
    };
    let before = Tap::start(to);
    let log = service.begin(installed, before.address, MESSAGES).finish();
    let alarming = |line: &&str| {
        let line = line.to_lowercase();
        ALARMING.iter().any(|word| line.contains(word))
    };
    let alarming: Vec<_> = log.lines().filter(alarming).collect();
    assert!(alarming.is_empty(), "{service}: {alarming:#?}");
    let (sent, came) = wait::until("all has gone on", wait::LONG, || {
        let (sent, came) = (before.exports(), behind.exports());
        let (spans_sent, spans_came) = (spans(&sent), spans(&came));
        let own = spans_sent
            .values()
            .filter(|(.., span)| message(span).is_some());
        let all_came = own.count() == 2 * MESSAGES
            && spans_sent.len() == spans_came.len()
            && ["metric", "log"]
                .iter()
                .all(|signal| of(&sent, signal).len() == of(&came, signal).len());
        all_came.then_some((sent, came))
    });
    are_what_the_service_made(service, &sent);
    for signal in ["metric", "log"] {
        assert_eq!(of(&sent, signal), of(&came, signal), "{service}: {signal}");
    }
    are_linked(service, &sent, &came);
    is_what_the_collector_sent(service, &came, &intake);
    assert!(
        !collector.log().contains("\terror\t"),
        "{}",
        collector.log()
    );
    let failed = linkmend.metric("otelcol_receiver_requests", &["failure"]);
    assert!(failed < 0.5, "{service}");
}

/// The messages of a signal, byte for byte, in an order.
fn of<'e>(exports: &'e [Export], signal: &str) -> Vec<&'e [u8]> {
    let exports = exports.iter().filter(|export| export.signal == signal);
    let mut messages: Vec<_> = exports.map(|export| &*export.message).collect();
    messages.sort_unstable();
    messages
}

/// Spans by their ids, each with the bytes of its resource and scope.
type Spans = BTreeMap<(Vec<u8>, Vec<u8>), (Vec<u8>, Vec<u8>, Span)>;

fn spans(exports: &[Export]) -> Spans {
    let mut spans = Spans::new();
    for message in of(exports, "trace") {
        for mut resource in TracesData::decode(message).unwrap().resource_spans {
            for mut scope in std::mem::take(&mut resource.scope_spans) {
                for span in std::mem::take(&mut scope.spans) {
                    let id = (span.trace_id.clone(), span.span_id.clone());
                    let (resource, scope) = (resource.encode_to_vec(), scope.encode_to_vec());
                    assert!(spans.insert(id, (resource, scope, span)).is_none(), "twice");
                }
            }
        }
    }
    spans
}

fn are_what_the_service_made(service: Service, sent: &[Export]) {
    let spans = spans(sent);
    let own = spans
        .values()
        .filter(|(_, _, span)| message(span).is_some());
    assert_eq!(own.count(), 2 * MESSAGES, "{service}");
    let logs = of(sent, "log").into_iter();
    let texts = logs.flat_map(|message| LogsData::decode(message).unwrap().resource_logs);
    let texts = texts.flat_map(|resource| resource.scope_logs);
    let texts = texts.flat_map(|scope| scope.log_records);
    let texts = texts.filter(|record| format!("{:?}", record.body).contains("is here"));
    assert_eq!(texts.count(), MESSAGES, "{service}");
    assert_eq!(orders(sent), Some(MESSAGES.to_string()), "{service}");
}

/// The last value of the counter.
fn orders(exports: &[Export]) -> Option<String> {
    let metrics = of(exports, "metric").into_iter();
    let metrics =
        metrics.flat_map(|message| MetricsData::decode(message).unwrap().resource_metrics);
    let metrics = metrics.flat_map(|resource| resource.scope_metrics);
    let metrics = metrics.flat_map(|scope| scope.metrics);
    let values = metrics.filter_map(|metric| match (&*metric.name, metric.data) {
        ("orders.received", Some(Data::Sum(sum))) => sum.data_points[0].value,
        _ => None,
    });
    // Some SDKs have floating-point numbers alone.
    let mut values = values.map(|value| match value {
        Value::AsInt(value) => value.to_string(),
        Value::AsDouble(value) => value.to_string(),
    });
    values.next_back()
}

fn message(span: &Span) -> Option<String> {
    let find = |attribute: &&_| {
        let attribute: &opentelemetry_proto::tonic::common::v1::KeyValue = attribute;
        attribute.key == "messaging.message.id"
    };
    let found = span.attributes.iter().find(find)?;
    Some(format!("{:?}", found.value))
}

/// What came is what was sent, but for one link of each consumer, to its producer.
fn are_linked(service: Service, sent: &[Export], came: &[Export]) {
    let (sent, mut came) = (spans(sent), spans(came));
    let producers = sent.values().filter(|(_, _, span)| span.name == "publish");
    let producers: BTreeMap<_, _> = producers
        .map(|(_, _, span)| (message(span), span))
        .collect();
    for (_, _, span) in came.values_mut() {
        let links = std::mem::take(&mut span.links);
        let wanted = (span.name == "receive").then(|| producers[&message(span)]);
        assert_eq!(
            links.iter().map(target).collect::<Vec<_>>(),
            wanted
                .iter()
                .map(|span| (&*span.trace_id, &*span.span_id))
                .collect::<Vec<_>>(),
            "{service}"
        );
    }
    assert!(sent == came, "{service}: spans are not what they were");
}

fn target(link: &Link) -> (&[u8], &[u8]) {
    (&link.trace_id, &link.span_id)
}

/// The Collector has understood all, and hands it on.
fn is_what_the_collector_sent(service: Service, came: &[Export], intake: &Intake) {
    wait::until_true("the Collector hands all on", wait::LONG, || {
        intake.requests().len() >= came.len()
    });
    let sent = intake.requests().into_iter().map(|request| {
        let signals = ["trace", "metric", "log"];
        let signal = signals
            .into_iter()
            .find(|signal| request.path.contains(signal));
        Export {
            signal: signal.unwrap(),
            message: request.message,
        }
    });
    let sent: Vec<_> = sent.collect();
    assert!(
        spans(&sent) == spans(came),
        "{service}: spans at the Collector"
    );
    let decoded = |exports: &[Export], signal| -> Vec<String> {
        let messages = of(exports, signal).into_iter();
        let messages = messages.map(|message| match signal {
            "log" => format!("{:?}", LogsData::decode(message).unwrap()),
            _ => format!("{:?}", MetricsData::decode(message).unwrap()),
        });
        let mut messages: Vec<_> = messages.collect();
        messages.sort_unstable();
        messages
    };
    for signal in ["metric", "log"] {
        assert_eq!(
            decoded(&sent, signal),
            decoded(came, signal),
            "{service}: {signal}"
        );
    }
}
