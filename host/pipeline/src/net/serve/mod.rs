//! Servers of HTTP/1 and HTTP/2 at one port.
//!
//! hyper speaks the protocols. What is here is about connections: how many
//! there are, how long they may take for what, and how they end without losing
//! a request.

mod activity;
mod reply;
mod sniff;

pub(crate) use reply::Reply;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::activity::{Activity, Watched};
use self::sniff::{Sniffed, Version, sniff};
use super::accept::{Connections, Seldom};
use super::listen::{self, Stream};
use super::tls::server::ServerTls;
use crate::component::Tasks;
use crate::config::Listen;
use crate::traces::BoxFuture;

/// How connections are dealt with.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// How many there may be.
    pub(crate) max_connections: usize,
    /// How long a TLS handshake may take.
    pub(crate) handshake: Duration,
    /// How long the headers of a request may take to come.
    pub(crate) head: Duration,
    /// When a connection without a request ends; `None`: never.
    pub(crate) idle: Option<Duration>,
    /// When any connection ends; `None`: never.
    pub(crate) age: Option<Duration>,
    /// How long its requests may go on then; `None`: as long as they like.
    pub(crate) age_grace: Option<Duration>,
    /// How long a peer may refuse to take what is written.
    pub(crate) write: Duration,
    /// Whether there may be a second request.
    pub(crate) keep_alive: bool,
    /// HTTP/2: a connection is probed after so long without a sign of life, and
    /// has so long to answer.
    pub(crate) ping: Option<(Duration, Duration)>,
    /// HTTP/2: how many requests there may be at once; `None`: any number.
    pub(crate) max_concurrent_streams: Option<u32>,
}

impl Rules {
    /// Those of a server for requests that are small and few.
    pub(crate) fn small(max_connections: usize) -> Self {
        let seconds = Duration::from_secs;
        Self {
            max_connections,
            handshake: seconds(10),
            head: seconds(30),
            idle: Some(seconds(60)),
            age: None,
            age_grace: None,
            write: seconds(30),
            keep_alive: true,
            ping: Some((seconds(60), seconds(20))),
            max_concurrent_streams: Some(16),
        }
    }
}

/// A request, and what is known of its coming.
pub(crate) struct Asked {
    pub(crate) request: Request<Incoming>,
    /// When its first byte came, where that is known; otherwise now.
    pub(crate) begun: Instant,
}

/// What answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Whoever drops the future is not interested any more: the client has
    /// gone.
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>>;
}

/// A server that does not listen yet.
pub(crate) struct Server {
    /// What it is called in logs.
    pub(crate) name: String,
    pub(crate) tls: Option<Arc<ServerTls>>,
    pub(crate) rules: Rules,
    pub(crate) handler: Arc<dyn Handler>,
}

/// An answer with this extension was given without reading all of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread;

/// How long a connection without a request is waited for at the end: its client
/// may not be there any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// How much of a request that was refused is read and thrown away, and for how
/// long, so that the client reads the answer before it finds the end.
const LINGER: (u64, Duration) = (8 << 20, Duration::from_secs(1));

/// The largest buffer of a connection of HTTP/1.
const BUFFER: usize = 64 << 10;

/// The largest headers of a request.
const HEADERS: usize = 32 << 10;

impl Server {
    /// Listens. What it answers are the TCP addresses; what is wrong is told
    /// with the way out.
    pub(crate) async fn start(
        self,
        listen: &Listen,
        tasks: &Tasks,
    ) -> Result<Vec<SocketAddr>, String> {
        let sockets = listen::bind(listen).await?;
        if let Some(tls) = &self.tls {
            tls.watch(&self.name, tasks);
        }
        let connections = Connections::new(self.name.clone(), self.rules.max_connections);
        let connections = Arc::new(connections);
        let server = Arc::new((self, Seldom::default()));
        let mut addresses = Vec::new();
        for socket in sockets {
            let tls = if server.0.tls.is_some() { " (TLS)" } else { "" };
            tracing::info!(address = %socket, "{} listens{tls}", server.0.name);
            addresses.extend(socket.address());
            let server = Arc::clone(&server);
            let serve = move |stream, stop| {
                let server = Arc::clone(&server);
                async move { server.0.connection(stream, stop, &server.1).await }
            };
            let accepting = Arc::clone(&connections).accept(socket, tasks.clone(), serve);
            tasks.tracker.spawn(accepting);
        }
        Ok(addresses)
    }

