//! An intake that answers as it is told, and keeps what it got.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{Read, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use parking_lot::Mutex;
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    pub version: Version,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The spans, of gRPC or HTTP in protobuf.
    pub fn data(&self) -> TracesData {
        let is_grpc = self.header("content-type").starts_with("application/grpc");
        let body = if is_grpc {
            &self.body[5..]
        } else {
            &self.body[..]
        };
        let encoding = if is_grpc {
            "grpc-encoding"
        } else {
            "content-encoding"
        };
        TracesData::decode(&*expanded(self.header(encoding), body)).unwrap()
    }
}

/// By other means than those of the exporter where there are any.
pub fn expanded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::new();
    match encoding {
        "" | "identity" => expanded.extend(body),
        "gzip" => drop(
            flate2::read::GzDecoder::new(body)
                .read_to_end(&mut expanded)
                .unwrap(),
        ),
        "zlib" | "deflate" => {
            flate2::read::ZlibDecoder::new(body)
                .read_to_end(&mut expanded)
                .unwrap();
        }
        "zstd" => expanded = zstd::decode_all(body).unwrap(),
        other => panic!("{other}"),
    }
    expanded
}

/// What it does with a request.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there are few of them")]
pub enum Answer {
    /// It answers, after so long.
    Say(Duration, StatusCode, HeaderMap, Bytes, Option<HeaderMap>),
    /// It never answers.
    Hang,
    /// It closes the connection, or resets the stream.
    Drop,
}

pub fn ok() -> Answer {
    http(200, &[], "")
}

pub fn http(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    http_bytes(status, headers, body.as_bytes())
}

pub fn http_bytes(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer::Say(
        Duration::ZERO,
        status,
        map(headers),
        Bytes::copy_from_slice(body),
        None,
    )
}

/// A message and a status of gRPC.
pub fn grpc(code: i32, more: &[(&'static str, &str)], message: &[u8]) -> Answer {
    let headers = map(&[("content-type", "application/grpc")]);
    let mut trailers = map(more);
    trailers.insert("grpc-status", code.into());
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let body = if code == 0 { body.into() } else { Bytes::new() };
    Answer::Say(
        Duration::ZERO,
        StatusCode::OK,
        headers,
        body,
        Some(trailers),
    )
}

/// A message that is compressed, as its flag and `grpc-encoding` say; `flag` is
/// 1 of those that keep to gRPC.
pub fn grpc_compressed(encoding: &str, flag: u8, message: &[u8]) -> Answer {
    let Answer::Say(wait, status, mut headers, _, trailers) = grpc(0, &[], &[]) else {
        unreachable!()
    };
    headers.insert("grpc-encoding", encoding.parse().unwrap());
    let message = compressed(encoding, message);
    let mut body = vec![flag];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    Answer::Say(wait, status, headers, body.into(), trailers)
}

pub fn compressed(encoding: &str, message: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(message).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(message, 1).unwrap(),
        _ => message.to_vec(),
    }
}

impl Answer {
    pub fn after(self, wait: Duration) -> Self {
        match self {
            Self::Say(_, status, headers, body, trailers) => {
                Self::Say(wait, status, headers, body, trailers)
            }
            other => other,
        }
    }
}

fn map(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Answer>>,
    connections: Mutex<Vec<JoinHandle<()>>>,
    always: Mutex<Option<Answer>>,
}

/// The intake. It takes all that comes when it is told nothing else.
pub struct Intake {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.close();
    }
}

impl Intake {
    pub async fn open() -> Self {
        Self::open_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn open_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            task,
        }
    }

    /// Ends all connections, and takes no new one.
    pub fn close(&self) {
        self.task.abort();
        for connection in self.shared.connections.lock().drain(..) {
            connection.abort();
        }
    }

    /// What it does with the next requests, in turn.
    pub fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.answers.lock().extend(answers);
    }

    /// What it does when nothing is said of the next one.
    pub fn always(&self, answer: Answer) {
        *self.shared.always.lock() = Some(answer);
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.lock().len()
    }

    /// Waits until so many requests came.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        for _ in 0..500 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} requests came", self.received().len());
    }

    /// The names of all spans that came, in order.
    pub fn names(&self) -> Vec<String> {
        let received = self.received();
        received
            .iter()
            .flat_map(|one| super::bench::names(&one.data()))
            .collect()
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let served = tokio::spawn(serve(stream, Arc::clone(&shared)));
        shared.connections.lock().push(served);
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&shared)));
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_err(std::io::Error::other)?
        .to_bytes();
    let received = Received {
        version: head.version,
        uri: head.uri,
        headers: head.headers,
        body,
    };
    let usual = if received.header("content-type") == "application/grpc" {
        grpc(0, &[], b"")
    } else {
        ok()
    };
    shared.received.lock().push(received);
    let next = shared.answers.lock().pop_front();
    let next = next
        .or_else(|| shared.always.lock().clone())
        .unwrap_or(usual);
    match next {
        Answer::Say(wait, status, headers, body, trailers) => {
            tokio::time::sleep(wait).await;
            let body = match trailers {
                Some(trailers) => {
                    let trailers = std::future::ready(Some(Ok(trailers)));
                    Full::new(body).with_trailers(trailers).boxed()
                }
                None => Full::new(body).boxed(),
            };
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        }
        Answer::Hang => std::future::pending().await,
        Answer::Drop => Err(std::io::Error::other("dropped")),
    }
}
