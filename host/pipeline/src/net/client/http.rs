//! POST requests over HTTP/1.1 or HTTP/2.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap};
use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;

use super::{Connector, Limit, Message, chain};
use crate::telemetry::traces as own;

/// How much of an answer is read.
const MAX_ANSWER: usize = 64 << 10;

/// A URL that is posted to.
pub(crate) struct Resource {
    client: Client<Connector, Message>,
    uri: Uri,
    headers: HeaderMap,
    /// For requests: with HTTP/1, each has a connection of its own.
    room: Semaphore,
}

/// What the other side answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// As much of it as is read.
    pub(crate) body: Bytes,
}

/// No answer came.
#[derive(Debug)]
pub(crate) enum PostError {
    /// The connection failed, or was lost.
    Transport(String),
    /// Not in time.
    Timeout,
}

impl Resource {
    /// `headers` go with every request; connections end that had none for
    /// `idle`; there are `most` requests and connections, at most.
    pub(crate) fn new(
        connector: Connector,
        uri: Uri,
        headers: HeaderMap,
        idle: Option<Duration>,
        most: Option<usize>,
    ) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        builder.pool_timer(TokioTimer::new());
        builder.pool_idle_timeout(idle);
        Self {
            client: builder.build(connector),
            uri,
            headers,
            room: Semaphore::new(most.unwrap_or(Semaphore::MAX_PERMITS)),
        }
    }

    /// Sends a body and gives the answer to it.
    pub(crate) async fn post(&self, body: Message, limit: Limit) -> Result<Answer, PostError> {
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().clone_from(&self.headers);
        own::propagate(request.headers_mut());
        let connection = capture_connection(&mut request);
        // Its time begins when there is room for it.
        let Some(_room) = limit.in_time(self.room.acquire()).await else {
            return Err(PostError::Timeout);
        };
        let answer = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| PostError::Transport(chain(&error)))?;
            let (head, body) = response.into_parts();
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: start(body).await,
            })
        };
        let answer = limit.run(&connection, answer).await;
        answer.unwrap_or(Err(PostError::Timeout))
    }
}

/// The first bytes of a body; the status counts even when that breaks off.
async fn start(mut body: Incoming) -> Bytes {
    let mut read = BytesMut::new();
    while read.len() < MAX_ANSWER
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Ok(data) = frame.into_data() {
            let room = MAX_ANSWER - read.len();
            read.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
    }
    read.freeze()
}

/// `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let date = SystemTime::from(date);
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
