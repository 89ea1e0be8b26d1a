//! Attributes that the configuration names, and those of events, in a walk of
//! its own: who configures nothing of the kind does not pay for it.

use linkmend_wire::otlp::{link, resource, resource_spans, span};
use linkmend_wire::value::AnyValue;

use super::{key_and_value, messages};
use crate::config::Extra;
use crate::facts::MessageFacts;
use crate::value::Value;

/// The number of `Event.attributes`.
const EVENT_ATTRIBUTES: u32 = 3;

/// Values by the numbers of their names, of one thing after the other.
#[derive(Debug, Default)]
pub struct ExtraReader<'a> {
    of_resource: Vec<Value<'a>>,
    of_span: Vec<Value<'a>>,
    of_links: Vec<Value<'a>>,
    events: Vec<MessageFacts<'a>>,
}

impl<'a> ExtraReader<'a> {
    /// Reads the resource of a `ResourceSpans` message.
    pub fn read_resource(&mut self, extra: &Extra, resource_spans: &'a [u8]) {
        self.of_resource.clear();
        let attributes = messages(resource_spans, resource_spans::RESOURCE)
            .flat_map(|resource| messages(resource, resource::ATTRIBUTES));
        put(extra, attributes, &mut self.of_resource);
    }

    /// Reads a `Span` message, whose `Link` messages are `links`.
    pub fn read_span(&mut self, extra: &Extra, message: &'a [u8], links: &[&'a [u8]]) {
        self.of_span.clear();
        self.of_links.clear();
        self.events.clear();
        put(
            extra,
            messages(message, span::ATTRIBUTES),
            &mut self.of_span,
        );
        for link in links {
            put(extra, messages(link, link::ATTRIBUTES), &mut self.of_links);
        }
        if extra.events {
            let events = messages(message, span::EVENTS).map(event);
            self.events
                .extend(events.filter(MessageFacts::names_messages));
        }
    }

    /// Of the resource that was read last.
    pub fn resource(&self) -> &[Value<'a>] {
        &self.of_resource
    }

    /// Of the span that was read last.
    pub fn span(&self) -> &[Value<'a>] {
        &self.of_span
    }

    /// Of its link `number`.
    pub fn link(&self, extra: &Extra, number: usize) -> &[Value<'a>] {
        let count = extra.names.len();
        let start = number * count;
        self.of_links.get(start..start + count).unwrap_or_default()
    }

    /// Its events that name messages.
    pub fn events(&self) -> &[MessageFacts<'a>] {
        &self.events
    }
}

/// Appends a value for each name; of a repeated attribute the last one that is
/// something counts.
fn put<'a>(extra: &Extra, attributes: impl Iterator<Item = &'a [u8]>, values: &mut Vec<Value<'a>>) {
    let start = values.len();
    values.resize(start + extra.names.len(), Value::Absent);
    for attribute in attributes {
        let (key, value) = key_and_value(attribute);
        let place = extra.names.iter().position(|name| name.as_bytes() == key);
        let value = place.map(|_| Value::from(AnyValue::read(value)));
        if let (Some(place), Some(value)) = (place, value.filter(Value::is_usable))
            && let Some(known) = values.get_mut(start + place)
        {
            *known = value;
        }
    }
}

/// Full names only: `message.id` is a number within an RPC (semconv, schema
/// 1.25.0).
fn event(message: &[u8]) -> MessageFacts<'_> {
    let mut facts = MessageFacts::default();
    for attribute in messages(message, EVENT_ATTRIBUTES) {
        let (key, value) = key_and_value(attribute);
        if key.starts_with(b"messaging.") {
            facts.attribute(key, || Value::from(AnyValue::read(value)));
        }
    }
    facts
}
