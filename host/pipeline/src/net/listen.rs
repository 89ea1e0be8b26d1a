//! Ports and sockets that are listened at.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::config::Listen;

const BACKLOG: i32 = 4096;

/// A peer that is gone without a word is found after some minutes, as Go finds
/// it.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

/// One that is listened at.
pub(crate) enum Socketed {
    Tcp(TcpListener),
    Unix(
        UnixListener,
        #[allow(dead_code, reason = "dropped with it")] SocketFile,
    ),
}

/// A connection.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Opens all that an endpoint stands for: a name may have several addresses.
/// What is wrong is told with the way out.
pub(crate) async fn bind(listen: &Listen) -> Result<Vec<Socketed>, String> {
    match listen {
        Listen::Unix(path) => {
            let (listener, file) = bind_unix(path)
                .await
                .map_err(|error| format!("cannot listen at {listen}: {error}"))?;
            Ok(vec![Socketed::Unix(listener, file)])
        }
        Listen::Tcp { host, port } => {
            let listeners = bind_tcp(host, *port).await.map_err(|error| {
                format!("cannot listen at {listen}: {}", way_out(&error, *port))
            })?;
            Ok(listeners.into_iter().map(Socketed::Tcp).collect())
        }
    }
}

fn way_out(error: &io::Error, port: u16) -> String {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another linkmend, a Collector or another program listens there: stop it, or give \
             another port"
        }
        io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: give one of its own, or `0.0.0.0` for all"
        }
        io::ErrorKind::PermissionDenied if port < 1024 => {
            "; ports below 1024 need permission (CAP_NET_BIND_SERVICE): give another port"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

async fn bind_tcp(host: &str, port: u16) -> io::Result<Vec<TcpListener>> {
    if host.is_empty() {
        // One socket takes both families, where there are both.
        let any = open((Ipv6Addr::UNSPECIFIED, port).into());
        return match any {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                Ok(vec![open((Ipv4Addr::UNSPECIFIED, port).into())?])
            }
            any => Ok(vec![any?]),
        };
    }
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for mut address in tokio::net::lookup_host((host, port)).await? {
        // Any free port is the same for all addresses.
        if let (0, Some(first)) = (port, listeners.first()) {
            address.set_port(first.local_addr()?.port());
        }
        let is_known = |listener: &TcpListener| listener.local_addr().is_ok_and(|a| a == address);
        if listeners.iter().any(is_known) {
            continue;
        }
        match open(address) {
            Ok(listener) => listeners.push(listener),
            // `localhost` has `::1` on machines that have no IPv6, too.
            Err(error) if has_no_such_address(&error) => missing = Some(error),
            Err(error) if port == 0 && !listeners.is_empty() => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        None if listeners.is_empty() => Err(io::Error::other("the name has no address")),
        _ => Ok(listeners),
    }
}

fn has_no_such_address(error: &io::Error) -> bool {
    // 97: the address family is not supported (Linux).
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(97)
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if let SocketAddr::V6(v6) = address {
        socket.set_only_v6(!v6.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The file of a Unix socket, which goes when it is not listened at any more.
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode: another process may have put its own there since.
    identity: Option<(u64, u64)>,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

async fn bind_unix(path: &Path) -> Result<(UnixListener, SocketFile), String> {
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(
                "there is a file that is no socket: remove it, or give another path".into(),
            );
        }
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                // It was left by a process that is gone.
                std::fs::remove_file(path)
                    .map_err(|error| format!("the old socket cannot be removed: {error}"))?;
            }
            Ok(_) => {
                return Err("another program listens there: stop it, or give another path".into());
            }
            Err(error) => return Err(format!("there is a socket that is not ours: {error}")),
        }
    }
    let listener = UnixListener::bind(path).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "; its folder is not there: make it",
            io::ErrorKind::InvalidInput => "; paths of sockets have at most 107 bytes",
            _ => "",
        };
        format!("{error}{hint}")
    })?;
    let identity = identity(path);
    let path = path.to_owned();
    Ok((listener, SocketFile { path, identity }))
}

impl Socketed {
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Neither is worth a connection.
                let _ = stream.set_nodelay(true);
                let keepalive = TcpKeepalive::new()
                    .with_time(TCP_KEEPALIVE)
                    .with_interval(TCP_KEEPALIVE);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Stream::Unix(stream))
            }
        }
    }

    /// Its TCP address.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }
}

impl fmt::Display for Socketed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(_) => f.write_str("a TCP port"),
            },
            Self::Unix(_, file) => write!(f, "unix://{}", file.path.display()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
