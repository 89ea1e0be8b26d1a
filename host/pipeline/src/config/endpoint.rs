//! Addresses: where to listen, and where to send.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use linkmend_config::Node;

use super::member::{Refusal, shown};
use super::reader::Reader;
use super::scalars::text;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP port.
    Tcp {
        /// A name or an address, without brackets; empty for all addresses.
        host: String,
        /// The port; 0 for any that is free.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl Listen {
    pub(super) fn tcp(host: &str, port: u16) -> Self {
        let host = host.into();
        Self::Tcp { host, port }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => f.write_str(&joined(host, *port)),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// How the address of a server is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A TCP port.
    Tcp,
    /// A Unix socket.
    Unix,
}

/// The words for [`Transport`].
pub(super) const TRANSPORTS: [(&str, Transport); 2] =
    [("tcp", Transport::Tcp), ("unix", Transport::Unix)];

/// The values that the `endpoint` of a server takes.
pub(super) const LISTEN: &str =
    "`host:port`, `[::1]:port`, `:port` for all addresses, or `unix:///path`";

/// Where to listen, by `endpoint` and `transport`: both are needed to know.
pub(super) fn listen(reader: &mut Reader, section: &Node, transport: Transport) -> Option<Listen> {
    let node = section.get("endpoint")?;
    reader.within("endpoint", |reader| {
        let given = match text(node) {
            Ok(given) => given,
            Err(Refusal::Default) => return None,
            Err(_) => {
                reader.fault(node.spot, refused(node, LISTEN));
                return None;
            }
        };
        let listen = match given.strip_prefix("unix://") {
            Some(path) => unix(path),
            None if transport == Transport::Unix => unix(&given),
            None => host_and_port(&given).map(|(host, port)| Listen::Tcp { host, port }),
        };
        if listen.is_none() {
            reader.fault(node.spot, refused(node, LISTEN));
        }
        listen
    })
}

fn unix(path: &str) -> Option<Listen> {
    (!path.is_empty()).then(|| Listen::Unix(path.into()))
}

fn refused(node: &Node, values: &str) -> String {
    format!("{} is no endpoint; it takes {values}", shown(node))
}

/// Where a gRPC exporter sends to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// A host. `scheme` is what the endpoint said about TLS.
    Host {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether TLS is asked for by the endpoint; `None`: `tls` says it.
        tls: Option<bool>,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// None was given.
    #[default]
    Missing,
}

/// The values that the `endpoint` of a gRPC exporter takes.
pub(super) const TARGET: &str = "`host:port`, which may have `http://`, `https://` or `dns:///` \
                                 before it, or `unix:///path`";

/// Reads the `endpoint` of a gRPC exporter.
pub(super) fn target(node: &Node) -> Result<Target, Refusal> {
    let given = text(node)?;
    let refused = || Refusal::Because(refused(node, TARGET));
    if let Some(path) = given.strip_prefix("unix://") {
        return (!path.is_empty())
            .then(|| Target::Unix(path.into()))
            .ok_or_else(refused);
    }
    let (rest, tls) = match given.split_once("://") {
        Some(("http", rest)) => (rest.strip_suffix('/').unwrap_or(rest), Some(false)),
        Some(("https", rest)) => (rest.strip_suffix('/').unwrap_or(rest), Some(true)),
        // Behind the third slash; before it the name server may be said.
        Some(("dns", rest)) => (rest.strip_prefix('/').ok_or_else(refused)?, None),
        Some(_) => return Err(refused()),
        None => (given.as_str(), None),
    };
    if rest.contains('@') {
        return Err(credentials());
    }
    let (host, port) = host_and_port(rest).ok_or_else(refused)?;
    if host.is_empty() || port == 0 {
        return Err(refused());
    }
    Ok(Target::Host { host, port, tls })
}

/// Where an HTTP exporter sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it begins with `https`.
    pub https: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port; that of the scheme when none is written.
    pub port: u16,
    /// The path and the query, with the slash before it; empty when there is
    /// none.
    pub path: String,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        let host = joined(&self.host, self.port);
        write!(f, "{scheme}://{host}{}", self.path)
    }
}

/// The values that the `endpoint` of an HTTP exporter takes.
pub(super) const URL: &str = "a URL like https://host:4318";

/// Reads the URL of an HTTP exporter.
pub(super) fn url(node: &Node) -> Result<Url, Refusal> {
    read_url(node, &text(node)?)
}

/// Reads a URL of which the scheme may be left away.
pub(super) fn url_with_default_scheme(node: &Node, insecure: bool) -> Result<Url, Refusal> {
    let given = text(node)?;
    if given.contains("://") {
        return read_url(node, &given);
    }
    let scheme = if insecure { "http" } else { "https" };
    read_url(node, &format!("{scheme}://{given}"))
}

fn read_url(node: &Node, given: &str) -> Result<Url, Refusal> {
    let refused = || Refusal::Because(refused(node, URL));
    let (scheme, rest) = given.split_once("://").ok_or_else(refused)?;
    let https = match scheme {
        "http" => false,
        "https" => true,
        _ => return Err(refused()),
    };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err(credentials());
    }
    if path.contains(|c: char| c == '#' || c <= ' ' || !c.is_ascii()) {
        return Err(refused());
    }
    let default = if https { ":443" } else { ":80" };
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.contains(']'));
    let with_port = if has_port {
        authority.to_owned()
    } else {
        format!("{authority}{default}")
    };
    let (host, port) = host_and_port(&with_port).ok_or_else(refused)?;
    if host.is_empty() || port == 0 {
        return Err(refused());
    }
    let path = path.to_owned();
    Ok(Url {
        https,
        host,
        port,
        path,
    })
}

/// Does not show them.
fn credentials() -> Refusal {
    Refusal::Because(
        "credentials in an endpoint are not supported by linkmend, because endpoints are shown \
         in logs; give them as a header: `headers: {authorization: ${env:AUTHORIZATION}}`"
            .into(),
    )
}

/// `host:port`, `[::1]:port`, `[host]:port`, `:port`.
fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())??;
    let host = match host.strip_prefix('[') {
        Some(host) => {
            let host = host.strip_suffix(']')?;
            let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
            if address.parse::<Ipv6Addr>().is_ok() {
                return Some((host.to_owned(), port));
            }
            // As Go takes it: charts write `[${env:POD_IP}]:4317`, whatever kind
            // of address a pod has. Nothing between them is a variable that is
            // not set, and does not mean all addresses.
            Some(host).filter(|host| !host.is_empty())?
        }
        None => host,
    };
    let is_name = |c: char| c.is_alphanumeric() || "-._".contains(c);
    host.chars().all(is_name).then(|| (host.to_owned(), port))
}

fn joined(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
