//! gRPC, in the keys of the Collector's `configgrpc`.

use std::time::Duration;

use linkmend_config::Node;

use super::endpoint::{LISTEN, TARGET, Target, target};
use super::listener::{self, Listener};
use super::member::{self, Member};
use super::reader::Reader;
use super::scalars::{
    DURATION, FLAG, POSITIVE, choice, flag, integer, name, optional_duration, positive_duration,
};
use super::secret::{HEADERS, Headers, headers};
use super::tls::{self, Tls};

pub(super) const BUFFERS: &str = "buffers grow and shrink by themselves";
pub(super) const AUTH: &str = "it has no authentication of its own; TLS client certificates \
                               (`tls.client_ca_file`) are checked";
pub(super) const SENDER_AUTH: &str = "it has no authentication extensions; give a header \
                                      (`headers: {authorization: …}`) or a client certificate (`tls`)";
pub(super) const MIDDLEWARES: &str = "it has no middlewares";
pub(super) const METADATA: &str = "what came with a request goes no further than the processor \
                                   `linkmend` (`scope`)";
pub(super) const INCLUDE_METADATA: &str = "Whether what came with a request, its metadata or \
    headers, goes with its spans as far as the processor `linkmend`, whose `scope.metadata_keys` \
    may look at it. It is not sent on.";
pub(super) const DIALER: &str = "it is for clients";

/// A gRPC server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcServer {
    /// Where it listens, and how.
    pub listener: Listener,
    /// The largest request after decompression, in bytes.
    pub max_recv_msg_size: u64,
    /// How many requests one connection may have at once; `None`: any number.
    pub max_concurrent_streams: Option<u32>,
    /// Whether what came with a request goes with its spans.
    pub include_metadata: bool,
    /// When connections end, and how they are probed.
    pub keepalive: ServerKeepalive,
}

/// How many requests one connection may have at once, where nothing is said of
/// it: a sender whose spans are held for six seconds each gets 160 batches a
/// second through.
pub(crate) const MAX_CONCURRENT_STREAMS: u32 = 1000;

impl Default for GrpcServer {
    fn default() -> Self {
        Self {
            listener: Listener::localhost(4317),
            max_recv_msg_size: 4 << 20,
            max_concurrent_streams: Some(MAX_CONCURRENT_STREAMS),
            include_metadata: false,
            keepalive: ServerKeepalive::default(),
        }
    }
}

pub(super) static SERVER: &[Member<GrpcServer>] = &[
    Member::value(
        "endpoint",
        "localhost:4317",
        LISTEN,
        "Where it listens.",
        |_, _| Ok(()),
    ),
    Member::value(
        "max_recv_msg_size_mib",
        "4",
        "an integer from 1 to 4095",
        "The largest request after decompression, in MiB.",
        |t, n| integer(n, 1, 4095).map(|v| t.max_recv_msg_size = v << 20),
    ),
    Member::value(
        "max_concurrent_streams",
        "1000",
        "an integer",
        "How many requests one connection may have at once; 0: any number.",
        |t, n| {
            integer(n, 0, u32::MAX.into())
                .map(|v| t.max_concurrent_streams = u32::try_from(v).ok().filter(|v| *v > 0))
        },
    ),
    Member::value(
        "include_metadata",
        "false",
        FLAG,
        INCLUDE_METADATA,
        |t, n| flag(n).map(|v| t.include_metadata = v),
    ),
    Member::section(
        "keepalive",
        "grpc keepalive",
        "on",
        "When connections end, and how they are probed.",
        |t, r, n| member::read(r, n, &[KEEPALIVE], &mut t.keepalive),
    ),
    Member::unsupported("read_buffer_size", BUFFERS),
    Member::unsupported("write_buffer_size", BUFFERS),
    Member::unsupported("auth", AUTH),
    Member::unsupported("middlewares", MIDDLEWARES),
    Member::unsupported("dialer", DIALER),
];

/// Reads a gRPC server.
pub(super) fn server(reader: &mut Reader, node: &Node) -> GrpcServer {
    let mut server = GrpcServer::default();
    listener::read(reader, node, SERVER, |s| &mut s.listener, &mut server);
    server
}

/// When connections to a gRPC server end, and how they are probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeepalive {
    /// A connection ends after so long without a request; `None`: never.
    pub max_connection_idle: Option<Duration>,
    /// A connection ends after so long; `None`: never.
    pub max_connection_age: Option<Duration>,
    /// How long requests may go on then; `None`: as long as they like.
    pub max_connection_age_grace: Option<Duration>,
    /// How long a connection may show no activity before it is probed.
    pub time: Duration,
    /// How long the answer to the probe may take.
    pub timeout: Duration,
}

impl Default for ServerKeepalive {
    fn default() -> Self {
        Self {
            max_connection_idle: None,
            max_connection_age: None,
            max_connection_age_grace: None,
            time: Duration::from_hours(2),
            timeout: Duration::from_secs(20),
        }
    }
}

pub(super) static KEEPALIVE: &[Member<ServerKeepalive>] = &[
    Member::section(
        "server_parameters",
        "grpc server_parameters",
        "on",
        "The times.",
        |t, r, n| member::read(r, n, &[SERVER_PARAMETERS], t),
    ),
    Member::unsupported(
        "enforcement_policy",
        "clients may probe as often as they like",
    ),
];

