//! How records are written to Kafka.

use std::time::Duration;

use linkmend_config::{Content, Node};

use crate::config::kafka::{MILLIS, millis};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, choice, flag, integer, signed};

/// How records are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaProducer {
    /// The largest batch of records, before it is compressed.
    pub max_message_bytes: usize,
    /// Whether all replicas that are in sync have to have it; otherwise the leader alone.
    pub acks_of_all: bool,
    /// How it is compressed.
    pub compression: KafkaCompression,
    /// How hard; `None`: as it is by default.
    pub compression_level: Option<i32>,
    /// Whether topics may be made that are not there.
    pub allow_auto_topic_creation: bool,
    /// How long a record waits for others.
    pub linger: Duration,
}

impl Default for KafkaProducer {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_000_000,
            acks_of_all: true,
            compression: KafkaCompression::None,
            compression_level: None,
            allow_auto_topic_creation: true,
            linger: Duration::from_millis(10),
        }
    }
}

/// How records are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaCompression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

const COMPRESSIONS: [(&str, KafkaCompression); 5] = [
    ("none", KafkaCompression::None),
    ("gzip", KafkaCompression::Gzip),
    ("snappy", KafkaCompression::Snappy),
    ("lz4", KafkaCompression::Lz4),
    ("zstd", KafkaCompression::Zstd),
];
const ACKS: &str = "1, all (or -1)";
const REQUESTS: &str = "requests to a broker are as many as keep records in order";

pub(in crate::config) static PRODUCER: &[Member<KafkaProducer>] = &[
    Member::value(
        "max_message_bytes",
        "1000000",
        "an integer from 1024 to 100000000",
        "The largest batch of records, before it is compressed. A batch of spans that is larger is cut; a span that is larger alone is refused for good. Brokers have a limit of their own (`message.max.bytes`).",
        |t, n| {
            let bytes = integer(n, 1024, 100_000_000)?;
            usize::try_from(bytes)
                .map(|v| t.max_message_bytes = v)
                .map_err(|_| Refusal::Value)
        },
    ),
    Member::value(
        "required_acks",
        "all",
        ACKS,
        "Who has to have a record before it counts as written: the leader of its partition, or all replicas that are in sync, without duplicates on the way. (The Collector's default is 1.)",
        |t, n| acks(n).map(|v| t.acks_of_all = v),
    ),
    Member::value(
        "compression",
        "none",
        "none, gzip, snappy, lz4, zstd",
        "How records are compressed.",
        |t, n| choice(n, &COMPRESSIONS).map(|v| t.compression = v),
    ),
    Member::section(
        "compression_params",
        "kafka compression_params",
        "{}",
        "How hard they are compressed.",
        |t, r, n| member::read(r, n, &[LEVEL], t),
    ),
    Member::value(
        "allow_auto_topic_creation",
        "true",
        FLAG,
        "Whether a broker may make a topic that is not there, if it does so (`auto.create.topics.enable`).",
        |t, n| flag(n).map(|v| t.allow_auto_topic_creation = v),
    ),
    Member::value(
        "linger",
        "10ms",
        MILLIS,
        "How long a record waits for others that go with it.",
        |t, n| millis(n).map(|v| t.linger = v),
    ),
    Member::unsupported("max_broker_write_bytes", REQUESTS),
    Member::unsupported("flush_max_messages", REQUESTS),
    Member::unsupported("max_inflight_requests_per_broker", REQUESTS),
];

pub(in crate::config) static LEVEL: &[Member<KafkaProducer>] = &[Member::value(
    "level",
    "null",
    "an integer from 1 to 22 (from 1 to 9 with gzip); 0 or -1: the default",
    "The level of gzip or zstd: the higher, the smaller and the slower.",
    |t, n| signed(n, -1, 22).map(|v| t.compression_level = Some(v).filter(|v| *v > 0)),
)];

fn acks(node: &Node) -> Result<bool, Refusal> {
    let number = match &node.content {
        Content::Text(text) if text == "all" => Some(-1),
        Content::Text(text) => text.parse().ok(),
        Content::Number(number) => number.as_i64(),
        Content::Null => return Err(Refusal::Default),
        _ => None,
    };
    match number {
        Some(-1) => Ok(true),
        Some(1) => Ok(false),
        Some(0) => Err(Refusal::Because(
            "0 is not supported by linkmend, because its senders are told what the brokers have; \
             use 1 or all"
                .into(),
        )),
        _ => Err(Refusal::Value),
    }
}

/// Reads `producer`.
pub(super) fn producer(reader: &mut Reader, node: &Node, producer: &mut KafkaProducer) {
    member::read(reader, node, &[PRODUCER], producer);
    let level = producer.compression_level.unwrap_or_default();
    let text = match producer.compression {
        KafkaCompression::None if level > 0 => "there is no compression to have a level",
        KafkaCompression::Snappy | KafkaCompression::Lz4 if level > 0 => {
            "levels are for gzip and zstd"
        }
        KafkaCompression::Gzip if level > 9 => "levels above 9 are for zstd",
        _ => return,
    };
    if let Some(node) = node.get("compression_params") {
        reader.within("compression_params", |reader| {
            reader.fault_of(node, "level", text);
        });
    }
}
