//! Random OTLP structs.

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, TracesData,
    span::{Event, Link},
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Names with everything that JSON escapes.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z.]{0,12}",
        1 => any::<String>(),
        1 => "[\\x00-\\x1f\"\\\\/{}\\[\\],: \u{7f}\u{2028}\u{1f600}]{0,8}",
    ]
}

fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => vec(any::<u8>(), length),
        1 => Just(Vec::new()),
        1 => vec(any::<u8>(), 0..20),
    ]
}

pub fn any_value() -> impl Strategy<Value = AnyValue> {
    use any_value::Value;
    let leaf = prop_oneof![
        1 => Just(None),
        4 => text().prop_map(|text| Some(Value::StringValue(text))),
        1 => any::<bool>().prop_map(|value| Some(Value::BoolValue(value))),
        2 => any::<i64>().prop_map(|value| Some(Value::IntValue(value))),
        2 => double().prop_map(|value| Some(Value::DoubleValue(value))),
        1 => vec(any::<u8>(), 0..10).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| AnyValue {
                value: Some(Value::ArrayValue(ArrayValue { values })),
            }),
            vec((text(), option::of(inner)), 0..3).prop_map(|pairs| AnyValue {
                value: Some(Value::KvlistValue(KeyValueList {
                    values: pairs.into_iter().map(pair).collect(),
                })),
            }),
        ]
    })
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
    ]
}

fn pair((key, value): (String, Option<AnyValue>)) -> KeyValue {
    KeyValue {
        key,
        value,
        ..KeyValue::default()
    }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(
        (text(), option::weighted(0.9, any_value())).prop_map(pair),
        0..3,
    )
}

prop_compose! {
    pub fn link()(
        trace_id in id(16), span_id in id(8), trace_state in text(), attributes in attributes(),
        dropped_attributes_count in any::<u32>(), flags in any::<u32>(),
    ) -> Link {
        Link { trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags }
    }
}

prop_compose! {
    fn event()(
        time_unix_nano in any::<u64>(), name in text(), attributes in attributes(),
        dropped_attributes_count in 0..3u32,
    ) -> Event {
        Event { time_unix_nano, name, attributes, dropped_attributes_count }
    }
}

prop_compose! {
    fn span()(
        ids in (id(16), id(8), id(8)), trace_state in text(), name in text(), kind in -2..9i32,
        times in any::<(u64, u64)>(), attributes in attributes(), dropped in any::<(u32, u32)>(),
        events in vec(event(), 0..2), links in vec(link(), 0..4), dropped_links_count in 0..3u32,
        status in option::of((text(), 0..4i32)), flags in any::<u32>(),
    ) -> Span {
        Span {
            trace_id: ids.0,
            span_id: ids.1,
            parent_span_id: ids.2,
            trace_state,
            name,
            kind,
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            attributes,
            dropped_attributes_count: dropped.0,
            events,
            dropped_events_count: dropped.1,
            links,
            dropped_links_count,
            status: status.map(|(message, code)| Status { message, code }),
            flags,
        }
    }
}

prop_compose! {
    fn resource()(
        attributes in attributes(), dropped_attributes_count in 0..2u32,
        entities in vec((text(), text(), vec(text(), 0..3), vec(text(), 0..2)), 0..2),
    ) -> Resource {
        let entity_refs = entities
            .into_iter()
            .map(|(schema_url, r#type, id_keys, description_keys)| EntityRef {
                schema_url, r#type, id_keys, description_keys,
            })
            .collect();
        Resource { attributes, dropped_attributes_count, entity_refs }
    }
}

prop_compose! {
    fn scope_spans()(
        scope in option::of((text(), text(), attributes(), 0..2u32)),
        spans in vec(span(), 0..4), schema_url in text(),
    ) -> ScopeSpans {
        let scope = scope.map(|(name, version, attributes, dropped_attributes_count)| {
            InstrumentationScope { name, version, attributes, dropped_attributes_count }
        });
        ScopeSpans { scope, spans, schema_url }
    }
}

prop_compose! {
    fn resource_spans()(
        resource in option::of(resource()), scope_spans in vec(scope_spans(), 0..3),
        schema_url in text(),
    ) -> ResourceSpans {
        ResourceSpans { resource, scope_spans, schema_url }
    }
}

pub fn traces() -> impl Strategy<Value = TracesData> {
    vec(resource_spans(), 0..4).prop_map(|resource_spans| TracesData { resource_spans })
}

/// All spans of a batch, in order.
pub fn spans_mut(traces: &mut TracesData) -> impl Iterator<Item = &mut Span> {
    traces
        .resource_spans
        .iter_mut()
        .flat_map(|resource| &mut resource.scope_spans)
        .flat_map(|scope| &mut scope.spans)
}
