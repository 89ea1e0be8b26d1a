//! The Collector's metrics of its receiver and its exporter `kafka`.

use std::sync::Arc;

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec};

use super::registry::{Names, counter, gauge};
use crate::config::Id;
use crate::signal::Signal;

const OF_RECEIVER: [&str; 3] = ["receiver", "topic", "partition"];

/// The families, of which each component has members.
pub(super) struct Families {
    receiver: Arc<OfReceivers>,
    records: IntCounterVec,
    bytes: IntCounterVec,
}

struct OfReceivers {
    records: IntCounterVec,
    bytes: IntCounterVec,
    offset: IntGaugeVec,
    lag: IntGaugeVec,
    started: IntCounterVec,
    closed: IntCounterVec,
    unreadable: [IntCounterVec; Signal::ALL.len()],
}

/// Of a receiver.
#[derive(Clone)]
pub struct KafkaReceiverMetrics {
    id: String,
    families: Arc<OfReceivers>,
    started: IntCounter,
    closed: IntCounter,
}

/// Of an exporter.
#[derive(Clone)]
pub struct KafkaExporterMetrics {
    id: String,
    records: IntCounterVec,
    bytes: IntCounterVec,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let name = |what: &str| format!("otelcol_kafka_{what}");
        let with_outcome = |own: &'static str| [own, "topic", "partition", "outcome"];
        let unreadable = |signal: Signal| {
            let what = match signal {
                Signal::Traces => "spans",
                Signal::Metrics => "metric_points",
                Signal::Logs => "log_records",
                Signal::Profiles => "profiles",
            };
            names.counters(
                &name(&format!("receiver_unmarshal_failed_{what}")),
                "Messages that cannot be read.",
                &OF_RECEIVER,
            )
        };
        let receiver = OfReceivers {
            records: names.counters(
                &name("receiver_records"),
                "Messages, by whether they were taken.",
                &with_outcome("receiver"),
            ),
            bytes: names.counters(
                &name("receiver_bytes_uncompressed"),
                "Bytes of messages, decompressed.",
                &with_outcome("receiver"),
            ),
            offset: names.gauges(
                &name("receiver_current_offset"),
                "The offset up to which a partition was read.",
                &OF_RECEIVER,
            ),
            lag: names.gauges(
                &name("receiver_offset_lag"),
                "How many messages of a partition are still to be read.",
                &OF_RECEIVER,
            ),
            started: names.counters(
                &name("receiver_partition_start"),
                "Partitions that this member was given.",
                &["receiver"],
            ),
            closed: names.counters(
                &name("receiver_partition_close"),
                "Partitions that were taken from this member.",
                &["receiver"],
            ),
            unreadable: Signal::ALL.map(unreadable),
        };
        Self {
            receiver: Arc::new(receiver),
            records: names.counters(
                &name("exporter_records"),
                "Records, by whether the brokers have them.",
                &with_outcome("exporter"),
            ),
            bytes: names.counters(
                &name("exporter_bytes_uncompressed"),
                "Bytes of records before they are compressed.",
                &with_outcome("exporter"),
            ),
        }
    }

    pub(super) fn receiver(&self, id: &Id) -> KafkaReceiverMetrics {
        let id = id.to_string();
        KafkaReceiverMetrics {
            started: counter(&self.receiver.started, &[&id]),
            closed: counter(&self.receiver.closed, &[&id]),
            families: Arc::clone(&self.receiver),
            id,
        }
    }

    pub(super) fn exporter(&self, id: &Id) -> KafkaExporterMetrics {
        KafkaExporterMetrics {
            id: id.to_string(),
            records: self.records.clone(),
            bytes: self.bytes.clone(),
        }
    }
}

fn outcome(is_success: bool) -> &'static str {
    if is_success { "success" } else { "failure" }
}

impl KafkaReceiverMetrics {
    /// A message was taken, or was not.
    pub fn record(&self, topic: &str, partition: i32, bytes: usize, is_taken: bool) {
        let partition = partition.to_string();
        let labels = [&*self.id, topic, &*partition, outcome(is_taken)];
        counter(&self.families.records, &labels).inc();
        counter(&self.families.bytes, &labels).inc_by(bytes as u64);
    }

    /// A message cannot be read.
    pub fn unreadable(&self, signal: Signal, topic: &str, partition: i32) {
        if let Some(family) = self.families.unreadable.get(signal as usize) {
            counter(family, &[&self.id, topic, &partition.to_string()]).inc();
        }
    }

    /// So far a partition was read, and so much is behind.
    pub fn position(&self, topic: &str, partition: i32, offset: i64, lag: Option<u64>) {
        let partition = partition.to_string();
        let labels = [&*self.id, topic, &*partition];
        gauge(&self.families.offset, &labels).set(offset);
        if let Some(lag) = lag {
            let lag = i64::try_from(lag).unwrap_or(i64::MAX);
            gauge(&self.families.lag, &labels).set(lag);
        }
    }

    /// A partition is this member's.
    pub fn given(&self) {
        self.started.inc();
    }

    /// It is not any more: others tell of it.
    pub fn gone(&self, topic: &str, partition: i32) {
        self.closed.inc();
        let partition = partition.to_string();
        let labels = [&*self.id, topic, &*partition];
        // Nothing may have been told of it yet.
        let _ = self.families.offset.remove_label_values(&labels);
        let _ = self.families.lag.remove_label_values(&labels);
    }
}

impl KafkaExporterMetrics {
    /// The brokers have a record.
    pub fn written(&self, topic: &str, partition: i32, bytes: usize) {
        self.add(topic, &partition.to_string(), bytes, true);
    }

    /// They have not, or it is not known; nor to which partition it would have gone.
    pub fn failed(&self, topic: &str, bytes: usize) {
        self.add(topic, "", bytes, false);
    }

    fn add(&self, topic: &str, partition: &str, bytes: usize, is_success: bool) {
        let labels = [&*self.id, topic, partition, outcome(is_success)];
        counter(&self.records, &labels).inc();
        counter(&self.bytes, &labels).inc_by(bytes as u64);
    }
}
