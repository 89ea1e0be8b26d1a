//! The exporter `otlp_http`: a POST for each batch.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Uri};
use prost::Message as _;
use serde_json::Value;

use super::otlp_answer;
use super::sending::{Sender, Sent};
use crate::component::SetupError;
use crate::config::{HttpClient, HttpEncoding, OtlpHttpExporter, Url};
use crate::json;
use crate::net::client::http::{Answer, PostError, Resource, retry_after};
use crate::net::client::{
    Address, Answered, Connector, Limit, Message, Proxy, Way, header_map, of_environment,
    user_agent,
};
use crate::net::compress::Compressor;
use crate::net::rpc::Status;
use crate::net::tls::client::ClientTls;
use crate::signal::Signal;
use crate::traces::{Accepted, BoxFuture, Refusal};

const PROTO: &str = "application/x-protobuf";
const JSON: &str = "application/json";
/// How much of a plain text is repeated in an error.
const MAX_TEXT: usize = 300;

/// Sends batches of one signal over HTTP.
pub(super) struct OtlpHttp {
    signal: Signal,
    resource: Resource,
    encoding: HttpEncoding,
    compressor: Compressor,
    timeout: Option<Duration>,
    /// What it is called in errors.
    url: String,
}

impl OtlpHttp {
    pub(super) fn new(config: &OtlpHttpExporter, signal: Signal) -> Result<Self, SetupError> {
        let client = &config.client;
        let url = config
            .url(signal)
            .ok_or_else(|| SetupError::new("endpoint", "is missing"))?;
        let address = Address::Tcp(url.host.clone(), url.port);
        let uri = uri(&url, &address)?;
        let tls = url
            .https
            .then(|| ClientTls::new(&client.tls, &[b"h2", b"http/1.1"]))
            .transpose();
        let tls = tls.map_err(|error| error.within("tls"))?;
        let name = client.tls.server_name_override.as_deref();
        let way = way(client, &url)?;
        let compressor = Compressor::new(client.compression, client.compression_level);
        let mut headers = headers(config, compressor)?;
        if let Way::Forward(proxy) = &way
            && let Some(authorization) = proxy.authorization()
        {
            headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        let connector = Connector::new(address, tls, name, way)?;
        Ok(Self {
            signal,
            resource: Resource::new(
                connector,
                uri,
                headers,
                client.idle_conn_timeout,
                client.max_conns_per_host,
            ),
            encoding: config.encoding,
            compressor,
            timeout: client.timeout,
            url: shown(&url),
        })
    }

    fn body(&self, traces: Bytes) -> Result<Message, String> {
        let body = match self.encoding {
            HttpEncoding::Proto => traces,
            HttpEncoding::Json => json::encode(self.signal, &traces)
                .map_err(|error| format!("it cannot be written as JSON: {error}"))?
                .into(),
        };
        if self.compressor.is_identity() {
            return Ok(Message::new(body));
        }
        let compressed = self.compressor.compress(&body, Vec::new());
        compressed
            .map(Message::new)
            .map_err(|error| format!("it cannot be compressed: {error}"))
    }

    fn taken(&self, answer: &Answer) -> Sent {
        let status = answer.status;
        if status.is_success() {
            return Ok(accepted(answer));
        }
        let said = said(answer);
        let text = format!("{}: {status}{said}", self.url);
        match status.as_u16() {
            429 | 502..=504 => Err(match retry_after(&answer.headers) {
                Some(delay) => Refusal::retry_after(delay, text),
                None => Refusal::retry(text),
            }),
            300..=399 => Err(Refusal::permanent(format!(
                "{text}{}; redirects are not followed: give the URL itself as `{}_endpoint`",
                location(&answer.headers),
                self.signal
            ))),
            _ => Err(Refusal::permanent(text)),
        }
    }
}

impl Sender for OtlpHttp {
    fn is_verbatim(&self) -> bool {
        self.encoding == HttpEncoding::Proto && self.compressor.is_identity()
    }

    fn encode(&self, traces: Bytes) -> Result<Message, Refusal> {
        let body = self.body(traces);
        body.map_err(|text| Refusal::permanent(format!("{}: {text}", self.url)))
    }

    fn send(&self, message: Message, deadline: Option<Instant>) -> BoxFuture<'_, Sent> {
        Box::pin(async move {
            let timeout = self.timeout;
            let limit = Limit { timeout, deadline };
            match self.resource.post(message, limit).await {
                Ok(answer) => self.taken(&answer),
                Err(PostError::Transport(text)) => {
                    Err(Refusal::retry(format!("{}: {text}", self.url)))
                }
                Err(PostError::Timeout) => {
                    Err(Refusal::retry(format!("{}: no answer in time", self.url)))
                }
            }
        })
    }
}