    async fn connection(&self, stream: Stream, stop: CancellationToken, told: &Seldom) {
        // What a connection takes is what it speaks, not the most of all that it
        // might: so each is on the heap by itself.
        let Some(tls) = &self.tls else {
            return Box::pin(self.speak(stream, &stop)).await;
        };
        let handshake = Box::pin(tls.acceptor().accept(stream));
        let handshake = timeout(self.rules.handshake, handshake);
        let why = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            shaken = handshake => match shaken {
                Ok(Ok(stream)) => return Box::pin(self.speak(stream, &stop)).await,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it took too long".into(),
            },
        };
        if told.may() {
            tracing::warn!("{}: a TLS handshake failed: {why}", self.name);
        }
    }

    async fn speak<I>(&self, io: I, stop: &CancellationToken)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let sniffed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            sniffed = timeout(self.rules.head, sniff(io)) => sniffed,
        };
        match sniffed {
            Ok(Some((Version::Http1, io))) => Box::pin(self.http1(io, &activity, stop)).await,
            Ok(Some((Version::Http2, io))) => Box::pin(self.http2(io, &activity, stop)).await,
            Ok(None) | Err(_) => {}
        }
    }

    async fn http1<I>(&self, io: Sniffed<I>, activity: &Arc<Activity>, stop: &CancellationToken)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        activity.head_begins();
        let io = Watched::new(io, Arc::clone(activity), true);
        let (handler, of_requests) = (Arc::clone(&self.handler), Arc::clone(activity));
        let answer = service_fn(move |request| {
            answer(
                Arc::clone(&handler),
                request,
                Arc::clone(&of_requests),
                true,
            )
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // It would end connections that are idle, too.
            .header_read_timeout(None)
            .max_buf_size(BUFFER)
            .max_header_size(HEADERS)
            .keep_alive(self.rules.keep_alive)
            .serve_connection(TokioIo::new(io), answer);
        let end = |connection: Pin<&mut http1::Connection<_, _>>| connection.graceful_shutdown();
        let driven = Pin::new(&mut connection);
        let is_over = self.drive(driven, end, activity, stop).await;
        if is_over && activity.is_unread() {
            let (most, time) = LINGER;
            let io = connection.into_parts().io.into_inner();
            let mut rest = io.take(most);
            let mut nowhere = tokio::io::sink();
            let _ = timeout(time, tokio::io::copy(&mut rest, &mut nowhere)).await;
        }
    }

    async fn http2<I>(&self, io: Sniffed<I>, activity: &Arc<Activity>, stop: &CancellationToken)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = Watched::new(io, Arc::clone(activity), false);
        let (handler, of_requests) = (Arc::clone(&self.handler), Arc::clone(activity));
        let keep_alive = self.rules.keep_alive;
        let answer = service_fn(move |request| {
            answer(
                Arc::clone(&handler),
                request,
                Arc::clone(&of_requests),
                keep_alive,
            )
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(HEADERS).unwrap_or(u32::MAX))
            .max_concurrent_streams(self.rules.max_concurrent_streams);
        if let Some((after, timeout)) = self.rules.ping {
            builder
                .keep_alive_interval(after)
                .keep_alive_timeout(timeout);
        }
        let connection = pin!(builder.serve_connection(TokioIo::new(io), answer));
        let end = |connection: Pin<&mut http2::Connection<_, _, _>>| {
            connection.graceful_shutdown();
        };
        self.drive(connection, end, activity, stop).await;
    }

    /// Lets a connection go on until it is over (then it is true), or is not
    /// waited for any more.
    async fn drive<C: Future>(
        &self,
        mut connection: Pin<&mut C>,
        end: impl Fn(Pin<&mut C>),
        activity: &Activity,
        stop: &CancellationToken,
    ) -> bool {
        // Not all at once, when many clients came at once.
        let age = self.rules.age.map(|age| {
            let spread = 0.9 + 0.2 * fastrand::f64();
            activity.started() + age.mul_f64(spread)
        });
        let mut ended: Option<Ended> = None;
        loop {
            let alarm = self.alarm(activity, age, ended.as_ref());
            tokio::select! {
                biased;
                _ = connection.as_mut() => return true,
                () = stop.cancelled(), if ended.as_ref().is_none_or(|ended| !ended.by_stop) => {
                    end(connection.as_mut());
                    let by_stop = true;
                    ended = Some(Ended { at: Instant::now(), grace: None, by_stop });
                }
                () = activity.ended(), if ended.is_none() => {
                    end(connection.as_mut());
                    ended = Some(Ended::now(None));
                }
                () = sleep_until(alarm) => match self.due(activity, age, ended.as_ref()) {
                    Due::Nothing => {}
                    Due::End(grace) => {
                        end(connection.as_mut());
                        ended = Some(Ended::now(grace));
                    }
                    Due::Drop => return false,
                },
            }
        }
    }

    /// The earliest time at which something may be due. What has not begun yet
    /// cannot be due before it has taken its time.
    fn alarm(&self, activity: &Activity, age: Option<Instant>, ended: Option<&Ended>) -> Instant {
        let now = Instant::now();
        let rules = &self.rules;
        let after = |since: Option<Instant>, time| since.unwrap_or(now) + time;
        let head = after(activity.head_since(), rules.head);
        let write = after(activity.blocked_since(), rules.write);
        let take = after(activity.untaken_since(), rules.write);
        let earliest = head.min(write).min(take);
        match ended {
            None => {
                let idle = rules.idle.map(|idle| after(activity.idle_since(), idle));
                earliest
                    .min(idle.unwrap_or(earliest))
                    .min(age.unwrap_or(earliest))
            }
            Some(ended) => {
                let since = activity.idle_since().map(|idle| idle.max(ended.at));
                earliest
                    .min(after(since, FAREWELL))
                    .min(ended.grace.unwrap_or(earliest))
            }
        }
    }

    fn due(&self, activity: &Activity, age: Option<Instant>, ended: Option<&Ended>) -> Due {
        let now = Instant::now();
        let rules = &self.rules;
        let is_over = |since: Option<Instant>, time| since.is_some_and(|since| now >= since + time);
        if is_over(activity.head_since(), rules.head)
            || is_over(activity.blocked_since(), rules.write)
            || is_over(activity.untaken_since(), rules.write)
        {
            return Due::Drop;
        }
        if let Some(ended) = ended {
            let since = activity.idle_since().map(|idle| idle.max(ended.at));
            let is_due = is_over(since, FAREWELL) || ended.grace.is_some_and(|grace| now >= grace);
            return if is_due { Due::Drop } else { Due::Nothing };
        }
        if age.is_some_and(|age| now >= age) {
            return Due::End(rules.age_grace.map(|grace| now + grace));
        }
        match rules.idle {
            Some(idle) if is_over(activity.idle_since(), idle) => Due::End(None),
            _ => Due::Nothing,
        }
    }
}

/// A connection was told to take no more requests.
struct Ended {
    at: Instant,
    /// When its requests are not waited for any more; `None`: never.
    grace: Option<Instant>,
    by_stop: bool,
}

impl Ended {
    fn now(grace: Option<Instant>) -> Self {
        Self {
            at: Instant::now(),
            grace,
            by_stop: false,
        }
    }
}

enum Due {
    Nothing,
    End(Option<Instant>),
    Drop,
}

async fn answer(
    handler: Arc<dyn Handler>,
    request: Request<Incoming>,
    activity: Arc<Activity>,
    keep_alive: bool,
) -> Result<Response<Reply>, Infallible> {
    let (in_flight, begun) = activity.begin();
    let mut response = handler.answer(Asked { request, begun }).await;
    if response.extensions_mut().remove::<Unread>().is_some() {
        activity.leave_unread();
    }
    if !keep_alive {
        activity.end();
    }
    let reply = response.body_mut();
    if reply.is_whole() {
        reply.untaken = Some(activity.answer());
    }
    reply.in_flight = Some(in_flight);
    Ok(response)
}
