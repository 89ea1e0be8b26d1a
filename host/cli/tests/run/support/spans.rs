//! Spans with a number, so that each can be found again.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

/// What a span does with which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing: it is of no concern.
    Plain,
    Sends(u64),
    Receives(u64),
}

/// A span of this number, in a trace of its own.
pub fn span(number: u64, role: Role) -> Span {
    const BEGIN: u64 = 1_700_000_000_000_000_000;
    let (kind, name, message) = match role {
        Role::Plain => (SpanKind::Internal, "work", None),
        Role::Sends(message) => (SpanKind::Producer, "orders send", Some(message)),
        Role::Receives(message) => (SpanKind::Consumer, "orders receive", Some(message)),
    };
    let mut attributes = vec![text("test.number", &number.to_string())];
    if let Some(message) = message {
        attributes.push(text("messaging.system", "rabbitmq"));
        attributes.push(text("messaging.destination.name", "orders"));
        attributes.push(text("messaging.message.id", &format!("message-{message}")));
    }
    if matches!(role, Role::Receives(_)) {
        attributes.push(text("messaging.operation", "receive"));
    }
    Span {
        trace_id: (u128::from(number) + (0xabcd << 64)).to_be_bytes().to_vec(),
        span_id: number.to_be_bytes().to_vec(),
        name: name.into(),
        kind: kind.into(),
        start_time_unix_nano: BEGIN + number * 1000,
        end_time_unix_nano: BEGIN + number * 1000 + 500,
        attributes,
        ..Span::default()
    }
}

/// The number of a span.
pub fn number(span: &Span) -> u64 {
    u64::from_be_bytes(span.span_id.as_slice().try_into().unwrap())
}

/// The numbers of the spans that it is linked to.
pub fn linked(span: &Span) -> Vec<u64> {
    let ids = span.links.iter().map(|link| link.span_id.as_slice());
    ids.map(|id| u64::from_be_bytes(id.try_into().unwrap()))
        .collect()
}

/// Spans of one service.
pub fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![text("service.name", "orders")],
        ..Resource::default()
    };
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        }],
    }
}

pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// An array of them.
pub fn texts(key: &str, values: impl Iterator<Item = String>) -> KeyValue {
    let values = values.map(|value| AnyValue {
        value: Some(Value::StringValue(value)),
    });
    let values = values.collect();
    attribute(key, Value::ArrayValue(ArrayValue { values }))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
