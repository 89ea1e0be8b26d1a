//! Connections: TCP, TLS, and who asks.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Pipeline, Value};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio_rustls::TlsConnector;

use crate::allowance::{Allowance, Bounded};
use crate::dial::Dial;
use crate::direct::Direct;
use crate::options::{Address, Tls};
use crate::pool::Pool;

/// The connections to a server. A server answers what comes on one in its order: what a
/// batch waits for has one of its own, so that it never waits behind what is written.
pub(crate) struct Open {
    /// For batches, which wait.
    pub(crate) asking: Pool,
    /// For what is written, unless it is in use.
    writing: Mutex<Option<Direct>>,
    /// For all else.
    pub(crate) line: Line,
    /// The other side has ended one of them.
    pub(crate) ended: Arc<Notify>,
}

/// A connection. It ends when this is dropped.
pub(crate) struct Line {
    connection: MultiplexedConnection,
    allowance: Arc<Allowance>,
    driver: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Open {
    /// A connection to ask on, if there is one in time.
    pub(crate) fn take(&self, asker: Asker, deadline: Instant) -> Option<Direct> {
        match asker {
            Asker::Batch => self.asking.take(deadline),
            Asker::Writer => self.writing.lock().take(),
        }
    }

    /// It can be used again; `None`: it is of no use any more.
    pub(crate) fn put_back(&self, asker: Asker, direct: Option<Direct>) {
        match (asker, direct) {
            (Asker::Batch, Some(direct)) => self.asking.give_back(direct),
            (Asker::Batch, None) => self.asking.is_lost(),
            (Asker::Writer, direct) => *self.writing.lock() = direct,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A batch, on a connection that is free.
    Batch,
    /// The one that writes, on a connection of its own.
    Writer,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Dial {
    /// Connects, or says why it cannot be done.
    pub(crate) async fn open(self: &Arc<Self>, address: &Address) -> Result<Open, String> {
        let ended = Arc::new(Notify::new());
        let asking = Pool::default();
        asking.grow(Some(self.direct(address).await?));
        Ok(Open {
            asking,
            writing: Mutex::new(Some(self.direct(address).await?)),
            line: self.line(address, &ended).await?,
            ended,
        })
    }

    /// A connection that answers as fast as batches need it.
    pub(crate) async fn direct(self: &Arc<Self>, address: &Address) -> Result<Direct, String> {
        let (dial, address) = (Arc::clone(self), address.clone());
        let opening = spawn_blocking(move || {
            let mut direct = Direct::open(&dial, &address)?;
            // The first answer may be late for what a connection takes.
            direct.ping(dial.within)?;
            let answered = direct.ping(dial.patience);
            answered.map_err(|why| format!("{why} ({:?})", dial.patience))?;
            Ok(direct)
        });
        opening.await.map_err(|error| error.to_string())?
    }

    /// One connection; it is told when the other side ends it.
    pub(crate) async fn line(
        &self,
        address: &Address,
        ended: &Arc<Notify>,
    ) -> Result<Line, String> {
        let opening = tokio::time::timeout(self.within, self.connect(address, ended));
        opening
            .await
            .map_err(|_| format!("no answer within {:?}", self.within))?
    }

    async fn connect(&self, address: &Address, ended: &Arc<Notify>) -> Result<Line, String> {
        let Address { host, port } = address;
        let socket = TcpStream::connect((host.as_str(), *port)).await;
        let socket = socket.map_err(|error| error.to_string())?;
        // A request is written as a whole: there is nothing to wait for.
        let _ = socket.set_nodelay(true);
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(socket),
            Some(tls) => Box::new(secured(tls, host, socket).await?),
        };
        let allowance = Allowance::new();
        let stream = Bounded {
            stream,
            allowance: Arc::clone(&allowance),
        };
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&self.info, stream, config)
                .await
                .map_err(|error| told(&error))?;
        let tell = Arc::clone(ended);
        let driving = tokio::spawn(async move {
            driver.await;
            tell.notify_one();
        });
        Ok(Line {
            connection,
            allowance,
            driver: driving.abort_handle(),
        })
    }
}

async fn secured(
    tls: &Tls,
    host: &str,
    socket: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let name = tls.server_name.as_deref().unwrap_or(host).to_owned();
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from((tls.config)());
    let connected = connector.connect(name, socket).await;
    connected.map_err(|error| format!("TLS: {error}"))
}

impl Line {
    /// Sends a request, to which the answers have so many bytes at most.
    pub(crate) async fn ask(&self, request: &Pipeline, most: usize) -> Result<Vec<Value>, String> {
        let _asked = self.allowance.ask(most);
        let mut connection = self.connection.clone();
        let answered = connection.send_packed_commands(request, 0, request.len());
        answered.await.map_err(|error| told(&error))
    }
}

/// What an error says, without what was sent.
fn told(error: &redis::RedisError) -> String {
    error.to_string()
}
