//! OTLP batches, made of prost's structs.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

/// The number of a span kind.
pub mod kind {
    /// Work inside of a service.
    pub const INTERNAL: i32 = 1;
    /// The receiving side of a call.
    pub const SERVER: i32 = 2;
    /// The calling side of a call.
    pub const CLIENT: i32 = 3;
    /// The sending side of a message.
    pub const PRODUCER: i32 = 4;
    /// The receiving side of a message.
    pub const CONSUMER: i32 = 5;
}

/// An attribute whose value is a string.
#[must_use]
pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// An attribute whose value is an integer.
#[must_use]
pub fn integer(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A span whose ids come from `number`, which is not 0.
#[must_use]
pub fn span(number: u64, kind: i32, name: &str, attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: trace_id(number),
        span_id: span_id(number),
        parent_span_id: span_id(number + 1_000_000),
        trace_state: String::new(),
        flags: 0x101,
        name: name.into(),
        kind,
        start_time_unix_nano: 1_700_000_000_000_000_000 + number * 1_000,
        end_time_unix_nano: 1_700_000_000_000_000_000 + number * 1_000 + 500,
        attributes,
        ..Span::default()
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

/// The trace id of [`span`] number `number`.
#[must_use]
pub fn trace_id(number: u64) -> Vec<u8> {
    (u128::from(number) << 64 | u128::from(number))
        .to_be_bytes()
        .to_vec()
}

/// The span id of [`span`] number `number`.
#[must_use]
pub fn span_id(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
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
