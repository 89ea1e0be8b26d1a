//! The receiver `kafka`.

mod message_marking;

use std::time::Duration;

use linkmend_config::Node;

use super::otlp::{ADMISSION, Admission};
use crate::config::kafka::{
    self, CLIENT, ENCODING, KafkaClient, KafkaEncoding, MILLIS, encoding, millis, topics,
};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{
    FLAG, POSITIVE, SIZE, choice, flag, integer, name, positive_duration, size, texts,
};
use crate::config::sending::{RETRY, Retry};
use crate::signal::Signal;

pub(in crate::config) use message_marking::MARKING;
pub use message_marking::MessageMarking;

/// Batches from topics of Kafka, as a member of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct KafkaReceiver {
    /// The brokers, and who asks.
    pub client: KafkaClient,
    /// The group.
    pub group_id: String,
    /// The name of a member that stays over a restart.
    pub group_instance_id: Option<String>,
    /// Whether a group that is new begins with what there is; otherwise with what comes.
    pub from_earliest: bool,
    /// After how long without a sign a member has gone.
    pub session_timeout: Duration,
    /// How often it gives one.
    pub heartbeat_interval: Duration,
    /// How partitions are shared, the best first.
    pub strategies: Vec<KafkaStrategy>,
    /// The least of an answer, its most, the most of a partition.
    pub fetch_sizes: [i32; 3],
    /// How long a broker waits for the least.
    pub max_fetch_wait: Duration,
    /// The most of a batch of records, decompressed.
    pub max_decompress_batch_bytes: u64,
    /// How often it is committed; `None`: as soon as something was taken.
    pub commit_interval: Option<Duration>,
    /// By signal.
    pub topics: [KafkaTopics; Signal::ALL.len()],
    /// What becomes of messages that are not taken.
    pub marking: MessageMarking,
    /// The waits between tries; `None`: those of linkmend, without an end.
    pub backoff: Option<Retry>,
    /// Whether the headers of messages go with their spans.
    pub include_metadata: bool,
    /// How much may be on its way.
    pub admission: Admission,
}

/// Topics of a signal, and what stands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaTopics {
    /// The topics; none: the one that the signal has by default.
    pub topics: Vec<String>,
    /// How batches are written there.
    pub encoding: KafkaEncoding,
}

/// How partitions are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaStrategy {
    /// Neighbours.
    Range,
    /// In turn.
    RoundRobin,
    /// As they are, as far as possible.
    CooperativeSticky,
}

const OFFSETS: [(&str, bool); 2] = [("latest", false), ("earliest", true)];
const STRATEGIES: [(&str, KafkaStrategy); 3] = [
    ("range", KafkaStrategy::Range),
    ("roundrobin", KafkaStrategy::RoundRobin),
    ("cooperative-sticky", KafkaStrategy::CooperativeSticky),
];

/// What messages may take when nothing is said.
const IN_FLIGHT: u64 = 128 << 20;

impl KafkaReceiver {
    /// The topics of a signal, and what stands in them.
    pub fn of(&self, signal: Signal) -> (Vec<String>, KafkaEncoding) {
        let given = self.topics.get(signal as usize);
        let given = given.map(|given| (given.topics.clone(), given.encoding));
        let (mut topics, encoding) = given.unwrap_or_default();
        if topics.is_empty() {
            topics.push(kafka::topic(signal).to_owned());
        }
        (topics, encoding)
    }

    /// How many bytes of messages may be on their way.
    pub fn in_flight(&self) -> u64 {
        self.admission.request_limit.unwrap_or(IN_FLIGHT)
    }
}

impl Default for KafkaReceiver {
    fn default() -> Self {
        Self {
            client: KafkaClient::default(),
            group_id: "linkmend".into(),
            group_instance_id: None,
            from_earliest: false,
            session_timeout: Duration::from_secs(10),
            heartbeat_interval: Duration::from_secs(3),
            strategies: vec![KafkaStrategy::CooperativeSticky],
            fetch_sizes: [1, 1 << 20, 1 << 20],
            max_fetch_wait: Duration::from_millis(250),
            max_decompress_batch_bytes: 128 << 20,
            commit_interval: Some(Duration::from_secs(1)),
            topics: std::array::from_fn(|_| KafkaTopics::default()),
            marking: MessageMarking::default(),
            backoff: None,
            include_metadata: false,
            admission: Admission::default(),
        }
    }
}

const BYTES: &str = "a number of bytes below 2 GiB";
const MESSAGES: &str = "messages of a partition are handed on as they come, and committed in order";

