//! HTTP clients that send OTLP.

use std::time::Duration;

use linkmend_config::Node;

use super::encoding::Encoding;
use crate::config::endpoint::{URL, Url, url};
use crate::config::grpc::{BUFFERS, MIDDLEWARES, SENDER_AUTH};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{DURATION, choice, integer, optional_duration, signed, text};
use crate::config::secret::{HEADERS, Headers, Secret, headers};
use crate::config::tls::{self, Tls};

/// An HTTP client that sends OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpClient {
    /// Where to send; `/v1/traces` is appended.
    pub endpoint: Option<Url>,
    /// TLS of `https`.
    pub tls: Tls,
    /// How long a request may take; `None`: as long as it likes.
    pub timeout: Option<Duration>,
    /// Headers of every request.
    pub headers: Headers,
    /// How requests are compressed.
    pub compression: Encoding,
    /// How hard; `None`: what the method finds best.
    pub compression_level: Option<i32>,
    /// When a connection ends that has no request; `None`: never.
    pub idle_conn_timeout: Option<Duration>,
    /// The proxy that requests go through, with its credentials; `None`: what
    /// the environment says.
    pub proxy_url: Option<Secret>,
    /// How many requests there may be at once, each of which may need a
    /// connection; `None`: any number.
    pub max_conns_per_host: Option<usize>,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self {
            endpoint: None,
            tls: Tls::default(),
            timeout: Some(Duration::from_secs(30)),
            headers: Headers::new(),
            compression: Encoding::Gzip,
            compression_level: None,
            idle_conn_timeout: Some(Duration::from_secs(90)),
            proxy_url: None,
            max_conns_per_host: Some(100),
        }
    }
}

const COMPRESSIONS: [(&str, Encoding); 6] = [
    ("gzip", Encoding::Gzip),
    ("zstd", Encoding::Zstd),
    ("zlib", Encoding::Zlib),
    ("deflate", Encoding::Deflate),
    ("none", Encoding::Identity),
    ("", Encoding::Identity),
];

const CONNECTIONS: &str = "it opens as many connections as it has requests at once, at most \
                           `max_conns_per_host`";

pub(in crate::config) static MEMBERS: &[Member<HttpClient>] = &[
    Member::value(
        "endpoint",
        "null",
        URL,
        "Where to send; `/v1/traces` is appended.",
        |t, n| url(n).map(|v| t.endpoint = Some(v)),
    ),
    Member::section(
        "tls",
        "tls client",
        "on",
        "TLS of the client, if the URL begins with `https`.",
        |t, r, n| tls::client(r, n, &mut t.tls),
    ),
    Member::value(
        "timeout",
        "30s",
        DURATION,
        "How long a request may take; 0: any time.",
        |t, n| optional_duration(n).map(|v| t.timeout = v),
    ),
    Member::value(
        "headers",
        "{}",
        HEADERS,
        "Headers of every request. Values are never shown.",
        |t, n| headers(n).map(|v| t.headers = v),
    ),
    Member::value(
        "compression",
        "gzip",
        "gzip, zstd, zlib, deflate, none",
        "How requests are compressed.",
        |t, n| choice(n, &COMPRESSIONS).map(|v| t.compression = v),
    ),
    Member::section(
        "compression_params",
        "compression_params",
        "{}",
        "How hard they are compressed.",
        |t, r, n| member::read(r, n, &[COMPRESSION_PARAMS], t),
    ),
    Member::value(
        "idle_conn_timeout",
        "90s",
        DURATION,
        "How long a connection may be without a request before it is closed; 0: for ever.",
        |t, n| optional_duration(n).map(|v| t.idle_conn_timeout = v),
    ),
    Member::value(
        "proxy_url",
        "null",
        "a URL like http://proxy.example:3128",
        "The proxy that requests go through. By default, that of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` in the environment, by Go's rules.",
        |t, n| text(n).map(|v| t.proxy_url = Some(v.into())),
    ),
    Member::value(
        "max_conns_per_host",
        "100",
        "an integer from 0 to 65535",
        "How many connections there may be, and thus requests at once; further requests wait. 0: any number.",
        |t, n| {
            integer(n, 0, 65_535)
                .map(|v| t.max_conns_per_host = usize::try_from(v).ok().filter(|v| *v > 0))
        },
    ),
    Member::unsupported("max_idle_conns", CONNECTIONS),
    Member::unsupported("max_idle_conns_per_host", CONNECTIONS),
    Member::unsupported("disable_keep_alives", CONNECTIONS),
    Member::unsupported("cookies", "OTLP has none"),
    Member::unsupported("http2_read_idle_timeout", "connections are not probed"),
    Member::unsupported("http2_ping_timeout", "connections are not probed"),
    Member::unsupported("force_attempt_http2", "the server chooses the version"),
    Member::unsupported("read_buffer_size", BUFFERS),
    Member::unsupported("write_buffer_size", BUFFERS),
    Member::unsupported("auth", SENDER_AUTH),
    Member::unsupported("middlewares", MIDDLEWARES),
];

pub(in crate::config) static COMPRESSION_PARAMS: &[Member<HttpClient>] = &[Member::value(
    "level",
    "null",
    "an integer from 1 to 22 (from 1 to 9 for all but zstd); 0 or -1: the default",
    "The level: the higher, the smaller and the slower. By default 1 with zstd, otherwise 5.",
    |t, n| signed(n, -1, 22).map(|v| t.compression_level = Some(v).filter(|v| *v > 0)),
)];

/// What the keys of a client say together.
pub(in crate::config) fn check(reader: &mut Reader, node: &Node, client: &HttpClient) {
    let level = client.compression_level.unwrap_or_default();
    let fault = match client.compression {
        Encoding::Identity if level > 0 => "there is no compression to have a level",
        Encoding::Gzip | Encoding::Zlib | Encoding::Deflate if level > 9 => {
            "levels above 9 are for zstd"
        }
        _ => return,
    };
    if let Some(node) = node.get("compression_params") {
        reader.within("compression_params", |reader| {
            reader.fault_of(node, "level", fault);
        });
    }
}
