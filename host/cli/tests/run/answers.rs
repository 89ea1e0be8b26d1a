//! What a sender is told is what became of its spans.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;

use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};

#[test]
fn a_producer_that_comes_later_is_found() {
    let intake = Intake::start();
    let hold = "processors: {linkmend: {hold: {wait_for_result: true}}}";
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), hold]);
    let sender = Sender::new();
    let to = linkmend.addresses.grpc;
    let consumer = sender.begin_grpc(to, request(vec![span(2, Role::Receives(1))]));
    std::thread::sleep(Duration::from_secs(1));
    assert!(!consumer.is_finished(), "it waits for the producer");
    assert!(intake.spans().is_empty());
    sender
        .grpc(to, request(vec![span(1, Role::Sends(1))]))
        .unwrap();
    sender.wait(consumer).unwrap();
    let mut spans = intake.spans();
    spans.sort_by_key(number);
    let links: Vec<_> = spans.iter().map(linked).collect();
    assert_eq!(links, [vec![], vec![1]]);
}

#[test]
fn a_producer_that_never_comes_is_waited_for_and_no_longer() {
    let intake = Intake::start();
    let hold = "processors: {linkmend: {hold: {time: 1s, wait_for_result: true}}}";
    let linkmend = Linkmend::start(&[&linkmend::by_http(&intake, ""), hold]);
    let begun = Instant::now();
    let consumer = request(vec![span(2, Role::Receives(1))]);
    Sender::new()
        .grpc(linkmend.addresses.grpc, consumer)
        .unwrap();
    let waited = begun.elapsed();
    assert!(
        waited > Duration::from_millis(900) && waited < Duration::from_secs(4),
        "{waited:?}"
    );
    assert_eq!(
        intake.spans().iter().map(linked).collect::<Vec<_>>(),
        [vec![0; 0]]
    );
}

#[test]
fn partial_success_is_passed_on() {
    let intake = Intake::start();
    intake.answers(Answer::Partial(1, "a span is too old".into()));
    for exporter in [
        linkmend::by_grpc(&intake, ""),
        linkmend::by_http(&intake, ""),
    ] {
        let linkmend = Linkmend::start(&[&exporter]);
        let sender = Sender::new();
        let two = || request(vec![span(1, Role::Plain), span(2, Role::Plain)]);
        let answer = sender.grpc(linkmend.addresses.grpc, two()).unwrap();
        let body = two().encode_to_vec();
        let by_http = sender.http(linkmend.addresses.http, "application/x-protobuf", body);
        assert_eq!(by_http.status, 200);
        let by_http = ExportTraceServiceResponse::decode(by_http.body).unwrap();
        for answer in [answer, by_http] {
            let partial = answer.partial_success.unwrap();
            assert_eq!(partial.rejected_spans, 1);
            assert!(
                partial.error_message.contains("a span is too old"),
                "{partial:?}"
            );
        }
        // The line of the log was replaced by what the backend says.
        let log = linkmend.log();
        let told = log.lines().find(|line| line.contains("partial success"));
        let told: serde_json::Value = serde_json::from_str(told.expect("it is told")).unwrap();
        assert_eq!(
            told["msg"],
            "the next hop took a batch, but for this (partial success)"
        );
        assert_eq!(
            (&told["rejected"], &told["said"]),
            (&1.into(), &"a span is too old".into())
        );
        assert!(linkmend.metric("otelcol_exporter_send_failed_spans", &[]) >= 2.0);
    }
}

#[test]
fn what_the_backend_refuses_for_ever_is_refused_for_ever() {
    let intake = Intake::start();
    intake.answers(Answer::Refuse {
        http: 401,
        grpc: 16,
    });
    for exporter in [
        linkmend::by_grpc(&intake, ""),
        linkmend::by_http(&intake, ""),
    ] {
        let linkmend = Linkmend::start(&[&exporter]);
        let sender = Sender::new();
        let one = || request(vec![span(1, Role::Plain)]);
        let refusal = sender.grpc(linkmend.addresses.grpc, one()).unwrap_err();
        assert_eq!(refusal.code(), tonic::Code::Internal, "{refusal:?}");
        let body = one().encode_to_vec();
        let answer = sender.http(linkmend.addresses.http, "application/x-protobuf", body);
        assert_eq!(answer.status, 500);
    }
    assert_eq!(intake.requests().len(), 4, "each was tried once");
}

#[test]
fn what_is_no_otlp_is_refused_and_what_follows_goes_on() {
    // The first field is a message; here it is a number.
    const WRONG: &[u8] = &[0x08, 0x01];
    let intake = Intake::start();
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
    let sender = Sender::new();
    let to = linkmend.addresses.http;
    assert_eq!(sender.http(to, "application/x-protobuf", WRONG).status, 400);
    assert_eq!(
        sender
            .http(to, "application/json", "{\"resourceSpans\": [")
            .status,
        400
    );
    assert_eq!(sender.http(to, "text/plain", "hello").status, 415);
    let status = sender.grpc_bytes(linkmend.addresses.grpc, WRONG);
    assert_eq!(status, "3", "INVALID_ARGUMENT");
    assert!(intake.requests().is_empty());
    let good = request(vec![span(1, Role::Plain)]);
    sender.grpc(linkmend.addresses.grpc, good).unwrap();
    assert_eq!(intake.spans().len(), 1);
}
