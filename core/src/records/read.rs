//! From the bytes of a batch to flat lists.

use std::borrow::Cow;
use std::ops::Range;

use linkmend_wire::links::{self, Link as WireLink};
use linkmend_wire::otlp::{
    resource, resource_spans, scope, scope_spans, span, status, traces_data,
};
use linkmend_wire::value::{AnyValue, Array, Attribute};
use linkmend_wire::{Fields, Selector, Value as WireValue};

use super::{Link, Origin, Records, Span, Value};

impl<'a> Records<'a> {
    /// Reads a batch that was scanned before, with those attributes alone whose
    /// keys `reads` takes.
    #[must_use]
    pub fn read(traces: &'a [u8], reads: &Selector) -> Self {
        let mut records = Self::default();
        for message in messages(traces, traces_data::RESOURCE_SPANS) {
            records.read_resource(message, reads);
        }
        records
    }

    fn read_resource(&mut self, message: &'a [u8], reads: &Selector) {
        let resource = messages(message, resource_spans::RESOURCE).last();
        let attributes = messages(resource.unwrap_or_default(), resource::ATTRIBUTES);
        let attributes = self.read_attributes(attributes.map(Attribute::read), reads);
        for scope_spans in messages(message, resource_spans::SCOPE_SPANS) {
            let origin = self.origins.len() as u32;
            let scope = messages(scope_spans, scope_spans::SCOPE).last();
            let scope = scope.unwrap_or_default();
            self.origins.push(Origin {
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
        let mut read = Span {
            origin,
            ..Span::default()
        };
        let first = self.attributes.len();
        let mut links = Vec::new();
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (span::ATTRIBUTES, WireValue::Bytes(message)) => {
                    self.read_attribute(Attribute::read(message), reads);
                }
                (span::LINKS, WireValue::Bytes(message)) => links.push(message),
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
        self.links.push(Link {
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

    fn read_value(&mut self, value: AnyValue<'a>) -> Value<'a> {
        match value {
            AnyValue::String(text) => Value::Text(lossy(text)),
            AnyValue::Bool(value) => Value::Boolean(value),
            AnyValue::Int(value) => Value::Integer(value),
            AnyValue::Double(value) => Value::Double(value),
            AnyValue::Bytes(bytes) => Value::Bytes(bytes),
            AnyValue::Array(array) => self.read_array(array),
            AnyValue::KvList | AnyValue::Empty => Value::Other,
        }
    }

    /// An array of one sort of elements; an empty one is one of texts.
    fn read_array(&mut self, array: Array<'a>) -> Value<'a> {
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
            Value::Texts(all_texts)
        } else if all_integers.len() == count {
            Value::Integers(all_integers)
        } else {
            self.texts.truncate(texts);
            self.integers.truncate(integers);
            Value::Other
        }
    }
}

impl<'a> Span<'a> {
    /// A field of the span that is neither attribute nor link. The last wins.
    fn take(&mut self, number: u32, value: WireValue<'a>) {
        match (number, value) {
            (span::TRACE_ID, WireValue::Bytes(id)) => {
                self.trace_id = links::trace_id(id).unwrap_or(0);
            }
            (span::SPAN_ID, WireValue::Bytes(id)) => self.span_id = links::span_id(id).unwrap_or(0),
            (span::PARENT_SPAN_ID, WireValue::Bytes(id)) => {
                self.parent_span_id = links::span_id(id).unwrap_or(0);
            }
            (span::TRACE_STATE, WireValue::Bytes(state)) => self.trace_state = lossy(state),
            (span::NAME, WireValue::Bytes(name)) => self.name = lossy(name),
            (span::KIND, WireValue::Varint(kind)) => self.kind = kind as i32,
            (span::START_TIME_UNIX_NANO, WireValue::Fixed64(time)) => self.start = time,
            (span::END_TIME_UNIX_NANO, WireValue::Fixed64(time)) => self.end = time,
            (span::DROPPED_LINKS_COUNT, WireValue::Varint(count)) => {
                self.dropped_links_count = count as u32;
            }
            (span::STATUS, WireValue::Bytes(message)) => {
                if let Some(code) = status_code(message) {
                    self.status = code;
                }
            }
            (span::FLAGS, WireValue::Fixed32(flags)) => self.flags = flags,
            _ => {}
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
