//! How what linkmend tells of itself is sent: OTLP.

use std::time::Duration;

use linkmend_config::Node;

use crate::config::endpoint::{URL, Url, url_with_default_scheme};
use crate::config::member::{Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, choice, flag, integer};
use crate::config::secret::{HEADERS, Headers, headers};

/// How it is sent, and where to.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpSender {
    /// How it is sent.
    pub protocol: OtlpProtocol,
    /// Where to; of gRPC, the path is empty. `None`: to this machine.
    pub endpoint: Option<Url>,
    /// Whether to use no TLS, if the endpoint does not say.
    pub insecure: bool,
    /// Headers of every request.
    pub headers: Headers,
    /// How long a request may take.
    pub timeout: Duration,
}

/// The two ways of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, protobuf.
    HttpProtobuf,
}

impl Default for OtlpSender {
    fn default() -> Self {
        Self {
            protocol: OtlpProtocol::HttpProtobuf,
            endpoint: None,
            insecure: false,
            headers: Headers::new(),
            timeout: Duration::from_secs(10),
        }
    }
}

const PROTOCOLS: [(&str, OtlpProtocol); 2] = [
    ("grpc", OtlpProtocol::Grpc),
    ("http/protobuf", OtlpProtocol::HttpProtobuf),
];

pub(super) const MILLIS: &str = "a number of milliseconds";
const CERTIFICATES: &str = "the authorities of the system are used";

pub(in crate::config) static MEMBERS: &[Member<OtlpSender>] = &[
    Member::value(
        "protocol",
        "http/protobuf",
        "grpc, http/protobuf",
        "How it is sent.",
        |t, n| choice(n, &PROTOCOLS).map(|v| t.protocol = v),
    ),
    Member::value(
        "endpoint",
        "null",
        URL,
        "Where to send it; the local machine by default.",
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
    Member::unsupported("compression", "it is little"),
    Member::unsupported("certificate", CERTIFICATES),
    Member::unsupported("client_certificate", CERTIFICATES),
    Member::unsupported("client_key", CERTIFICATES),
];

pub(super) fn millis(node: &Node) -> Result<Duration, Refusal> {
    integer(node, 1, 86_400_000).map(Duration::from_millis)
}

/// The endpoint, once the rest is known: its scheme may be left out, and
/// `insecure` says it then.
pub(super) fn endpoint(sender: &mut OtlpSender, reader: &mut Reader, node: &Node) {
    if let Some(endpoint) = node.get("endpoint") {
        match url_with_default_scheme(endpoint, sender.insecure) {
            Ok(url) => sender.endpoint = Some(url),
            Err(Refusal::Because(text)) => reader.fault_of(node, "endpoint", text),
            Err(_) => {}
        }
    }
}