pub(in crate::config) static MEMBERS: &[Member<KafkaReceiver>] = &[
    Member::value(
        "group_id",
        "linkmend",
        "a text",
        "The group. Each message goes to one member of it, and what was taken is kept for the group. (The Collector's default is `otel-collector`; with it, linkmend and a Collector that reads the same topics would each get a part of them.)",
        |t, n| name(n).map(|v| t.group_id = v),
    ),
    Member::value(
        "group_instance_id",
        "null",
        "a text, another one for each member",
        "The name of a member that has its partitions kept for it over a restart of less than `session_timeout`.",
        |t, n| name(n).map(|v| t.group_instance_id = Some(v)),
    ),
    Member::value(
        "initial_offset",
        "latest",
        "latest, earliest",
        "Where a group begins that has committed nothing yet: with what comes, or with what there is.",
        |t, n| choice(n, &OFFSETS).map(|v| t.from_earliest = v),
    ),
    Member::value(
        "session_timeout",
        "10s",
        POSITIVE,
        "After how long without a sign a member has gone, and others get its partitions.",
        |t, n| positive_duration(n).map(|v| t.session_timeout = v),
    ),
    Member::value(
        "heartbeat_interval",
        "3s",
        POSITIVE,
        "How often a member gives a sign.",
        |t, n| positive_duration(n).map(|v| t.heartbeat_interval = v),
    ),
    Member::value(
        "group_rebalance_strategies",
        "[cooperative-sticky]",
        "a list of range, roundrobin, cooperative-sticky",
        "How members share partitions, the best first; all members need one in common.",
        |t, n| strategies(n).map(|v| t.strategies = v),
    ),
    Member::value(
        "min_fetch_size",
        "1",
        BYTES,
        "The least that a broker answers with, unless `max_fetch_wait` is over.",
        |t, n| bytes(n, 0).map(|v| t.fetch_sizes[0] = v),
    ),
    Member::value(
        "max_fetch_size",
        "1048576",
        BYTES,
        "The most of an answer; one batch of records may be larger.",
        |t, n| bytes(n, 1).map(|v| t.fetch_sizes[1] = v),
    ),
    Member::value(
        "max_partition_fetch_size",
        "1048576",
        BYTES,
        "The most of one partition in an answer.",
        |t, n| bytes(n, 1).map(|v| t.fetch_sizes[2] = v),
    ),
    Member::value(
        "max_fetch_wait",
        "250ms",
        MILLIS,
        "How long a broker waits for `min_fetch_size`.",
        |t, n| millis(n).map(|v| t.max_fetch_wait = v),
    ),
    Member::value(
        "max_decompress_batch_bytes",
        "128MiB",
        SIZE,
        "The most that a batch of records may have when it is decompressed; a partition with a larger one does not go on.",
        |t, n| size(n).map(|v| t.max_decompress_batch_bytes = v),
    ),
    Member::section(
        "autocommit",
        "kafka autocommit",
        "on",
        "When it is committed what was taken.",
        autocommit,
    ),
    Member::section(
        "traces",
        "kafka topics",
        "on",
        "Topics of traces; `otlp_spans` by default.",
        |t, r, n| {
            signal(t, Signal::Traces, r, n);
        },
    ),
    Member::section(
        "metrics",
        "kafka topics",
        "on",
        "The same for metrics; `otlp_metrics` by default.",
        |t, r, n| {
            signal(t, Signal::Metrics, r, n);
        },
    ),
    Member::section(
        "logs",
        "kafka topics",
        "on",
        "The same for logs; `otlp_logs` by default.",
        |t, r, n| {
            signal(t, Signal::Logs, r, n);
        },
    ),
    Member::section(
        "profiles",
        "kafka topics",
        "on",
        "The same for profiles; `otlp_profiles` by default.",
        |t, r, n| {
            signal(t, Signal::Profiles, r, n);
        },
    ),
    Member::section(
        "message_marking",
        "message_marking",
        "on",
        "What becomes of messages that are not taken.",
        |t, r, n| member::read(r, n, &[MARKING], &mut t.marking),
    ),
    Member::section(
        "error_backoff",
        "retry_on_failure",
        "off",
        "The waits between tries. Without it a message is tried until it is taken, first after 100 ms, then at least every 30 s; with `enabled: true` the waits are these, and after `max_elapsed_time` (by default never) `message_marking` decides.",
        |t, r, n| t.backoff = backoff(r, n),
    ),
    Member::value(
        "include_metadata",
        "false",
        FLAG,
        "Whether the headers of messages go with their spans, for `scope.metadata_keys`. (The Collector always hands them on.)",
        |t, n| flag(n).map(|v| t.include_metadata = v),
    ),
    Member::section(
        "admission",
        "admission",
        "on",
        "How much may be on its way: while messages take more, no more are read. (An answer of a broker comes on top of that.)",
        |t, r, n| member::read(r, n, &[ADMISSION], &mut t.admission),
    ),
    Member::unsupported("partition_processing", MESSAGES),
    Member::unsupported(
        "header_extraction",
        "it changes nothing but links of spans; `include_metadata` hands headers on",
    ),
    Member::unsupported(
        "telemetry",
        "its metrics are always on, and how long messages wait in Kafka is not among them",
    ),
];

