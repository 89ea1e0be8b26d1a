//! What the metrics and the health check tell of a process, after a load that
//! is known.

use std::time::Duration;

use prost::Message as _;

use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::{self, Sender};
use crate::support::spans::{Role, request, span};
use crate::support::wait;

#[track_caller]
fn assert_metrics(linkmend: &Linkmend, expected: &[(&str, &[&str], f64)]) {
    for (name, labels, value) in expected {
        let found = linkmend.metric(name, labels);
        assert!(
            (found - value).abs() < f64::EPSILON,
            "{name} {labels:?}: {found}, not {value}\n{}",
            sender::get(linkmend.addresses.metrics, "/metrics")
        );
    }
}

#[test]
fn what_passes_and_what_does_not_is_counted() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, "retry_on_failure: {enabled: false}");
    let hold = "processors: {linkmend: {hold: {time: 500ms}}}";
    let linkmend = Linkmend::start(&[&exporter, hold]);
    let sender = Sender::new();
    let grpc = |role, number| {
        let one = request(vec![span(number, role)]);
        sender.grpc(linkmend.addresses.grpc, one)
    };
    grpc(Role::Sends(1), 1).unwrap();
    let consumer = request(vec![span(2, Role::Receives(1)), span(3, Role::Plain)]);
    let body = consumer.encode_to_vec();
    let http = linkmend.addresses.http;
    let answer = sender.http(http, "application/x-protobuf", body);
    assert_eq!(answer.status, 200);
    // Its producer never comes: it is held, and goes on as it is.
    grpc(Role::Receives(7), 4).unwrap();
    intake.answers_next([Answer::Unavailable(None)]);
    grpc(Role::Plain, 5).unwrap_err();
    let answer = sender.http(http, "application/x-protobuf", vec![0x08, 0x01]);
    assert_eq!(answer.status, 400);

    // What is held and remembered is looked at every second.
    wait::until_true("it is seen that a span was held", wait::LONG, || {
        linkmend.metric("linkmend_held", &[]) > 0.0
            && linkmend.metric("linkmend_released", &[]) > 0.0
    });
    let (by_grpc, by_http) = ("transport=\"grpc\"", "transport=\"http\"");
    let rabbitmq = "messaging_system=\"rabbitmq\"";
    assert_metrics(
        &linkmend,
        &[
            ("otelcol_receiver_accepted_spans", &[by_grpc], 2.0),
            ("otelcol_receiver_accepted_spans", &[by_http], 2.0),
            ("otelcol_receiver_refused_spans", &[], 1.0),
            ("otelcol_receiver_requests", &["success"], 3.0),
            ("otelcol_receiver_requests", &["refused"], 1.0),
            ("otelcol_receiver_requests", &["failure", by_http], 1.0),
            ("otelcol_processor_incoming_items", &["linkmend"], 5.0),
            ("otelcol_processor_outgoing_items", &["linkmend"], 5.0),
            ("otelcol_exporter_sent_spans", &["otlp_grpc"], 4.0),
            ("otelcol_exporter_send_failed_spans", &["otlp_grpc"], 1.0),
            ("linkmend_links_in", &[], 0.0),
            ("linkmend_links_out", &[], 1.0),
            ("linkmend_links_added", &[rabbitmq], 1.0),
            ("linkmend_links_added", &[], 1.0),
            (
                "linkmend_links_typed",
                &[rabbitmq, "link_type=\"triggered_by\""],
                1.0,
            ),
            (
                "linkmend_unresolved",
                &[rabbitmq, "service=\"orders\"", "reason=\"unresolved\""],
                1.0,
            ),
            ("linkmend_held", &[], 1.0),
            ("linkmend_held_spans", &[], 0.0),
            ("linkmend_held_bytes", &[], 0.0),
            ("linkmend_released", &["reason=\"due\""], 1.0),
            ("linkmend_released", &[], 1.0),
            ("linkmend_index_entries", &[], 1.0),
            ("linkmend_rule_faults", &[], 0.0),
        ],
    );
    let calls = linkmend.metric("linkmend_rule_calls", &[]);
    assert!(calls >= 3.0, "{calls}");
    let durations = linkmend.metric("linkmend_rule_duration_count", &[]);
    assert!((3.0..=calls).contains(&durations), "{durations}");
    assert!(linkmend.metric("otelcol_process_memory_rss", &[]) > 1e6);
    assert!(linkmend.metric("otelcol_process_uptime", &[]) > 0.0);
}

#[test]
fn a_queue_tells_how_full_it_is() {
    let intake = Intake::start();
    intake.answers(Answer::Unavailable(None));
    let queue = "sending_queue: {queue_size: 3, num_consumers: 1}";
    let linkmend = Linkmend::start(&[&linkmend::by_http(&intake, queue)]);
    let sender = Sender::new();
    let send = |number| {
        let one = request(vec![span(number, Role::Plain)]);
        sender.grpc(linkmend.addresses.grpc, one)
    };
    let exporter = "exporter=\"otlp_http\"";
    assert_metrics(
        &linkmend,
        &[
            ("otelcol_exporter_queue_size", &[exporter], 0.0),
            ("otelcol_exporter_queue_capacity", &[exporter], 3.0),
        ],
    );
    for number in 1..=3 {
        send(number).unwrap();
    }
    let refusal = send(4).unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable, "{refusal:?}");
    assert_metrics(
        &linkmend,
        &[
            ("otelcol_exporter_queue_size", &[exporter], 3.0),
            ("otelcol_exporter_enqueue_failed_spans", &[exporter], 1.0),
            ("otelcol_exporter_sent_spans", &[exporter], 0.0),
            ("otelcol_receiver_refused_spans", &[], 1.0),
        ],
    );
    intake.answers(Answer::Take);
    intake.spans_at_least(3, wait::LONG);
    wait::until_true("the queue is empty", wait::LONG, || {
        linkmend.metric("otelcol_exporter_queue_size", &[]).abs() < f64::EPSILON
    });
    assert_metrics(
        &linkmend,
        &[("otelcol_exporter_sent_spans", &[exporter], 3.0)],
    );
}

#[test]
fn health_is_good_until_it_ends() {
    let intake = Intake::start();
    let health = "
extensions: {health_check: {endpoint: '127.0.0.1:0'}}
service: {extensions: [health_check]}
";
    let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), health]);
    let address = linkmend.address_of("health_check").unwrap();
    let (status, body) = sender::ask(address, "/");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("Server available"), "{body}");

    intake.answers(Answer::TakeAfter(Duration::from_secs(2)));
    let sender = Sender::new();
    let one = request(vec![span(1, Role::Plain)]);
    let last = sender.begin_grpc(linkmend.addresses.grpc, one);
    intake.requests_at_least(1, wait::LONG);
    linkmend.ask_to_end();
    let (_, body) = wait::until("it is told that it ends", wait::LONG, || {
        Some(sender::ask(address, "/")).filter(|(status, _)| *status == 503)
    });
    assert!(body.contains("Server not available"), "{body}");
    sender.wait(last).unwrap();
    assert_eq!(linkmend.wait_for_end(wait::LONG).code(), Some(0));
}
