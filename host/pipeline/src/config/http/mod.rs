//! HTTP, in the keys of the Collector's `confighttp`.

use std::time::Duration;

use linkmend_config::{Content, Node};

use super::endpoint::LISTEN;
use super::grpc::{AUTH, DIALER, INCLUDE_METADATA, MIDDLEWARES};
use super::listener::{self, Listener};
use super::member::{self, Member, Refusal};
use super::reader::Reader;
use super::scalars::{
    DURATION, FLAG, SIZE, TEXTS, choice, flag, integer, name, optional_duration, size, texts,
};
use super::secret::{HEADERS, Headers, headers};

use crate::signal::Signal;

mod client;
mod encoding;

pub use client::HttpClient;
pub use encoding::Encoding;

pub(super) use client::{COMPRESSION_PARAMS, MEMBERS as CLIENT, check as check_client};

/// An HTTP server that takes OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpServer {
    /// Where it listens, and how.
    pub listener: Listener,
    /// What browsers may do; `None`: nothing from other origins.
    pub cors: Option<Cors>,
    /// The largest request after decompression, in bytes.
    pub max_request_body_size: u64,
    /// How requests may be compressed.
    pub compression_algorithms: Vec<Encoding>,
    /// Headers of every response.
    pub response_headers: Headers,
    /// Whether the headers of a request go with its spans.
    pub include_metadata: bool,
    /// How long a whole request may take to come; `None`: as long as it likes.
    pub read_timeout: Option<Duration>,
    /// The same for its headers; `None`: as `read_timeout`.
    pub read_header_timeout: Option<Duration>,
    /// How long the answer may take; `None`: as long as it likes.
    pub write_timeout: Option<Duration>,
    /// When a connection ends that has no request; `None`: as `read_timeout`.
    pub idle_timeout: Option<Duration>,
    /// Whether connections are used for more than one request.
    pub keep_alives_enabled: bool,
    /// Where traces are taken: a path.
    pub traces_url_path: String,
    /// The path that takes metrics.
    pub metrics_url_path: String,
    /// The path that takes logs.
    pub logs_url_path: String,
    /// The path that takes profiles.
    pub profiles_url_path: String,
}

impl Default for HttpServer {
    fn default() -> Self {
        Self {
            listener: Listener::localhost(4318),
            cors: None,
            max_request_body_size: 20 << 20,
            compression_algorithms: ENCODINGS.iter().map(|(_, encoding)| *encoding).collect(),
            response_headers: Headers::new(),
            include_metadata: false,
            read_timeout: None,
            read_header_timeout: None,
            write_timeout: None,
            idle_timeout: None,
            keep_alives_enabled: true,
            traces_url_path: Signal::Traces.url_path().into(),
            metrics_url_path: Signal::Metrics.url_path().into(),
            logs_url_path: Signal::Logs.url_path().into(),
            profiles_url_path: Signal::Profiles.url_path().into(),
        }
    }
}

impl HttpServer {
    /// Where a signal is taken.
    pub fn path(&self, signal: Signal) -> &str {
        match signal {
            Signal::Traces => &self.traces_url_path,
            Signal::Metrics => &self.metrics_url_path,
            Signal::Logs => &self.logs_url_path,
            Signal::Profiles => &self.profiles_url_path,
        }
    }
}

const ENCODINGS: [(&str, Encoding); 5] = [
    ("", Encoding::Identity),
    ("gzip", Encoding::Gzip),
    ("zstd", Encoding::Zstd),
    ("zlib", Encoding::Zlib),
    ("deflate", Encoding::Deflate),
];

