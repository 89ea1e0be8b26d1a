//! A batch as records, for the world `span-rule`: what the wire has in pieces
//! and any order, in lists.
//!
//! It is done in two steps, since records borrow from each other: what is read
//! lies in flat lists with ranges into them, and the records of a call are made
//! of these.

mod read;

use std::borrow::Cow;
use std::ops::Range;

use crate::bindings::span_rule::exports::linkmend::rule::spans::{
    KeyValue, Link, Origin, Span, Value,
};

/// The selected spans of a batch, read.
#[derive(Default)]
pub(crate) struct Records<'a> {
    origins: Vec<ReadOrigin<'a>>,
    spans: Vec<ReadSpan<'a>>,
    links: Vec<ReadLink<'a>>,
    attributes: Vec<(Cow<'a, str>, ReadValue<'a>)>,
    /// The elements of arrays.
    texts: Vec<Cow<'a, str>>,
    integers: Vec<i64>,
}

#[derive(Default)]
struct ReadOrigin<'a> {
    attributes: Range<usize>,
    scope_name: Cow<'a, str>,
    scope_version: Cow<'a, str>,
}

#[derive(Default)]
struct ReadSpan<'a> {
    origin: u32,
    trace_id: u128,
    span_id: u64,
    parent_span_id: u64,
    trace_state: Cow<'a, str>,
    name: Cow<'a, str>,
    kind: i32,
    start: u64,
    end: u64,
    attributes: Range<usize>,
    links: Range<usize>,
    dropped_links_count: u32,
    status: i32,
    flags: u32,
}

struct ReadLink<'a> {
    trace_id: u128,
    span_id: u64,
    trace_state: Cow<'a, str>,
    attributes: Range<usize>,
    flags: u32,
}

enum ReadValue<'a> {
    Text(Cow<'a, str>),
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Bytes(&'a [u8]),
    Texts(Range<usize>),
    Integers(Range<usize>),
    Other,
}

/// What arrays hold, of all records.
struct Elements<'r> {
    texts: Vec<&'r str>,
    integers: &'r [i64],
}

impl Records<'_> {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Makes the records: all origins, and all spans, whose `origin` is a place
    /// among these.
    pub(crate) fn with<R>(&self, use_them: impl FnOnce(&[Origin<'_>], &[Span<'_>]) -> R) -> R {
        let elements = Elements {
            texts: self.texts.iter().map(AsRef::as_ref).collect(),
            integers: &self.integers,
        };
        let attributes: Vec<KeyValue<'_>> = self
            .attributes
            .iter()
            .map(|(key, value)| KeyValue {
                key,
                value: value.record(&elements),
            })
            .collect();
        let of = |range: &Range<usize>| attributes.get(range.clone()).unwrap_or_default();
        let links: Vec<Link<'_>> = self
            .links
            .iter()
            .map(|link| link.record(of(&link.attributes)))
            .collect();
        let origins: Vec<Origin<'_>> = self
            .origins
            .iter()
            .map(|origin| Origin {
                resource_attributes: of(&origin.attributes),
                scope_name: &origin.scope_name,
                scope_version: &origin.scope_version,
            })
            .collect();
        let spans: Vec<Span<'_>> = self
            .spans
            .iter()
            .map(|span| {
                let links = links.get(span.links.clone()).unwrap_or_default();
                span.record(of(&span.attributes), links)
            })
            .collect();
        use_them(&origins, &spans)
    }
}

impl ReadSpan<'_> {
    fn record<'r>(&'r self, attributes: &'r [KeyValue<'r>], links: &'r [Link<'r>]) -> Span<'r> {
        Span {
            origin: self.origin,
            trace_id_high: (self.trace_id >> 64) as u64,
            trace_id_low: self.trace_id as u64,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            trace_state: &self.trace_state,
            name: &self.name,
            kind: self.kind,
            start_time_unix_nano: self.start,
            end_time_unix_nano: self.end,
            attributes,
            links,
            dropped_links_count: self.dropped_links_count,
            status_code: self.status,
            flags: self.flags,
        }
    }
}

impl ReadLink<'_> {
    fn record<'r>(&'r self, attributes: &'r [KeyValue<'r>]) -> Link<'r> {
        Link {
            trace_id_high: (self.trace_id >> 64) as u64,
            trace_id_low: self.trace_id as u64,
            span_id: self.span_id,
            trace_state: &self.trace_state,
            attributes,
            flags: self.flags,
        }
    }
}

impl ReadValue<'_> {
    fn record<'r>(&'r self, elements: &'r Elements<'r>) -> Value<'r> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Integer(value) => Value::Integer(*value),
            Self::Double(value) => Value::Double(*value),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Texts(range) => {
                Value::Texts(elements.texts.get(range.clone()).unwrap_or_default())
            }
            Self::Integers(range) => {
                Value::Integers(elements.integers.get(range.clone()).unwrap_or_default())
            }
            Self::Other => Value::Other,
        }
    }
}

#[cfg(test)]
mod tests;
