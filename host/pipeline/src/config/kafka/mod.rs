//! Clients of Kafka, in the keys of the Collector's `configkafka`.

mod auth;

use std::time::Duration;

use linkmend_config::{Content, Node};

use super::member::{self, Member, Refusal};
use super::reader::Reader;
use super::scalars::{DURATION, POSITIVE, choice, duration, name, positive_duration, texts};
use super::tls::{self, Tls};
use crate::signal::Signal;

pub(super) use auth::{AUTH, SASL};
pub use auth::{KafkaSasl, SaslMechanism};

/// A client of Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaClient {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// Who asks.
    pub client_id: String,
    /// Who logs in; `None`: nobody.
    pub sasl: Option<KafkaSasl>,
    /// TLS; `None`: none.
    pub tls: Option<Tls>,
    /// How often it is asked again who has what.
    pub metadata_refresh: Duration,
    /// Where replicas are to be that are read.
    pub rack_id: Option<String>,
    /// After how long a connection is closed that nothing was sent on.
    pub conn_idle_timeout: Duration,
    /// How long connecting may take.
    pub dial_timeout: Duration,
}

impl Default for KafkaClient {
    fn default() -> Self {
        Self {
            brokers: vec!["localhost:9092".into()],
            client_id: "linkmend".into(),
            sasl: None,
            tls: None,
            metadata_refresh: Duration::from_mins(10),
            rack_id: None,
            conn_idle_timeout: Duration::from_mins(9),
            dial_timeout: Duration::from_secs(10),
        }
    }
}

/// How batches are written in messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KafkaEncoding {
    /// OTLP protobuf.
    #[default]
    OtlpProto,
    /// OTLP/JSON.
    OtlpJson,
}

const ENCODINGS: [(&str, KafkaEncoding); 2] = [
    ("otlp_proto", KafkaEncoding::OtlpProto),
    ("otlp_json", KafkaEncoding::OtlpJson),
];
/// The values that [`encoding`] takes.
pub(super) const ENCODING: &str = "otlp_proto, otlp_json";

/// How batches are written.
pub(super) fn encoding(node: &Node) -> Result<KafkaEncoding, Refusal> {
    choice(node, &ENCODINGS)
}

/// The topic of a signal, where none is given.
pub(super) fn topic(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "otlp_spans",
        Signal::Metrics => "otlp_metrics",
        Signal::Logs => "otlp_logs",
        Signal::Profiles => "otlp_profiles",
    }
}

const BROKERS: &str = "a list of `host:port`, one at least";

pub(super) static CLIENT: &[Member<KafkaClient>] = &[
    Member::value(
        "brokers",
        "[\"localhost:9092\"]",
        BROKERS,
        "Some of the brokers; they know the others.",
        |t, n| brokers(n).map(|v| t.brokers = v),
    ),
    Member::value(
        "protocol_version",
        "null",
        "a version like 3.9.0",
        "Has no effect: what a broker understands is asked of it. Brokers have to be of version 3.9 or newer.",
        |_, n| version(n),
    ),
    Member::value(
        "client_id",
        "linkmend",
        "a text",
        "Who asks, for quotas and logs of brokers.",
        |t, n| name(n).map(|v| t.client_id = v),
    ),
    Member::section(
        "auth",
        "kafka auth",
        "off",
        "How linkmend logs in.",
        |t, r, n| auth::read(&mut t.sasl, r, n),
    ),
    Member::section(
        "tls",
        "tls client",
        "off",
        "TLS of the client; `tls: {}` for the authorities of the system.",
        |t, r, n| t.tls = client_tls(r, n),
    ),
    Member::section(
        "metadata",
        "kafka metadata",
        "on",
        "How often it is asked who has what.",
        |t, r, n| member::read(r, n, &[METADATA], t),
    ),
    Member::value(
        "rack_id",
        "null",
        "a text",
        "Where linkmend runs (Kafka's `client.rack`): replicas there are read, where brokers allow it.",
        |t, n| name(n).map(|v| t.rack_id = Some(v)),
    ),
    Member::value(
        "conn_idle_timeout",
        "9m",
        POSITIVE,
        "After how long a connection is closed on which nothing was sent.",
        |t, n| positive_duration(n).map(|v| t.conn_idle_timeout = v),
    ),
    Member::value(
        "dial_timeout",
        "10s",
        POSITIVE,
        "How long connecting to a broker may take.",
        |t, n| positive_duration(n).map(|v| t.dial_timeout = v),
    ),
    Member::unsupported(
        "use_leader_epoch",
        "a log that was cut off is always noticed",
    ),
];

