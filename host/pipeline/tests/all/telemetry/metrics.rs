//! The metrics, as Prometheus gets them.

use std::time::Duration;

use linkmend::index::IndexStats;
use linkmend::{Counts, HoldStats, Reason};
use linkmend_pipeline::config::{Config, Id};
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::telemetry::resource::Resource;
use linkmend_pipeline::traces::{Accepted, Refusal};

use crate::support::read;

fn id(id: &str) -> Id {
    id.parse().unwrap()
}

fn config(telemetry: &str) -> Config {
    let pipelines = "pipelines: {traces: {receivers: [otlp], exporters: [debug]}}";
    read(&[&format!(
        "{{receivers: {{otlp: {{protocols: {{grpc: }}}}}}, exporters: {{debug: }}, \
         service: {{telemetry: {telemetry}, {pipelines}}}}}"
    )])
}

/// All metrics of a configuration, each with a value.
pub fn all(telemetry: &str) -> Metrics {
    let telemetry = config(telemetry).service.telemetry;
    let metrics = Metrics::of(&telemetry.metrics, &Resource::new(&telemetry));
    metrics.receiver(&id("otlp"), "grpc").taken(
        linkmend_pipeline::signal::Signal::Traces,
        3,
        &Ok(Accepted::default()),
    );
    metrics.receiver(&id("otlp"), "grpc").taken(
        linkmend_pipeline::signal::Signal::Traces,
        2,
        &Err(Refusal::retry("later")),
    );
    metrics.processor(&id("linkmend")).incoming.inc_by(3);
    metrics
        .exporter(
            &id("otlp_grpc/x"),
            linkmend_pipeline::signal::Signal::Traces,
        )
        .sent
        .inc_by(3);
    metrics
        .limiter(
            &id("memory_limiter"),
            linkmend_pipeline::signal::Signal::Traces,
        )
        .refused
        .inc_by(2);
    let kafka = metrics.kafka_receiver(&id("kafka"));
    kafka.given();
    kafka.record("otlp_spans", 3, 100, true);
    kafka.position("otlp_spans", 3, 7, Some(5));
    for signal in linkmend_pipeline::signal::Signal::ALL {
        kafka.unreadable(signal, "otlp_spans", 3);
    }
    let kafka = metrics.kafka_exporter(&id("kafka"));
    kafka.written("otlp_spans", 3, 100);
    let links = metrics.links(&id("linkmend"));
    links.add(&counts(), Duration::from_micros(30));
    links.hold(&HoldStats {
        held: 2,
        bytes: 300,
        held_total: 7,
        given_up: 3,
        released_ready: 4,
        released_due: 1,
        ..HoldStats::default()
    });
    let remembered = IndexStats {
        entries: 5,
        evicted: 6,
        expired: 7,
    };
    links.index(&remembered, 3);
    links.fault("builtin");
    links.reloaded(false);
    metrics
}

fn counts() -> Counts {
    let mut counts = Counts {
        rule_calls: 1,
        links_in: 10,
        links_added: 4,
        links_repaired: 1,
        links_dropped_invalid: 2,
        links_dropped_duplicate: 3,
        links_cut: 1,
        links_out: 8,
        ..Counts::default()
    };
    counts.by_link_type.insert("message".into(), 4);
    counts
        .reasons
        .add(Reason::Unresolved, "or\"ders", "kafka", 5);
    counts
        .reasons
        .add(Reason::Unresolved, "billing", "kafka", 6);
    counts
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(
        text.lines().any(|one| one == line),
        "no line {line} in\n{text}"
    );
}

#[test]
fn all_has_the_names_of_the_collector() {
    let text = all("{}").text();
    for line in [
        r#"otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 3"#,
        r#"otelcol_receiver_refused_spans_total{receiver="otlp",transport="grpc"} 2"#,
        r#"otelcol_receiver_requests_total{outcome="refused",receiver="otlp",transport="grpc"} 1"#,
        r#"otelcol_processor_incoming_items_total{otel_signal="traces",processor="linkmend"} 3"#,
        r#"otelcol_processor_refused_spans_total{processor="memory_limiter"} 2"#,
        r#"otelcol_exporter_sent_spans_total{exporter="otlp_grpc/x"} 3"#,
        r#"otelcol_kafka_receiver_records_total{outcome="success",partition="3",receiver="kafka",topic="otlp_spans"} 1"#,
        r#"otelcol_kafka_receiver_offset_lag{partition="3",receiver="kafka",topic="otlp_spans"} 5"#,
        r#"otelcol_kafka_exporter_bytes_uncompressed_total{exporter="kafka",outcome="success",partition="3",topic="otlp_spans"} 100"#,
        "# TYPE otelcol_receiver_accepted_spans_total counter",
        "# TYPE otelcol_process_uptime_total counter",
        "# TYPE otelcol_process_memory_rss gauge",
    ] {
        has(&text, line);
    }
}

