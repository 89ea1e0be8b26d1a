//! linkmend's configuration.

use std::fmt::Write as _;

use crate::edit;
use crate::layout::{Hop, Plan, Way, numbered};

/// Without a Collector.
pub(crate) const SMALLEST: &str = "\
# linkmend between applications and a backend. Check it with
#   linkmend validate --config linkmend.yaml
# and run it with
#   linkmend run --config linkmend.yaml
# All keys are in docs/configuration.md.

receivers:
  # Where applications send to: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317,
  # or http://localhost:4318 for OTLP over HTTP.
  otlp:
    protocols:
      grpc:
        endpoint: localhost:4317
      http:
        endpoint: localhost:4318

processors:
  # Finds the producer of each message that a consumer names, and adds the span
  # link that is missing.
  linkmend:

exporters:
  # Where spans go from here: a Collector, or a backend that takes OTLP.
  otlp_grpc:
    endpoint: localhost:14317
    tls:
      # Take it away for a backend with TLS.
      insecure: true

service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [linkmend]
      exporters: [otlp_grpc]
    # Metrics and logs pass as they are, so that applications need one endpoint.
    metrics:
      receivers: [otlp]
      exporters: [otlp_grpc]
    logs:
      receivers: [otlp]
      exporters: [otlp_grpc]
";

/// Writes the file.
pub(crate) fn write(name: &str, plan: &Plan) -> String {
    let mut out = format!(
        "# linkmend beside a Collector: made by `linkmend init --from {name}`.\n\
         # It belongs to the Collector's configuration that was written with it.\n\n\
         receivers:\n"
    );
    for hop in &plan.hops {
        let _ = write!(
            out,
            "  # From the Collector's exporter {}.\n  {}:\n    protocols:\n      grpc:\n        \
             endpoint: 127.0.0.1:{}\n        # The Collector's batches may be larger than 4 MiB.\n        \
             max_recv_msg_size_mib: 64\n",
            plan.exporter(hop),
            id("otlp", hop.number),
            hop.port
        );
    }
    out.push_str("\nprocessors:\n  linkmend:\n\nexporters:\n");
    let mut written: Vec<&str> = Vec::new();
    for hop in &plan.hops {
        match &hop.way {
            Way::Loop { port, .. } => {
                let _ = write!(
                    out,
                    "  # Back to the Collector's receiver {}.\n  {}:\n    endpoint: \
                     127.0.0.1:{port}\n    compression: none\n    tls:\n      insecure: true\n",
                    hop.receiver(),
                    back(hop),
                );
            }
            Way::Behind(taken) => {
                for exporter in taken {
                    if !written.contains(&exporter.id.as_str()) {
                        out.push_str(&exporter.lines);
                        written.push(&exporter.id);
                    }
                }
            }
        }
    }
    let _ = write!(
        out,
        "\nservice:\n  telemetry:\n    metrics:\n      # The Collector has 8888.\n      readers:\n        \
         - pull:\n            exporter:\n              prometheus:\n                host: localhost\n                \
         port: {}\n  pipelines:\n",
        plan.metrics_port
    );
    for hop in &plan.hops {
        let exporters = match &hop.way {
            Way::Loop { .. } => vec![back(hop)],
            Way::Behind(taken) => taken.iter().map(|taken| taken.id.clone()).collect(),
        };
        let ids: Vec<_> = hop
            .pipelines
            .iter()
            .map(|pipeline| pipeline.id.as_str())
            .collect();
        let _ = write!(
            out,
            "    # The Collector's {}.\n    {}:\n      receivers: [{}]\n      processors: \
             [linkmend]\n      exporters: [{}]\n",
            ids.join(", "),
            id("traces", hop.number),
            id("otlp", hop.number),
            edit::words(&exporters),
        );
    }
    out
}

/// What goes back to the Collector.
fn back(hop: &Hop) -> String {
    format!("otlp_grpc/{}", numbered("collector", hop.number))
}

/// `otlp`, `otlp/2`.
fn id(kind: &str, number: usize) -> String {
    match number {
        1 => kind.to_owned(),
        number => format!("{kind}/{number}"),
    }
}
