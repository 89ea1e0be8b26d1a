//! The exporter `otlp_grpc`: a call of `Export` for each batch.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Uri;
use http::header::{HeaderMap, HeaderValue, USER_AGENT};

use super::otlp_answer;
use super::sending::{Sender, Sent};
use crate::component::SetupError;
use crate::config::{Encoding, GrpcClient, GrpcCompression, OtlpGrpcExporter, Target};
use crate::net::client::grpc::{CallError, Method};
use crate::net::client::{
    Address, Connector, Limit, Message, Way, header_map, of_environment, user_agent,
};
use crate::net::compress::Compressor;
use crate::net::rpc::{Code, Status};
use crate::net::tls::client::ClientTls;
use crate::signal::Signal;
use crate::traces::{BoxFuture, Refusal};

/// Sends batches of one signal over gRPC.
pub(super) struct OtlpGrpc {
    method: Method,
    timeout: Option<Duration>,
    /// What it is called in errors.
    endpoint: String,
}

impl OtlpGrpc {
    pub(super) fn new(config: &OtlpGrpcExporter, signal: Signal) -> Result<Self, SetupError> {
        let client = &config.client;
        let address = match &client.endpoint {
            Target::Host { host, port, .. } => Address::Tcp(host.clone(), *port),
            Target::Unix(path) => Address::Unix(path.clone()),
            Target::Missing => return Err(SetupError::new("endpoint", "is missing")),
        };
        let endpoint = address.to_string();
        let uri = uri(client, &address, signal)?;
        let method = Method::new(
            connector(client, address)?,
            uri,
            headers(client)?,
            compressor(client),
            client.keepalive.as_ref(),
        );
        let timeout = config.timeout;
        Ok(Self {
            method,
            timeout,
            endpoint,
        })
    }

    fn refusal(&self, error: CallError) -> Refusal {
        let endpoint = &self.endpoint;
        match error {
            CallError::Transport(text) => Refusal::retry(format!("{endpoint}: {text}")),
            CallError::Timeout => Refusal::retry(format!("{endpoint}: no answer in time")),
            CallError::Status(status) => {
                let code = name(status.code);
                let text = format!("{endpoint}: {code}: {}", status.message);
                of_status(&status, text)
            }
        }
    }
}

impl Sender for OtlpGrpc {
    fn is_verbatim(&self) -> bool {
        self.method.is_verbatim()
    }

    fn encode(&self, traces: Bytes) -> Result<Message, Refusal> {
        let framed = self.method.frame(traces);
        framed.map_err(|text| Refusal::permanent(format!("{}: {text}", self.endpoint)))
    }

    fn send(&self, message: Message, deadline: Option<Instant>) -> BoxFuture<'_, Sent> {
        Box::pin(async move {
            let timeout = self.timeout;
            let answer = self.method.call(message, Limit { timeout, deadline }).await;
            let answer = answer.map_err(|error| self.refusal(error))?;
            Ok(answer.and_then(|answer| otlp_answer::of_proto(&answer)))
        })
    }
}

fn connector(client: &GrpcClient, address: Address) -> Result<Connector, SetupError> {
    let tls = client
        .uses_tls()
        .then(|| ClientTls::new(&client.tls, &[b"h2"]))
        .transpose();
    let tls = tls.map_err(|error| error.within("tls"))?;
    let name = client.tls.server_name_override.as_deref();
    let way = way(&address)?;
    Connector::new(address, tls, name, way)
}

/// As grpc-go: what `HTTPS_PROXY` names opens a tunnel, with TLS or without.
fn way(address: &Address) -> Result<Way, SetupError> {
    let Address::Tcp(host, port) = address else {
        return Ok(Way::Straight);
    };
    let proxy = of_environment(&|name| std::env::var(name).ok(), true, host, *port);
    let proxy = proxy.map_err(|text| SetupError::new("endpoint", text))?;
    Ok(proxy.map_or(Way::Straight, Way::Tunnel))
}

fn uri(client: &GrpcClient, address: &Address, signal: Signal) -> Result<Uri, SetupError> {
    let scheme = if client.uses_tls() { "https" } else { "http" };
    let authority = client.authority.clone();
    let is_given = authority.is_some();
    let authority = authority.unwrap_or_else(|| address.authority());
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority.as_str())
        .path_and_query(format!("/{}/Export", signal.service()))
        .build();
    uri.map_err(|_| {
        let key = if is_given { "authority" } else { "endpoint" };
        SetupError::new(key, format!("`{authority}` cannot be an `:authority`"))
    })
}

fn headers(client: &GrpcClient) -> Result<HeaderMap, SetupError> {
    let mut headers = header_map(&client.headers)?;
    let agent = client.user_agent.clone().unwrap_or_else(user_agent);
    let agent = HeaderValue::from_str(&agent)
        .map_err(|_| SetupError::new("user_agent", format!("`{agent}` cannot be sent")))?;
    headers.insert(USER_AGENT, agent);
    Ok(headers)
}

fn compressor(client: &GrpcClient) -> Compressor {
    let encoding = match client.compression {
        GrpcCompression::None => Encoding::Identity,
        GrpcCompression::Gzip => Encoding::Gzip,
        GrpcCompression::Zstd => Encoding::Zstd,
    };
    Compressor::new(encoding, None)
}

/// Which codes OTLP has tried again.
fn of_status(status: &Status, text: String) -> Refusal {
    let delay = status.retry_delay();
    let is = |code: Code| status.code == code as i32;
    let is_passing = is(Code::Cancelled)
        || is(Code::DeadlineExceeded)
        || is(Code::Aborted)
        || is(Code::OutOfRange)
        || is(Code::Unavailable)
        || is(Code::DataLoss);
    match delay {
        Some(delay) if is_passing || is(Code::ResourceExhausted) => {
            Refusal::retry_after(delay, text)
        }
        None if is_passing => Refusal::retry(text),
        _ => Refusal::permanent(text),
    }
}

/// As gRPC writes codes.
fn name(code: i32) -> String {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("code {code}"), |name| (*name).to_owned())
}
