//! Sending requests, over gRPC and HTTP.

mod body;
mod connect;
pub(crate) mod grpc;
pub(crate) mod http;
mod stream;

pub(crate) use body::Message;
pub(crate) use connect::{Address, Connector};

use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::client::legacy::connect::CaptureConnection;
use tokio::time::timeout_at;

use crate::component::SetupError;
use crate::config::Headers;

/// What linkmend calls itself.
pub(crate) fn user_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("linkmend/{version} ({os}/{arch})")
}

/// The headers of a configuration, which are not shown anywhere.
pub(crate) fn header_map(headers: &Headers) -> Result<HeaderMap, SetupError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let refused = || SetupError::new("headers", format!("`{name}` cannot be a header"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let mut value =
            HeaderValue::from_bytes(value.expose().as_bytes()).map_err(|_| refused())?;
        value.set_sensitive(true);
        map.insert(header, value);
    }
    Ok(map)
}

/// gRPC sends the values of headers that end in `-bin` in base64.
fn encode_binary(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        let is_binary = name.as_str().ends_with("-bin");
        if is_binary && let Ok(encoded) = STANDARD_NO_PAD.encode(value.as_bytes()).parse() {
            *value = encoded;
            value.set_sensitive(true);
        }
    }
}

/// How long a try may take: what is configured, and the sender's patience.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Instant>,
}

impl Limit {
    /// What comes before the sender's patience ends.
    async fn in_time<T>(self, coming: impl Future<Output = T>) -> Option<T> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline.into(), coming).await.ok(),
            None => Some(coming.await),
        }
    }

    /// When the try is over, if ever.
    fn end(self) -> Option<Instant> {
        let timeout = self
            .timeout
            .and_then(|time| Instant::now().checked_add(time));
        match (timeout, self.deadline) {
            (Some(timeout), Some(deadline)) => Some(timeout.min(deadline)),
            (one, other) => one.or(other),
        }
    }

    /// The answer, if it comes in time. When it does not within the configured
    /// timeout, the connection is not used any more: the other side may be gone
    /// without a word, and the system takes a quarter of an hour to see that.
    async fn run<T>(
        self,
        connection: &CaptureConnection,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        let Some(end) = self.end() else {
            return Some(answer.await);
        };
        let answer = timeout_at(end.into(), answer).await.ok();
        let was_patient = self.deadline.is_none_or(|deadline| end < deadline);
        if answer.is_none()
            && was_patient
            && let Some(connection) = connection.connection_metadata().as_ref()
        {
            connection.poison();
        }
        answer
    }
}

/// An error with all its causes, each of which the outer ones may leave out.
fn chain(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let one = error.to_string();
        // The outermost says no more than that it is one of a client.
        if !one.starts_with("client error") && !text.contains(&one) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&one);
        }
        next = error.source();
    }
    if text.is_empty() {
        error.to_string()
    } else {
        text
    }
}
