//! What a rule is shown, held against what prost decodes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use opentelemetry_proto::tonic::common::v1::any_value::Value as ProtoValue;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue as ProtoKeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Link as ProtoLink;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as ProtoSpan, Status, TracesData,
};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;

use linkmend_wire::Selector;

use super::*;

/// Keys that are read, by name and by prefix, and one that is not.
const KEYS: [&str; 4] = ["a", "job.id", "job.", "other"];

fn reads() -> Selector {
    Selector::none().with_key("a").with_prefix("job.")
}

fn is_read(key: &str) -> bool {
    key == "a" || key.starts_with("job.")
}

fn value() -> impl Strategy<Value = Option<ProtoValue>> {
    let scalar = prop_oneof![
        "[a-zäß]{0,4}".prop_map(ProtoValue::StringValue),
        any::<bool>().prop_map(ProtoValue::BoolValue),
        any::<i64>().prop_map(ProtoValue::IntValue),
        any::<i32>().prop_map(|value| ProtoValue::DoubleValue(f64::from(value) / 8.0)),
        vec(any::<u8>(), 0..4).prop_map(ProtoValue::BytesValue),
    ];
    let text = "[a-z]{0,3}".prop_map(ProtoValue::StringValue);
    let number = any::<i64>().prop_map(ProtoValue::IntValue);
    prop_oneof![
        Just(None),
        Just(Some(ProtoValue::KvlistValue(KeyValueList::default()))),
        scalar.clone().prop_map(Some),
        vec(scalar, 0..4).prop_map(|values| Some(array(values))),
        vec(text, 0..4).prop_map(|values| Some(array(values))),
        vec(number, 0..4).prop_map(|values| Some(array(values))),
    ]
}

fn array(values: Vec<ProtoValue>) -> ProtoValue {
    let values = values
        .into_iter()
        .map(|value| AnyValue { value: Some(value) });
    ProtoValue::ArrayValue(ArrayValue {
        values: values.collect(),
    })
}

fn attributes() -> impl Strategy<Value = Vec<ProtoKeyValue>> {
    let attribute = (0..KEYS.len(), value()).prop_map(|(key, value)| ProtoKeyValue {
        key: KEYS[key].into(),
        value: Some(AnyValue { value }),
        ..ProtoKeyValue::default()
    });
    vec(attribute, 0..4)
}

/// Ids of the right length, of others, and zeros.
fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), length),
        vec(any::<u8>(), 0..20),
        Just(vec![0; length]),
    ]
}

fn link() -> impl Strategy<Value = ProtoLink> {
    (id(16), id(8), "[a-z=]{0,4}", attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, flags)| ProtoLink {
            trace_id,
            span_id,
            trace_state,
            attributes,
            flags,
            ..ProtoLink::default()
        },
    )
}

fn span() -> impl Strategy<Value = ProtoSpan> {
    let ids = (id(16), id(8), id(8), "[a-z=]{0,4}", "[a-z ]{0,4}");
    let numbers = (
        any::<i32>(),
        any::<u64>(),
        any::<u64>(),
        any::<u32>(),
        any::<u32>(),
    );
    let status = prop_oneof![Just(None), (0..3).prop_map(Some)];
    (ids, numbers, status, attributes(), vec(link(), 0..3)).prop_map(
        |(ids, numbers, status, attributes, links)| ProtoSpan {
            trace_id: ids.0,
            span_id: ids.1,
            parent_span_id: ids.2,
            trace_state: ids.3,
            name: ids.4,
            kind: numbers.0,
            start_time_unix_nano: numbers.1,
            end_time_unix_nano: numbers.2,
            dropped_links_count: numbers.3,
            flags: numbers.4,
            status: status.map(|code| Status {
                code,
                ..Status::default()
            }),
            attributes,
            links,
            ..ProtoSpan::default()
        },
    )
}

