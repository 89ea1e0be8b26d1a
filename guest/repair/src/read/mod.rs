//! Facts from the bytes, in one walk over each span.

mod extra;

use linkmend_rule::KeyBuilder;
use linkmend_wire::cursor::Cursor;
use linkmend_wire::links::{span_id, trace_id};
use linkmend_wire::otlp::{
    any_value, field_number, key_value, link, resource, resource_spans, scope_spans, span, status,
    traces_data, wire_type,
};
use linkmend_wire::value::{AnyValue, plain_pair};
use linkmend_wire::{Fields, Value as Wire, WireError};

use crate::config::Config;
use crate::facts::{LinkFacts, Origin, SpanFacts};
use crate::value::Value;

pub use extra::ExtraReader;

const STATUS_ERROR: u64 = 2;

/// The `ResourceSpans` messages of a batch.
pub fn resources(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    messages(batch, traces_data::RESOURCE_SPANS)
}

/// Calls `each` with the `Span` messages of a `ResourceSpans` message, in their
/// order.
pub fn for_each_span<'a>(resource_spans: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    for scope in messages(resource_spans, resource_spans::SCOPE_SPANS) {
        for span in messages(scope, scope_spans::SPANS) {
            each(span);
        }
    }
}

/// The messages in the fields `number` of a message.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let wanted = number << 3 | DELIMITED;
    let mut cursor = Cursor::new(message);
    core::iter::from_fn(move || {
        while !cursor.is_at_end() {
            let tag = cursor.tag().ok()?;
            if tag == wanted {
                let range = cursor.delimited().ok()?;
                return Some(cursor.slice(range));
            }
            cursor.skip(tag).ok()?;
        }
        None
    })
}

/// Where the spans of a resource come from: its deployment environment, which
/// is the first of the attributes `environments` that it has, and its service.
/// Kafka offsets and small ids repeat in every environment.
pub fn origin<'a>(resource_spans: &'a [u8], environments: &[String]) -> Origin<'a> {
    let mut best = environments.len();
    let mut origin = Origin::default();
    for attribute in messages(resource_spans, resource_spans::RESOURCE)
        .flat_map(|resource| messages(resource, resource::ATTRIBUTES))
    {
        let (key, value) = key_and_value(attribute);
        let rank = environments.iter().position(|name| name.as_bytes() == key);
        let rank = rank.filter(|rank| *rank <= best);
        if rank.is_none() && key != b"service.name" {
            continue;
        }
        let AnyValue::String(text) = AnyValue::read(value) else {
            continue;
        };
        if let Some(rank) = rank.filter(|_| !text.is_empty()) {
            best = rank;
            origin.environment = text;
        }
        if key == b"service.name" {
            origin.set_service(text);
        }
    }
    origin
}

/// The key and the unread value of a `KeyValue`.
#[allow(
    clippy::inline_always,
    reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
fn key_and_value(message: &[u8]) -> (&[u8], &[u8]) {
    plain_pair(message).unwrap_or_else(|| any_pair(message))
}

const STRING: u8 = (any_value::STRING << 3 | DELIMITED) as u8;
const DELIMITED: u32 = 2;

#[inline(never)]
fn any_pair(message: &[u8]) -> (&[u8], &[u8]) {
    let mut pair = (&[][..], &[][..]);
    for field in Fields::new(message).flatten() {
        match (field.number, field.value) {
            (key_value::KEY, Wire::Bytes(key)) => pair.0 = key,
            (key_value::VALUE, Wire::Bytes(value)) => pair.1 = value,
            _ => {}
        }
    }
    pair
}

/// An `AnyValue`, by a short cut for short strings.
#[allow(
    clippy::inline_always,
    reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
fn read_value(message: &[u8]) -> Value<'_> {
    match message.split_first_chunk() {
        Some((&[STRING, length], text)) if length < 0x80 && text.len() == usize::from(length) => {
            Value::Text(text)
        }
        _ => Value::from(AnyValue::read(message)),
    }
}

