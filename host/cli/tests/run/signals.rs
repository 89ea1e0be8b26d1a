//! All signals through one hop: what is not of traces goes through as bytes.

use prost::Message as _;

use crate::support::intake::{Answer, Intake, Protocol};
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::signals::{self, Signal};
use crate::support::spans::{Role, request, span};
use crate::support::wait;

/// Pipelines of the other signals beside that of traces.
fn pipelines(exporter: &str) -> String {
    let names = ["metrics", "logs", "profiles"];
    let pipelines = names.map(|name| {
        format!("    {name}: {{receivers: [otlp], processors: [memory_limiter], exporters: [{exporter}]}}\n")
    });
    format!(
        "processors: {{memory_limiter: {{limit_mib: 4000}}}}\nservice:\n  pipelines:\n{}",
        pipelines.concat()
    )
}

fn sent(signal: &Signal, sender: &Sender, linkmend: &Linkmend) {
    let to = linkmend.addresses;
    let status = sender.export(to.grpc, signal.service, &signal.batch);
    assert_eq!(status, "0", "{}", signal.name);
    let kind = "application/x-protobuf";
    let answer = sender.post(to.http, signal.path, kind, signal.batch.clone());
    assert_eq!(answer.status, 200, "{}", signal.name);
}

#[test]
fn every_signal_goes_through_byte_for_byte() {
    let intake = Intake::start();
    let queue = "sending_queue: {}";
    for (exporter, id) in [
        (linkmend::by_grpc(&intake, ""), "otlp_grpc"),
        (linkmend::by_http(&intake, ""), "otlp_http"),
        (linkmend::by_grpc(&intake, queue), "otlp_grpc"),
    ] {
        let linkmend = Linkmend::start(&[&exporter, &pipelines(id)]);
        let sender = Sender::new();
        for signal in signals::others() {
            let before = intake.requests().len();
            sent(&signal, &sender, &linkmend);
            let requests = intake.requests_at_least(before + 2, wait::LONG);
            for request in &requests[before..] {
                assert!(request.message == signal.batch, "{} by {id}", signal.name);
                let path = match request.protocol {
                    Protocol::Grpc => format!("/{}/Export", signal.service),
                    _ => signal.path.to_owned(),
                };
                assert_eq!(request.path, path);
            }
            let both = 2.0 * signal.items;
            let is = |name: &str| (linkmend.metric(name, &[]) - both).abs() < 0.5;
            let unit = signal.unit;
            assert!(is(&format!("otelcol_receiver_accepted_{unit}")), "{unit}");
            assert!(is(&format!("otelcol_processor_accepted_{unit}")), "{unit}");
            wait::until_true("it is counted as sent", wait::LONG, || {
                is(&format!("otelcol_exporter_sent_{unit}"))
            });
        }
        let one = request(vec![span(1, Role::Plain)]);
        sender.grpc(linkmend.addresses.grpc, one).unwrap();
    }
}

#[test]
fn partial_success_is_that_of_each_signal() {
    let intake = Intake::start();
    intake.answers(Answer::Partial(2, "too old".into()));
    let exporter = linkmend::by_http(&intake, "");
    let linkmend = Linkmend::start(&[&exporter, &pipelines("otlp_http")]);
    let sender = Sender::new();
    for signal in signals::others() {
        sent(&signal, &sender, &linkmend);
        let name = format!("otelcol_exporter_send_failed_{}", signal.unit);
        assert!((linkmend.metric(&name, &[]) - 4.0).abs() < 0.5, "{name}");
    }
}

/// What no pipeline takes is told of with the way out, and is no failure.
#[test]
fn a_signal_without_a_pipeline_is_told_how_to_get_one() {
    let intake = Intake::start();
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
    let sender = Sender::new();
    for signal in signals::others() {
        let to = linkmend.addresses;
        let status = sender.export(to.grpc, signal.service, &signal.batch);
        assert_eq!(status, "12", "UNIMPLEMENTED");
        let kind = "application/x-protobuf";
        let answer = sender.post(to.http, signal.path, kind, signal.batch.clone());
        assert_eq!(answer.status, 404);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let way_out = format!("service.pipelines.{}", signal.name);
        assert!(text.contains(&way_out), "{text}");
    }
    let failed = linkmend.metric("otelcol_receiver_requests", &["failure"]);
    assert!(failed < 0.5, "they are no failures of the receiver");
}

/// Senders in browsers have JSON only.
#[test]
fn json_is_taken_and_given() {
    let intake = Intake::start();
    let exporter = linkmend::by_http(&intake, "encoding: json");
    let linkmend = Linkmend::start(&[&exporter, &pipelines("otlp_http")]);
    let sender = Sender::new();
    let to = linkmend.addresses.http;
    let metrics = signals::metrics();
    let mut text = serde_json::to_value(&metrics).unwrap();
    // As JavaScript writes what is no number.
    text["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][2]["histogram"]["dataPoints"][0]["min"] =
        serde_json::Value::Null;
    let text = text.to_string();
    for (path, text) in [
        ("/v1/metrics", text),
        ("/v1/logs", serde_json::to_string(&signals::logs()).unwrap()),
    ] {
        let answer = sender.post(to, path, "application/json", text);
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.body, "{}");
    }
    let requests = intake.requests_at_least(2, wait::LONG);
    let came = serde_json::from_slice(&requests[0].message).unwrap();
    assert_eq!(metrics, came);
    assert_eq!(metrics.encode_to_vec().len(), metrics.encoded_len());
    let came = serde_json::from_slice(&requests[1].message).unwrap();
    assert_eq!(signals::logs(), came);
    let traces = "{\"resourceSpans\": []}";
    let answer = sender.post(to, "/v1/metrics", "application/json", traces);
    assert_eq!(answer.status, 400);
}