fn resource_spans() -> impl Strategy<Value = ResourceSpans> {
    let scope = ("[a-z]{0,3}", "[0-9]{0,2}", vec(span(), 0..3));
    (attributes(), vec(scope, 0..3)).prop_map(|(attributes, scopes)| ResourceSpans {
        resource: Some(Resource {
            attributes,
            ..Resource::default()
        }),
        scope_spans: scopes
            .into_iter()
            .map(|(name, version, spans)| ScopeSpans {
                scope: Some(InstrumentationScope {
                    name,
                    version,
                    ..InstrumentationScope::default()
                }),
                spans,
                ..ScopeSpans::default()
            })
            .collect(),
        ..ResourceSpans::default()
    })
}

fn expected_id(bytes: &[u8], length: usize) -> u128 {
    if bytes.len() == length {
        bytes.iter().fold(0, |id, byte| id << 8 | u128::from(*byte))
    } else {
        0
    }
}

/// The same words for what prost decodes and for what a rule is shown.
fn expected_attributes(attributes: &[ProtoKeyValue]) -> Vec<String> {
    let read = attributes
        .iter()
        .filter(|attribute| is_read(&attribute.key));
    read.map(|attribute| {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        format!("{}={}", attribute.key, expected_value(value))
    })
    .collect()
}

fn expected_value(value: Option<&ProtoValue>) -> String {
    match value {
        Some(ProtoValue::StringValue(text)) => format!("{text:?}"),
        Some(ProtoValue::BoolValue(value)) => format!("{value}"),
        Some(ProtoValue::IntValue(value)) => format!("{value}i"),
        Some(ProtoValue::DoubleValue(value)) => format!("{value}d"),
        Some(ProtoValue::BytesValue(bytes)) => format!("b{bytes:?}"),
        Some(ProtoValue::ArrayValue(array)) => expected_array(array),
        _ => "other".into(),
    }
}

fn expected_array(array: &ArrayValue) -> String {
    let values = || array.values.iter().map(|value| value.value.as_ref());
    let texts: Option<Vec<&String>> = values()
        .map(|value| match value {
            Some(ProtoValue::StringValue(text)) => Some(text),
            _ => None,
        })
        .collect();
    let integers: Option<Vec<i64>> = values()
        .map(|value| match value {
            Some(ProtoValue::IntValue(value)) => Some(*value),
            _ => None,
        })
        .collect();
    match (texts, integers) {
        (Some(texts), _) => format!("{texts:?}"),
        (None, Some(integers)) => format!("{integers:?}i"),
        _ => "other".into(),
    }
}

fn shown_attributes(attributes: &[KeyValue<'_>]) -> Vec<String> {
    attributes
        .iter()
        .map(|attribute| format!("{}={}", attribute.key, shown_value(&attribute.value)))
        .collect()
}

fn shown_value(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Boolean(value) => format!("{value}"),
        Value::Integer(value) => format!("{value}i"),
        Value::Double(value) => format!("{value}d"),
        Value::Bytes(bytes) => format!("b{bytes:?}"),
        Value::Texts(texts) => format!("{texts:?}"),
        Value::Integers(integers) => format!("{integers:?}i"),
        Value::Other => "other".into(),
    }
}

