//! Opening connections: TCP or a Unix socket, and TLS over it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::proxy::Proxy;
use super::stream::{Io, Stream};
use crate::component::SetupError;
use crate::net::tls::client::ClientTls;
use crate::traces::BoxFuture;

/// How long opening a connection may take, as in gRPC.
const LIMIT: Duration = Duration::from_secs(20);
/// How often the system probes a connection on which nothing happens, as Go
/// does it.
const PROBES: Duration = Duration::from_secs(15);

/// Where connections go to.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A TCP port; the host without brackets.
    Tcp(String, u16),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Address {
    /// As it is in URLs.
    pub(crate) fn authority(&self) -> String {
        match self {
            // The zone of an address says something on this machine only.
            Self::Tcp(host, port) if host.contains(':') => {
                let (host, _zone) = host.split_once('%').unwrap_or((host, ""));
                format!("[{host}]:{port}")
            }
            Self::Tcp(host, port) => format!("{host}:{port}"),
            Self::Unix(_) => "localhost".into(),
        }
    }

    fn host(&self) -> &str {
        match self {
            Self::Tcp(host, _) => host.split_once('%').map_or(host, |(host, _)| host),
            Self::Unix(_) => "localhost",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(..) => f.write_str(&self.authority()),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// Opens connections to one address.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Target>);

struct Target {
    address: Address,
    tls: Option<(ClientTls, ServerName<'static>)>,
    way: Way,
}

/// How connections get to the address.
#[derive(Debug, Clone, Default)]
pub(crate) enum Way {
    /// Straight.
    #[default]
    Straight,
    /// Through a tunnel that a proxy opens.
    Tunnel(Proxy),
    /// To a proxy, which sends each request on.
    Forward(Proxy),
}

impl Connector {
    /// `name` is whose certificate the other side must have, if that is not the
    /// host of the address.
    pub(crate) fn new(
        address: Address,
        tls: Option<ClientTls>,
        name: Option<&str>,
        way: Way,
    ) -> Result<Self, SetupError> {
        let Some(tls) = tls else {
            let tls = None;
            return Ok(Self(Arc::new(Target { address, tls, way })));
        };
        let name = name.unwrap_or(address.host()).to_owned();
        let server = ServerName::try_from(name.clone()).map_err(|_| {
            let text = format!("`{name}` is no name that a certificate can be for");
            SetupError::new("tls.server_name_override", text)
        })?;
        let tls = Some((tls, server));
        Ok(Self(Arc::new(Target { address, tls, way })))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Stream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The URL is that of the request; the way to it is always the same.
    fn call(&mut self, _: Uri) -> Self::Future {
        let target = Arc::clone(&self.0);
        Box::pin(async move {
            match timeout(LIMIT, target.open()).await {
                Ok(opened) => opened.map(TokioIo::new),
                Err(_) => Err(told(
                    io::ErrorKind::TimedOut,
                    format!("cannot connect: no answer within {LIMIT:?}"),
                )),
            }
        })
    }
}

impl Target {
    async fn open(&self) -> io::Result<Stream> {
        let io: Box<dyn Io> = match &self.address {
            Address::Tcp(host, port) => Box::new(self.open_tcp(host, *port).await?),
            Address::Unix(path) => Box::new(
                UnixStream::connect(path)
                    .await
                    .map_err(|error| told(error.kind(), format!("cannot connect: {error}")))?,
            ),
        };
        let Some((tls, name)) = &self.tls else {
            return Ok(Stream {
                io,
                is_http2: false,
                is_proxied: matches!(self.way, Way::Forward(_)),
            });
        };
        let connector = TlsConnector::from(tls.config());
        let stream = connector
            .connect(name.clone(), io)
            .await
            .map_err(|error| of_tls(&error))?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let io = Box::new(stream);
        Ok(Stream {
            io,
            is_http2,
            is_proxied: false,
        })
    }

    async fn open_tcp(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let (proxy, is_tunnel) = match &self.way {
            Way::Straight => return open_tcp(host, port).await,
            Way::Tunnel(proxy) => (proxy, true),
            Way::Forward(proxy) => (proxy, false),
        };
        let of_proxy = |error: io::Error| told(error.kind(), format!("the proxy {proxy}: {error}"));
        let (host, port) = proxy.address();
        let mut stream = open_tcp(host, port).await.map_err(of_proxy)?;
        if is_tunnel {
            let authority = self.address.authority();
            let opened = proxy.tunnel(&mut stream, &authority).await;
            opened.map_err(of_proxy)?;
        }
        Ok(stream)
    }
}

/// Tries all addresses that a name has, one after another.
async fn open_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = lookup_host((host, port)).await.map_err(|error| {
        let text = format!("the name `{host}` cannot be resolved: {error}");
        told(error.kind(), text)
    })?;
    let addresses: Vec<_> = addresses.collect();
    let share = LIMIT / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut failed = format!("the name `{host}` has no address");
    let mut kind = io::ErrorKind::NotFound;
    for (tried, address) in addresses.iter().enumerate() {
        let error = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                tune(&stream);
                return Ok(stream);
            }
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        kind = error.kind();
        if tried == 0 {
            failed = format!("cannot connect: {address}: {error}");
        } else {
            failed = format!("{failed}; {address}: {error}");
        }
    }
    Err(told(kind, failed))
}

/// What cannot be set does not hinder.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let probes = TcpKeepalive::new().with_time(PROBES).with_interval(PROBES);
    let _ = SockRef::from(stream).set_tcp_keepalive(&probes);
}

fn told(kind: io::ErrorKind, text: String) -> io::Error {
    io::Error::new(kind, text)
}

/// The usual mistakes, with the way out.
fn of_tls(error: &io::Error) -> io::Error {
    use rustls::{CertificateError, Error};
    let hint = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => "; give the authority of its certificate as `tls.ca_file`",
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "; if that is right, give its name as `tls.server_name_override`",
        // That it is this one only its name tells.
        Some(Error::InvalidCertificate(CertificateError::Other(other)))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            "; it shows the certificate of an authority as its own: let that authority issue \
             one for the server, or make the server's own with `basicConstraints=CA:FALSE` and \
             give that as `tls.ca_file`"
        }
        Some(Error::InvalidMessage(_)) => {
            "; if it speaks no TLS, set `tls: {insecure: true}` (or begin the URL with `http://`)"
        }
        _ => "",
    };
    told(error.kind(), format!("TLS: {error}{hint}"))
}
