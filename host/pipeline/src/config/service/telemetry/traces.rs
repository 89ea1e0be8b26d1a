//! `service.telemetry.traces`.

use std::time::Duration;

use linkmend_config::Node;

use super::only;
use crate::config::endpoint::{URL, Url, url_with_default_scheme};
use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, choice, count, flag, integer};
use crate::config::secret::{HEADERS, Headers, headers};

/// Where spans of linkmend's own go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceExporter {
    /// How they are sent.
    pub protocol: TraceProtocol,
    /// Where to; of gRPC, the path is empty. `None`: to this machine.
    pub endpoint: Option<Url>,
    /// Whether to use no TLS, if the endpoint does not say.
    pub insecure: bool,
    /// Headers of every request.
    pub headers: Headers,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long spans wait to be sent together.
    pub schedule_delay: Duration,
    /// How many may wait; further ones are dropped.
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

const PROTOCOLS: [(&str, TraceProtocol); 2] = [
    ("grpc", TraceProtocol::Grpc),
    ("http/protobuf", TraceProtocol::HttpProtobuf),
];

const MILLIS: &str = "a number of milliseconds";
const CERTIFICATES: &str = "the authorities of the system are used";

pub(in crate::config) static MEMBERS: &[Member<Vec<TraceExporter>>] = &[
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
        "How many may wait; further ones are dropped.",
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
        "Where to send them; the local machine by default.",
        |_, _| Ok(()),
    ),
    Member::value(
        "insecure",
        "false",
        FLAG,
        "Whether to use no TLS, if the endpoint does not say.",
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
