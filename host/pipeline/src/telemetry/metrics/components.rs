//! The Collector's metrics of receivers, processors and exporters.
//!
//! Each signal has families of its own where the Collector has them; of the
//! signals that do not pass there is nothing to see.

use std::sync::{Arc, OnceLock};

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::registry::{Names, counter, gauge};
use crate::config::Id;
use crate::signal::Signal;
use crate::traces::{ConsumeResult, RefusalKind};

/// What is counted of each signal, as it is called in names of metrics.
pub(super) fn unit(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "spans",
        Signal::Metrics => "metric_points",
        Signal::Logs => "log_records",
        Signal::Profiles => "profile_samples",
    }
}

/// A family for each signal.
#[derive(Clone)]
struct BySignal([IntCounterVec; Signal::ALL.len()]);

impl BySignal {
    fn new(make: impl Fn(&'static str) -> IntCounterVec) -> Self {
        Self(Signal::ALL.map(|signal| make(unit(signal))))
    }

    fn of(&self, signal: Signal) -> &IntCounterVec {
        let [traces, metrics, logs, profiles] = &self.0;
        match signal {
            Signal::Traces => traces,
            Signal::Metrics => metrics,
            Signal::Logs => logs,
            Signal::Profiles => profiles,
        }
    }
}

/// The families, of which each component has a member.
pub(super) struct Families {
    received: Arc<Received>,
    requests: IntCounterVec,
    incoming: IntCounterVec,
    outgoing: IntCounterVec,
    sent: BySignal,
    send_failed: BySignal,
    enqueue_failed: BySignal,
    unreadable_answers: IntCounterVec,
    queue_size: IntGaugeVec,
    queue_capacity: IntGaugeVec,
}

struct Received {
    accepted: BySignal,
    refused: BySignal,
    failed: BySignal,
}

/// Of a receiver, for one transport.
#[derive(Clone)]
pub struct ReceiverMetrics {
    labels: [String; 2],
    families: Arc<Received>,
    by_signal: Arc<[OnceLock<OfSignal>; Signal::ALL.len()]>,
    requests_success: IntCounter,
    requests_refused: IntCounter,
    requests_failed: IntCounter,
}

struct OfSignal {
    accepted: IntCounter,
    refused: IntCounter,
    failed: IntCounter,
}

impl ReceiverMetrics {
    /// Shows what is received of a signal from now on, as long as it is nothing.
    pub fn show(&self, signal: Signal) {
        let _ = self.of(signal);
    }

    fn of(&self, signal: Signal) -> Option<&OfSignal> {
        let of_signal = self.by_signal.get(signal as usize)?;
        Some(of_signal.get_or_init(|| {
            let labels = self.labels.each_ref().map(String::as_str);
            let member = |family: &BySignal| counter(family.of(signal), &labels);
            OfSignal {
                accepted: member(&self.families.accepted),
                refused: member(&self.families.refused),
                failed: member(&self.families.failed),
            }
        }))
    }

    /// What became of a batch of so many items.
    pub fn taken(&self, signal: Signal, items: usize, taken: &ConsumeResult) {
        let Some(of_signal) = self.of(signal) else {
            return;
        };
        let items = items as u64;
        match taken.as_ref().map_err(|refusal| refusal.kind) {
            Ok(_) => {
                of_signal.accepted.inc_by(items);
                self.requests_success.inc();
            }
            // As the Collector tells them apart: refused by what is behind the
            // receiver, or failed in the receiver itself.
            Err(RefusalKind::Retry(_) | RefusalKind::Permanent) => {
                of_signal.refused.inc_by(items);
                self.requests_refused.inc();
            }
            Err(RefusalKind::Malformed) => {
                of_signal.failed.inc_by(items);
                self.requests_failed.inc();
            }
        }
    }

    /// A request could not be read at all.
    pub fn failed(&self) {
        self.requests_failed.inc();
    }

