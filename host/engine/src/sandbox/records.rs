//! A batch as records, for the world `span-rule`: what the wire has in pieces
//! and any order, in lists.
//!
//! It is done in two steps, since records borrow from each other: what is read
//! lies in flat lists with ranges into them, and the records of a call are made
//! of these.

use std::borrow::Cow;
use std::ops::Range;

use linkmend_wire::links::{self, Link as WireLink};
use linkmend_wire::otlp::{
    resource, resource_spans, scope, scope_spans, span, status, traces_data,
};
use linkmend_wire::value::{AnyValue, Array, Attribute};
use linkmend_wire::{Fields, Selector, Value as Wire};

use crate::bindings::span_rule::exports::linkmend::rule::spans::{
    KeyValue, Link, Origin, Span, Value,
};

/// The selected spans of a batch, read.
#[derive(Default)]
pub(super) struct Records<'a> {
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

impl<'a> Records<'a> {
    /// Reads a batch that was scanned before, with those attributes alone whose
    /// keys `reads` takes.
    pub(super) fn read(traces: &'a [u8], reads: &Selector) -> Self {
        let mut records = Self::default();
        for message in messages(traces, traces_data::RESOURCE_SPANS) {
            records.read_resource(message, reads);
        }
        records
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    fn read_resource(&mut self, message: &'a [u8], reads: &Selector) {
        let resource = messages(message, resource_spans::RESOURCE).last();
        let attributes = messages(resource.unwrap_or_default(), resource::ATTRIBUTES);
        let attributes = self.read_attributes(attributes.map(Attribute::read), reads);
        for scope_spans in messages(message, resource_spans::SCOPE_SPANS) {
            let origin = self.origins.len() as u32;
            let scope = messages(scope_spans, scope_spans::SCOPE).last();
            let scope = scope.unwrap_or_default();
            self.origins.push(ReadOrigin {
                attributes: attributes.clone(),
                scope_name: lossy(messages(scope, scope::NAME).last().unwrap_or_default()),
                scope_version: lossy(messages(scope, scope::VERSION).last().unwrap_or_default()),
            });
            for message in messages(scope_spans, scope_spans::SPANS) {
                self.read_span(origin, message, reads);
            }
        }
    }

    fn read_span(&mut self, origin: u32, message: &'a [u8], reads: &Selector) {
        let mut read = ReadSpan {
            origin,
            ..ReadSpan::default()
        };
        let first = self.attributes.len();
        let mut links = Vec::new();
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (span::ATTRIBUTES, Wire::Bytes(message)) => {
                    self.read_attribute(Attribute::read(message), reads);
                }
                (span::LINKS, Wire::Bytes(message)) => links.push(message),
                (number, value) => read.take(number, value),
            }
        }
        read.attributes = first..self.attributes.len();
        let first = self.links.len();
        for message in links {
            self.read_link(message, reads);
        }
        read.links = first..self.links.len();
        self.spans.push(read);
    }

    fn read_link(&mut self, message: &'a [u8], reads: &Selector) {
        let link = WireLink::read(message);
        let attributes = self.read_attributes(link.attributes(), reads);
        self.links.push(ReadLink {
            trace_id: links::trace_id(link.trace_id).unwrap_or(0),
            span_id: links::span_id(link.span_id).unwrap_or(0),
            trace_state: lossy(link.trace_state),
            attributes,
            flags: link.flags,
        });
    }

    fn read_attributes(
        &mut self,
        attributes: impl Iterator<Item = Attribute<'a>>,
        reads: &Selector,
    ) -> Range<usize> {
        let first = self.attributes.len();
        for attribute in attributes {
            self.read_attribute(attribute, reads);
        }
        first..self.attributes.len()
    }

    fn read_attribute(&mut self, attribute: Attribute<'a>, reads: &Selector) {
        if reads.takes_key(attribute.key) {
            let value = self.read_value(attribute.value);
            self.attributes.push((lossy(attribute.key), value));
        }
    }

    fn read_value(&mut self, value: AnyValue<'a>) -> ReadValue<'a> {
        match value {
            AnyValue::String(text) => ReadValue::Text(lossy(text)),
            AnyValue::Bool(value) => ReadValue::Boolean(value),
            AnyValue::Int(value) => ReadValue::Integer(value),
            AnyValue::Double(value) => ReadValue::Double(value),
            AnyValue::Bytes(bytes) => ReadValue::Bytes(bytes),
            AnyValue::Array(array) => self.read_array(array),
            AnyValue::KvList | AnyValue::Empty => ReadValue::Other,
        }
    }

    /// An array of one sort of elements; an empty one is one of texts.
    fn read_array(&mut self, array: Array<'a>) -> ReadValue<'a> {
        let (texts, integers) = (self.texts.len(), self.integers.len());
        let mut count = 0;
        for element in array.iter() {
            count += 1;
            match element {
                AnyValue::String(text) => self.texts.push(lossy(text)),
                AnyValue::Int(value) => self.integers.push(value),
                _ => {}
            }
        }
        let (all_texts, all_integers) = (texts..self.texts.len(), integers..self.integers.len());
        if all_texts.len() == count {
            ReadValue::Texts(all_texts)
        } else if all_integers.len() == count {
            ReadValue::Integers(all_integers)
        } else {
            self.texts.truncate(texts);
            self.integers.truncate(integers);
            ReadValue::Other
        }
    }

    /// Makes the records: all origins, and all spans, whose `origin` is a place
    /// among these.
    pub(super) fn with<R>(&self, use_them: impl FnOnce(&[Origin<'_>], &[Span<'_>]) -> R) -> R {
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

impl<'a> ReadSpan<'a> {
    /// A field of the span that is neither attribute nor link. The last wins.
    fn take(&mut self, number: u32, value: Wire<'a>) {
        match (number, value) {
            (span::TRACE_ID, Wire::Bytes(id)) => self.trace_id = links::trace_id(id).unwrap_or(0),
            (span::SPAN_ID, Wire::Bytes(id)) => self.span_id = links::span_id(id).unwrap_or(0),
            (span::PARENT_SPAN_ID, Wire::Bytes(id)) => {
                self.parent_span_id = links::span_id(id).unwrap_or(0);
            }
            (span::TRACE_STATE, Wire::Bytes(state)) => self.trace_state = lossy(state),
            (span::NAME, Wire::Bytes(name)) => self.name = lossy(name),
            (span::KIND, Wire::Varint(kind)) => self.kind = kind as i32,
            (span::START_TIME_UNIX_NANO, Wire::Fixed64(time)) => self.start = time,
            (span::END_TIME_UNIX_NANO, Wire::Fixed64(time)) => self.end = time,
            (span::DROPPED_LINKS_COUNT, Wire::Varint(count)) => {
                self.dropped_links_count = count as u32;
            }
            (span::STATUS, Wire::Bytes(message)) => {
                if let Some(code) = status_code(message) {
                    self.status = code;
                }
            }
            (span::FLAGS, Wire::Fixed32(flags)) => self.flags = flags,
            _ => {}
        }
    }

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

fn status_code(message: &[u8]) -> Option<i32> {
    let codes = Fields::new(message)
        .flatten()
        .filter(|field| field.number == status::CODE);
    Some(codes.last()?.number_value()? as i32)
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}

/// Components are given UTF-8, OTLP's strings may be anything.
fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}
