//! The exporter `kafka`.

mod producer;

use std::time::Duration;

use linkmend_config::Node;

use crate::config::kafka::{
    self, CLIENT, ENCODING, KafkaClient, KafkaEncoding, encoding, topic_name,
};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, POSITIVE, choice, flag, positive_duration};
use crate::config::secret::{HEADERS, Headers, headers};
use crate::config::sending::{self, Queue, Retry};
use crate::signal::Signal;

pub use producer::{KafkaCompression, KafkaProducer};
pub(in crate::config) use producer::{LEVEL, PRODUCER};

/// Batches into topics of Kafka.
#[derive(Debug, Clone, PartialEq)]
pub struct KafkaExporter {
    /// The brokers, and who asks.
    pub client: KafkaClient,
    /// How long writing may take.
    pub timeout: Duration,
    /// By signal.
    pub topics: [KafkaTopic; Signal::ALL.len()],
    /// How records are written.
    pub producer: KafkaProducer,
    /// Whether there is a record for each trace, with its id as key.
    pub by_trace_id: bool,
    /// Which partition a record goes to.
    pub partitioner: KafkaPartitioner,
    /// Headers of every record.
    pub record_headers: Headers,
    /// Whether a header says which signal a record has.
    pub signal_header: bool,
    /// Trying again.
    pub retry: Retry,
    /// The queue; `None`: the sender waits.
    pub queue: Option<Queue>,
}

/// The topic of a signal, and what is written there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaTopic {
    /// The topic; `None`: the one that the signal has by default.
    pub topic: Option<String>,
    /// How batches are written.
    pub encoding: KafkaEncoding,
}

/// Which partition a record goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KafkaPartitioner {
    /// By the key, as Sarama has it.
    #[default]
    SaramaCompat,
    /// By the key, as Kafka's own client has it.
    Murmur2,
    /// To each in turn.
    RoundRobin,
}

const HASHERS: [(&str, KafkaPartitioner); 2] = [
    ("sarama_compat", KafkaPartitioner::SaramaCompat),
    ("murmur2", KafkaPartitioner::Murmur2),
];

impl KafkaExporter {
    /// The topic of a signal, and what is written there.
    pub fn of(&self, signal: Signal) -> (String, KafkaEncoding) {
        let given = self.topics.get(signal as usize);
        let topic = given.and_then(|given| given.topic.clone());
        let topic = topic.unwrap_or_else(|| kafka::topic(signal).to_owned());
        let encoding = given.map(|given| given.encoding);
        (topic, encoding.unwrap_or_default())
    }
}

impl Default for KafkaExporter {
    fn default() -> Self {
        Self {
            client: KafkaClient::default(),
            timeout: Duration::from_secs(5),
            topics: std::array::from_fn(|_| KafkaTopic::default()),
            producer: KafkaProducer::default(),
            by_trace_id: false,
            partitioner: KafkaPartitioner::default(),
            record_headers: Headers::new(),
            signal_header: false,
            retry: Retry::default(),
            queue: None,
        }
    }
}

const METADATA: &str = "what came with a request is not sent on";
const KEYS: &str = "records of metrics and logs have no key, and go to each partition in turn";

