//! As much of gRPC as a sender and a sink of OTLP need, of ready-made bytes.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::write::GzEncoder;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// Where traces are sent to.
pub const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is the sender's no more.
    Taken,
    /// To be sent again: UNAVAILABLE.
    PushedBack,
}

/// A message of gRPC: one byte for compression, four for the length.
pub fn framed(message: &[u8]) -> Bytes {
    frame(0, message)
}

/// The same compressed, as SDKs do it.
pub fn gzipped(message: &[u8]) -> anyhow::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(message)?;
    Ok(frame(1, &encoder.finish()?))
}

fn frame(flag: u8, message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(flag);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// A connection to a hop or a sink.
#[derive(Clone)]
pub struct Client(SendRequest<Full<Bytes>>);

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// The connection is still there.
    pub fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// Sends a frame and waits for the answer.
    pub async fn send(&mut self, frame: Bytes) -> anyhow::Result<Answer> {
        let is_gzip = frame.first() == Some(&1);
        let encoding = if is_gzip { "gzip" } else { "identity" };
        let request = Request::post(format!("http://127.0.0.1{PATH}"))
            .header("content-type", "application/grpc")
            .header("grpc-encoding", encoding)
            .header("te", "trailers")
            .body(Full::new(frame))?;
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        answer(response).await
    }
}

async fn answer(response: Response<Incoming>) -> anyhow::Result<Answer> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().unwrap_or(&parts.headers);
    let status = trailers
        .get("grpc-status")
        .or_else(|| parts.headers.get("grpc-status"))
        .context("an answer without grpc-status")?;
    match status.as_bytes() {
        b"0" => Ok(Answer::Taken),
        b"14" => Ok(Answer::PushedBack),
        other => bail!("grpc-status {}", String::from_utf8_lossy(other)),
    }
}