#[test]
fn links_are_counted() {
    let text = all("{}").text();
    for line in [
        r#"linkmend_links_in_total{processor="linkmend"} 10"#,
        r#"linkmend_links_out_total{processor="linkmend"} 8"#,
        r#"linkmend_links_added_total{messaging_system="-",processor="linkmend"} 4"#,
        r#"linkmend_links_repaired_total{messaging_system="-",processor="linkmend"} 1"#,
        r#"linkmend_links_dropped_total{messaging_system="-",processor="linkmend",reason="invalid"} 2"#,
        r#"linkmend_links_dropped_total{messaging_system="-",processor="linkmend",reason="duplicate"} 3"#,
        r#"linkmend_links_cut_total{messaging_system="-",processor="linkmend"} 1"#,
        r#"linkmend_links_typed_total{link_type="message",messaging_system="-",processor="linkmend"} 4"#,
        r#"linkmend_unresolved_total{messaging_system="kafka",processor="linkmend",reason="unresolved",service="or\"ders"} 5"#,
        r#"linkmend_held_spans{processor="linkmend"} 2"#,
        r#"linkmend_held_bytes{processor="linkmend"} 300"#,
        r#"linkmend_held_total{processor="linkmend"} 7"#,
        r#"linkmend_not_held_total{processor="linkmend"} 3"#,
        r#"linkmend_released_total{processor="linkmend",reason="ready"} 4"#,
        r#"linkmend_index_entries{processor="linkmend"} 5"#,
        r#"linkmend_index_unwritten{processor="linkmend"} 3"#,
        r#"linkmend_index_evictions_total{processor="linkmend",reason="full"} 6"#,
        r#"linkmend_index_evictions_total{processor="linkmend",reason="expired"} 7"#,
        r#"linkmend_rule_calls_total{processor="linkmend"} 1"#,
        r#"linkmend_rule_faults_total{processor="linkmend",rule="builtin"} 1"#,
        r#"linkmend_rule_reloads_total{outcome="failure",processor="linkmend"} 1"#,
        r#"linkmend_rule_duration_bucket{processor="linkmend",le="0.00005"} 1"#,
        r#"linkmend_rule_duration_bucket{processor="linkmend",le="0.000025"} 0"#,
    ] {
        has(&text, line);
    }
}

/// What threads saw of a total may come in any order.
#[test]
fn totals_do_not_go_back_and_are_not_counted_twice() {
    let metrics = Metrics::new(false);
    let links = metrics.links(&id("linkmend"));
    for held_total in [3, 8, 5, 8] {
        links.hold(&HoldStats {
            held_total,
            ..HoldStats::default()
        });
    }
    has(&metrics.text(), r#"linkmend_held{processor="linkmend"} 8"#);
}

/// Each batch may name services that were never heard of.
#[test]
fn names_from_the_data_do_not_grow_for_ever() {
    let metrics = Metrics::new(true);
    let links = metrics.links(&id("linkmend"));
    for number in 0..1500 {
        let mut counts = Counts::default();
        counts.by_link_type.insert(format!("type-{number}"), 1);
        let service = format!("service-{number}");
        counts.reasons.add(Reason::Unresolved, &service, "kafka", 1);
        links.add(&counts, Duration::ZERO);
    }
    let text = metrics.text();
    let lines = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(lines("linkmend_unresolved_total{"), 1001);
    assert_eq!(lines("linkmend_links_typed_total{"), 101);
    has(
        &text,
        r#"linkmend_unresolved_total{messaging_system="other",processor="linkmend",reason="unresolved",service="other"} 500"#,
    );
    has(
        &text,
        r#"linkmend_links_typed_total{link_type="other",messaging_system="-",processor="linkmend"} 1400"#,
    );
}

#[test]
fn basic_does_not_tell_services_apart() {
    let text = all("{metrics: {level: basic}}").text();
    has(
        &text,
        r#"linkmend_unresolved_total{processor="linkmend",reason="unresolved"} 11"#,
    );
    has(
        &text,
        r#"linkmend_links_added_total{processor="linkmend"} 4"#,
    );
    has(
        &text,
        r#"linkmend_links_dropped_total{processor="linkmend",reason="invalid"} 2"#,
    );
    assert!(!text.contains("linkmend_rule_duration"), "{text}");
    has(
        &text,
        r#"linkmend_rule_calls_total{processor="linkmend"} 1"#,
    );
}

#[test]
fn names_may_be_those_of_older_collectors() {
    let reader = "{pull: {exporter: {prometheus: {without_type_suffix: true}}}}";
    let text = all(&format!("{{metrics: {{readers: [{reader}]}}}}")).text();
    has(
        &text,
        r#"otelcol_exporter_sent_spans{exporter="otlp_grpc/x"} 3"#,
    );
    assert!(!text.contains("_total"), "{text}");
}

#[test]
fn the_resource_is_target_info() {
    let resource = "{service.name: edge, service.instance.id: , deployment.environment: \"a \\\"b\\\"\", 1st: x}";
    let text = all(&format!("{{resource: {resource}}}")).text();
    let version = env!("CARGO_PKG_VERSION");
    has(
        &text,
        &format!(
            r#"target_info{{deployment_environment="a \"b\"",key_1st="x",service_name="edge",service_version="{version}"}} 1"#
        ),
    );
    assert!(all("{}").text().contains("service_instance_id=\""));
}

#[test]
fn the_process_is_measured() {
    let value = |text: &str, name: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    };
    let metrics = all("{}");
    let before = metrics.text();
    std::thread::sleep(Duration::from_millis(20));
    let after = metrics.text();
    let uptime = |text| value(text, "otelcol_process_uptime_total");
    let passed = uptime(&after) - uptime(&before);
    assert!((0.019..5.0).contains(&passed), "{passed}");
    assert!(value(&after, "otelcol_process_memory_rss") > 1e6);
    if cfg!(target_os = "linux") {
        assert!(value(&after, "otelcol_process_cpu_seconds_total") >= 0.0);
    }
}