fn trace_id(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

fn assert_link(expected: &ProtoLink, shown: &Link<'_>) {
    let id = trace_id(shown.trace_id_high, shown.trace_id_low);
    assert_eq!(id, expected_id(&expected.trace_id, 16));
    assert_eq!(u128::from(shown.span_id), expected_id(&expected.span_id, 8));
    assert_eq!(shown.trace_state, expected.trace_state);
    assert_eq!(shown.flags, expected.flags);
    let attributes = expected_attributes(&expected.attributes);
    assert_eq!(shown_attributes(shown.attributes), attributes);
}

fn assert_span(expected: &ProtoSpan, shown: &Span<'_>) {
    let id = trace_id(shown.trace_id_high, shown.trace_id_low);
    assert_eq!(id, expected_id(&expected.trace_id, 16));
    assert_eq!(u128::from(shown.span_id), expected_id(&expected.span_id, 8));
    let parent = expected_id(&expected.parent_span_id, 8);
    assert_eq!(u128::from(shown.parent_span_id), parent);
    assert_eq!(shown.trace_state, expected.trace_state);
    assert_eq!(shown.name, expected.name);
    assert_eq!(shown.kind, expected.kind);
    assert_eq!(shown.start_time_unix_nano, expected.start_time_unix_nano);
    assert_eq!(shown.end_time_unix_nano, expected.end_time_unix_nano);
    assert_eq!(shown.dropped_links_count, expected.dropped_links_count);
    let status = expected.status.as_ref().map_or(0, |status| status.code);
    assert_eq!((shown.status_code, shown.flags), (status, expected.flags));
    let attributes = expected_attributes(&expected.attributes);
    assert_eq!(shown_attributes(shown.attributes), attributes);
    assert_eq!(shown.links.len(), expected.links.len());
    for (expected, shown) in expected.links.iter().zip(shown.links) {
        assert_link(expected, shown);
    }
}

proptest! {
    #[test]
    fn a_rule_is_shown_what_prost_decodes(resources in vec(resource_spans(), 0..3)) {
        let traces = TracesData { resource_spans: resources };
        let bytes = traces.encode_to_vec();
        let records = Records::read(&bytes, &reads());
        with(&records, |origins, spans| {
            let mut shown = spans.iter();
            let mut number = 0;
            for resource in &traces.resource_spans {
                let attributes = resource.resource.as_ref().unwrap();
                let attributes = expected_attributes(&attributes.attributes);
                for scope_spans in &resource.scope_spans {
                    let origin = &origins[number as usize];
                    let scope = scope_spans.scope.as_ref().unwrap();
                    assert_eq!(shown_attributes(origin.resource_attributes), attributes);
                    assert_eq!(origin.scope_name, scope.name);
                    assert_eq!(origin.scope_version, scope.version);
                    for span in &scope_spans.spans {
                        let shown = shown.next().unwrap();
                        assert_eq!(shown.origin, number);
                        assert_span(span, shown);
                    }
                    number += 1;
                }
            }
            assert!(shown.next().is_none());
            assert_eq!(origins.len(), number as usize);
        });
    }
}

/// Strings of OTLP are not checked; those of a component have to be UTF-8.
#[test]
fn what_is_not_utf8_is_replaced() {
    let batch = |name: &[u8]| {
        let span = [&[0x2a, name.len() as u8], name].concat();
        let scope = [&[0x12, span.len() as u8], span.as_slice()].concat();
        let resource = [&[0x12, scope.len() as u8], scope.as_slice()].concat();
        [&[0x0a, resource.len() as u8], resource.as_slice()].concat()
    };
    let bytes = batch(b"caf\xe9");
    let records = Records::read(&bytes, &Selector::none());
    with(&records, |_, spans| {
        assert_eq!(spans[0].name, "caf\u{fffd}");
    });
}

/// Scenario: a call brings some of the spans of several resources.
/// Guarantees: it brings the origins of these alone, and spans name them.
#[test]
fn a_part_has_the_origins_of_its_spans() {
    let resource = |name: &str| ResourceSpans {
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: name.into(),
                ..InstrumentationScope::default()
            }),
            spans: vec![ProtoSpan::default(), ProtoSpan::default()],
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    };
    let batch = TracesData {
        resource_spans: vec![resource("a"), resource("b"), resource("c")],
    };
    let batch = batch.encode_to_vec();
    let read = Records::read(&batch, &Selector::none());
    with(&read, |origins, spans| {
        part(origins, &spans[3..5], |traces| {
            let scopes = traces.origins.iter().map(|origin| origin.scope_name);
            assert_eq!(scopes.collect::<Vec<_>>(), ["b", "c"]);
            let of = traces.spans.iter().map(|span| span.origin);
            assert_eq!(of.collect::<Vec<_>>(), [0, 1]);
        });
    });
}
