//! The Collector's metrics of receivers, processors and exporters.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::{Names, counter, gauge};
use crate::config::Id;
use crate::traces::{RefusalKind, Taken};

/// The families, of which each component has a member.
pub(super) struct Families {
    accepted: IntCounterVec,
    refused: IntCounterVec,
    failed: IntCounterVec,
    requests: IntCounterVec,
    incoming: IntCounterVec,
    outgoing: IntCounterVec,
    sent: IntCounterVec,
    send_failed: IntCounterVec,
    enqueue_failed: IntCounterVec,
    queue_size: IntGaugeVec,
    queue_capacity: IntGaugeVec,
}

/// Of a receiver, for one transport.
#[derive(Debug, Clone)]
pub struct ReceiverMetrics {
    accepted: IntCounter,
    refused: IntCounter,
    failed: IntCounter,
    requests_success: IntCounter,
    requests_refused: IntCounter,
    requests_failed: IntCounter,
}

impl ReceiverMetrics {
    /// What became of a batch of so many spans.
    pub fn taken(&self, spans: usize, taken: &Taken) {
        let spans = spans as u64;
        match taken.as_ref().map_err(|refusal| refusal.kind) {
            Ok(_) => {
                self.accepted.inc_by(spans);
                self.requests_success.inc();
            }
            // As the Collector tells them apart: refused by what is behind the
            // receiver, or failed in the receiver itself.
            Err(RefusalKind::Retry(_) | RefusalKind::Permanent) => {
                self.refused.inc_by(spans);
                self.requests_refused.inc();
            }
            Err(RefusalKind::Malformed) => {
                self.failed.inc_by(spans);
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

/// Of an exporter.
#[derive(Debug, Clone)]
pub struct ExporterMetrics {
    /// Spans that the next hop has taken.
    pub sent: IntCounter,
    /// Spans that it has not taken, and that are not tried again here.
    pub send_failed: IntCounter,
    /// Spans that found no room in the queue.
    pub enqueue_failed: IntCounter,
    /// What is in the queue, in what its sizer says.
    pub queue_size: IntGauge,
    /// What may be in it.
    pub queue_capacity: IntGauge,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let receiver = |name: &str, help: &str| {
            let name = format!("otelcol_receiver_{name}");
            names.counters(&name, help, &["receiver", "transport"])
        };
        let processor = |name: &str, help: &str| {
            let name = format!("otelcol_processor_{name}_items");
            names.counters(&name, help, &["processor", "otel_signal"])
        };
        let exporter = |name: &str, help: &str| {
            let name = format!("otelcol_exporter_{name}");
            names.counters(&name, help, &["exporter"])
        };
        let queue = |name: &str, help: &str| {
            let name = format!("otelcol_exporter_queue_{name}");
            names.gauges(&name, help, &["exporter", "data_type"])
        };
        Self {
            accepted: receiver("accepted_spans", "Spans that were taken and handed on."),
            refused: receiver("refused_spans", "Spans that the pipeline did not take."),
            failed: receiver("failed_spans", "Spans that could not be read."),
            requests: names.counters(
                "otelcol_receiver_requests",
                "Requests, by what became of them.",
                &["receiver", "transport", "outcome"],
            ),
            incoming: processor("incoming", "Spans that came into the processor."),
            outgoing: processor("outgoing", "Spans that went out of the processor."),
            sent: exporter("sent_spans", "Spans that the next hop has taken."),
            send_failed: exporter("send_failed_spans", "Spans that could not be sent."),
            enqueue_failed: exporter("enqueue_failed_spans", "Spans that did not fit the queue."),
            queue_size: queue("size", "What is in the queue, in what its sizer says."),
            queue_capacity: queue("capacity", "What may be in the queue."),
        }
    }

    pub(super) fn receiver(&self, id: &Id, transport: &str) -> ReceiverMetrics {
        let id = id.to_string();
        let labels = [id.as_str(), transport];
        let requests = |outcome| counter(&self.requests, &[id.as_str(), transport, outcome]);
        ReceiverMetrics {
            accepted: counter(&self.accepted, &labels),
            refused: counter(&self.refused, &labels),
            failed: counter(&self.failed, &labels),
            requests_success: requests("success"),
            requests_refused: requests("refused"),
            requests_failed: requests("failure"),
        }
    }

    pub(super) fn processor(&self, id: &Id) -> ProcessorMetrics {
        let id = id.to_string();
        let labels = [id.as_str(), "traces"];
        ProcessorMetrics {
            incoming: counter(&self.incoming, &labels),
            outgoing: counter(&self.outgoing, &labels),
        }
    }

    pub(super) fn exporter(&self, id: &Id) -> ExporterMetrics {
        let id = id.to_string();
        let of_queue = [id.as_str(), "traces"];
        ExporterMetrics {
            sent: counter(&self.sent, &[id.as_str()]),
            send_failed: counter(&self.send_failed, &[id.as_str()]),
            enqueue_failed: counter(&self.enqueue_failed, &[id.as_str()]),
            queue_size: gauge(&self.queue_size, &of_queue),
            queue_capacity: gauge(&self.queue_capacity, &of_queue),
        }
    }
}