pub(super) static METADATA: &[Member<KafkaClient>] = &[
    Member::value(
        "refresh_interval",
        "10m",
        POSITIVE,
        "How often it is asked again who has what; after an error it is asked at once.",
        |t, n| positive_duration(n).map(|v| t.metadata_refresh = v),
    ),
    Member::value(
        "full",
        "true",
        "true, false",
        "Has no effect: it is asked of the topics that are used.",
        |_, n| super::scalars::flag(n).map(drop),
    ),
    Member::unsupported("retry", "requests are tried again until their time is up"),
];

fn brokers(node: &Node) -> Result<Vec<String>, Refusal> {
    let brokers = texts(node)?;
    for broker in &brokers {
        let port = broker.rsplit_once(':').map(|(host, port)| {
            let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
            !host.is_empty() && is_port
        });
        if port != Some(true) || broker.contains("://") || broker.contains(',') {
            return Err(Refusal::Because(format!(
                "`{broker}` is no broker; it takes {BROKERS}"
            )));
        }
    }
    (!brokers.is_empty())
        .then_some(brokers)
        .ok_or(Refusal::Value)
}

fn version(node: &Node) -> Result<(), Refusal> {
    let version = name(node)?;
    let mut parts = version.split('.');
    let is_one = parts.all(|part| part.parse::<u16>().is_ok());
    is_one.then_some(()).ok_or(Refusal::Value)
}

/// One without content is none, as in the Collector.
fn client_tls(reader: &mut Reader, node: &Node) -> Option<Tls> {
    if node.is_null() {
        return None;
    }
    let mut tls = Tls::default();
    tls::client(reader, node, &mut tls);
    let text = "not supported by linkmend for Kafka, whose client has TLS 1.2 and 1.3; remove it";
    for (key, is_set) in [
        ("min_version", tls.min_version.is_some()),
        ("max_version", tls.max_version.is_some()),
    ] {
        if is_set {
            reader.fault_of(node, key, text);
        }
    }
    (!tls.insecure).then_some(tls)
}

/// A topic. Brokers have the same rule.
pub(super) fn topic_name(node: &Node) -> Result<String, Refusal> {
    let topic = name(node)?;
    check_topic(&topic)?;
    Ok(topic)
}

/// Topics, one at least.
pub(super) fn topics(node: &Node) -> Result<Vec<String>, Refusal> {
    let topics = match &node.content {
        // As it is written in older configurations.
        Content::Text(_) => vec![name(node)?],
        _ => texts(node)?,
    };
    for topic in &topics {
        if topic.starts_with('^') {
            return Err(Refusal::Because(format!(
                "patterns of topics are not supported by linkmend (`{topic}`); name the topics"
            )));
        }
        check_topic(topic)?;
    }
    (!topics.is_empty()).then_some(topics).ok_or(Refusal::Value)
}

fn check_topic(topic: &str) -> Result<(), Refusal> {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_good = (1..=249).contains(&topic.len())
        && topic != "."
        && topic != ".."
        && topic.bytes().all(is_one);
    is_good.then_some(()).ok_or_else(|| {
        Refusal::Because(format!(
            "`{topic}` is no name of a topic: it takes letters, digits, `.`, `_` and `-`, 249 at most"
        ))
    })
}

/// A wait that is a number of milliseconds for brokers.
pub(super) fn millis(node: &Node) -> Result<Duration, Refusal> {
    let wait = duration(node)?;
    let fits = i32::try_from(wait.as_millis()).is_ok();
    fits.then_some(wait).ok_or(Refusal::Value)
}
/// The values that [`millis`] takes.
pub(super) const MILLIS: &str = DURATION;
