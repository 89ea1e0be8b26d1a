//! `service.telemetry`: what linkmend tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use linkmend_config::{Content, Node};

use crate::config::endpoint::{Listen, URL, Url, url_with_default_scheme};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, TEXTS, choice, count, flag, integer, name, text, texts};
use crate::config::secret::{HEADERS, Headers, headers};

/// What linkmend tells of itself.
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
    /// The least that is told.
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
        let Prometheus { host, port } = &self.prometheus;
        (self.level != MetricsLevel::None).then(|| Listen::tcp(host, *port))
    }
}

/// How many metrics there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricsLevel {
    /// None.
    None,
    /// Those that everybody needs.
    Basic,
    /// The usual ones.
    Normal,
    /// All.
    Detailed,
}

/// Where Prometheus gets metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prometheus {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 8888,
        }
    }
}

/// Where spans of linkmend's own go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceExporter {
    /// How they are sent.
    pub protocol: TraceProtocol,
    /// Where to; of gRPC, the path is empty. `None`: to this machine.
    pub endpoint: Option<Url>,
    /// Whether there is no TLS, where the endpoint does not say it.
    pub insecure: bool,
    /// Headers of every request.
    pub headers: Headers,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long spans wait to be sent together.
    pub schedule_delay: Duration,
    /// How many wait at most; what is more is dropped.
    pub max_queue_size: usize,
    /// How many are sent at once.
    pub max_export_batch_size: usize,
}

/// How spans of linkmend's own are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, protobuf.
    HttpProtobuf,
}

impl Default for TraceExporter {
    fn default() -> Self {
        Self {
            protocol: TraceProtocol::HttpProtobuf,
            endpoint: None,
            insecure: false,
            headers: Headers::new(),
            timeout: Duration::from_secs(10),
            schedule_delay: Duration::from_secs(5),
            max_queue_size: 2048,
            max_export_batch_size: 512,
        }
    }
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
const METRICS_LEVELS: [(&str, MetricsLevel); 4] = [
    ("none", MetricsLevel::None),
    ("basic", MetricsLevel::Basic),
    ("normal", MetricsLevel::Normal),
    ("detailed", MetricsLevel::Detailed),
];
const PROTOCOLS: [(&str, TraceProtocol); 2] = [
    ("grpc", TraceProtocol::Grpc),
    ("http/protobuf", TraceProtocol::HttpProtobuf),
];

const LINES: &str = "its log is plain lines";
const NAMES: &str = "only `true`: the names of metrics are those of the Collector";
const MILLIS: &str = "a number of milliseconds";
const CERTIFICATES: &str = "the authorities of the system are used";

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
        "Spans of linkmend's own.",
        |t, r, n| member::read(r, n, &[TRACES], &mut t.traces),
    ),
    Member::value(
        "resource",
        "{}",
        "a mapping of attribute names to texts",
        "Attributes of linkmend's own resource; one without a value is taken away.",
        |t, n| resource(n).map(|v| t.resource = v),
    ),
];

