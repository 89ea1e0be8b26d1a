//! The same edits on prost's structs, and what of a batch no rule may change:
//! nothing here uses linkmend's own walker.

use linkmend::interface::{Action, Attribute, DropReason, Edit, Text, ValueKind, Verdict};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::bytes::Buf;
use prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint,
};

/// Does what a verdict says; its spans are all spans of the batch.
pub fn apply(traces: &mut TracesData, verdict: &Verdict) {
    let resources = traces.resource_spans.iter_mut();
    let scopes = resources.flat_map(|resource| &mut resource.scope_spans);
    let spans = scopes.flat_map(|scope| &mut scope.spans);
    for (number, span) in spans.enumerate() {
        let edits = || {
            verdict
                .edits
                .iter()
                .filter(|edit| edit.span as usize == number)
        };
        apply_to_span(span, &edits, verdict);
    }
}

fn apply_to_span<'a, I>(span: &mut Span, edits: &dyn Fn() -> I, verdict: &'a Verdict)
where
    I: Iterator<Item = &'a Edit>,
{
    let mut links: Vec<Option<Link>> = span.links.drain(..).map(Some).collect();
    // Attributes of a replacement stand before those that are added.
    for action in [
        Action::ReplaceContext,
        Action::AddAttributes,
        Action::DropLink,
    ] {
        for edit in edits().filter(|edit| edit.action == action) {
            let place = &mut links[edit.link as usize];
            match (action, place.as_mut()) {
                (Action::ReplaceContext, Some(link)) => {
                    let context = context(edit, verdict);
                    link.trace_id = context.trace_id;
                    link.span_id = context.span_id;
                    link.flags = context.flags;
                    if !context.trace_state.is_empty() {
                        link.trace_state = context.trace_state;
                    }
                    link.attributes.extend(attributes(edit, verdict));
                }
                (Action::AddAttributes, Some(link)) => {
                    link.attributes.extend(attributes(edit, verdict));
                }
                _ => {
                    *place = None;
                    if edit.reason == DropReason::OverLimit {
                        span.dropped_links_count = span.dropped_links_count.saturating_add(1);
                    }
                }
            }
        }
    }
    span.links = links.into_iter().flatten().collect();
    for edit in edits().filter(|edit| edit.action == Action::AddLink) {
        let mut link = context(edit, verdict);
        link.attributes.extend(attributes(edit, verdict));
        span.links.push(link);
    }
}

fn context(edit: &Edit, verdict: &Verdict) -> Link {
    let high = edit.context.trace_id_high.to_be_bytes();
    let low = edit.context.trace_id_low.to_be_bytes();
    Link {
        trace_id: [high, low].concat(),
        span_id: edit.context.span_id.to_be_bytes().to_vec(),
        trace_state: text(edit.context.trace_state, verdict),
        flags: edit.context.flags,
        ..Link::default()
    }
}

fn attributes(edit: &Edit, verdict: &Verdict) -> Vec<KeyValue> {
    if edit.attribute_count == 0 {
        return Vec::new();
    }
    let first = edit.first_attribute as usize;
    let range = first..first + edit.attribute_count as usize;
    let attribute = |attribute: &Attribute| {
        let value = match attribute.kind {
            ValueKind::Text => Value::StringValue(text(attribute.text, verdict)),
            ValueKind::Boolean => Value::BoolValue(attribute.bits != 0),
            ValueKind::Integer => Value::IntValue(attribute.bits.cast_signed()),
            ValueKind::Double => Value::DoubleValue(f64::from_bits(attribute.bits)),
        };
        KeyValue {
            key: text(attribute.key, verdict),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        }
    };
    verdict.attributes[range].iter().map(attribute).collect()
}

/// One of length 0 is the empty text, wherever it is.
fn text(range: Text, verdict: &Verdict) -> String {
    if range.length == 0 {
        return String::new();
    }
    let start = range.offset as usize;
    let bytes = &verdict.texts[start..start + range.length as usize];
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A batch without its links and dropped counts, every other byte in its place.
pub fn without_links(batch: &[u8]) -> Vec<u8> {
    without(batch, 0)
}

/// `depth`: of a batch, a `ResourceSpans`, a `ScopeSpans`, a `Span`.
fn without(mut message: &[u8], depth: usize) -> Vec<u8> {
    const INNER: [u32; 3] = [1, 2, 2];
    let mut out = Vec::new();
    while message.has_remaining() {
        let field = message;
        let (number, wire_type) = decode_key(&mut message).unwrap();
        if INNER.get(depth) == Some(&number) {
            let length = decode_varint(&mut message).unwrap() as usize;
            let inner = without(&message[..length], depth + 1);
            message.advance(length);
            encode_key(number, WireType::LengthDelimited, &mut out);
            encode_varint(inner.len() as u64, &mut out);
            out.extend(inner);
            continue;
        }
        let context = DecodeContext::default();
        prost::encoding::skip_field(wire_type, number, &mut message, context).unwrap();
        let is_links = depth == 3 && (number == 13 || number == 14);
        if !is_links {
            out.extend_from_slice(&field[..field.len() - message.len()]);
        }
    }
    out
}
