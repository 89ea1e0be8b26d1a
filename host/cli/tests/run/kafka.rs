//! linkmend and a real Kafka: a Collector's exporter before it and its receiver behind, and
//! a fleet that grows with the partitions of a topic.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use linkmend_tests::kafka::Kafka;
use linkmend_tests::stores::Store;

use crate::operation::metrics_of_kafka;
use crate::support::intake::Intake;
use crate::support::linkmend::Linkmend;
use crate::support::peers::{Collector, built};
use crate::support::ports;
use crate::support::sender::{self, Sender};
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

const LONG: Duration = Duration::from_mins(3);

/// A linkmend with this configuration alone.
fn start(config: &str) -> Linkmend {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("linkmend.yaml");
    let telemetry = "
service:
  telemetry:
    logs: {encoding: json}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
";
    let more = place.path().join("telemetry.yaml");
    std::fs::write(&path, config).unwrap();
    std::fs::write(&more, telemetry).unwrap();
    Linkmend::start_files(place, vec![path, more], Vec::new())
}

/// OTLP into Kafka, as it comes.
fn into_kafka(kafka: &Kafka, exporter: &str) -> Linkmend {
    let broker = kafka.broker();
    start(&format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
exporters: {{kafka: {{brokers: ['{broker}'], {exporter}}}}}
service: {{pipelines: {{traces: {{receivers: [otlp], exporters: [kafka]}}}}}}
"
    ))
}

/// Kafka into the intake, mended.
fn from_kafka(kafka: &Kafka, receiver: &str, processor: &str, intake: &Intake) -> Linkmend {
    let (broker, backend) = (kafka.broker(), intake.address);
    start(&format!(
        "
receivers: {{kafka: {{brokers: ['{broker}'], initial_offset: earliest, {receiver}}}}}
processors: {{linkmend: {{{processor}}}}}
exporters: {{otlp_grpc: {{endpoint: '{backend}', tls: {{insecure: true}}}}}}
service: {{pipelines: {{traces: {{receivers: [kafka], processors: [linkmend], exporters: [otlp_grpc]}}}}}}
"
    ))
}

fn numbers(intake: &Intake) -> BTreeSet<u64> {
    intake.spans().iter().map(number).collect()
}

fn wait_for(intake: &Intake, wanted: &BTreeSet<u64>) {
    wait::until_or(
        LONG,
        || numbers(intake).is_superset(wanted).then_some(()),
        || {
            let here = numbers(intake);
            let missing: Vec<_> = wanted.difference(&here).take(10).collect();
            format!("{} of {}, missing {missing:?} …", here.len(), wanted.len())
        },
    );
}

/// Message `number` is sent by span 2n + 1, and received by span 2n + 2.
fn messages(
    of: std::ops::Range<u64>,
    receive: bool,
) -> Vec<opentelemetry_proto::tonic::trace::v1::Span> {
    of.map(|message| {
        if receive {
            span(2 * message + 2, Role::Receives(message))
        } else {
            span(2 * message + 1, Role::Sends(message))
        }
    })
    .collect()
}

/// Three hosts in one group with one index, one of which is killed and comes back in the
/// middle, and a Kafka that is away for a moment: every span arrives, and all links are made.
#[test]
fn a_fleet_on_kafka_loses_nothing_and_links_as_one_host() {
    let Some(store) = Store::start("a fleet on Kafka", &[]) else {
        return;
    };
    let Some(mut kafka) = Kafka::start("a fleet on Kafka", 12) else {
        return;
    };
    let intake = Intake::start();
    let front = into_kafka(
        &kafka,
        "partition_traces_by_id: true, retry_on_failure: {initial_interval: 200ms}, timeout: 20s",
    );
    let receiver = "session_timeout: 6s, heartbeat_interval: 1s, autocommit: {interval: 200ms}";
    let processor = format!(
        "hold: {{time: 60s, wait_for_result: true}}, index: {{redis: {{endpoint: '{}', timeout: 500ms}}}}",
        store.url()
    );
    let host = || from_kafka(&kafka, receiver, &processor, &intake);
    let (mut one, mut two, mut three) = (host(), host(), host());
    let sender = Sender::new();
    let send = |of: std::ops::Range<u64>, receive| {
        let begun = std::time::Instant::now();
        while let Err(status) =
            sender.grpc(front.addresses.grpc, request(messages(of.clone(), receive)))
        {
            assert!(begun.elapsed() < LONG, "{status:?}");
        }
    };
    for block in 0..10 {
        let of = || block * 100..(block + 1) * 100;
        // Half of the consumers come before their producers.
        send(of(), block % 2 == 0);
        if block == 3 {
            two.kill();
        }
        send(of(), block % 2 != 0);
        if block == 5 {
            two.restart();
        }
    }
    kafka.kill();
    std::thread::sleep(Duration::from_secs(2));
    kafka.restart();
    send(1000..1100, false);
    send(1000..1100, true);
    wait_for(&intake, &(1..=2200).collect());
    let mut with_link = BTreeSet::new();
    for span in intake.spans() {
        for producer in linked(&span) {
            assert_eq!(producer + 1, number(&span), "a wrong link");
            with_link.insert(number(&span));
        }
    }
    assert_eq!(with_link.len(), 1100);
    let spans = intake.spans().len();
    eprintln!("{spans} spans came, of 2200");
    // One of the three may have read all, and have been given up a partition since then: what
    // the fleet tells is what its hosts tell together.
    let fleet = [&one, &two, &three];
    for (hosts, component) in [(&fleet[..], "receiver"), (&[&front], "exporter")] {
        // Those of failures are there with the first one.
        let names = metrics_of_kafka(component).into_iter();
        for name in names.filter(|name| !name.contains("_failed_")) {
            // Nobody has a partition, and no lag, while the group is made anew.
            wait::until_true(&name, LONG, || {
                hosts.iter().any(|host| {
                    let text = sender::get(host.addresses.metrics, "/metrics");
                    text.contains(&format!("# TYPE {name} "))
                })
            });
        }
    }
    for host in [&mut one, &mut two, &mut three] {
        assert_eq!(host.terminate().code(), Some(0), "{}", host.log());
    }
}

