//! An exporter made of a configuration, and batches for it.

use std::sync::Arc;

use bytes::Bytes;
use linkmend_pipeline::component::{Exporter, SetupError};
use linkmend_pipeline::exporters;
use linkmend_pipeline::extensions::file_storage::Storages;
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{ConsumeResult, Traces};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

use crate::support::{read, with};

/// An exporter that runs.
pub struct Bench {
    pub exporter: Arc<dyn Exporter>,
    metrics: Metrics,
}

/// Makes the exporter `id` of these lines.
pub fn make(id: &str, lines: &str, more: &str) -> Result<Bench, SetupError> {
    let config = read(&[&with("exporters", id, lines), more]);
    let metrics = Metrics::new(false);
    let storages = Storages::new(&config.extensions);
    let id = id.parse().unwrap();
    let exporter = exporters::build(
        &id,
        &config.exporters[&id],
        &[linkmend_pipeline::signal::Signal::Traces],
        &metrics,
        &storages,
    )?;
    Ok(Bench { exporter, metrics })
}

/// The same, started.
pub async fn start(id: &str, lines: &str) -> Bench {
    start_with(id, lines, "{}").await
}

pub async fn start_with(id: &str, lines: &str, more: &str) -> Bench {
    let bench = make(id, lines, more).unwrap();
    bench.exporter.start().await.unwrap();
    bench
}

/// The exporter `otlp_grpc` without TLS.
pub async fn grpc(address: impl std::fmt::Display, lines: &str) -> Bench {
    start(
        "otlp_grpc",
        &format!("endpoint: 'http://{address}'\n{lines}"),
    )
    .await
}

/// The exporter `otlp_http` without TLS.
pub async fn http(address: impl std::fmt::Display, lines: &str) -> Bench {
    start(
        "otlp_http",
        &format!("endpoint: 'http://{address}'\n{lines}"),
    )
    .await
}

impl Bench {
    pub async fn take(&self, traces: Traces) -> ConsumeResult {
        self.exporter.take(traces).await
    }

    /// A batch of so many spans.
    pub async fn send(&self, spans: usize) -> ConsumeResult {
        self.take(batch("span", spans)).await
    }

    /// The value of a metric, without `otelcol_exporter_`.
    pub fn metric(&self, name: &str) -> u64 {
        let prefix = if name.starts_with("linkmend_") {
            ""
        } else {
            "otelcol_exporter_"
        };
        let name = format!("{prefix}{name}");
        let families = self.metrics.registry().gather();
        let family = families.iter().find(|family| family.name() == name);
        let metric = &family.unwrap_or_else(|| panic!("{name}")).get_metric()[0];
        let value = metric.get_counter().get_value() + metric.get_gauge().get_value();
        format!("{value}").parse().unwrap()
    }

    /// Waits until a metric has a value.
    pub async fn until(&self, name: &str, value: u64) {
        for _ in 0..500 {
            if self.metric(name) == value {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{name} is {}, not {value}", self.metric(name));
    }
}

/// A batch of spans `name0`, `name1`, …, in one resource and one scope.
pub fn data(name: &str, spans: usize) -> TracesData {
    let span = |number| Span {
        name: format!("{name}{number}"),
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..Span::default()
    };
    let scope = ScopeSpans {
        spans: (0..spans).map(span).collect(),
        schema_url: "scope".into(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        schema_url: "resource".into(),
        ..ResourceSpans::default()
    };
    TracesData {
        resource_spans: vec![resource],
    }
}

pub fn batch(name: &str, spans: usize) -> Traces {
    Traces::new(Bytes::from(data(name, spans).encode_to_vec())).unwrap()
}

/// The names of all spans.
pub fn names(data: &TracesData) -> Vec<String> {
    let scopes = data.resource_spans.iter().flat_map(|one| &one.scope_spans);
    let spans = scopes.flat_map(|scope| &scope.spans);
    spans.map(|span| span.name.clone()).collect()
}