pub(in crate::config) static LOGS: &[Member<Logs>] = &[
    Member::value(
        "level",
        "info",
        "debug, info, warn, error",
        "The least that is told.",
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
        "Where they go: stdout, stderr, or files.",
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

pub(in crate::config) static METRICS: &[Member<Metrics>] = &[
    Member::value(
        "level",
        "normal",
        "none, basic, normal, detailed",
        "How many there are.",
        |t, n| choice(n, &METRICS_LEVELS).map(|v| t.level = v),
    ),
    Member::section(
        "readers",
        "prometheus",
        "localhost:8888",
        "Where Prometheus gets them: `[{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]`; the path is `/metrics`.",
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
        "a name or an address",
        "Where it listens.",
        |t, n| name(n).map(|v| t.host = v),
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
        "true",
        NAMES,
        "As the Collector has it by default.",
        |_, n| only_true(n),
    ),
    Member::unsupported(
        "with_resource_constant_labels",
        "metrics have no attributes of the resource",
    ),
];

pub(in crate::config) static TRACES: &[Member<Vec<TraceExporter>>] = &[
    Member::value(
        "level",
        "basic",
        "none, basic",
        "`none` for no spans.",
        |_, n| choice(n, &[("none", ()), ("basic", ())]),
    ),
    Member::section(
        "processors",
        "telemetry batch",
        "[]",
        "Where spans go: `[{batch: {exporter: {otlp: …}}}]`.",
        processors,
    ),
    Member::unsupported(
        "propagators",
        "W3C Trace Context is always read and written",
    ),
    Member::unsupported("sampler", "its spans are few"),
    Member::unsupported("limits", "its spans are small"),
];

pub(in crate::config) static BATCH: &[Member<TraceExporter>] = &[
    Member::section(
        "exporter",
        "telemetry otlp",
        "(must be given)",
        "`otlp`, with these keys:",
        exporter,
    ),
    Member::value(
        "schedule_delay",
        "5000",
        MILLIS,
        "How long spans wait to be sent together.",
        |t, n| millis(n).map(|v| t.schedule_delay = v),
    ),
    Member::unsupported("export_timeout", "the exporter has a `timeout`"),
    Member::value(
        "max_queue_size",
        "2048",
        "an integer above 0",
        "How many wait at most; what is more is dropped.",
        |t, n| count(n).map(|v| t.max_queue_size = v),
    ),
    Member::value(
        "max_export_batch_size",
        "512",
        "an integer above 0",
        "How many are sent at once.",
        |t, n| count(n).map(|v| t.max_export_batch_size = v),
    ),
];

pub(in crate::config) static OTLP: &[Member<TraceExporter>] = &[
    Member::value(
        "protocol",
        "http/protobuf",
        "grpc, http/protobuf",
        "How they are sent.",
        |t, n| choice(n, &PROTOCOLS).map(|v| t.protocol = v),
    ),
    Member::value(
        "endpoint",
        "null",
        URL,
        "Where to; this machine when none is given.",
        |_, _| Ok(()),
    ),
    Member::value(
        "insecure",
        "false",
        FLAG,
        "Whether there is no TLS, where the endpoint does not say it.",
        |t, n| flag(n).map(|v| t.insecure = v),
    ),
    Member::value(
        "headers",
        "{}",
        HEADERS,
        "Headers of every request. Values are never shown.",
        |t, n| headers(n).map(|v| t.headers = v),
    ),
    Member::value(
        "timeout",
        "10000",
        MILLIS,
        "How long a request may take.",
        |t, n| millis(n).map(|v| t.timeout = v),
    ),
    Member::unsupported("compression", "its spans are few"),
    Member::unsupported("certificate", CERTIFICATES),
    Member::unsupported("client_certificate", CERTIFICATES),
    Member::unsupported("client_key", CERTIFICATES),
];

fn millis(node: &Node) -> Result<Duration, Refusal> {
    integer(node, 1, 86_400_000).map(Duration::from_millis)
}

fn only_true(node: &Node) -> Result<(), Refusal> {
    if flag(node)? {
        Ok(())
    } else {
        Err(Refusal::Value)
    }
}

fn resource(node: &Node) -> Result<BTreeMap<String, Option<String>>, Refusal> {
    match &node.content {
        Content::Map(members) => members
            .iter()
            .map(|(name, value)| match text(value) {
                Ok(text) => Ok((name.clone(), Some(text))),
                Err(Refusal::Default) => Ok((name.clone(), None)),
                Err(_) => Err(Refusal::Because(format!(
                    "the value of `{name}` is {}; it takes a text",
                    value.kind()
                ))),
            })
            .collect(),
        Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
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

fn processors(exporters: &mut Vec<TraceExporter>, reader: &mut Reader, node: &Node) {
    for (number, element) in reader.list(node).iter().enumerate() {
        reader.within_element(number, |reader| {
            only(reader, element, &["batch"], |reader, node| {
                let mut exporter = TraceExporter::default();
                member::read(reader, node, &[BATCH], &mut exporter);
                if node.get("exporter").is_none() {
                    let text = "is missing; give `exporter: {otlp: {endpoint: …}}`";
                    reader.fault_of(node, "exporter", text);
                }
                exporters.push(exporter);
            });
        });
    }
}

fn exporter(target: &mut TraceExporter, reader: &mut Reader, node: &Node) {
    only(reader, node, &["otlp"], |reader, node| {
        member::read(reader, node, &[OTLP], target);
        // Its scheme may be left away; `insecure` says it then.
        if let Some(endpoint) = node.get("endpoint") {
            match url_with_default_scheme(endpoint, target.insecure) {
                Ok(url) => target.endpoint = Some(url),
                Err(Refusal::Because(text)) => reader.fault_of(node, "endpoint", text),
                Err(_) => {}
            }
        }
    });
}

/// Follows the one way that is supported where OpenTelemetry's configuration
/// has several.
fn only(reader: &mut Reader, node: &Node, way: &[&str], read: impl FnOnce(&mut Reader, &Node)) {
    let Some((step, rest)) = way.split_first() else {
        return read(reader, node);
    };
    if !reader.is_map(node) {
        return;
    }
    for (key, other) in node.members().iter().filter(|(key, _)| key != step) {
        let text = format!("not supported by linkmend, because it has `{step}` only; remove it");
        reader.within(key, |reader| reader.fault(other.spot, text));
    }
    match node.get(step) {
        Some(below) => reader.within(step, |reader| only(reader, below, rest, read)),
        None if node.members().is_empty() => {
            reader.fault_of(node, step, "is missing");
        }
        None => {}
    }
}
