//! The reading of attributes, against prost.

use linkmend_wire::Scan;
use linkmend_wire::links::Link;
use linkmend_wire::value::{AnyValue, Attribute};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::raw;
use super::select::Wanted;

/// Asserts that the links of all spans of `bytes` and the attributes of both
/// are read as prost reads them, if both can.
pub fn check(bytes: &[u8]) {
    let mut scan = Scan::new();
    if scan.run(bytes, &Wanted::everything().selector()).is_err() {
        return;
    }
    for span in scan.selected() {
        let span = &bytes[span.body()];
        let Ok(decoded) = Span::decode(span) else {
            continue;
        };
        let fields = raw::fields(span);
        let of_number = |number| fields.iter().filter(move |field| field.number == number);
        for (field, attribute) in of_number(9).zip(&decoded.attributes) {
            assert_attribute(field.body, attribute);
        }
        for (field, decoded) in of_number(13).zip(&decoded.links) {
            let link = Link::read(field.body);
            assert_eq!(link.trace_id, decoded.trace_id);
            assert_eq!(link.span_id, decoded.span_id);
            assert_eq!(link.trace_state, decoded.trace_state.as_bytes());
            assert_eq!(link.flags, decoded.flags);
            let keys = link.attributes().map(|attribute| attribute.key);
            let decoded = decoded.attributes.iter().map(|one| one.key.as_bytes());
            assert!(keys.eq(decoded));
        }
    }
}

fn assert_attribute(message: &[u8], decoded: &KeyValue) {
    let attribute = Attribute::read(message);
    assert_eq!(attribute.key, decoded.key.as_bytes());
    // Messages are merged by putting one after the other.
    let values = raw::fields(message).into_iter();
    let values = values.filter(|field| field.number == 2);
    let merged: Vec<u8> = values.flat_map(|field| field.body.to_vec()).collect();
    let decoded = decoded
        .value
        .as_ref()
        .and_then(|value| value.value.as_ref());
    assert_value(&attribute.value, &merged, decoded);
}

fn assert_value(ours: &AnyValue<'_>, message: &[u8], decoded: Option<&Value>) {
    match (ours, decoded) {
        (AnyValue::Empty, None | Some(Value::StringValueStrindex(_)))
        | (AnyValue::KvList, Some(Value::KvlistValue(_))) => {}
        (AnyValue::String(ours), Some(Value::StringValue(text))) => {
            assert_eq!(*ours, text.as_bytes());
        }
        (AnyValue::Bool(ours), Some(Value::BoolValue(value))) => assert_eq!(ours, value),
        (AnyValue::Int(ours), Some(Value::IntValue(value))) => assert_eq!(ours, value),
        (AnyValue::Double(ours), Some(Value::DoubleValue(value))) => {
            assert_eq!(ours.to_bits(), value.to_bits());
        }
        (AnyValue::Bytes(ours), Some(Value::BytesValue(bytes))) => assert_eq!(ours, bytes),
        (AnyValue::Array(ours), Some(Value::ArrayValue(list))) => {
            let fields = raw::fields(message).into_iter();
            let arrays: Vec<_> = fields.filter(|field| field.number == 5).collect();
            // An array in several pieces: the last is read, prost joins them.
            let [array] = arrays.as_slice() else { return };
            let elements = raw::fields(array.body).into_iter();
            let elements = elements.filter(|field| field.number == 1);
            assert_eq!(ours.iter().count(), list.values.len());
            for ((ours, field), value) in ours.iter().zip(elements).zip(&list.values) {
                assert_value(&ours, field.body, value.value.as_ref());
            }
        }
        (ours, decoded) => panic!("{ours:?} is not {decoded:?}"),
    }
}
