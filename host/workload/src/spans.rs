//! Spans, made of prost's structs.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

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

/// An attribute.
#[must_use]
pub fn attribute(key: &str, value: Value) -> KeyValue {
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
