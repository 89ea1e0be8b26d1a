//! OTLP batches, made of prost's structs.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

pub use linkmend_workload::spans::{integer, kind, span, span_id, text, trace_id};

/// An attribute that is an array of strings.
#[must_use]
pub fn texts(key: &str, values: &[&str]) -> KeyValue {
    let values = values.iter().map(|value| AnyValue {
        value: Some(Value::StringValue((*value).into())),
    });
    let array = ArrayValue {
        values: values.collect(),
    };
    KeyValue {
        value: Some(AnyValue {
            value: Some(Value::ArrayValue(array)),
        }),
        ..text(key, "")
    }
}

/// A link to [`span`] number `number`.
#[must_use]
pub fn link(number: u64) -> Link {
    Link {
        trace_id: trace_id(number),
        span_id: span_id(number),
        flags: 0x101,
        ..Link::default()
    }
}

/// [`span`] number `number`, of the message with this id, which its kind tells
/// what it does with.
#[must_use]
pub fn message(number: u64, kind: i32, id: &str) -> Span {
    let operation = if kind == kind::PRODUCER {
        "send"
    } else {
        "process"
    };
    let attributes = vec![
        text("messaging.system", "rabbitmq"),
        text("messaging.operation.type", operation),
        text("messaging.destination.name", "orders"),
        text("messaging.message.id", id),
    ];
    span(number, kind, "message", attributes)
}

/// The producer of a [`message`]. It was sent before it was received, whenever
/// its span comes in.
#[must_use]
pub fn producer(number: u64, id: &str) -> Span {
    let mut sent = message(number, kind::PRODUCER, id);
    sent.start_time_unix_nano -= 10_000_000_000;
    sent.end_time_unix_nano -= 10_000_000_000;
    sent
}

/// A consumer of a [`message`].
#[must_use]
pub fn consumer(number: u64, id: &str) -> Span {
    message(number, kind::CONSUMER, id)
}

/// A batch of one service and one scope.
#[must_use]
pub fn traces(spans: Vec<Span>) -> TracesData {
    TracesData {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "orders")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "by-hand".into(),
                    version: "1.0.0".into(),
                    ..InstrumentationScope::default()
                }),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

/// The bytes of [`traces`], fields in ascending order.
#[must_use]
pub fn batch(spans: Vec<Span>) -> Bytes {
    traces(spans).encode_to_vec().into()
}

/// The batch that `bytes` are.
///
/// # Panics
///
/// When prost cannot read them: a test that gets such bytes has failed.
#[must_use]
pub fn decode(bytes: &[u8]) -> TracesData {
    match TracesData::decode(bytes) {
        Ok(traces) => traces,
        Err(error) => panic!("not a batch: {error}"),
    }
}

/// All spans of a batch, in order.
pub fn spans(traces: &TracesData) -> impl Iterator<Item = &Span> {
    let scopes = traces
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans)
}

/// All spans of the batch that `bytes` are, in order.
#[must_use]
pub fn spans_of(bytes: &[u8]) -> Vec<Span> {
    spans(&decode(bytes)).cloned().collect()
}

/// How many links a batch has, counted by prost.
#[must_use]
pub fn links(bytes: &[u8]) -> usize {
    spans(&decode(bytes)).map(|span| span.links.len()).sum()
}
