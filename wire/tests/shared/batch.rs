//! Random batches, as structs.

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};

use super::choices::Choices;

/// Keys that selectors ask for too, among them the empty one and neighbours.
pub const KEYS: [&str; 8] = [
    "messaging.system",
    "messaging.destination.name",
    "",
    "m",
    "messaging",
    "http.request.method",
    "\u{e4}",
    "zz",
];

pub fn traces(choices: &mut Choices<'_>) -> TracesData {
    TracesData {
        resource_spans: choices.many(3, resource_spans),
    }
}

fn resource_spans(choices: &mut Choices<'_>) -> ResourceSpans {
    ResourceSpans {
        scope_spans: choices.many(3, scope_spans),
        resource: choices.maybe(|choices| Resource {
            attributes: attributes(choices),
            dropped_attributes_count: count(choices),
            entity_refs: choices.many(1, |choices| EntityRef {
                schema_url: text(choices),
                r#type: text(choices),
                id_keys: choices.many(2, text),
                description_keys: choices.many(2, text),
            }),
        }),
        schema_url: text(choices),
    }
}

fn scope_spans(choices: &mut Choices<'_>) -> ScopeSpans {
    ScopeSpans {
        spans: choices.many(4, span),
        scope: choices.maybe(|choices| InstrumentationScope {
            name: text(choices),
            version: text(choices),
            attributes: attributes(choices),
            dropped_attributes_count: count(choices),
        }),
        schema_url: text(choices),
    }
}

fn span(choices: &mut Choices<'_>) -> Span {
    Span {
        links: choices.many(4, link),
        kind: choices.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 255, -1, i32::MIN]),
        dropped_links_count: count(choices),
        attributes: attributes(choices),
        trace_id: id(choices, 16),
        span_id: id(choices, 8),
        trace_state: text(choices),
        parent_span_id: id(choices, 8),
        flags: choices.u64() as u32,
        name: text(choices),
        start_time_unix_nano: choices.u64(),
        end_time_unix_nano: choices.u64(),
        dropped_attributes_count: count(choices),
        events: choices.many(2, |choices| Event {
            time_unix_nano: choices.u64(),
            name: text(choices),
            attributes: attributes(choices),
            dropped_attributes_count: count(choices),
        }),
        dropped_events_count: count(choices),
        status: choices.maybe(|choices| Status {
            message: text(choices),
            code: choices.pick(&[0, 1, 2, 77]),
        }),
    }
}

pub fn link(choices: &mut Choices<'_>) -> Link {
    Link {
        trace_id: id(choices, 16),
        span_id: id(choices, 8),
        trace_state: text(choices),
        attributes: attributes(choices),
        dropped_attributes_count: count(choices),
        flags: choices.pick(&[0, 1, 0x100, 0x301, u32::MAX]),
    }
}

fn attributes(choices: &mut Choices<'_>) -> Vec<KeyValue> {
    choices.many(3, attribute)
}

pub fn attribute(choices: &mut Choices<'_>) -> KeyValue {
    KeyValue {
        key: choices.pick(&KEYS).to_owned(),
        value: choices.maybe(|choices| value(choices, 0)),
        key_strindex: choices.pick(&[0, 0, 0, 7, -1]),
    }
}

fn value(choices: &mut Choices<'_>, depth: usize) -> AnyValue {
    // Two of ten are nested, and of those half: few are deep.
    let value = match choices.below(if depth < 6 { 10 } else { 8 }) {
        0 => None,
        1 | 2 => Some(Value::StringValue(text(choices))),
        3 => Some(Value::BoolValue(choices.one_in(2))),
        4 => Some(Value::IntValue(choices.u64().cast_signed())),
        5 => Some(Value::DoubleValue(f64::from_bits(choices.u64()))),
        6 => Some(Value::BytesValue(id(choices, 5))),
        7 => Some(Value::StringValueStrindex(choices.pick(&[0, 3, -1]))),
        8 => Some(Value::ArrayValue(ArrayValue {
            values: choices.many(3, |choices| value(choices, depth + 1)),
        })),
        _ => Some(Value::KvlistValue(KeyValueList {
            values: choices.many(3, |choices| KeyValue {
                key: text(choices),
                value: choices.maybe(|choices| value(choices, depth + 1)),
                key_strindex: 0,
            }),
        })),
    };
    AnyValue { value }
}

/// Mostly an id as it should be, of `length` bytes.
fn id(choices: &mut Choices<'_>, length: usize) -> Vec<u8> {
    match choices.below(8) {
        0 => Vec::new(),
        1 => vec![0; length],
        2 => choices.bytes(3),
        3 => choices.bytes(length + 1),
        _ => choices.bytes(length),
    }
}

fn count(choices: &mut Choices<'_>) -> u32 {
    choices.pick(&[0, 0, 1, 127, 128, u32::MAX])
}

/// Mostly short; some so long that lengths around it take another byte.
fn text(choices: &mut Choices<'_>) -> String {
    let length = match choices.below(64) {
        0..16 => 0,
        16..61 => choices.below(12),
        61 | 62 => 100 + choices.below(60),
        _ => 16_200 + choices.below(256),
    };
    let letter = choices.pick(&["a", "\u{0}", "\u{e4}", "\u{1f517}"]);
    letter.repeat(length)
}
