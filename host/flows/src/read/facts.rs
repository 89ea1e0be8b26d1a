//! What a span, its service and its links say of messages.

use linkmend_wire::otlp::{span, span_kind};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::keys::{Key, Keys};
use super::library::Library;
use super::pair::{self, is_true, text};
use super::walk::{self, Stretch, Walk};
use crate::flow::{Context, ToldEnd};

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
    links: u32,
    /// What its links are in: they are read when they are wanted.
    linking: &'a [u8],
    keys: &'a Keys,
}

/// Whose span it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ServiceFacts<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) namespace: &'a [u8],
    /// Of both.
    pub(crate) hash: u64,
    /// Which `ResourceSpans` of the batch it is.
    pub(crate) resource: u32,
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

mod tag {
    use linkmend_wire::otlp::{link, resource, span, status};

    use super::super::walk::{delimited, fixed32, fixed64, varint};

    pub(super) const TRACE_ID: u64 = delimited(span::TRACE_ID);
    pub(super) const SPAN_ID: u64 = delimited(span::SPAN_ID);
    pub(super) const PARENT: u64 = delimited(span::PARENT_SPAN_ID);
    pub(super) const NAME: u64 = delimited(span::NAME);
    pub(super) const KIND: u64 = varint(span::KIND);
    pub(super) const START: u64 = fixed64(span::START_TIME_UNIX_NANO);
    pub(super) const END: u64 = fixed64(span::END_TIME_UNIX_NANO);
    pub(super) const ATTRIBUTES: u64 = delimited(span::ATTRIBUTES);
    pub(super) const LINKS: u64 = delimited(span::LINKS);
    pub(super) const STATUS: u64 = delimited(span::STATUS);
    pub(super) const STATUS_CODE: u64 = varint(status::CODE);
    pub(super) const FLAGS: u64 = fixed32(span::FLAGS);
    pub(super) const LINK_TRACE_ID: u64 = delimited(link::TRACE_ID);
    pub(super) const LINK_SPAN_ID: u64 = delimited(link::SPAN_ID);
    pub(super) const LINK_ATTRIBUTES: u64 = delimited(link::ATTRIBUTES);
    pub(super) const RESOURCE_ATTRIBUTES: u64 = delimited(resource::ATTRIBUTES);
}

impl<'a> SpanFacts<'a> {
    /// What a span says.
    #[inline]
    pub(super) fn read(body: &'a [u8], service: ServiceFacts<'a>, keys: &'a Keys) -> Self {
        let mut facts = Self {
            context: Context::default(),
            parent: [0; 8],
            name: &[],
            kind: 0,
            flags: 0,
            start: 0,
            end: 0,
            status: 0,
            message: MessageFacts::default(),
            service,
            links: 0,
            linking: &[],
            keys,
        };
        // Those that stand before the kind.
        let mut attributes = Stretch::default();
        let mut links = Stretch::default();
        let mut fields = Walk::new(body);
        loop {
            let start = fields.position();
            let Some((tag, value)) = fields.next() else {
                break;
            };
            match tag {
                tag::ATTRIBUTES if facts.has_kind_of_messages() => facts.message.take(value, keys),
                tag::ATTRIBUTES => attributes.add(start, fields.position()),
                tag::LINKS => links.add(start, fields.position()),
                tag => facts.set(tag, value),
            }
        }
        (facts.links, facts.linking) = (links.count, links.of(body));
        if attributes.count > 0 && facts.may_be_of_messages() {
            for (tag, value) in Walk::new(attributes.of(body)) {
                if tag == tag::ATTRIBUTES {
                    facts.message.take(value, keys);
                }
            }
        }
        facts
    }

    /// What another host tells of one.
    pub(super) fn told(end: &ToldEnd<'a>, keys: &'a Keys) -> Self {
        let mut service = ServiceFacts {
            name: end.service.as_bytes(),
            namespace: end.namespace.as_bytes(),
            ..ServiceFacts::default()
        };
        service.name_both();
        Self {
            context: end.context,
            parent: [0; 8],
            name: end.name.as_bytes(),
            kind: end.kind,
            flags: end.flags,
            start: end.start,
            end: end.end,
            status: end.status,
            message: MessageFacts {
                system: end.system.as_bytes(),
                destination: end.destination.as_bytes(),
                operation: end.operation.as_bytes(),
                ..MessageFacts::default()
            },
            service,
            links: 0,
            linking: &[],
            keys,
        }
    }

    #[inline]
    fn set(&mut self, tag: u64, value: &'a [u8]) {
        match tag {
            tag::TRACE_ID => self.context.trace = trace_id(value),
            tag::SPAN_ID => self.context.span = span_id(value),
            tag::PARENT => self.parent = span_id(value),
            tag::NAME => self.name = value,
            tag::KIND => self.kind = small(value),
            tag::FLAGS => self.flags = u32::from_le_bytes(value.try_into().unwrap_or_default()),
            tag::START => self.start = fixed(value),
            tag::END => self.end = fixed(value),
            tag::STATUS => {
                for (tag, value) in Walk::new(value) {
                    if tag == tag::STATUS_CODE {
                        self.status = small(value);
                    }
                }
            }
            _ => {}
        }
    }

