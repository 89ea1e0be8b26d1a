//! `service.telemetry`: what linkmend tells of itself.

mod metrics;
mod only;
mod otlp;
mod readers;
mod traces;

use std::collections::BTreeMap;

use linkmend_config::{Content, Node};

use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{TEXTS, choice, text, texts};

pub use metrics::{Metrics, MetricsLevel};
pub use otlp::{OtlpProtocol, OtlpSender};
pub use readers::{PeriodicReader, Prometheus};
pub use traces::TraceExporter;

pub(in crate::config) use metrics::{MEMBERS as METRICS, READER};
pub(in crate::config) use otlp::MEMBERS as OTLP;
pub(in crate::config) use readers::{OTLP as OTLP_METRICS, PERIODIC, PROMETHEUS};
pub(in crate::config) use traces::{BATCH, MEMBERS as TRACES};

/// What linkmend reports about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    /// Its log.
    pub logs: Logs,
    /// Its metrics.
    pub metrics: Metrics,
    /// Where spans of its own go; none by default.
    pub traces: Vec<TraceExporter>,
    /// Attributes of its own resource; `None` takes one away.
    pub resource: BTreeMap<String, Option<String>>,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// The lowest level that is logged.
    pub level: LogLevel,
    /// How lines are written.
    pub encoding: LogEncoding,
    /// Where they go: `stdout`, `stderr`, files.
    pub output_paths: Vec<String>,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            encoding: LogEncoding::Console,
            output_paths: vec!["stderr".into()],
        }
    }
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// All.
    Debug,
    /// What happens.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEncoding {
    /// To be read.
    Console,
    /// A JSON object each.
    Json,
}

const LEVELS: [(&str, LogLevel); 8] = [
    ("debug", LogLevel::Debug),
    ("info", LogLevel::Info),
    ("warn", LogLevel::Warn),
    ("error", LogLevel::Error),
    ("DEBUG", LogLevel::Debug),
    ("INFO", LogLevel::Info),
    ("WARN", LogLevel::Warn),
    ("ERROR", LogLevel::Error),
];
const ENCODINGS: [(&str, LogEncoding); 2] = [
    ("console", LogEncoding::Console),
    ("json", LogEncoding::Json),
];
const LINES: &str = "its log is plain lines";
pub(in crate::config) static MEMBERS: &[Member<Telemetry>] = &[
    Member::section("logs", "telemetry logs", "on", "The log.", |t, r, n| {
        logs(r, n, &mut t.logs);
    }),
    Member::section(
        "metrics",
        "telemetry metrics",
        "on",
        "The metrics.",
        |t, r, n| member::read(r, n, &[METRICS], &mut t.metrics),
    ),
    Member::section(
        "traces",
        "telemetry traces",
        "off",
        "linkmend's own spans.",
        |t, r, n| member::read(r, n, &[TRACES], &mut t.traces),
    ),
    Member::value(
        "resource",
        "{}",
        "a mapping of attribute names to texts, or `attributes`: a list of `{name: …, value: …}`",
        "Attributes of linkmend's own resource; one without a value is removed.",
        |t, n| resource(n).map(|v| t.resource = v),
    ),
];

pub(in crate::config) static LOGS: &[Member<Logs>] = &[
    Member::value(
        "level",
        "info",
        "debug, info, warn, error",
        "The lowest level that is logged.",
        |t, n| choice(n, &LEVELS).map(|v| t.level = v),
    ),
    Member::value(
        "encoding",
        "console",
        "console, json",
        "How lines are written.",
        |t, n| choice(n, &ENCODINGS).map(|v| t.encoding = v),
    ),
    Member::value(
        "output_paths",
        "[stderr]",
        TEXTS,
        "Where lines go: stdout, stderr, or files.",
        |t, n| texts(n).map(|v| t.output_paths = v),
    ),
    Member::unsupported("error_output_paths", LINES),
    Member::unsupported("development", LINES),
    Member::unsupported("disable_caller", LINES),
    Member::unsupported("disable_stacktrace", LINES),
    Member::unsupported("disable_zap_resource", LINES),
    Member::unsupported("initial_fields", LINES),
    Member::unsupported("sampling", LINES),
    Member::unsupported("processors", "its log is not sent"),
];

fn resource(node: &Node) -> Result<BTreeMap<String, Option<String>>, Refusal> {
    // What the newer Collector has, next to the older form.
    if let Some(Content::List(list)) = node.get("attributes").map(|node| &node.content)
        && node.members().len() == 1
    {
        return list.iter().map(named_attribute).collect();
    }
    match &node.content {
        Content::Map(members) => members
            .iter()
            .map(|(name, value)| attribute(name, value))
            .collect(),
        Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
    }
}

/// `{name: service.name, value: linkmend}`
fn named_attribute(node: &Node) -> Result<(String, Option<String>), Refusal> {
    let name = node.get("name").and_then(|name| text(name).ok());
    match (name, node.get("value")) {
        (Some(name), Some(value)) => attribute(&name, value),
        _ => Err(Refusal::Because(
            "an element of `attributes` has no `name` or no `value`".into(),
        )),
    }
}

fn attribute(name: &str, value: &Node) -> Result<(String, Option<String>), Refusal> {
    match text(value) {
        Ok(text) => Ok((name.to_owned(), Some(text))),
        Err(Refusal::Default) => Ok((name.to_owned(), None)),
        Err(_) => Err(Refusal::Because(format!(
            "the value of `{name}` is {}; it takes a text",
            value.kind()
        ))),
    }
}

pub(super) fn read(reader: &mut Reader, node: &Node, telemetry: &mut Telemetry) {
    member::read(reader, node, &[MEMBERS], telemetry);
}

fn logs(reader: &mut Reader, node: &Node, logs: &mut Logs) {
    member::read(reader, node, &[LOGS], logs);
    if logs.output_paths.is_empty() {
        reader.fault_of(node, "output_paths", "it has no path; give one at least");
    }
}
