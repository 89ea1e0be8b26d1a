//! `service.telemetry.metrics.readers`: who gets the metrics, and how.

use std::time::Duration;

use linkmend_config::Node;

use super::only::only;
use super::otlp::{self, MILLIS, OtlpSender, millis};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, choice, flag, integer, text};

/// Where Prometheus gets metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prometheus {
    /// A name or an address, without brackets; empty for all addresses.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the names of counters do without `_total`.
    pub without_type_suffix: bool,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 8888,
            without_type_suffix: false,
        }
    }
}

/// Metrics that are sent again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodicReader {
    /// How often.
    pub interval: Duration,
    /// How long it may take, all in all.
    pub timeout: Duration,
    /// Where to, and how.
    pub sender: OtlpSender,
}

impl Default for PeriodicReader {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(1),
            timeout: Duration::from_secs(30),
            sender: OtlpSender::default(),
        }
    }
}

const NAMES: &str = "only `true`: the names of metrics are those of the Collector";
pub(in crate::config) static PROMETHEUS: &[Member<Prometheus>] = &[
    Member::value(
        "host",
        "localhost",
        "a name or an address; \"\" for all addresses",
        "Where it listens.",
        |t, n| host(n).map(|v| t.host = v),
    ),
    Member::value("port", "8888", "a port", "The port.", |t, n| {
        integer(n, 0, u16::MAX.into()).map(|v| t.port = u16::try_from(v).unwrap_or_default())
    }),
    Member::value(
        "without_scope_info",
        "true",
        NAMES,
        "As the Collector has it by default.",
        |_, n| only_true(n),
    ),
    Member::value(
        "without_units",
        "true",
        NAMES,
        "As the Collector has it by default.",
        |_, n| only_true(n),
    ),
    Member::value(
        "without_type_suffix",
        "false",
        FLAG,
        "Whether the names of counters have no `_total`, as in older versions of the Collector.",
        |t, n| flag(n).map(|v| t.without_type_suffix = v),
    ),
    Member::unsupported(
        "with_resource_constant_labels",
        "the attributes of the resource are the labels of `target_info`",
    ),
];

pub(in crate::config) static PERIODIC: &[Member<PeriodicReader>] = &[
    Member::section(
        "exporter",
        "telemetry otlp metrics",
        "(must be given)",
        "`otlp`, with these keys:",
        exporter,
    ),
    Member::value(
        "interval",
        "60000",
        MILLIS,
        "How often they are sent; once more at the end.",
        |t, n| millis(n).map(|v| t.interval = v),
    ),
    Member::value(
        "timeout",
        "30000",
        MILLIS,
        "How long sending may take.",
        |t, n| millis(n).map(|v| t.timeout = v),
    ),
    Member::unsupported("cardinality_limits", "`max_edges` and the like bound them"),
    Member::unsupported("producers", "it has no others"),
];

/// Beside those of all OTLP.
pub(in crate::config) static OTLP: &[Member<PeriodicReader>] = &[
    Member::value(
        "temporality_preference",
        "cumulative",
        "only `cumulative`: what was not sent once is in what is sent next",
        "As the Collector has it by default.",
        |_, n| choice(n, &[("cumulative", ())]),
    ),
    Member::value(
        "default_histogram_aggregation",
        "explicit_bucket_histogram",
        "only `explicit_bucket_histogram`: the buckets are those of `/metrics`",
        "As the Collector has it by default.",
        |_, n| choice(n, &[("explicit_bucket_histogram", ())]),
    ),
];

/// IPv6 has brackets in an `endpoint`, and may have them here: one variable of
/// the environment serves both.
fn host(node: &Node) -> Result<String, Refusal> {
    let given = text(node)?;
    let inner = given
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    Ok(inner.map_or_else(|| given.clone(), str::to_owned))
}

fn only_true(node: &Node) -> Result<(), Refusal> {
    if flag(node)? {
        Ok(())
    } else {
        Err(Refusal::Value)
    }
}

pub(super) fn pull(reader: &mut Reader, node: &Node) -> Prometheus {
    let mut prometheus = Prometheus::default();
    only(reader, node, &["exporter", "prometheus"], |reader, node| {
        member::read(reader, node, &[PROMETHEUS], &mut prometheus);
    });
    prometheus
}

pub(super) fn periodic(reader: &mut Reader, node: &Node) -> PeriodicReader {
    let mut periodic = PeriodicReader::default();
    member::read(reader, node, &[PERIODIC], &mut periodic);
    if node.get("exporter").is_none() {
        let text = "is missing; give `exporter: {otlp: {endpoint: …}}`";
        reader.fault_of(node, "exporter", text);
    }
    periodic
}

fn exporter(target: &mut PeriodicReader, reader: &mut Reader, node: &Node) {
    only(reader, node, &["otlp"], |reader, node| {
        let part: member::Part<'_, PeriodicReader, _> = (otlp::MEMBERS, |t| &mut t.sender);
        member::read_with_part(reader, node, OTLP, part, target);
        otlp::endpoint(&mut target.sender, reader, node);
    });
}