pub(super) static SERVER: &[Member<HttpServer>] = &[
    Member::value(
        "endpoint",
        "localhost:4318",
        LISTEN,
        "Where it listens.",
        |_, _| Ok(()),
    ),
    Member::section(
        "cors",
        "cors",
        "off",
        "What pages of another origin may do in a browser.",
        |t, r, n| t.cors = cors(r, n),
    ),
    Member::value(
        "max_request_body_size",
        "20971520",
        SIZE,
        "The largest request after decompression.",
        |t, n| size(n).map(|v| t.max_request_body_size = v),
    ),
    Member::value(
        "compression_algorithms",
        "[\"\", gzip, zstd, zlib, deflate]",
        "a list of \"\" (none), gzip, zstd, zlib, deflate",
        "How requests may be compressed.",
        |t, n| encodings(n).map(|v| t.compression_algorithms = v),
    ),
    Member::value(
        "response_headers",
        "{}",
        HEADERS,
        "Headers of every response. Values are never shown.",
        |t, n| headers(n).map(|v| t.response_headers = v),
    ),
    Member::value(
        "include_metadata",
        "false",
        FLAG,
        INCLUDE_METADATA,
        |t, n| flag(n).map(|v| t.include_metadata = v),
    ),
    Member::value(
        "read_timeout",
        "0s",
        DURATION,
        "How long a whole request may take to arrive; 0: 5m for its body, with no more than 30s between its parts.",
        |t, n| optional_duration(n).map(|v| t.read_timeout = v),
    ),
    Member::value(
        "read_header_timeout",
        "0s",
        DURATION,
        "The same for its headers; 0: the value of `read_timeout`, or 30s.",
        |t, n| optional_duration(n).map(|v| t.read_header_timeout = v),
    ),
    Member::value(
        "write_timeout",
        "0s",
        DURATION,
        "How long the answer may take; 0: any time.",
        |t, n| optional_duration(n).map(|v| t.write_timeout = v),
    ),
    Member::value(
        "idle_timeout",
        "0s",
        DURATION,
        "How long a connection may be without a request before it is closed; 0: the value of `read_timeout`.",
        |t, n| optional_duration(n).map(|v| t.idle_timeout = v),
    ),
    Member::value(
        "keep_alives_enabled",
        "true",
        FLAG,
        "Whether connections are used for more than one request.",
        |t, n| flag(n).map(|v| t.keep_alives_enabled = v),
    ),
    Member::value(
        "traces_url_path",
        "/v1/traces",
        "a path of a URL",
        "The path that takes traces.",
        |t, n| url_path(n).map(|v| t.traces_url_path = v),
    ),
    Member::value(
        "metrics_url_path",
        "/v1/metrics",
        "a path of a URL",
        "The path that takes metrics.",
        |t, n| url_path(n).map(|v| t.metrics_url_path = v),
    ),
    Member::value(
        "logs_url_path",
        "/v1/logs",
        "a path of a URL",
        "The path that takes logs.",
        |t, n| url_path(n).map(|v| t.logs_url_path = v),
    ),
    Member::value(
        "profiles_url_path",
        "/v1development/profiles",
        "a path of a URL",
        "The path that takes profiles.",
        |t, n| url_path(n).map(|v| t.profiles_url_path = v),
    ),
    Member::unsupported("auth", AUTH),
    Member::unsupported("middlewares", MIDDLEWARES),
    Member::unsupported("dialer", DIALER),
];

/// Reads an HTTP server that takes OTLP.
pub(super) fn server(reader: &mut Reader, node: &Node) -> HttpServer {
    let mut server = HttpServer::default();
    listener::read(reader, node, SERVER, |s| &mut s.listener, &mut server);
    server
}

fn encodings(node: &Node) -> Result<Vec<Encoding>, Refusal> {
    match &node.content {
        Content::List(list) if !list.is_empty() => {
            let encodings = list.iter().map(|word| choice(word, &ENCODINGS));
            encodings
                .collect::<Result<_, _>>()
                .map_err(|_| Refusal::Value)
        }
        Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
    }
}

/// A path of a URL; the slash before it may be left away, as in the Collector.
fn url_path(node: &Node) -> Result<String, Refusal> {
    let path = name(node)?;
    let path = format!("/{}", path.strip_prefix('/').unwrap_or(&path));
    let is_path = |c: char| c.is_ascii_graphic() && !"?#%\\".contains(c);
    path.chars()
        .all(is_path)
        .then_some(path)
        .ok_or(Refusal::Value)
}

/// What pages of another origin may do in a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// The origins: `https://*.example.com`, `*`.
    pub allowed_origins: Vec<String>,
    /// Headers that requests may have besides those that are always allowed.
    pub allowed_headers: Vec<String>,
    /// Response headers that the page may see.
    pub exposed_headers: Vec<String>,
    /// How long the browser keeps the answer to that; `None`: what it likes.
    pub max_age: Option<Duration>,
}

pub(super) static CORS: &[Member<Cors>] = &[
    Member::value(
        "allowed_origins",
        "[]",
        TEXTS,
        "The origins, where `*` stands for any text: `https://*.example.com`. CORS is off if there are none.",
        |t, n| texts(n).map(|v| t.allowed_origins = v),
    ),
    Member::value(
        "allowed_headers",
        "[]",
        TEXTS,
        "Headers that requests may have besides those that are always allowed.",
        |t, n| texts(n).map(|v| t.allowed_headers = v),
    ),
    Member::value(
        "exposed_headers",
        "[]",
        TEXTS,
        "Response headers that the page may see.",
        |t, n| texts(n).map(|v| t.exposed_headers = v),
    ),
    Member::value(
        "max_age",
        "0",
        "a number of seconds",
        "How long the browser may cache the answer to all this; 0: its own default.",
        |t, n| {
            integer(n, 0, u32::MAX.into())
                .map(|v| t.max_age = (v > 0).then(|| Duration::from_secs(v)))
        },
    ),
];

fn cors(reader: &mut Reader, node: &Node) -> Option<Cors> {
    let mut cors = Cors::default();
    member::read(reader, node, &[CORS], &mut cors);
    let has_origins = !cors.allowed_origins.is_empty();
    if !has_origins && cors != Cors::default() {
        let text = "there are no `allowed_origins`, so this allows nothing";
        reader.fault(node.spot, text);
    }
    has_origins.then_some(cors)
}
