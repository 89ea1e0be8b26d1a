//! The exporter `debug`: into the log, to look at.

mod sampler;
mod text;

use std::sync::OnceLock;
use std::time::Instant;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use crate::component::{Exporter, SetupError};
use crate::config::{DebugExporter, Id, Verbosity};
use crate::exporters::by_signal::BySignal;
use crate::json;
use crate::signal::Signal;
use crate::telemetry::logs::{LINES, Throttle};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::outputs::Outputs;
use crate::telemetry::traces::ComponentSpan;
use crate::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};

use sampler::Sampler;

/// The exporter `debug`.
pub struct Debug {
    id: Id,
    verbosity: Verbosity,
    sampler: Sampler,
    /// Where it goes, if not into the log.
    paths: Option<Vec<String>>,
    outputs: OnceLock<Outputs>,
    metrics: BySignal,
    unwritten: Throttle,
}

impl Debug {
    /// An exporter that was not started yet.
    ///
    /// # Errors
    ///
    /// None so far; files are opened at the start.
    pub fn new(
        id: &Id,
        config: &DebugExporter,
        signals: &[Signal],
        metrics: &Metrics,
    ) -> Result<Self, SetupError> {
        let paths = (!config.use_internal_logger).then(|| config.output_paths.clone());
        Ok(Self {
            id: id.clone(),
            verbosity: config.verbosity,
            sampler: Sampler::new(config.sampling_initial, config.sampling_thereafter),
            paths,
            outputs: OnceLock::new(),
            metrics: BySignal::new(id, signals, metrics),
            unwritten: Throttle::default(),
        })
    }

    fn tell(&self, batch: &Traces) -> ConsumeResult {
        match batch.signal() {
            Signal::Traces => self.tell_traces(batch),
            _ => self.tell_other(batch),
        }
    }

    /// A batch of another signal: how much it has, and all of it as OTLP/JSON
    /// where more is wanted.
    fn tell_other(&self, batch: &Traces) -> ConsumeResult {
        if !self.sampler.is_due(Instant::now()) {
            return Ok(Accepted::default());
        }
        let more = match self.verbosity {
            Verbosity::Basic => Vec::new(),
            Verbosity::Normal | Verbosity::Detailed => {
                json::encode(batch.signal(), batch.bytes()).map_err(Refusal::malformed)?
            }
        };
        let (signal, items) = (batch.signal(), batch.items());
        let more = String::from_utf8_lossy(&more);
        let line = if more.is_empty() { "" } else { "\n" };
        if let Some(outputs) = self.outputs.get() {
            let what = signal.items();
            let text = format!("{}: {items} {what}{line}{more}\n", self.id);
            self.put(outputs, &text);
        } else {
            tracing::info!(
                target: LINES,
                exporter = %self.id,
                items,
                "{}{line}{more}",
                title(signal)
            );
        }
        Ok(Accepted::default())
    }

    fn tell_traces(&self, traces: &Traces) -> ConsumeResult {
        let decoded = TracesData::decode(traces.bytes().clone());
        let decoded = decoded.map_err(|error| {
            let text = format!("the batch is not well-formed OTLP: {error}");
            Refusal::malformed(text)
        })?;
        if self.sampler.is_due(Instant::now()) {
            self.write(&decoded);
        }
        Ok(Accepted::default())
    }

    fn write(&self, traces: &TracesData) {
        let sums = text::Sums::of(traces);
        let more = match self.verbosity {
            Verbosity::Basic => String::new(),
            Verbosity::Normal => text::normal(traces),
            Verbosity::Detailed => text::detailed(traces),
        };
        let Some(outputs) = self.outputs.get() else {
            return self.log(&sums, &more);
        };
        let text = format!("{}: {sums}\n{more}", self.id);
        self.put(outputs, &text);
    }

    fn put(&self, outputs: &Outputs, text: &str) {
        if let Err(error) = outputs.write(text.as_bytes()) {
            self.unwritten.tell(|more| {
                tracing::warn!(exporter = %self.id, "cannot write to output_paths: {error}{more}");
            });
        }
    }

    fn log(&self, sums: &text::Sums, more: &str) {
        let line = if more.is_empty() { "" } else { "\n" };
        let more = more.trim_end_matches('\n');
        tracing::info!(
            target: LINES,
            exporter = %self.id,
            resource_spans = sums.resource_spans,
            spans = sums.spans,
            links = sums.links,
            "Traces{line}{more}"
        );
    }
}

fn title(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "Traces",
        Signal::Metrics => "Metrics",
        Signal::Logs => "Logs",
        Signal::Profiles => "Profiles",
    }
}

impl Consumer for Debug {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        Box::pin(async move {
            let telling = async { self.tell(&traces) };
            let (signal, items) = (traces.signal(), traces.items());
            let stage = ComponentSpan::exporter(&self.id, signal);
            let taken = stage.run(items, telling).await;
            self.metrics.taken(signal, items, &taken);
            taken
        })
    }
}

impl Exporter for Debug {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        Box::pin(async {
            let Some(paths) = &self.paths else {
                return Ok(());
            };
            let outputs = Outputs::open(paths).map_err(|text| {
                SetupError::new(format!("exporters.{}.output_paths", self.id), text)
            })?;
            // A second start finds them open.
            let _ = self.outputs.set(outputs);
            Ok(())
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
