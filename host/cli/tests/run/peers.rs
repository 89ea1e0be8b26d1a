//! linkmend between what others wrote: a Collector before and behind it, and
//! servers and clients of grpc-go.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use prost::Message as _;
use serde_json::Value;

use crate::support::intake::tls::Authority;
use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Linkmend};
use crate::support::peers::{Collector, Peer, Server, built};
use crate::support::sender::Sender;
use crate::support::signals;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

const ALL: &str = "
service:
  pipelines:
    metrics: {receivers: [otlp], exporters: [otlp_grpc]}
    logs: {receivers: [otlp], exporters: [otlp_grpc]}
";

fn to(address: std::net::SocketAddr, more: &str) -> String {
    let keys = format!("endpoint: '{address}', tls: {{insecure: true}}, {more}");
    linkmend::exporter("otlp_grpc", &keys)
}

fn spans(count: u64) -> ExportTraceServiceRequest {
    request(
        (1..=count)
            .map(|number| span(number, Role::Plain))
            .collect(),
    )
}

/// grpc-go answers in the compression of the request.
#[test]
fn a_partial_success_of_grpc_go_reaches_sender_log_and_metrics() {
    if built().is_none() {
        return;
    }
    let server = Server::start(&["-reject", "5", "-say", "five are too old"]);
    for compression in ["none", "gzip", "zstd"] {
        let exporter = to(server.address, &format!("compression: {compression}"));
        let linkmend = Linkmend::start(&[&exporter]);
        let answer = Sender::new().grpc(linkmend.addresses.grpc, spans(10));
        let partial = answer.unwrap().partial_success.expect(compression);
        assert_eq!(partial.rejected_spans, 5);
        assert_eq!(partial.error_message, "five are too old");
        let is = |name: &str, wanted: f64| (linkmend.metric(name, &[]) - wanted).abs() < 0.5;
        assert!(
            is("otelcol_exporter_send_failed_spans", 5.0),
            "{compression}"
        );
        assert!(is("otelcol_exporter_sent_spans", 5.0), "{compression}");
        assert!(is("linkmend_exporter_unreadable_answers", 0.0));
        let log = linkmend.log();
        let told = log.lines().find(|line| line.contains("partial success"));
        let told: Value = serde_json::from_str(told.expect("it is told")).unwrap();
        assert_eq!(
            (&told["rejected"], &told["said"]),
            (&5.into(), &"five are too old".into())
        );
    }
    assert_eq!(server.received(), vec![("traces".to_owned(), 10); 3]);
}

#[test]
fn codes_of_grpc_go_mean_what_they_do() {
    if built().is_none() {
        return;
    }
    let retry = "retry_on_failure: {initial_interval: 20ms}";
    let passing = Server::start(&["-code", "14", "-first", "2"]);
    let linkmend = Linkmend::start(&[&to(passing.address, retry)]);
    let sender = Sender::new();
    sender.grpc(linkmend.addresses.grpc, spans(1)).unwrap();
    assert_eq!(passing.received().len(), 3);
    let permanent = Server::start(&["-code", "3"]);
    let linkmend = Linkmend::start(&[&to(permanent.address, retry)]);
    let refusal = sender.grpc(linkmend.addresses.grpc, spans(1)).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Internal);
    assert!(refusal.message().contains("as it was told"), "{refusal:?}");
    assert_eq!(permanent.received().len(), 1);
}

#[test]
fn a_client_of_grpc_go_asks_how_it_is() {
    if built().is_none() {
        return;
    }
    let intake = Intake::start();
    let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
    let target = linkmend.addresses.grpc.to_string();
    let ask = |more: &[&str]| {
        let arguments = [&["-target", &*target], more].concat();
        Peer::start("probe", &arguments)
    };
    assert!(ask(&[]).end().ends_with("SERVING OK\n"));
    let traces = "opentelemetry.proto.collector.trace.v1.TraceService";
    assert!(ask(&["-service", traces]).end().ends_with("SERVING OK\n"));
    assert!(
        ask(&["-service", "x"])
            .end()
            .ends_with("UNKNOWN NotFound\n")
    );
    let mut watching = ask(&["-watch"]);
    wait::until_true("it watches", wait::LONG, || {
        watching.printed().ends_with("SERVING\n")
    });
    assert_eq!(linkmend.terminate().code(), Some(0));
    let told = watching.end();
    assert!(
        told.ends_with("SERVING\nNOT_SERVING\nUnavailable\n"),
        "{told}"
    );
}

/// Clients of grpc-go may ping each 10 s without a call; a server of grpc-go
/// ends such connections (`ENHANCE_YOUR_CALM`).
#[test]
fn a_connection_that_pings_stays() {
    if built().is_none() {
        return;
    }
    let intake = Intake::start();
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
    let target = linkmend.addresses.grpc.to_string();
    let mut probe = Peer::start("probe", &["-target", &target, "-idle", "25s"]);
    std::thread::sleep(Duration::from_secs(25));
    assert_eq!(probe.end(), "READY\nSERVING OK\n");
}

/// Sender, linkmend, a Collector, a backend: what the Collector got is what was
/// sent, but for the link.
#[test]
fn all_signals_arrive_at_a_collector() {
    if built().is_none() {
        return;
    }
    for compression in ["none", "gzip", "zstd"] {
        let intake = Intake::start();
        let keys = format!(
            "endpoint: '{}', sending_queue: {{enabled: false}}",
            intake.url()
        );
        let collector = Collector::start("otlp_http", &keys);
        let exporter = to(collector.grpc, &format!("compression: {compression}"));
        let linkmend = Linkmend::start(&[&exporter, ALL]);
        let sender = Sender::new();
        all_signals_arrive(&sender, &linkmend, linkmend.addresses.grpc, &intake);
    }
}

