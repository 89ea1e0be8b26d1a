//! What is configured of OTLP/HTTP.

use std::time::Duration;

use http::HeaderMap;

use super::cors::CorsPolicy;
use crate::component::SetupError;
use crate::config::{Encoding, HttpServer};
use crate::signal::Signal;

/// What is configured of OTLP/HTTP.
pub(in crate::receivers::otlp) struct Settings {
    /// Where each signal is taken.
    pub(super) paths: [(Signal, String); Signal::ALL.len()],
    pub(super) max_size: u64,
    pub(super) encodings: Vec<Encoding>,
    pub(super) read_timeout: Option<Duration>,
    pub(super) write_timeout: Option<Duration>,
    pub(super) response_headers: HeaderMap,
    pub(super) cors: Option<CorsPolicy>,
}

impl Settings {
    pub(in crate::receivers::otlp) fn new(config: &HttpServer) -> Result<Self, SetupError> {
        let mut response_headers = HeaderMap::new();
        for (name, value) in &config.response_headers {
            let refused = || {
                let text = format!("the header `{name}` has a name or a value that is none");
                SetupError::new("response_headers", text)
            };
            let key = http::HeaderName::try_from(name).map_err(|_| refused())?;
            let mut value = http::HeaderValue::try_from(value.expose()).map_err(|_| refused())?;
            value.set_sensitive(true);
            response_headers.insert(key, value);
        }
        Ok(Self {
            paths: Signal::ALL.map(|signal| (signal, config.path(signal).to_owned())),
            max_size: config.max_request_body_size,
            encodings: config.compression_algorithms.clone(),
            read_timeout: config.read_timeout,
            write_timeout: config.write_timeout,
            response_headers,
            cors: config.cors.as_ref().map(CorsPolicy::new),
        })
    }
}
