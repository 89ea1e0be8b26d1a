//! JSON that is read, mended and written, against the same done to structs.

use linkmend_files::json::{decode, decode_by_keys, encode, patch};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;
use serde_json::Value;

use super::respell::respell;
use crate::shared::choices::Choices;
use crate::shared::edits::SpanEdit;
use crate::shared::mutate::mutate;
use crate::shared::targets::split;

/// Spells a batch as JSON, reads it, brings new links into the text, and reads
/// that: each time it must be what prost makes of the structs. Then the same
/// with a text that is damaged, as far as it can be read at all.
pub fn json(data: &[u8]) {
    let (mut choices, bytes) = split(data);
    let Ok(mut batch) = TracesData::decode(&bytes[..]) else {
        return;
    };
    without_what_json_lacks(&mut batch);
    let before = batch.encode_to_vec();
    let text = respell(&encode(&before).unwrap(), &mut choices);
    let read = decode(&text).unwrap_or_else(|error| panic!("{error} in {}", show(&text)));
    if read != before {
        let structs = |bytes: &[u8]| TracesData::decode(bytes).unwrap();
        assert_eq!(structs(&read), structs(&before), "{}", show(&text));
        assert_eq!(read, before, "{}", show(&text));
    }
    assert_eq!(decode_by_keys(&text).unwrap(), before, "{}", show(&text));
    let patched = mend(&text, &before, batch, &mut choices);
    assert_eq!(
        without_links(&text),
        without_links(&patched),
        "{}",
        show(&text)
    );

    let mut damaged = text;
    mutate(&mut damaged, &mut choices);
    // Whichever way is taken, bytes and errors are the same.
    let read = decode(&damaged);
    assert_eq!(read, decode_by_keys(&damaged), "{}", show(&damaged));
    let Ok(before) = read else {
        return;
    };
    let batch = TracesData::decode(&before[..]).unwrap();
    mend(&damaged, &before, batch, &mut choices);
}

/// Edits links at random, in the text and in the structs.
fn mend(text: &[u8], before: &[u8], mut batch: TracesData, choices: &mut Choices<'_>) -> Vec<u8> {
    for span in spans(&mut batch) {
        if let Some(edit) = choices.maybe(|choices| SpanEdit::random(choices, span.links.len())) {
            edit.apply(span);
        }
    }
    without_what_json_lacks(&mut batch);
    let after = batch.encode_to_vec();
    let patched = patch(text, before, &after).unwrap().into_owned();
    let read = decode(&patched);
    assert_eq!(
        read.as_ref(),
        Ok(&after),
        "{}\n{}",
        show(text),
        show(&patched)
    );
    patched
}

fn spans(batch: &mut TracesData) -> impl Iterator<Item = &mut Span> {
    let resources = batch.resource_spans.iter_mut();
    let scopes = resources.flat_map(|resource| &mut resource.scope_spans);
    scopes.flat_map(|scope| &mut scope.spans)
}

fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// A text without what mending may change.
fn without_links(text: &[u8]) -> Value {
    let mut value = serde_json::from_slice(text).unwrap();
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(members) => {
            // Keys that nobody knows have none of their own.
            for key in ["links", "droppedLinksCount", "dropped_links_count"] {
                members.remove(key);
            }
            members.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// JSON has no place for indices into the tables of profiles, and for which NaN
/// it is.
fn without_what_json_lacks(batch: &mut TracesData) {
    for resource in &mut batch.resource_spans {
        resource
            .resource
            .iter_mut()
            .for_each(|resource| attributes(&mut resource.attributes));
        for scope in &mut resource.scope_spans {
            scope
                .scope
                .iter_mut()
                .for_each(|scope| attributes(&mut scope.attributes));
        }
    }
    for span in spans(batch) {
        attributes(&mut span.attributes);
        span.events
            .iter_mut()
            .for_each(|event| attributes(&mut event.attributes));
        span.links
            .iter_mut()
            .for_each(|link| attributes(&mut link.attributes));
    }
}

fn attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        attribute.key_strindex = 0;
        attribute.value.iter_mut().for_each(value);
    }
}

fn value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Any::StringValueStrindex(_)) => value.value = None,
        Some(Any::DoubleValue(double)) if double.is_nan() => *double = f64::NAN,
        Some(Any::ArrayValue(array)) => array.values.iter_mut().for_each(self::value),
        Some(Any::KvlistValue(list)) => attributes(&mut list.values),
        _ => {}
    }
}
