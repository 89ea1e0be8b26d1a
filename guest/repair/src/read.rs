//! Facts from located fields.

use linkmend_rule::wire::located::{Attributes, Event, Link, Span, Value as Located};

use crate::checksum::digest;
use crate::config::Extra;
use crate::facts::{LinkFacts, MessageFacts, Origin, SpanFacts};
use crate::reads::{OfLink, Reads, Use};
use crate::value::Value;

const STATUS_ERROR: u32 = 2;

/// Where the spans of a resource come from: its deployment environment, which
/// is the first of those of its attributes that name one, and its service.
/// Kafka offsets and small ids repeat in every environment.
pub fn origin<'a>(reads: &Reads, resource: Attributes<'a>) -> Origin<'a> {
    let mut best = u16::MAX;
    let mut origin = Origin::default();
    for attribute in resource {
        let Located::Text(text) = attribute.value else {
            continue;
        };
        let used = reads.used(attribute.number);
        if let Some(rank) = used.environment.filter(|rank| *rank <= best)
            && !text.is_empty()
        {
            best = rank;
            origin.environment = text;
        }
        if used.is_service {
            origin.set_service(text);
        }
    }
    origin
}

/// The facts of a span, in the place of those of another one: they are large.
#[inline]
pub fn span_facts<'a>(reads: &Reads, number: u32, span: &Span<'a>, facts: &mut SpanFacts<'a>) {
    facts.number = number;
    facts.trace_id = span.trace_id;
    facts.span_id = span.span_id;
    facts.parent_span_id = span.parent_span_id;
    facts.trace_state = span.trace_state;
    facts.name = span.name;
    facts.kind = span.kind.into();
    facts.start = span.start;
    facts.end = span.end;
    facts.failed = span.status == STATUS_ERROR;
    facts.flags = span.flags;
    facts.message.clear();
    for attribute in span.attributes() {
        let used = reads.used(attribute.number);
        facts.message.attribute(used, attribute.value.into());
    }
}

/// The facts of a link. `is_compared`: there is another one to compare it with.
pub fn link_facts<'a>(reads: &Reads, link: Link<'a>, is_compared: bool) -> LinkFacts<'a> {
    let mut facts = LinkFacts {
        trace_id: link.trace_id,
        span_id: link.span_id,
        has_trace_state: !link.trace_state.is_empty(),
        attribute_count: link.attribute_count,
        digest: link.unread,
        ..LinkFacts::default()
    };
    for attribute in link.attributes {
        let digest = if is_compared {
            digest_of(attribute.number, attribute.key, attribute.value)
        } else {
            0
        };
        facts.attribute(reads.used(attribute.number), digest, attribute.value.into());
    }
    facts
}

fn digest_of(number: u16, key: &[u8], value: Located<'_>) -> u64 {
    let seed = digest(number.into(), key);
    match value {
        Located::None => seed,
        Located::Text(text) => digest(seed ^ 1, text),
        Located::Bytes(bytes) => digest(seed ^ 2, bytes),
        Located::Bool(value) => digest(seed ^ 3, &[u8::from(value)]),
        Located::Int(value) => digest(seed ^ 4, &value.to_le_bytes()),
        Located::Double(value) => digest(seed ^ 5, &value.to_le_bytes()),
        Located::Array(elements) => elements.iter().fold(seed ^ 6, |sum, element| {
            digest_of(number, &sum.to_le_bytes(), element)
        }),
    }
}

impl<'a> MessageFacts<'a> {
    /// Takes note of an attribute.
    #[inline]
    pub fn attribute(&mut self, used: Use, value: Value<'a>) {
        self.tasks = used.tasks.or(self.tasks);
        if let Some(name) = used.name {
            self.take(name, value);
        }
    }
}

impl<'a> LinkFacts<'a> {
    /// Takes note of an attribute. `digest` is a number that equal attributes
    /// have in common and different ones have not; it may be 0 when the span
    /// has one link only.
    #[inline]
    pub fn attribute(&mut self, used: Use, digest: u64, value: Value<'a>) {
        match used.of_link {
            OfLink::Type => {
                self.type_digest = Some(digest);
                return;
            }
            OfLink::Mark => {
                self.is_marked = true;
                return;
            }
            OfLink::RefType => self.ref_type = value,
            OfLink::Retry => self.is_retry = true,
            OfLink::Alias(number) => self.alias.offer(number, value),
            OfLink::Nothing => self.message.attribute(used, value),
        }
        self.digest = self.digest.wrapping_add(digest);
    }
}

/// Attributes that the configuration names, and those of events: who configures
/// nothing of the kind does not pay for it. Values by the numbers of their
/// names, of one thing after the other.
#[derive(Debug, Default)]
pub struct ExtraReader<'a> {
    of_resource: Vec<Value<'a>>,
    of_span: Vec<Value<'a>>,
    of_links: Vec<Value<'a>>,
    events: Vec<MessageFacts<'a>>,
}

impl<'a> ExtraReader<'a> {
    /// Reads a resource.
    pub fn read_resource(&mut self, extra: &Extra, reads: &Reads, resource: Attributes<'a>) {
        self.of_resource.clear();
        put(extra, reads, resource, &mut self.of_resource);
    }

    /// Reads a span with its links.
    pub fn read_span(&mut self, extra: &Extra, reads: &Reads, span: &Span<'a>) {
        self.of_span.clear();
        self.of_links.clear();
        self.events.clear();
        put(extra, reads, span.attributes(), &mut self.of_span);
        for link in span.links() {
            put(extra, reads, link.attributes, &mut self.of_links);
        }
        if extra.events {
            let events = span.events().map(|event| event_facts(reads, event));
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
fn put<'a>(extra: &Extra, reads: &Reads, of: Attributes<'a>, values: &mut Vec<Value<'a>>) {
    let start = values.len();
    values.resize(start + extra.names.len(), Value::Absent);
    for attribute in of {
        let Some(place) = reads.used(attribute.number).extra else {
            continue;
        };
        let value = Value::from(attribute.value);
        if value.is_usable()
            && let Some(known) = values.get_mut(start + usize::from(place))
        {
            *known = value;
        }
    }
}

fn event_facts<'a>(reads: &Reads, event: Event<'a>) -> MessageFacts<'a> {
    let mut facts = MessageFacts::default();
    for attribute in event.attributes {
        facts.attribute(reads.used(attribute.number), attribute.value.into());
    }
    facts
}
