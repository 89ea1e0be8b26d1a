//! The sorts of traffic, and batches of them.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

use crate::order::descending;
use crate::spans::{integer, kind, span, text};

/// Spans of a batch: the Collector's `batch` processor sends so many.
const BATCH: u64 = 8192;
const RESOURCES: u64 = 16;

/// A sort of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// One span in ten is of a message, half of these consumers that need a
    /// link.
    Mixed,
    /// Every second span is a consumer that needs a link, the others are the
    /// producers.
    Messaging,
    /// No span concerns the rule.
    Unselected,
    /// Batches of one span: a consumer that needs a link.
    Single,
    /// As `Messaging`, while the rule is configured to read much more, none of
    /// which is there.
    Configured,
}

/// What [`Traffic::Configured`] configures: every key that has the rule read
/// more than by default.
const CONFIGURED: &str = r#"{
    "recipes": [
        {"name": "report", "attributes": ["report.request_id"], "role": "producer", "kinds": ["server"]},
        {"name": "report", "attributes": ["report.request_id"], "role": "consumer", "kinds": ["internal"]},
        {"name": "event", "attributes": ["tenant.id", "event.id"], "scope": ["service.namespace"]}
    ],
    "context_attributes": [{"trace_id": "job.trace_id", "span_id": "job.span_id"}],
    "captured_headers": [{"traceparent": "app.traceparent"}],
    "event_attributes": true,
    "link_type_aliases": true
}"#;

impl Traffic {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Mixed,
        Self::Messaging,
        Self::Configured,
        Self::Unselected,
        Self::Single,
    ];

    /// In tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Messaging => "messaging",
            Self::Unselected => "unselected",
            Self::Single => "single",
            Self::Configured => "configured",
        }
    }

    /// The configuration of the rule.
    pub fn config(self) -> &'static str {
        match self {
            Self::Configured => CONFIGURED,
            _ => "{}",
        }
    }
}

/// Batches to measure on.
pub struct Workload {
    /// What they are.
    pub traffic: Traffic,
    /// The Collector's field order.
    pub descending: bool,
    /// What is to be known before them: the producers of single consumers.
    pub before: Option<Bytes>,
    /// The batches.
    pub batches: Vec<Bytes>,
    /// Spans in them.
    pub spans: u64,
    /// Links that are missing.
    pub missing: u64,
}

impl Workload {
    /// Makes the batches.
    pub fn new(traffic: Traffic, descending: bool) -> Self {
        Self::of(traffic, descending, 4, BATCH)
    }

    /// The same with so many batches of so many spans.
    pub fn of(traffic: Traffic, descending: bool, count: u64, size: u64) -> Self {
        let (before, batches, missing) = if traffic == Traffic::Single {
            let pairs = 0..256;
            let producers = batch(
                &pairs
                    .clone()
                    .map(|pair| producer(pair * 2, pair))
                    .collect::<Vec<_>>(),
            );
            let consumers = pairs.map(|pair| batch(&[consumer(pair * 2 + 1, pair)]));
            (Some(producers), consumers.collect::<Vec<_>>(), 256)
        } else {
            let batches = (0..count).map(|number| batch(&spans(traffic, number * size, size)));
            (None, batches.collect(), count * missing(traffic, size))
        };
        let spans = batches.iter().map(spans_of).sum();
        let encode = |batch: &TracesData| {
            let bytes = batch.encode_to_vec();
            Bytes::from(if descending {
                self::descending(&bytes)
            } else {
                bytes
            })
        };
        Self {
            traffic,
            descending,
            before: before.as_ref().map(encode),
            batches: batches.iter().map(encode).collect(),
            spans,
            missing,
        }
    }

    /// The mean size of a span, with its share of all else.
    pub fn bytes_per_span(&self) -> u64 {
        let bytes: usize = self.batches.iter().map(Bytes::len).sum();
        bytes as u64 / self.spans
    }

    /// In tables and files.
    pub fn order(&self) -> &'static str {
        if self.descending {
            "descending"
        } else {
            "ascending"
        }
    }
}

fn missing(traffic: Traffic, size: u64) -> u64 {
    (0..size)
        .filter(|place| role(traffic, *place) == Role::Consumer)
        .count() as u64
}

#[derive(Debug, PartialEq, Eq)]
enum Role {
    Producer,
    Consumer,
    Other,
}

fn role(traffic: Traffic, place: u64) -> Role {
    use Traffic::{Configured, Messaging, Mixed};
    match (traffic, place % 20) {
        (Mixed, 4) => Role::Producer,
        (Messaging | Configured, place) if place % 2 == 0 => Role::Producer,
        (Mixed, 14) | (Messaging | Configured, _) => Role::Consumer,
        _ => Role::Other,
    }
}

fn spans(traffic: Traffic, first: u64, size: u64) -> Vec<Span> {
    let pairs = if traffic == Traffic::Mixed { 20 } else { 2 };
    let span = |place: u64| match role(traffic, place) {
        Role::Producer => producer(first + place, (first + place) / pairs),
        Role::Consumer => consumer(first + place, (first + place) / pairs),
        Role::Other => request(first + place),
    };
    (0..size).map(span).collect()
}

fn producer(number: u64, pair: u64) -> Span {
    span(
        number + 1,
        kind::PRODUCER,
        "orders publish",
        message(pair, "publish"),
    )
}

fn consumer(number: u64, pair: u64) -> Span {
    span(
        number + 1,
        kind::CONSUMER,
        "orders process",
        message(pair, "process"),
    )
}

fn message(pair: u64, operation: &str) -> Vec<KeyValue> {
    vec![
        text("messaging.system", "rabbitmq"),
        text("messaging.operation", operation),
        text("messaging.destination.name", "orders"),
        text(
            "messaging.message.id",
            &format!("9387be20-bb2b-34c2-69f7-{pair:012x}"),
        ),
        text(
            "messaging.message.conversation_id",
            &format!("cart-{}", pair % 1000),
        ),
        text("server.address", "rabbitmq.shop.svc"),
        integer("server.port", 5672),
        text("thread.name", "worker-1"),
    ]
}

fn request(number: u64) -> Span {
    let attributes = vec![
        text("http.request.method", "GET"),
        text("http.route", "/api/carts/{cart}/items"),
        text("url.path", &format!("/api/carts/{}/items", number % 1000)),
        integer("http.response.status_code", 200),
        text("server.address", "carts.shop.svc"),
        text("network.protocol.version", "1.1"),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
        integer("thread.id", 20 + number.cast_signed() % 10),
    ];
    span(
        number + 1,
        kind::SERVER,
        "GET /api/carts/{cart}/items",
        attributes,
    )
}

fn batch(spans: &[Span]) -> TracesData {
    let each = spans.len().div_ceil(RESOURCES as usize).max(1);
    let resources = spans
        .chunks(each)
        .enumerate()
        .map(|(number, spans)| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", &format!("shop-{number}")),
                    text("service.version", "1.4.2"),
                    text("deployment.environment.name", "production"),
                ],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "shop".into(),
                    version: "1.4.2".into(),
                    ..InstrumentationScope::default()
                }),
                spans: spans.to_vec(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        });
    TracesData {
        resource_spans: resources.collect(),
    }
}

fn spans_of(batch: &TracesData) -> u64 {
    let scopes = batch
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len() as u64).sum()
}
