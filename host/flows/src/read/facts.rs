//! What a span, its service and its links say of messages.

use linkmend_wire::otlp::{span, span_kind};
use linkmend_wire::walk::{SpanHead, Walk, id};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::keys::{Key, Keys};
use super::library::Library;
use super::pair::{self, is_true, text};
use crate::flow::{Context, ToldEnd};

/// A span, as far as flows need it.
#[derive(Debug, Clone)]
pub(crate) struct SpanFacts<'a> {
    /// What it says of itself. Links are read when they are wanted.
    pub(crate) head: SpanHead<'a>,
    pub(crate) message: MessageFacts<'a>,
    pub(crate) service: ServiceFacts<'a>,
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
    /// Whose messages are its own: others do not find them.
    pub(crate) scope: u64,
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
    use linkmend_wire::otlp::{link, resource};
    use linkmend_wire::walk::delimited;

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
            head: SpanHead::default(),
            message: MessageFacts::default(),
            service,
            keys,
        };
        let Self { head, message, .. } = &mut facts;
        head.fill(body, |kind, pair| {
            let is_wanted = is_kind_of_messages(kind);
            if is_wanted {
                message.take(pair, keys);
            }
            is_wanted
        });
        // Those that stand before the kind.
        if facts.head.attributes.count > 0 && facts.may_be_of_messages() {
            for pair in Walk::new(facts.head.attributes.within).all(span::ATTRIBUTES) {
                facts.message.take(pair, keys);
            }
        }
        facts
    }

    /// What another host tells of one.
    pub(super) fn told(end: &ToldEnd<'a>, keys: &'a Keys) -> Self {
        let mut service = ServiceFacts {
            name: end.service.as_bytes(),
            namespace: end.namespace.as_bytes(),
            scope: end.scope,
            ..ServiceFacts::default()
        };
        service.name_both();
        Self {
            head: SpanHead {
                trace_id: end.context.trace,
                span_id: end.context.span,
                name: end.name.as_bytes(),
                kind: end.kind,
                flags: end.flags,
                start: end.start,
                end: end.end,
                status: end.status,
                ..SpanHead::default()
            },
            message: MessageFacts {
                system: end.system.as_bytes(),
                destination: end.destination.as_bytes(),
                operation: end.operation.as_bytes(),
                ..MessageFacts::default()
            },
            service,
            keys,
        }
    }

    /// Which span it is.
    #[inline]
    pub(crate) fn context(&self) -> Context {
        Context {
            trace: self.head.trace_id,
            span: self.head.span_id,
        }
    }

    /// Nothing is read of the attributes of others: most spans are such.
    fn may_be_of_messages(&self) -> bool {
        is_kind_of_messages(self.head.kind)
            || self.has_links()
            // Go's client for Pub/Sub.
            || self.head.name.ends_with(b"publish")
            || self.head.name.ends_with(b"subscribe")
    }

    /// It has links.
    pub(crate) fn has_links(&self) -> bool {
        self.head.links.count > 0
    }

    /// How many.
    pub(super) fn link_count(&self) -> u32 {
        self.head.links.count
    }

    /// Its links.
    pub(crate) fn links(&self) -> impl Iterator<Item = LinkFacts<'a>> + use<'a> {
        let keys = self.keys;
        let links = Walk::new(self.head.links.within).all(span::LINKS);
        links.map(move |link| LinkFacts::read(link, keys))
    }

    /// It has a parent, in another process as far as its flags tell.
    pub(crate) fn is_parent_remote(&self) -> bool {
        self.head.flags & 0x300 == 0x300
    }

    /// Its parent is in its own process, as far as its flags tell.
    pub(crate) fn is_parent_local(&self) -> bool {
        self.head.flags & 0x300 == 0x100
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
                tag::LINK_TRACE_ID => facts.context.trace = id(value),
                tag::LINK_SPAN_ID => facts.context.span = id(value),
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

#[inline]
fn is_kind_of_messages(kind: u8) -> bool {
    let kind = u64::from(kind);
    matches!(kind, span_kind::PRODUCER | span_kind::CONSUMER)
        || matches!(kind, span_kind::CLIENT | span_kind::SERVER)
}