/// A Collector's exporter before linkmend, its receiver behind, in both encodings; the
/// linkmend between reads one topic and writes another.
#[test]
fn collectors_before_and_behind() {
    if built().is_none() {
        return;
    }
    let Some(kafka) = Kafka::start("Collectors before and behind", 3) else {
        return;
    };
    let broker = kafka.broker();
    for (encoding, by_id) in [
        ("otlp_proto", false),
        ("otlp_proto", true),
        ("otlp_json", true),
    ] {
        let intake = Intake::start();
        let (came, mended) = (
            format!("came-{encoding}-{by_id}"),
            format!("mended-{encoding}-{by_id}"),
        );
        let grpc = ports::free();
        let before = Collector::of(
            grpc,
            &format!(
                "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{grpc}'}}}}}}}}
exporters: {{kafka: {{brokers: ['{broker}'], partition_traces_by_id: {by_id}, traces: {{topic: {came}, encoding: {encoding}}}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [kafka]}}}}
"
            ),
        );
        let linkmend = start(&format!(
            "
receivers: {{kafka: {{brokers: ['{broker}'], group_id: {came}, initial_offset: earliest, traces: {{topics: [{came}], encoding: {encoding}}}}}}}
processors: {{linkmend: }}
exporters: {{kafka: {{brokers: ['{broker}'], partition_traces_by_id: {by_id}, traces: {{topic: {mended}, encoding: {encoding}}}, producer: {{compression: zstd}}}}}}
service: {{pipelines: {{traces: {{receivers: [kafka], processors: [linkmend], exporters: [kafka]}}}}}}
"
        ));
        let other = ports::free();
        let _behind = Collector::of(
            other,
            &format!(
                "
receivers: {{kafka: {{brokers: ['{broker}'], group_id: {mended}, initial_offset: earliest, traces: {{topics: [{mended}], encoding: {encoding}}}}}}}
exporters: {{otlp_http: {{endpoint: '{}', sending_queue: {{enabled: false}}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [kafka], exporters: [otlp_http]}}}}
",
                intake.url()
            ),
        );
        let sender = Sender::new();
        for receive in [false, true] {
            let sent = sender.grpc(before.grpc, request(messages(0..50, receive)));
            sent.unwrap();
        }
        wait_for(&intake, &(1..=100).collect());
        let spans = intake.spans();
        let links = spans.iter().filter(|span| number(span).is_multiple_of(2));
        assert!(
            links.clone().all(|span| linked(span) == [number(span) - 1]),
            "{encoding}"
        );
        let accepted = linkmend.metric("otelcol_receiver_accepted_spans", &["kafka"]);
        assert!((accepted - 100.0).abs() < 0.5, "{accepted}");
    }
}

/// What stands in examples/pipelines, as it is; and what is no batch is told, counted and
/// skipped.
#[test]
fn the_example_reads_on_behind_what_is_no_batch() {
    let Some(store) = Store::start("the example for Kafka", &[]) else {
        return;
    };
    let Some(kafka) = Kafka::start("the example for Kafka", 3) else {
        return;
    };
    let intake = Intake::start();
    let place = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipelines/kafka.yaml");
    let here = place.path().join("here.yaml");
    let telemetry = "
extensions: {health_check: {endpoint: '127.0.0.1:0'}}
service:
  telemetry:
    logs: {encoding: json}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
";
    std::fs::write(&here, telemetry).unwrap();
    let environment = [
        ("KAFKA_BROKER", kafka.broker()),
        ("REDIS_URL", store.url()),
        ("BACKEND_ENDPOINT", intake.address.to_string()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let mut linkmend = Linkmend::start_files(place, vec![example, here], environment.to_vec());
    // Metrics in the place of traces are JSON there, which is no OTLP protobuf.
    let poison = into_kafka(&kafka, "traces: {topic: otlp_spans, encoding: otlp_json}");
    let sender = Sender::new();
    let bad = sender.grpc(poison.addresses.grpc, request(messages(0..1, false)));
    bad.unwrap();
    let front = into_kafka(&kafka, "");
    for receive in [false, true] {
        let sent = sender.grpc(front.addresses.grpc, request(messages(1..50, receive)));
        sent.unwrap();
    }
    wait_for(&intake, &(3..=100).collect());
    wait::until_true("it is counted", wait::LONG, || {
        linkmend.metric(
            "otelcol_kafka_receiver_unmarshal_failed_spans",
            &["otlp_spans"],
        ) > 0.5
    });
    assert!(
        linkmend.log().contains("it is no OTLP traces"),
        "{}",
        linkmend.log()
    );
    assert_eq!(linkmend.terminate().code(), Some(0));
}
