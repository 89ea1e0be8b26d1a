//! `service.telemetry.metrics`.

use linkmend_config::Node;

use super::readers::{self, PeriodicReader, Prometheus};
use crate::config::endpoint::Listen;
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::choice;

/// The metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// How many there are.
    pub level: MetricsLevel,
    /// Where Prometheus gets them (`/metrics`); `None`: nowhere.
    pub prometheus: Option<Prometheus>,
    /// Where they are sent.
    pub periodic: Vec<PeriodicReader>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            level: MetricsLevel::Normal,
            prometheus: Some(Prometheus::default()),
            periodic: Vec::new(),
        }
    }
}

impl Metrics {
    /// Where Prometheus gets them; `None` when it does not.
    pub fn listen(&self) -> Option<Listen> {
        let Prometheus { host, port, .. } = self.prometheus.as_ref()?;
        (self.level != MetricsLevel::None).then(|| Listen::tcp(host, *port))
    }

    /// Where they are sent; nowhere when there are none.
    pub fn periodic(&self) -> &[PeriodicReader] {
        match self.level {
            MetricsLevel::None => &[],
            _ => &self.periodic,
        }
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

const LEVELS: [(&str, MetricsLevel); 4] = [
    ("none", MetricsLevel::None),
    ("basic", MetricsLevel::Basic),
    ("normal", MetricsLevel::Normal),
    ("detailed", MetricsLevel::Detailed),
];
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
        "telemetry reader",
        "localhost:8888",
        "Who gets them, a list: `[{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`.",
        list,
    ),
    Member::unsupported(
        "address",
        "the Collector removed it, too; use `readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`",
    ),
    Member::unsupported("views", "all metrics are told as they are"),
];

/// What an element of the list may be.
pub(in crate::config) static READER: &[Member<Metrics>] = &[
    Member::section(
        "pull",
        "prometheus",
        "off",
        "Prometheus scrapes them, at `/metrics`: `{exporter: {prometheus: {host: localhost, port: 8888}}}`.",
        |t, r, n| {
            if t.prometheus.is_some() {
                r.fault(n.spot, "one reader serves Prometheus; remove the other");
            }
            t.prometheus = Some(readers::pull(r, n));
        },
    ),
    Member::section(
        "periodic",
        "periodic",
        "off",
        "They are sent by OTLP: `{exporter: {otlp: {endpoint: …}}}`.",
        |t, r, n| t.periodic.push(readers::periodic(r, n)),
    ),
];

/// The whole list, which takes the place of the default.
fn list(metrics: &mut Metrics, reader: &mut Reader, node: &Node) {
    let list = reader.list(node);
    if node.is_null() {
        return;
    }
    if list.is_empty() {
        let text = "it takes a reader: `[{pull: {exporter: {prometheus: {…}}}}]`; \
                    for no metrics, write `level: none`";
        reader.fault(node.spot, text);
    }
    metrics.prometheus = None;
    for (number, element) in list.iter().enumerate() {
        reader.within_element(number, |reader| {
            if element.members().len() != 1 && reader.is_map(element) {
                let text = "a reader is either `pull` or `periodic`";
                reader.fault(element.spot, text);
            }
            member::read(reader, element, &[READER], metrics);
        });
    }
}