pub(in crate::config) static AUTOCOMMIT: &[Member<Autocommit>] = &[
    Member::value(
        "enable",
        "true",
        FLAG,
        "Whether it is committed every `interval`; otherwise as soon as something was taken.",
        |t, n| flag(n).map(|v| t.enable = v),
    ),
    Member::value("interval", "1s", POSITIVE, "How often.", |t, n| {
        positive_duration(n).map(|v| t.interval = v)
    }),
];

pub(in crate::config) static TOPICS: &[Member<KafkaTopics>] = &[
    Member::value(
        "topics",
        "null",
        "a list of names",
        "The topics.",
        |t, n| topics(n).map(|v| t.topics = v),
    ),
    Member::value(
        "encoding",
        "otlp_proto",
        ENCODING,
        "How batches are written there.",
        |t, n| encoding(n).map(|v| t.encoding = v),
    ),
    Member::unsupported("exclude_topics", "topics are named, and no patterns"),
];

/// When it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Autocommit {
    enable: bool,
    interval: Duration,
}

impl Default for Autocommit {
    fn default() -> Self {
        Self {
            enable: true,
            interval: Duration::from_secs(1),
        }
    }
}

fn autocommit(receiver: &mut KafkaReceiver, reader: &mut Reader, node: &Node) {
    let mut section = Autocommit::default();
    member::read(reader, node, &[AUTOCOMMIT], &mut section);
    receiver.commit_interval = section.enable.then_some(section.interval);
}

fn signal(receiver: &mut KafkaReceiver, signal: Signal, reader: &mut Reader, node: &Node) {
    if let Some(topics) = receiver.topics.get_mut(signal as usize) {
        member::read(reader, node, &[TOPICS], topics);
    }
}

/// `error_backoff` is off unless it is switched on, as in the Collector.
fn backoff(reader: &mut Reader, node: &Node) -> Option<Retry> {
    let mut retry = Retry {
        enabled: false,
        max_elapsed_time: Duration::ZERO,
        ..Retry::default()
    };
    member::read(reader, node, &[RETRY], &mut retry);
    retry.enabled.then_some(retry)
}

fn bytes(node: &Node, least: u64) -> Result<i32, Refusal> {
    let bytes = integer(node, least, i32::MAX.unsigned_abs().into())?;
    i32::try_from(bytes).map_err(|_| Refusal::Value)
}

fn strategies(node: &Node) -> Result<Vec<KafkaStrategy>, Refusal> {
    let mut strategies = Vec::new();
    for text in texts(node)? {
        let known = STRATEGIES.iter().find(|(name, _)| *name == text);
        strategies.push(known.ok_or(Refusal::Value)?.1);
    }
    (!strategies.is_empty())
        .then_some(strategies)
        .ok_or(Refusal::Value)
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> KafkaReceiver {
    let mut receiver = KafkaReceiver::default();
    member::read_with_part(
        reader,
        node,
        MEMBERS,
        (CLIENT, |t| &mut t.client),
        &mut receiver,
    );
    if receiver.heartbeat_interval >= receiver.session_timeout {
        let text = "it is not shorter than `session_timeout`: every member would have gone";
        reader.fault_of(node, "heartbeat_interval", text);
    }
    let [least, most, _] = receiver.fetch_sizes;
    if least > most {
        reader.fault_of(node, "min_fetch_size", "it is more than `max_fetch_size`");
    }
    one_signal_a_topic(reader, node, &receiver);
    receiver
}

/// What a topic has is known by its name.
fn one_signal_a_topic(reader: &mut Reader, node: &Node, receiver: &KafkaReceiver) {
    for (place, signal) in Signal::ALL.into_iter().enumerate() {
        let (topics, _) = receiver.of(signal);
        for other in Signal::ALL.into_iter().take(place) {
            let (others, _) = receiver.of(other);
            if let Some(topic) = topics.iter().find(|topic| others.contains(topic)) {
                let text = format!("`{topic}` is one of {other} too; a topic has one signal here");
                reader.fault_of(node, signal.name(), text);
            }
        }
    }
}
