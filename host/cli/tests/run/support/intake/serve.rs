//! The sockets of the intake.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::answer::Answer;
use super::read::Protocol;
use super::respond::{self, Body};
use super::tls::Tls;
use super::{Request, Shared};

/// Listens, until the generation is another one.
pub fn listen(runtime: &Runtime, address: SocketAddr, tls: Option<Tls>, shared: &Arc<Shared>) {
    let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
    let mut generation = shared.generation.subscribe();
    let shared = Arc::clone(shared);
    runtime.spawn(async move {
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.unwrap();
                    tokio::spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
                }
                _ = generation.changed() => return,
            }
        }
    });
}

async fn connection(stream: TcpStream, tls: Option<Tls>, shared: Arc<Shared>) {
    let mut generation = shared.generation.subscribe();
    let served = async {
        let Some(tls) = tls else {
            return serve(stream, &shared).await;
        };
        // Who cannot agree on TLS has nothing to say.
        if let Ok((stream, peer)) = tls.accept(stream).await {
            shared.state.lock().peers.push(peer);
            serve(stream, &shared).await;
        }
    };
    tokio::select! {
        () = served => {}
        _ = generation.changed() => {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, shared: &Arc<Shared>) {
    let cut = Arc::new(Notify::new());
    let service = service_fn(|request| answer(request, Arc::clone(shared), Arc::clone(&cut)));
    let server = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        // Connections that break are what these tests are about.
        _ = server.serve_connection(TokioIo::new(stream), service) => {}
        () = cut.notified() => {}
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
    cut: Arc<Notify>,
) -> Result<hyper::Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        // The sender has gone.
        return Ok(std::future::pending().await);
    };
    let protocol = Protocol::of(&head.headers);
    let message = protocol.message(&head.headers, &body.to_bytes());
    // The other signals have no traces in their paths.
    let spans = if head.uri.path().contains("trace") {
        protocol.decode(&message).resource_spans
    } else {
        Vec::new()
    };
    let answer = shared.keep(|answer| Request {
        protocol,
        path: head.uri.path().to_owned(),
        headers: head.headers,
        message,
        spans,
        answer,
        at: Instant::now(),
    });
    match answer {
        Answer::TakeAfter(wait) => tokio::time::sleep(wait).await,
        Answer::Drop | Answer::TakeAndDrop => {
            cut.notify_one();
            return Ok(std::future::pending().await);
        }
        Answer::Hang => return Ok(std::future::pending().await),
        _ => {}
    }
    Ok(respond::response(protocol, &answer))
}