    /// A request was refused before it was read.
    pub fn refused(&self) {
        self.requests_refused.inc();
    }
}

/// Of a processor.
#[derive(Debug, Clone)]
pub struct ProcessorMetrics {
    /// Spans that came.
    pub incoming: IntCounter,
    /// Spans that went on.
    pub outgoing: IntCounter,
}

/// Of an exporter, for one signal.
#[derive(Debug, Clone)]
pub struct ExporterMetrics {
    /// Items that the next hop has taken.
    pub sent: IntCounter,
    /// Items that it has not taken, and that are not tried again here.
    pub send_failed: IntCounter,
    /// Items that found no room in the queue.
    pub enqueue_failed: IntCounter,
    /// Batches that were taken with an answer that cannot be read.
    pub unreadable_answers: IntCounter,
    /// What is in the queue, in what its sizer says.
    pub queue_size: IntGauge,
    /// What may be in it.
    pub queue_capacity: IntGauge,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let receiver = |what: &str, help: &str| {
            BySignal::new(|unit| {
                let name = format!("otelcol_receiver_{what}_{unit}");
                names.counters(&name, help, &["receiver", "transport"])
            })
        };
        let processor = |name: &str, help: &str| {
            let name = format!("otelcol_processor_{name}_items");
            names.counters(&name, help, &["processor", "otel_signal"])
        };
        let exporter = |what: &str, help: &str| {
            BySignal::new(|unit| {
                let name = format!("otelcol_exporter_{what}_{unit}");
                names.counters(&name, help, &["exporter"])
            })
        };
        let queue = |name: &str, help: &str| {
            let name = format!("otelcol_exporter_queue_{name}");
            names.gauges(&name, help, &["exporter", "data_type"])
        };
        Self {
            received: Arc::new(Received {
                accepted: receiver("accepted", "What was taken and handed on."),
                refused: receiver("refused", "What the pipeline did not take."),
                failed: receiver("failed", "What could not be read."),
            }),
            requests: names.counters(
                "otelcol_receiver_requests",
                "Requests, by what became of them.",
                &["receiver", "transport", "outcome"],
            ),
            incoming: processor("incoming", "Spans that came into the processor."),
            outgoing: processor("outgoing", "Spans that went out of the processor."),
            sent: exporter("sent", "What the next hop has taken."),
            send_failed: exporter("send_failed", "What could not be sent."),
            enqueue_failed: exporter("enqueue_failed", "What did not fit the queue."),
            unreadable_answers: names.counters(
                "linkmend_exporter_unreadable_answers",
                "Batches that the next hop took with an answer that cannot be read.",
                &["exporter"],
            ),
            queue_size: queue("size", "What is in the queue, in what its sizer says."),
            queue_capacity: queue("capacity", "What may be in the queue."),
        }
    }

    pub(super) fn receiver(&self, id: &Id, transport: &str) -> ReceiverMetrics {
        let id = id.to_string();
        let requests = |outcome| counter(&self.requests, &[id.as_str(), transport, outcome]);
        ReceiverMetrics {
            requests_success: requests("success"),
            requests_refused: requests("refused"),
            requests_failed: requests("failure"),
            labels: [id, transport.into()],
            families: Arc::clone(&self.received),
            by_signal: Arc::default(),
        }
    }

    pub(super) fn processor(&self, id: &Id) -> ProcessorMetrics {
        let id = id.to_string();
        let labels = [id.as_str(), Signal::Traces.name()];
        ProcessorMetrics {
            incoming: counter(&self.incoming, &labels),
            outgoing: counter(&self.outgoing, &labels),
        }
    }

    pub(super) fn exporter(&self, id: &Id, signal: Signal) -> ExporterMetrics {
        let id = id.to_string();
        let of_queue = [id.as_str(), signal.name()];
        let of_signal = |family: &BySignal| counter(family.of(signal), &[id.as_str()]);
        ExporterMetrics {
            sent: of_signal(&self.sent),
            send_failed: of_signal(&self.send_failed),
            enqueue_failed: of_signal(&self.enqueue_failed),
            unreadable_answers: counter(&self.unreadable_answers, &[id.as_str()]),
            queue_size: gauge(&self.queue_size, &of_queue),
            queue_capacity: gauge(&self.queue_capacity, &of_queue),
        }
    }
}