pub(super) static SERVER_PARAMETERS: &[Member<ServerKeepalive>] = &[
    Member::value(
        "max_connection_idle",
        "0s",
        DURATION,
        "How long a connection may be without a request before it is closed; 0: for ever.",
        |t, n| optional_duration(n).map(|v| t.max_connection_idle = v),
    ),
    Member::value(
        "max_connection_age",
        "0s",
        DURATION,
        "How long a connection lives, so that clients move to new servers; 0: for ever.",
        |t, n| optional_duration(n).map(|v| t.max_connection_age = v),
    ),
    Member::value(
        "max_connection_age_grace",
        "0s",
        DURATION,
        "How much longer its requests may take then; 0: any time.",
        |t, n| optional_duration(n).map(|v| t.max_connection_age_grace = v),
    ),
    Member::value(
        "time",
        "2h",
        POSITIVE,
        "How long a connection may show no activity before it is probed.",
        |t, n| positive_duration(n).map(|v| t.time = v),
    ),
    Member::value(
        "timeout",
        "20s",
        POSITIVE,
        "How long the answer to the probe may take.",
        |t, n| positive_duration(n).map(|v| t.timeout = v),
    ),
];

/// How requests of gRPC are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrpcCompression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

const COMPRESSIONS: [(&str, GrpcCompression); 4] = [
    ("gzip", GrpcCompression::Gzip),
    ("zstd", GrpcCompression::Zstd),
    ("none", GrpcCompression::None),
    ("", GrpcCompression::None),
];

/// A gRPC client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcClient {
    /// Where it sends to.
    pub endpoint: Target,
    /// TLS, if it is not `insecure` and the endpoint says nothing else.
    pub tls: Tls,
    /// How requests are compressed.
    pub compression: GrpcCompression,
    /// Headers of every request.
    pub headers: Headers,
    /// How the connection is probed; `None`: it is not.
    pub keepalive: Option<ClientKeepalive>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The `:authority` of requests, instead of the endpoint.
    pub authority: Option<String>,
}

impl GrpcClient {
    /// Whether it speaks TLS.
    pub fn uses_tls(&self) -> bool {
        match self.endpoint {
            Target::Host { tls: Some(tls), .. } => tls,
            _ => !self.tls.insecure,
        }
    }
}

impl Default for GrpcClient {
    fn default() -> Self {
        Self {
            endpoint: Target::default(),
            tls: Tls::default(),
            compression: GrpcCompression::Gzip,
            headers: Headers::new(),
            keepalive: None,
            user_agent: None,
            authority: None,
        }
    }
}

pub(super) static CLIENT: &[Member<GrpcClient>] = &[
    Member::value(
        "endpoint",
        "",
        TARGET,
        "Where to send. `http://` means no TLS, `https://` means TLS, whatever `tls.insecure` says.",
        |t, n| target(n).map(|v| t.endpoint = v),
    ),
    Member::section(
        "tls",
        "tls client",
        "on",
        "TLS of the client; it is on unless `insecure: true`.",
        |t, r, n| tls::client(r, n, &mut t.tls),
    ),
    Member::value(
        "compression",
        "gzip",
        "gzip, zstd, none",
        "How requests are compressed.",
        |t, n| choice(n, &COMPRESSIONS).map(|v| t.compression = v),
    ),
    Member::value(
        "headers",
        "{}",
        HEADERS,
        "Headers of every request. Values are never shown.",
        |t, n| headers(n).map(|v| t.headers = v),
    ),
    Member::section(
        "keepalive",
        "client keepalive",
        "off",
        "Whether and how the connection is probed.",
        |t, r, n| t.keepalive = client_keepalive(r, n),
    ),
    Member::value(
        "user_agent",
        "null",
        "a text",
        "The user agent, instead of `linkmend/VERSION`.",
        |t, n| name(n).map(|v| t.user_agent = Some(v)),
    ),
    Member::value(
        "authority",
        "null",
        "a name",
        "The `:authority` of requests, instead of the endpoint.",
        |t, n| name(n).map(|v| t.authority = Some(v)),
    ),
    Member::unsupported("balancer_name", "there is one connection to one address"),
    Member::unsupported(
        "wait_for_ready",
        "what fails is tried again by `retry_on_failure`",
    ),
    Member::unsupported("read_buffer_size", BUFFERS),
    Member::unsupported("write_buffer_size", BUFFERS),
    Member::unsupported("auth", SENDER_AUTH),
    Member::unsupported("middlewares", MIDDLEWARES),
];

/// How a gRPC client probes its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKeepalive {
    /// It is probed after so long without a sign of life.
    pub time: Duration,
    /// How long the answer to the probe may take.
    pub timeout: Duration,
    /// Whether it is probed even if no request is in flight.
    pub permit_without_stream: bool,
}

impl Default for ClientKeepalive {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            permit_without_stream: false,
        }
    }
}

pub(super) static CLIENT_KEEPALIVE: &[Member<ClientKeepalive>] = &[
    Member::value(
        "time",
        "10s",
        POSITIVE,
        "How long the connection may show no activity before it is probed.",
        |t, n| positive_duration(n).map(|v| t.time = v),
    ),
    Member::value(
        "timeout",
        "10s",
        POSITIVE,
        "How long the answer to the probe may take.",
        |t, n| positive_duration(n).map(|v| t.timeout = v),
    ),
    Member::value(
        "permit_without_stream",
        "false",
        FLAG,
        "Whether it is probed even if no request is in flight.",
        |t, n| flag(n).map(|v| t.permit_without_stream = v),
    ),
];

fn client_keepalive(reader: &mut Reader, node: &Node) -> Option<ClientKeepalive> {
    // One without content is none, as in the Collector.
    if node.is_null() {
        return None;
    }
    let mut keepalive = ClientKeepalive::default();
    member::read(reader, node, &[CLIENT_KEEPALIVE], &mut keepalive);
    Some(keepalive)
}
