//! What an exporter has of each signal that it is sent.

use std::collections::BTreeMap;

use crate::component::{Exporter, SetupError};
use crate::config::Id;
use crate::signal::Signal;
use crate::telemetry::metrics::{ExporterMetrics, Metrics};
use crate::traces::{BoxFuture, ConsumeResult, Consumer, Refusal, Traces};

/// The metrics of an exporter that takes batches of several signals.
pub(super) struct BySignal(BTreeMap<Signal, ExporterMetrics>);

impl BySignal {
    pub(super) fn new(id: &Id, signals: &[Signal], metrics: &Metrics) -> Self {
        let signals = signals.iter();
        let each = signals.map(|&signal| (signal, metrics.exporter(id, signal)));
        Self(each.collect())
    }

    /// What became of a batch.
    pub(super) fn taken(&self, signal: Signal, items: usize, taken: &ConsumeResult) {
        let Some(metrics) = self.0.get(&signal) else {
            return;
        };
        let counter = match taken {
            Ok(_) => &metrics.sent,
            Err(_) => &metrics.send_failed,
        };
        counter.inc_by(items as u64);
    }
}

/// Exporters of one signal each, as one: so each signal has a queue of its own,
/// and metrics that wait do not keep traces waiting.
pub(super) struct Each(pub(super) BTreeMap<Signal, Box<dyn Exporter>>);

impl Consumer for Each {
    fn take(&self, batch: Traces) -> BoxFuture<'_, ConsumeResult> {
        match self.0.get(&batch.signal()) {
            Some(exporter) => exporter.take(batch),
            // The service makes one for each signal of its pipelines.
            None => Box::pin(async move {
                let text = format!("the exporter takes no {}", batch.signal());
                Err(Refusal::permanent(text))
            }),
        }
    }
}

impl Exporter for Each {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        Box::pin(async move {
            for exporter in self.0.values() {
                exporter.start().await?;
            }
            Ok(())
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for exporter in self.0.values() {
                exporter.stop().await;
            }
        })
    }
}