    #[inline]
    fn has_kind_of_messages(&self) -> bool {
        let kind = u64::from(self.kind);
        matches!(kind, span_kind::PRODUCER | span_kind::CONSUMER)
            || matches!(kind, span_kind::CLIENT | span_kind::SERVER)
    }

    /// Nothing is read of the attributes of others: most spans are such.
    fn may_be_of_messages(&self) -> bool {
        self.has_kind_of_messages()
            || self.has_links()
            // Go's client for Pub/Sub.
            || self.name.ends_with(b"publish")
            || self.name.ends_with(b"subscribe")
    }

    /// It has links.
    pub(crate) fn has_links(&self) -> bool {
        self.links > 0
    }

    /// How many.
    pub(super) fn link_count(&self) -> u32 {
        self.links
    }

    /// Its links.
    pub(crate) fn links(&self) -> impl Iterator<Item = LinkFacts<'a>> + use<'a> {
        let keys = self.keys;
        let links = Walk::new(self.linking).all(span::LINKS);
        links.map(move |link| LinkFacts::read(link, keys))
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
        let words = [self.operation_type, self.operation, self.operation_name];
        let word = words.into_iter().find(|word| !word.is_empty());
        word.unwrap_or_default()
    }

    #[inline]
    fn take(&mut self, pair: &'a [u8], keys: &Keys) {
        if let Some((key, value)) = pair::read(pair, keys) {
            self.set(key, value);
        }
    }

    fn set(&mut self, key: Key, value: &'a [u8]) {
        match key {
            Key::Projected => self.is_projected = is_true(value),
            Key::JobAction => self.job_action = text(value),
            Key::Method => self.method = text(value),
            Key::Library(library) => self.library = Some(library),
            Key::Id => self.set_id(value),
            Key::System => self.system = text(value),
            Key::OperationType => self.operation_type = text(value),
            Key::Operation => self.operation = text(value),
            Key::OperationName => self.operation_name = text(value),
            Key::Destination(rank) => self.set_destination(value, rank),
            // That of a queue of SQS; a broker's is no destination.
            Key::Url if text(value).starts_with(b"http") => self.set_destination(value, 4),
            Key::Messages => self.names_messages = true,
            _ => {}
        }
    }

    fn set_destination(&mut self, value: &'a [u8], rank: u8) {
        let name = text(value);
        if !name.is_empty() && (self.destination_rank == 0 || rank < self.destination_rank) {
            (self.destination, self.destination_rank) = (name, rank);
        }
    }

    fn set_id(&mut self, value: &'a [u8]) {
        self.names_messages = true;
        self.id = text(value);
    }
}

impl<'a> LinkFacts<'a> {
    fn read(message: &'a [u8], keys: &Keys) -> Self {
        let mut facts = Self::default();
        for (tag, value) in Walk::new(message) {
            match tag {
                tag::LINK_TRACE_ID => facts.context.trace = trace_id(value),
                tag::LINK_SPAN_ID => facts.context.span = span_id(value),
                tag::LINK_ATTRIBUTES => match pair::read(value, keys) {
                    Some((Key::LinkType, value)) => facts.is_other |= keys.is_other(text(value)),
                    Some((Key::Repaired, value)) => facts.is_repaired |= is_true(value),
                    Some((key, value)) => facts.message.set(key, value),
                    None => {}
                },
                _ => {}
            }
        }
        facts
    }
}

impl<'a> ServiceFacts<'a> {
    /// What attributes of a resource say.
    pub(super) fn read(&mut self, message: &'a [u8], keys: &Keys) {
        for (tag, value) in Walk::new(message) {
            if tag != tag::RESOURCE_ATTRIBUTES {
                continue;
            }
            match pair::read(value, keys) {
                Some((Key::ServiceName, value)) => self.name = text(value),
                Some((Key::ServiceNamespace, value)) => self.namespace = text(value),
                _ => {}
            }
        }
        self.name_both();
    }

    fn name_both(&mut self) {
        self.hash = xxh3_64_with_seed(self.name, xxh3_64(self.namespace));
    }
}

/// Zeros for one that is not valid.
#[inline]
fn trace_id(bytes: &[u8]) -> [u8; 16] {
    bytes.try_into().unwrap_or_default()
}

#[inline]
fn span_id(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().unwrap_or_default()
}

#[inline]
fn fixed(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

/// A varint; 0 for one that is too large.
#[inline]
fn small(bytes: &[u8]) -> u8 {
    walk::number(bytes).map_or(0, |(number, _)| u8::try_from(number).unwrap_or(0))
}
