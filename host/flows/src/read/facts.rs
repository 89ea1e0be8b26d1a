//! What a span, its service and its links say of messages.

use linkmend_wire::located::{Attribute, Attributes, Link, Span, Value};
use linkmend_wire::otlp::span_kind;

use super::keys::{Key, Keys};
use super::library::Library;
use crate::flow::Context;

/// A span, as far as flows need it.
#[derive(Debug, Clone)]
pub(crate) struct SpanFacts<'a> {
    pub(crate) context: Context,
    pub(crate) parent: [u8; 8],
    pub(crate) name: &'a [u8],
    pub(crate) kind: u8,
    pub(crate) flags: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) status: u8,
    pub(crate) message: MessageFacts<'a>,
    pub(crate) service: ServiceFacts<'a>,
    /// Its links are read when they are wanted.
    links: Span<'a>,
    keys: &'a Keys,
}

/// Whose span it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ServiceFacts<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) namespace: &'a [u8],
}

/// What attributes of a span, or of a link, say of messages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MessageFacts<'a> {
    pub(crate) system: &'a [u8],
    pub(crate) destination: &'a [u8],
    /// How good the name of the destination is: the lower, the newer.
    pub(super) destination_rank: u8,
    pub(super) operation_type: &'a [u8],
    pub(super) operation: &'a [u8],
    pub(super) operation_name: &'a [u8],
    pub(super) job_action: &'a [u8],
    pub(super) method: &'a [u8],
    pub(crate) id: &'a [u8],
    /// It names several messages, or one by other means than an id.
    pub(super) names_messages: bool,
    pub(super) library: Option<Library>,
    pub(super) is_projected: bool,
}

/// A link of a span.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LinkFacts<'a> {
    pub(crate) context: Context,
    /// It says that it leads to something else than a producer.
    pub(crate) is_other: bool,
    pub(crate) is_repaired: bool,
    pub(crate) message: MessageFacts<'a>,
}

impl<'a> SpanFacts<'a> {
    #[inline]
    pub(super) fn read(span: &Span<'a>, service: ServiceFacts<'a>, keys: &'a Keys) -> Self {
        let mut facts = Self {
            context: context(span.trace_id, span.span_id),
            parent: span.parent_span_id.to_be_bytes(),
            name: span.name,
            kind: u8::try_from(span.kind).unwrap_or(0),
            flags: span.flags,
            start: span.start,
            end: span.end,
            status: u8::try_from(span.status).unwrap_or(0),
            message: MessageFacts::default(),
            service,
            links: span.clone(),
            keys,
        };
        if facts.may_be_of_messages() {
            for attribute in span.attributes() {
                facts.message.take(&attribute, keys);
            }
        }
        facts
    }

    /// Nothing is read of the attributes of others: most spans are such.
    fn may_be_of_messages(&self) -> bool {
        let kind = u64::from(self.kind);
        matches!(kind, span_kind::PRODUCER | span_kind::CONSUMER)
            || matches!(kind, span_kind::CLIENT | span_kind::SERVER)
            || self.has_links()
            // Go's client for Pub/Sub.
            || self.name.ends_with(b"publish")
            || self.name.ends_with(b"subscribe")
    }

    /// It has links.
    pub(crate) fn has_links(&self) -> bool {
        self.links.links > 0
    }

    /// Its links.
    pub(crate) fn links(&self) -> impl Iterator<Item = LinkFacts<'a>> + use<'a> {
        let keys = self.keys;
        self.links
            .links()
            .map(move |link| LinkFacts::read(&link, keys))
    }

    /// It has a parent, in another process as far as its flags tell.
    pub(crate) fn is_parent_remote(&self) -> bool {
        self.flags & 0x300 == 0x300
    }

    /// Its parent is in its own process, as far as its flags tell.
    pub(crate) fn is_parent_local(&self) -> bool {
        self.flags & 0x300 == 0x100
    }
}

impl<'a> MessageFacts<'a> {
    /// What the span calls its operation.
    pub(crate) fn operation(&self) -> &'a [u8] {
        let mut words = [self.operation_type, self.operation, self.operation_name];
        words.sort_by_key(|word| word.is_empty());
        words.first().copied().unwrap_or_default()
    }

    fn take(&mut self, attribute: &Attribute<'a>, keys: &Keys) {
        let value = &attribute.value;
        match keys.key(attribute.number) {
            Some(Key::Projected) => self.is_projected = is_true(value),
            Some(Key::JobAction) => self.job_action = text(value),
            Some(Key::Method) => self.method = text(value),
            Some(Key::Library(library)) => self.library = Some(library),
            Some(Key::Id) => self.set_id(value),
            Some(Key::System) => self.system = text(value),
            Some(Key::OperationType) => self.operation_type = text(value),
            Some(Key::Operation) => self.operation = text(value),
            Some(Key::OperationName) => self.operation_name = text(value),
            Some(Key::Destination(rank)) => self.set_destination(value, rank),
            // That of a queue of SQS; a broker's is no destination.
            Some(Key::Url) if text(value).starts_with(b"http") => self.set_destination(value, 4),
            Some(Key::Messages) => self.names_messages = true,
            _ => {}
        }
    }

    fn set_destination(&mut self, value: &Value<'a>, rank: u8) {
        let name = text(value);
        if !name.is_empty() && (self.destination_rank == 0 || rank < self.destination_rank) {
            (self.destination, self.destination_rank) = (name, rank);
        }
    }

    fn set_id(&mut self, value: &Value<'a>) {
        self.names_messages = true;
        self.id = text(value);
    }
}

impl<'a> LinkFacts<'a> {
    fn read(link: &Link<'a>, keys: &Keys) -> Self {
        let mut facts = Self {
            context: context(link.trace_id, link.span_id),
            ..Self::default()
        };
        for attribute in link.attributes.clone() {
            match keys.key(attribute.number) {
                Some(Key::LinkType) => facts.is_other |= keys.is_other(text(&attribute.value)),
                Some(Key::Repaired) => facts.is_repaired |= is_true(&attribute.value),
                _ => facts.message.take(&attribute, keys),
            }
        }
        facts
    }
}

impl<'a> ServiceFacts<'a> {
    pub(super) fn read(attributes: Attributes<'a>, keys: &Keys) -> Self {
        let mut facts = Self::default();
        for attribute in attributes {
            match keys.key(attribute.number) {
                Some(Key::ServiceName) => facts.name = text(&attribute.value),
                Some(Key::ServiceNamespace) => facts.namespace = text(&attribute.value),
                _ => {}
            }
        }
        facts
    }
}

/// Zeros for an id that is not valid.
fn context(trace: u128, span: u64) -> Context {
    Context {
        trace: trace.to_be_bytes(),
        span: span.to_be_bytes(),
    }
}

fn text<'a>(value: &Value<'a>) -> &'a [u8] {
    match value {
        Value::Text(text) => text,
        _ => b"",
    }
}

fn is_true(value: &Value<'_>) -> bool {
    matches!(value, Value::Bool(true))
}