/// By `proxy_url`, or the environment.
fn way(client: &HttpClient, url: &Url) -> Result<Way, SetupError> {
    let given = client.proxy_url.as_ref();
    let proxy = if let Some(given) = given.filter(|given| !given.expose().is_empty()) {
        let proxy = Proxy::parse(given.expose()).map(Some);
        proxy.map_err(|text| SetupError::new("proxy_url", text))
    } else {
        let env = |name: &str| std::env::var(name).ok();
        let proxy = of_environment(&env, url.https, &url.host, url.port);
        proxy.map_err(|text| SetupError::new("endpoint", text))
    };
    Ok(match proxy? {
        None => Way::Straight,
        Some(proxy) if url.https => Way::Tunnel(proxy),
        Some(proxy) => Way::Forward(proxy),
    })
}

/// Without the query, which may hold a key.
fn shown(url: &Url) -> String {
    let text = url.to_string();
    text.split_once('?')
        .map_or(text.clone(), |(before, _)| before.to_owned())
}

fn uri(url: &Url, address: &Address) -> Result<Uri, SetupError> {
    let (scheme, default) = if url.https {
        ("https", 443)
    } else {
        ("http", 80)
    };
    let authority = address.authority();
    // Left away, as it is in the `Host` of browsers.
    let port = format!(":{default}");
    let authority = authority.strip_suffix(&port).unwrap_or(&authority);
    let path = match url.path.as_str() {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    let uri = Uri::builder().scheme(scheme).authority(authority);
    uri.path_and_query(path)
        .build()
        .map_err(|_| SetupError::new("endpoint", format!("`{}` is no URL", shown(url))))
}

/// Those that the request needs, over the configured ones.
fn headers(config: &OtlpHttpExporter, compressor: Compressor) -> Result<HeaderMap, SetupError> {
    let mut headers = header_map(&config.client.headers)?;
    let kind = match config.encoding {
        HttpEncoding::Proto => PROTO,
        HttpEncoding::Json => JSON,
    };
    let mut put = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    put(header::CONTENT_TYPE, kind);
    match compressor.name() {
        Some(name) => put(header::CONTENT_ENCODING, name),
        None => headers.remove(header::CONTENT_ENCODING),
    };
    if let Ok(agent) = HeaderValue::try_from(user_agent()) {
        headers.entry(header::USER_AGENT).or_insert(agent);
    }
    Ok(headers)
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|given| given.to_str().ok()).unwrap_or("");
    let given = given.split(';').next().unwrap_or("").trim();
    given.eq_ignore_ascii_case(kind)
}

fn accepted(answer: &Answer) -> Answered<Accepted> {
    let is_proto = is(&answer.headers, PROTO);
    if !is_proto && !is(&answer.headers, JSON) {
        // Some intakes answer `ok` as a text.
        return Ok(Accepted::default());
    }
    let body = answer.body.clone()?;
    if body.is_empty() {
        Ok(Accepted::default())
    } else if is_proto {
        otlp_answer::of_proto(&body)
    } else {
        otlp_answer::of_json(&body)
    }
}

/// What an answer says of itself, with a colon before it.
fn said(answer: &Answer) -> String {
    // What cannot be read says nothing; the status does.
    let body = answer.body.clone().unwrap_or_default();
    let text = if is(&answer.headers, PROTO) {
        Status::decode(body).map(|status| status.message).ok()
    } else if is(&answer.headers, JSON) {
        let value = serde_json::from_slice::<Value>(&body).ok();
        value.and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
    } else if is(&answer.headers, "text/plain") {
        Some(String::from_utf8_lossy(&body).into_owned())
    } else {
        None
    };
    let text: String = text.unwrap_or_default();
    let text: String = text.trim().chars().take(MAX_TEXT).collect();
    let colon = if text.is_empty() { "" } else { ": " };
    let hint = if answer.status == StatusCode::PAYLOAD_TOO_LARGE {
        "; a queue can cut batches: `sending_queue: {batch: {max_size: …}}`"
    } else {
        ""
    };
    format!("{colon}{text}{hint}")
}

fn location(headers: &HeaderMap) -> String {
    let location = headers.get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    location.map_or_else(String::new, |location| {
        let shown = location.split('?').next().unwrap_or_default();
        format!(" to {shown}")
    })
}
