//! Where batches end: takes them, and answers.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::WithTrailers};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A server that takes all batches.
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    /// Requests that it took.
    pub taken: Arc<AtomicU64>,
    /// Of all that it took, as it came.
    pub bytes: Arc<AtomicU64>,
}

/// Is shown each batch, as bytes, by the task that took it.
pub type Show = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// How fast it is: one request after the other.
struct Pace {
    show: Option<Show>,
    each: Option<Duration>,
    next: Mutex<Instant>,
}

impl Sink {
    /// Takes one request each so often; `None`: as they come.
    ///
    /// # Errors
    ///
    /// When it cannot listen.
    pub async fn start(each: Option<Duration>) -> anyhow::Result<Self> {
        Self::pacing(each, None).await
    }

    /// Takes requests as they come, and shows what is in them.
    ///
    /// # Errors
    ///
    /// When it cannot listen.
    pub async fn showing(show: Show) -> anyhow::Result<Self> {
        Self::pacing(None, Some(show)).await
    }

    async fn pacing(each: Option<Duration>, show: Option<Show>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("cannot listen")?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicU64::new(0));
        let bytes = Arc::new(AtomicU64::new(0));
        let counters = (Arc::clone(&taken), Arc::clone(&bytes));
        let pace = Arc::new(Pace {
            show,
            each,
            next: Mutex::new(Instant::now()),
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (counters, pace) = (counters.clone(), Arc::clone(&pace));
                let _ = stream.set_nodelay(true);
                let service =
                    service_fn(move |request| take(request, counters.clone(), Arc::clone(&pace)));
                let mut server = http2::Builder::new(TokioExecutor::new());
                server.initial_stream_window_size(4 << 20);
                server.initial_connection_window_size(16 << 20);
                tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self {
            address,
            taken,
            bytes,
        })
    }
}

async fn take(
    request: Request<Incoming>,
    (taken, bytes): (Arc<AtomicU64>, Arc<AtomicU64>),
    pace: Arc<Pace>,
) -> Result<Response<Answer>, Infallible> {
    let body = request.into_body().collect().await;
    if let Some(each) = pace.each {
        let mut next = pace.next.lock().await;
        let turn = (*next).max(Instant::now());
        *next = turn + each;
        drop(next);
        sleep_until(turn).await;
    }
    if let Ok(body) = body {
        let body = body.to_bytes();
        taken.fetch_add(1, Ordering::Relaxed);
        bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        // A message of gRPC begins with five bytes of its own.
        if let Some((show, batch)) = pace.show.as_ref().zip(body.get(5..)) {
            show(batch);
        }
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body: Answer = Full::new(Bytes::from_static(&[0; 5]))
        .with_trailers(Box::pin(std::future::ready(Some(Ok(trailers)))));
    let mut response = Response::new(body);
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", grpc);
    Ok(response)
}

type Trailers = std::future::Ready<Option<Result<HeaderMap, Infallible>>>;
type Answer = WithTrailers<Full<Bytes>, std::pin::Pin<Box<Trailers>>>;
