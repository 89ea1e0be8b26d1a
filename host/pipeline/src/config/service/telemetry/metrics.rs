//! `service.telemetry.metrics`.

use linkmend_config::Node;

use super::only;
use crate::config::endpoint::Listen;
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, choice, flag, integer, text};

/// The metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// How many there are.
    pub level: MetricsLevel,
    /// Where Prometheus gets them (`/metrics`).
    pub prometheus: Prometheus,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            level: MetricsLevel::Normal,
            prometheus: Prometheus::default(),
        }
    }
}

impl Metrics {
    /// Where Prometheus gets them; `None` when there are none.
    pub fn listen(&self) -> Option<Listen> {
        let Prometheus { host, port, .. } = &self.prometheus;
        (self.level != MetricsLevel::None).then(|| Listen::tcp(host, *port))
    }
}

/// How many metrics there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricsLevel {
    /// None.
    None,
    /// Without the durations of rules, and without the names of services and
    /// messaging systems.
    Basic,
    /// All.
    Normal,
    /// All.
    Detailed,
}

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

const LEVELS: [(&str, MetricsLevel); 4] = [
    ("none", MetricsLevel::None),
    ("basic", MetricsLevel::Basic),
    ("normal", MetricsLevel::Normal),
    ("detailed", MetricsLevel::Detailed),
];
const NAMES: &str = "only `true`: the names of metrics are those of the Collector";
pub(in crate::config) static MEMBERS: &[Member<Metrics>] = &[
    Member::value(
        "level",
        "normal",
        "none, basic, normal, detailed",
        "How many there are: `basic` leaves out how long rules take, and does not tell services and messaging systems apart; `detailed` is as `normal`.",
        |t, n| choice(n, &LEVELS).map(|v| t.level = v),
    ),
    Member::section(
        "readers",
        "prometheus",
        "localhost:8888",
        "Where Prometheus scrapes them: `[{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`; the path is `/metrics`.",
        readers,
    ),
    Member::unsupported(
        "address",
        "the Collector removed it, too; use `readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`",
    ),
    Member::unsupported("views", "all metrics are told as they are"),
];

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

fn readers(metrics: &mut Metrics, reader: &mut Reader, node: &Node) {
    let list = reader.list(node);
    if list.len() != 1 && !node.is_null() {
        let text = "it takes one reader: `[{pull: {exporter: {prometheus: {…}}}}]`; \
                    for no metrics, write `level: none`";
        reader.fault(node.spot, text);
    }
    for (number, element) in list.iter().enumerate() {
        reader.within_element(number, |reader| {
            only(
                reader,
                element,
                &["pull", "exporter", "prometheus"],
                |reader, node| {
                    member::read(reader, node, &[PROMETHEUS], &mut metrics.prometheus);
                },
            );
        });
    }
}