/// Sender, a Collector, linkmend, a backend.
#[test]
fn all_signals_of_a_collector_arrive() {
    if built().is_none() {
        return;
    }
    for (exporter, compression) in [("otlp_grpc", "zstd"), ("otlp_http", "gzip")] {
        let intake = Intake::start();
        let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), ALL]);
        let to = match exporter {
            "otlp_grpc" => format!("'{}', tls: {{insecure: true}}", linkmend.addresses.grpc),
            _ => format!("'http://{}'", linkmend.addresses.http),
        };
        let keys = format!(
            "endpoint: {to}, compression: {compression}, sending_queue: {{enabled: false}}"
        );
        let collector = Collector::start(exporter, &keys);
        all_signals_arrive(&Sender::new(), &linkmend, collector.grpc, &intake);
        assert!(
            !collector.log().contains("\terror\t"),
            "{}",
            collector.log()
        );
    }
}

fn all_signals_arrive(
    sender: &Sender,
    linkmend: &Linkmend,
    to: std::net::SocketAddr,
    intake: &Intake,
) {
    let producer = span(1, Role::Sends(1));
    let consumer = span(2, Role::Receives(1));
    sender.grpc(to, request(vec![producer, consumer])).unwrap();
    let [metrics, logs, _] = signals::others();
    for signal in [metrics, logs] {
        let status = sender.export(to, signal.service, &signal.batch);
        assert_eq!(status, "0", "{}", signal.name);
    }
    let requests = intake.requests_at_least(3, wait::LONG);
    let of = |what: &str| {
        let found = requests.iter().find(|request| request.path.contains(what));
        found.unwrap().message.clone()
    };
    let came = MetricsData::decode(&*of("metrics")).unwrap();
    assert_eq!(came, signals::metrics());
    let came = LogsData::decode(&*of("logs")).unwrap();
    assert_eq!(came, signals::logs());
    let mut came = intake.spans();
    came.sort_by_key(number);
    assert_eq!(
        came.iter().map(linked).collect::<Vec<_>>(),
        [vec![], vec![1]]
    );
    let failed = linkmend.metric("otelcol_receiver_requests", &["failure"]);
    assert!(failed < 0.5);
}

/// What the backend of the Collector refuses comes back through both.
#[test]
fn refusals_come_through_a_collector() {
    if built().is_none() {
        return;
    }
    let intake = Intake::start();
    let keys = format!(
        "endpoint: '{}', sending_queue: {{enabled: false}}, retry_on_failure: {{enabled: false}}",
        intake.url()
    );
    let collector = Collector::start("otlp_http", &keys);
    let retry = "retry_on_failure: {initial_interval: 20ms, max_interval: 50ms}";
    let linkmend = Linkmend::start(&[&to(collector.grpc, retry)]);
    let sender = Sender::new();
    intake.answers_next([Answer::Unavailable(None), Answer::Unavailable(None)]);
    sender.grpc(linkmend.addresses.grpc, spans(3)).unwrap();
    assert_eq!(intake.spans().len(), 3);
    intake.answers(Answer::Refuse { http: 400, grpc: 3 });
    let refusal = sender.grpc(linkmend.addresses.grpc, spans(1)).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Internal, "{refusal:?}");
}

/// A Collector, linkmend, a Collector: each asks for the certificate of who sends.
#[test]
fn collectors_and_linkmend_show_each_other_their_certificates() {
    if built().is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let authority = Authority::new("all");
    authority.file(place.path());
    authority.sign(&["127.0.0.1"]).files(place.path(), "own");
    let path = place.path().to_str().unwrap().to_owned();
    let keys = |ca: &str| {
        format!("{ca}: {path}/ca.pem, cert_file: {path}/own.pem, key_file: {path}/own.key")
    };
    let (shows, asks) = (keys("ca_file"), keys("client_ca_file"));
    let intake = Intake::start();
    let onward = format!(
        "endpoint: '{}', sending_queue: {{enabled: false}}",
        intake.url()
    );
    let behind = Collector::start_with(&format!("tls: {{{asks}}}"), "otlp_http", &onward);
    let exporter = linkmend::exporter(
        "otlp_grpc",
        &format!("endpoint: '{}', tls: {{{shows}}}", behind.grpc),
    );
    let receiver = format!("receivers: {{otlp: {{protocols: {{grpc: {{tls: {{{asks}}}}}}}}}}}");
    let linkmend = Linkmend::start(&[&exporter, &receiver, ALL]);
    let to = linkmend.addresses.grpc;
    let plain = Collector::start(
        "otlp_grpc",
        &format!(
            "endpoint: '{to}', tls: {{ca_file: {path}/ca.pem}}, sending_queue: {{enabled: false}}, retry_on_failure: {{enabled: false}}"
        ),
    );
    let sender = Sender::new();
    sender.grpc(plain.grpc, spans(1)).unwrap_err();
    assert!(intake.requests().is_empty(), "it has shown no certificate");
    let before = Collector::start(
        "otlp_grpc",
        &format!("endpoint: '{to}', tls: {{{shows}}}, sending_queue: {{enabled: false}}"),
    );
    all_signals_arrive(&sender, &linkmend, before.grpc, &intake);
}
