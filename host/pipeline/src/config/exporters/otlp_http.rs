//! The exporter `otlp_http`.

use linkmend_config::Node;

use crate::config::endpoint::{URL, Url, url};
use crate::config::http::{self, CLIENT, HttpClient};
use crate::config::member::{self, Member, is_nothing};
use crate::config::reader::Reader;
use crate::config::scalars::choice;
use crate::config::sending::{self, Queue, Retry};
use crate::signal::Signal;

/// OTLP over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpHttpExporter {
    /// How it sends.
    pub client: HttpClient,
    /// Where it sends traces to, in place of the client's endpoint with
    /// `/v1/traces`.
    pub traces_endpoint: Option<Url>,
    /// The same for metrics.
    pub metrics_endpoint: Option<Url>,
    /// The same for logs.
    pub logs_endpoint: Option<Url>,
    /// The same for profiles.
    pub profiles_endpoint: Option<Url>,
    /// How messages are written.
    pub encoding: HttpEncoding,
    /// Trying again.
    pub retry: Retry,
    /// The queue; `None`: the sender waits.
    pub queue: Option<Queue>,
}

impl OtlpHttpExporter {
    /// The URL of requests of a signal. There is one for each signal that the
    /// exporter has pipelines of, in every configuration that was read.
    pub fn url(&self, signal: Signal) -> Option<Url> {
        let given = match signal {
            Signal::Traces => &self.traces_endpoint,
            Signal::Metrics => &self.metrics_endpoint,
            Signal::Logs => &self.logs_endpoint,
            Signal::Profiles => &self.profiles_endpoint,
        };
        given.clone().or_else(|| {
            let mut url = self.client.endpoint.clone()?;
            let path = url.path.trim_end_matches('/');
            url.path = format!("{path}{}", signal.url_path());
            Some(url)
        })
    }
}

impl Default for OtlpHttpExporter {
    fn default() -> Self {
        Self {
            client: HttpClient::default(),
            traces_endpoint: None,
            metrics_endpoint: None,
            logs_endpoint: None,
            profiles_endpoint: None,
            encoding: HttpEncoding::Proto,
            retry: Retry::default(),
            queue: None,
        }
    }
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpEncoding {
    /// OTLP protobuf.
    Proto,
    /// OTLP/JSON.
    Json,
}

const ENCODINGS: [(&str, HttpEncoding); 2] =
    [("proto", HttpEncoding::Proto), ("json", HttpEncoding::Json)];

pub(in crate::config) static MEMBERS: &[Member<OtlpHttpExporter>] = &[
    Member::value(
        "traces_endpoint",
        "null",
        URL,
        "Where to send traces, instead of `endpoint`; no path is appended.",
        |t, n| url(n).map(|v| t.traces_endpoint = Some(v)),
    ),
    Member::value(
        "metrics_endpoint",
        "null",
        URL,
        "The same for metrics.",
        |t, n| url(n).map(|v| t.metrics_endpoint = Some(v)),
    ),
    Member::value(
        "logs_endpoint",
        "null",
        URL,
        "The same for logs.",
        |t, n| url(n).map(|v| t.logs_endpoint = Some(v)),
    ),
    Member::value(
        "profiles_endpoint",
        "null",
        URL,
        "The same for profiles.",
        |t, n| url(n).map(|v| t.profiles_endpoint = Some(v)),
    ),
    Member::value(
        "encoding",
        "proto",
        "proto, json",
        "How messages are written.",
        |t, n| choice(n, &ENCODINGS).map(|v| t.encoding = v),
    ),
    Member::section(
        "retry_on_failure",
        "retry_on_failure",
        "on",
        "Retries of what could not be sent.",
        |t, r, n| sending::retry(r, n, &mut t.retry),
    ),
    Member::section(
        "sending_queue",
        "sending_queue",
        "off",
        "A queue in front of the exporter; `sending_queue: {}` for the defaults.",
        |t, r, n| t.queue = sending::queue(r, n),
    ),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> OtlpHttpExporter {
    let mut exporter = OtlpHttpExporter::default();
    member::read_with_part(
        reader,
        node,
        MEMBERS,
        (CLIENT, |t| &mut t.client),
        &mut exporter,
    );
    http::check_client(reader, node, &exporter.client);
    let is_given = |key: &str| node.get(key).is_some_and(|node| !is_nothing(node));
    let of_signals = Signal::ALL.map(|signal| format!("{signal}_endpoint"));
    if !is_given("endpoint") && !of_signals.iter().any(|key| is_given(key)) {
        let text = format!("is missing; it takes {URL}");
        reader.fault_of(node, "endpoint", text);
    }
    if exporter
        .client
        .endpoint
        .as_ref()
        .is_some_and(|url| url.path.contains('?'))
    {
        let text = "it has a query, and a path is added; give all of it as `traces_endpoint`, `metrics_endpoint`, …";
        reader.fault_of(node, "endpoint", text);
    }
    exporter
}