pub(in crate::config) static MEMBERS: &[Member<KafkaExporter>] = &[
    Member::value(
        "timeout",
        "5s",
        POSITIVE,
        "How long it may take until the brokers have a batch; it is tried again then.",
        |t, n| positive_duration(n).map(|v| t.timeout = v),
    ),
    Member::section(
        "traces",
        "kafka topic",
        "on",
        "The topic of traces; `otlp_spans` by default.",
        |t, r, n| {
            signal(t, Signal::Traces, r, n);
        },
    ),
    Member::section(
        "metrics",
        "kafka topic",
        "on",
        "The same for metrics; `otlp_metrics` by default.",
        |t, r, n| {
            signal(t, Signal::Metrics, r, n);
        },
    ),
    Member::section(
        "logs",
        "kafka topic",
        "on",
        "The same for logs; `otlp_logs` by default.",
        |t, r, n| {
            signal(t, Signal::Logs, r, n);
        },
    ),
    Member::section(
        "profiles",
        "kafka topic",
        "on",
        "The same for profiles; `otlp_profiles` by default.",
        |t, r, n| {
            signal(t, Signal::Profiles, r, n);
        },
    ),
    Member::section(
        "producer",
        "kafka producer",
        "on",
        "How records are written.",
        |t, r, n| producer::producer(r, n, &mut t.producer),
    ),
    Member::value(
        "partition_traces_by_id",
        "false",
        FLAG,
        "Whether there is a record for each trace, whose key is its id in hexadecimal digits: the spans of a trace are in one partition then.",
        |t, n| flag(n).map(|v| t.by_trace_id = v),
    ),
    Member::section(
        "record_partitioner",
        "record_partitioner",
        "on",
        "Which partition a record goes to; by default `sticky_key: {hasher: sarama_compat}`. Records without a key go to each in turn.",
        |t, r, n| partitioner(r, n, &mut t.partitioner),
    ),
    Member::value(
        "record_headers",
        "{}",
        HEADERS,
        "Headers of every record.",
        |t, n| headers(n).map(|v| t.record_headers = v),
    ),
    Member::value(
        "signal_header",
        "false",
        FLAG,
        "Whether a header `otelcol.signal` says which signal a record has.",
        |t, n| flag(n).map(|v| t.signal_header = v),
    ),
    Member::section(
        "retry_on_failure",
        "retry_on_failure",
        "on",
        "Retries of what could not be written.",
        |t, r, n| sending::retry(r, n, &mut t.retry),
    ),
    Member::section(
        "sending_queue",
        "sending_queue",
        "off",
        "A queue in front of the exporter; `sending_queue: {}` for the defaults.",
        |t, r, n| t.queue = sending::queue(r, n),
    ),
    Member::unsupported("include_metadata_keys", METADATA),
    Member::unsupported("topic_from_attribute", "each signal has one topic"),
    Member::unsupported("partition_metrics_by_resource_attributes", KEYS),
    Member::unsupported("partition_logs_by_resource_attributes", KEYS),
    Member::unsupported("partition_logs_by_trace_id", KEYS),
];

pub(in crate::config) static TOPIC: &[Member<KafkaTopic>] = &[
    Member::value("topic", "null", "a name", "The topic.", |t, n| {
        topic_name(n).map(|v| t.topic = Some(v))
    }),
    Member::value(
        "encoding",
        "otlp_proto",
        ENCODING,
        "How batches are written.",
        |t, n| encoding(n).map(|v| t.encoding = v),
    ),
    Member::unsupported("topic_from_metadata_key", METADATA),
    Member::unsupported("message_key_from_metadata_key", METADATA),
];

pub(in crate::config) static PARTITIONER: &[Member<KafkaPartitioner>] = &[
    Member::section(
        "sticky_key",
        "sticky_key",
        "on",
        "By the key.",
        |t, r, n| member::read(r, n, &[STICKY_KEY], t),
    ),
    Member::section(
        "round_robin",
        "round_robin",
        "off",
        "To each in turn, whatever their keys.",
        |t, r, n| {
            member::read(r, n, &[ROUND_ROBIN], t);
            *t = KafkaPartitioner::RoundRobin;
        },
    ),
    Member::unsupported(
        "least_backup",
        "a batch waits until its records are written",
    ),
    Member::unsupported("extension", "there are no such extensions"),
];

pub(in crate::config) static STICKY_KEY: &[Member<KafkaPartitioner>] = &[Member::value(
    "hasher",
    "sarama_compat",
    "sarama_compat, murmur2",
    "How the key is hashed: as Sarama and the Collector do it, or as the client of Kafka itself.",
    |t, n| choice(n, &HASHERS).map(|v| *t = v),
)];

pub(in crate::config) static ROUND_ROBIN: &[Member<KafkaPartitioner>] = &[];

fn partitioner(reader: &mut Reader, node: &Node, partitioner: &mut KafkaPartitioner) {
    member::read(reader, node, &[PARTITIONER], partitioner);
    if node.get("sticky_key").is_some() && node.get("round_robin").is_some() {
        reader.fault_of(
            node,
            "round_robin",
            "`sticky_key` is given too; give one of them",
        );
    }
}

fn signal(exporter: &mut KafkaExporter, signal: Signal, reader: &mut Reader, node: &Node) {
    if let Some(topic) = exporter.topics.get_mut(signal as usize) {
        member::read(reader, node, &[TOPIC], topic);
    }
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> KafkaExporter {
    let mut exporter = KafkaExporter::default();
    member::read_with_part(
        reader,
        node,
        MEMBERS,
        (CLIENT, |t| &mut t.client),
        &mut exporter,
    );
    exporter
}
