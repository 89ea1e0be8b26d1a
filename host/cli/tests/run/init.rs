//! What `linkmend init` writes, with a real Collector on the other side.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::intake::Intake;
use crate::support::linkmend::{Linkmend, program};
use crate::support::peers::{Collector, built};
use crate::support::ports;
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// With what the peers' Collector has: its receiver `otlp`, its exporters, `batch`
/// and `memory_limiter`.
const KINDS: [(&str, &str); 5] = [
    (
        "exporters that linkmend takes over",
        "processors: {batch: , memory_limiter: {check_interval: 1s, limit_mib: 500}}
exporters:
  # The backend.
  otlp_grpc: {endpoint: 'b:1', tls: {insecure: true}, headers: {x-tenant: '7'}}
  otlp_http: {endpoint: 'http://b:2'}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_grpc, otlp_http]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc]}
",
    ),
    (
        "an exporter that linkmend cannot do",
        "processors:
  batch:
  memory_limiter: {check_interval: 1s, limit_mib: 500}
exporters:
  otlp_grpc:
    endpoint: b:1
    balancer_name: round_robin # spread
  debug:
service:
  pipelines:
    traces:
      receivers:
      - otlp
      processors:
      - memory_limiter
      - batch
      exporters: [otlp_grpc]
    logs:
      receivers: [otlp]
      exporters: [debug]
",
    ),
    (
        "two ways of the same spans",
        "exporters: {otlp_grpc: {endpoint: 'b:1'}, debug: }
service:
  pipelines:
    traces/a: {receivers: [otlp], exporters: [otlp_grpc]}
    traces/b: {receivers: [otlp], exporters: [debug]}
",
    ),
    (
        "an anchor",
        "processors: {batch: }
exporters: {debug: }
service:
  pipelines:
    traces/a:
      receivers: &in [otlp]
      processors: &all [batch]
      exporters: [debug]
    traces/b:
      receivers: *in
      processors: *all
      exporters: [debug]
",
    ),
    (
        "an older name of the exporter",
        "exporters: {otlp: {endpoint: 'b:1'}}\nservice: {pipelines: {traces: {receivers: [otlp], \
         exporters: [otlp]}}}\n",
    ),
];

const RECEIVER: &str = "receivers:\n  otlp: {protocols: {grpc: {endpoint: '127.0.0.1:4317'}}}\n";

/// Runs `linkmend init`; the folder that it wrote into.
fn made_of(collector: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("collector.yaml"), collector).unwrap();
    let done = Command::new(program())
        .args(["init", "--from", "collector.yaml"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    place
}

fn read(place: &Path, name: &str) -> String {
    std::fs::read_to_string(place.join(name)).unwrap()
}

#[test]
fn the_collector_takes_its_half() {
    if built().is_none() {
        return;
    }
    for (kind, rest) in KINDS {
        let collector = format!("{RECEIVER}{rest}");
        Collector::validate(&collector).unwrap_or_else(|said| panic!("{kind}: {said}"));
        let place = made_of(&collector);
        let half = read(place.path(), "collector-with-linkmend.yaml");
        Collector::validate(&half).unwrap_or_else(|said| panic!("{kind}: {said}\n{half}"));
    }
    let wrong = format!("{RECEIVER}exporters: {{no_such: }}\n");
    let said = Collector::validate(&wrong).unwrap_err();
    assert!(said.contains("no_such"), "{said}");
}

/// Through the Collector, linkmend, and the Collector again; and through linkmend
/// to the backend.
#[test]
fn spans_go_the_way_that_was_made() {
    if built().is_none() {
        return;
    }
    for balancer in ["", ", balancer_name: round_robin"] {
        let intake = Intake::start();
        let grpc = ports::free();
        let collector = format!(
            "receivers:\n  otlp: {{protocols: {{grpc: {{endpoint: '{grpc}'}}}}}}\nexporters:\n  \
             otlp_grpc: {{endpoint: '{}', tls: {{insecure: true}}{balancer}}}\nservice:\n  \
             telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    traces: {{receivers: [otlp], \
             exporters: [otlp_grpc]}}\n",
            intake.address
        );
        let place = made_of(&collector);
        let half = read(place.path(), "collector-with-linkmend.yaml");
        assert_eq!(half.contains("traces/to_linkmend"), !balancer.is_empty());
        // Others of this machine may have the ports that it took.
        let (to, back, metrics) = (ports::free(), ports::free(), ports::free());
        let moved = |text: &str| {
            let text = text.replace("127.0.0.1:14317", &to.to_string());
            let text = text.replace("127.0.0.1:14417", &back.to_string());
            let metrics = format!("port: {}", metrics.port());
            text.replace("port: 18888", &metrics).replace(
                "  telemetry:\n    metrics:",
                "  telemetry:\n    logs: {encoding: json}\n    metrics:",
            )
        };
        let config = place.path().join("linkmend.yaml");
        std::fs::write(&config, moved(&read(place.path(), "linkmend.yaml"))).unwrap();
        let _linkmend = Linkmend::start_files(place, vec![config], Vec::new());
        let collector = Collector::of(grpc, &moved(&half));
        let spans = vec![span(1, Role::Sends(7)), span(2, Role::Receives(7))];
        Sender::new().grpc(collector.grpc, request(spans)).unwrap();
        let arrived = intake.spans_at_least(2, wait::LONG);
        let consumer = arrived.iter().find(|span| number(span) == 2).unwrap();
        assert_eq!(linked(consumer), [1], "{half}");
    }
}