/// The facts of the `Span` message `message`; its `Link` messages are appended
/// to `links`, to be read when the attributes of the span are known.
///
/// What is not well-formed ends the reading: the host checked the batch.
#[inline]
pub fn span_facts<'a>(number: u32, message: &'a [u8], links: &mut Vec<&'a [u8]>) -> SpanFacts<'a> {
    let mut facts = SpanFacts {
        number,
        ..SpanFacts::default()
    };
    let mut cursor = Cursor::new(message);
    while !cursor.is_at_end() {
        if span_field(&mut cursor, &mut facts, links).is_err() {
            break;
        }
    }
    facts
}

#[inline]
fn span_field<'a>(
    cursor: &mut Cursor<'a>,
    facts: &mut SpanFacts<'a>,
    links: &mut Vec<&'a [u8]>,
) -> Result<(), WireError> {
    const ATTRIBUTE: u32 = span::ATTRIBUTES << 3 | DELIMITED;
    let tag = cursor.tag()?;
    // Half of all fields, told apart before the jump that the others take.
    if tag == ATTRIBUTE {
        let range = cursor.delimited()?;
        let (key, value) = key_and_value(cursor.slice(range));
        facts.message.attribute(key, || read_value(value));
        return Ok(());
    }
    match (field_number(tag), wire_type(tag)) {
        (number, DELIMITED) => {
            let range = cursor.delimited()?;
            span_bytes(number, cursor.slice(range), facts, links);
        }
        (span::KIND, 0) => facts.kind = cursor.varint()?,
        (span::START_TIME_UNIX_NANO, 1) => facts.start = cursor.fixed64()?,
        (span::END_TIME_UNIX_NANO, 1) => facts.end = cursor.fixed64()?,
        (span::FLAGS, 5) => facts.flags = cursor.fixed32()?,
        _ => cursor.skip(tag)?,
    }
    Ok(())
}

#[inline]
fn span_bytes<'a>(
    number: u32,
    bytes: &'a [u8],
    facts: &mut SpanFacts<'a>,
    links: &mut Vec<&'a [u8]>,
) {
    match number {
        span::LINKS => links.push(bytes),
        span::TRACE_ID => facts.trace_id = trace_id(bytes).unwrap_or(0),
        span::SPAN_ID => facts.span_id = span_id(bytes).unwrap_or(0),
        span::PARENT_SPAN_ID => facts.parent_span_id = span_id(bytes).unwrap_or(0),
        span::TRACE_STATE => facts.trace_state = bytes,
        span::NAME => facts.name = bytes,
        span::STATUS => facts.failed = is_error(bytes),
        _ => {}
    }
}

fn is_error(status: &[u8]) -> bool {
    Fields::new(status)
        .flatten()
        .filter(|field| field.number == status::CODE)
        .last()
        .is_some_and(|field| field.number_value() == Some(STATUS_ERROR))
}

/// The facts of the `Link` message `message`. Digests are made when there is
/// another link to compare it with.
pub fn link_facts<'a>(
    message: &'a [u8],
    config: &Config,
    digests: Option<&mut KeyBuilder>,
) -> LinkFacts<'a> {
    let mut facts = LinkFacts::default();
    let mut digests = digests;
    for field in Fields::new(message).flatten() {
        match (field.number, field.value) {
            (link::TRACE_ID, Wire::Bytes(id)) => facts.trace_id = trace_id(id).unwrap_or(0),
            (link::SPAN_ID, Wire::Bytes(id)) => facts.span_id = span_id(id).unwrap_or(0),
            (link::TRACE_STATE, Wire::Bytes(state)) => facts.has_trace_state = !state.is_empty(),
            (link::ATTRIBUTES, Wire::Bytes(attribute)) => {
                let (key, value) = key_and_value(attribute);
                let digest = match &mut digests {
                    Some(digests) => digest(digests, key, value),
                    None => 0,
                };
                facts.attribute(config, key, digest, || read_value(value));
            }
            _ => {}
        }
    }
    facts
}

fn digest(digests: &mut KeyBuilder, key: &[u8], value: &[u8]) -> u64 {
    digests.start("").part(key).part(value).finish().low
}
