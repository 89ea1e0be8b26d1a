//! Spans of linkmend's own, from the sender's traceparent to the next hop's.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::support::intake::{Intake, Protocol};
use crate::support::linkmend::{self, Addresses, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, request, span};
use crate::support::wait;

const STAGES: [&str; 3] = [
    "receiver/otlp/TraceDataReceived",
    "processor/linkmend/TraceDataProcessed",
    "exporter/otlp_grpc/traces",
];

/// Own spans go there every 100 ms.
fn own(protocol: &str, endpoint: &str) -> String {
    let otlp = format!("{{protocol: {protocol}, endpoint: '{endpoint}'}}");
    let batch = format!("{{schedule_delay: 100, exporter: {{otlp: {otlp}}}}}");
    format!("service: {{telemetry: {{traces: {{processors: [{{batch: {batch}}}]}}}}}}")
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// The spans of linkmend's own that are of a trace.
fn of_trace(spans: Vec<Span>, trace: &str) -> Vec<Span> {
    let own = spans.into_iter();
    own.filter(|span| hex(&span.trace_id) == trace).collect()
}

#[test]
fn they_are_below_the_sender_and_above_the_next_hop() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    for (protocol, spoken) in [
        ("grpc", Protocol::Grpc),
        ("http/protobuf", Protocol::HttpProtobuf),
    ] {
        let (backend, traces) = (Intake::start(), Intake::start());
        let own = own(protocol, &traces.url());
        let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&backend, ""), &own]);
        let sender = Sender::new();
        let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let one = request(vec![span(1, Role::Sends(1))]);
        let to = linkmend.addresses.grpc;
        sender.grpc_below(&traceparent, to, one).unwrap();
        let mut spans = wait::until("its spans arrive", wait::LONG, || {
            Some(of_trace(traces.spans(), TRACE)).filter(|spans| spans.len() == 3)
        });
        spans.sort_by_key(|span| STAGES.iter().position(|name| *name == span.name));
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, STAGES);
        let mut parent = "b7ad6b7169203331".to_owned();
        for span in &spans {
            assert_eq!(hex(&span.parent_span_id), parent, "{}", span.name);
            parent = hex(&span.span_id);
        }
        let told = &backend.requests()[0].headers["traceparent"];
        assert_eq!(told, format!("00-{TRACE}-{parent}-01").as_str());

        let request = &traces.requests()[0];
        assert_eq!(request.protocol, spoken);
        let path = match spoken {
            Protocol::Grpc => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            _ => "/v1/traces",
        };
        assert_eq!(request.path, path);
        assert_eq!(linkmend.terminate().code(), Some(0));
    }
}

#[test]
fn what_the_sender_does_not_record_is_not_recorded() {
    const SILENT: &str = "11111111111111111111111111111111";
    const TOLD: &str = "22222222222222222222222222222222";
    let (backend, traces) = (Intake::start(), Intake::start());
    let own = own("grpc", &traces.url());
    let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&backend, ""), &own]);
    let sender = Sender::new();
    for (trace, flags) in [(SILENT, "00"), (TOLD, "01")] {
        let traceparent = format!("00-{trace}-b7ad6b7169203331-{flags}");
        let one = request(vec![span(1, Role::Plain)]);
        sender
            .grpc_below(&traceparent, linkmend.addresses.grpc, one)
            .unwrap();
    }
    // Those that are left are sent at the end.
    assert_eq!(linkmend.terminate().code(), Some(0));
    assert_eq!(of_trace(traces.spans(), TOLD).len(), 3);
    assert_eq!(of_trace(traces.spans(), SILENT).len(), 0);
    let told: Vec<_> = backend
        .requests()
        .iter()
        .map(|request| request.headers["traceparent"].to_str().unwrap().to_owned())
        .collect();
    assert!(told[0].starts_with(&format!("00-{SILENT}-")) && told[0].ends_with("-00"));
    assert!(told[1].starts_with(&format!("00-{TOLD}-")) && told[1].ends_with("-01"));
}

/// There were spans about the spans that it sent to itself, and about these,
/// for ever.
#[test]
fn its_own_spans_may_pass_itself_and_make_no_more() {
    for protocol in ["grpc", "http/protobuf"] {
        let backend = Intake::start();
        let addresses = Addresses::free();
        let to = match protocol {
            "grpc" => addresses.grpc,
            _ => addresses.http,
        };
        let own = own(protocol, &format!("http://{to}"));
        let exporter = linkmend::by_grpc(&backend, "");
        let mut linkmend = Linkmend::start_at(addresses, &[&exporter, &own]);
        let one = request(vec![span(1, Role::Plain)]);
        Sender::new().grpc(addresses.grpc, one).unwrap();
        backend.spans_at_least(4, wait::LONG);
        // Ten times as long as own spans wait.
        std::thread::sleep(Duration::from_secs(1));
        let names: Vec<_> = backend.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names.len(), 4, "{protocol}: {names:?}");
        assert!(
            STAGES
                .iter()
                .all(|stage| names.iter().any(|name| name == stage))
        );
        assert_eq!(linkmend.terminate().code(), Some(0));
    }
}
