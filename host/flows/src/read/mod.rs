//! What spans say of messages, read from OTLP bytes.

mod role;

use linkmend_wire::Fields;
use linkmend_wire::fields::Value;
use linkmend_wire::otlp::{
    link, resource, resource_spans, scope_spans, span, span_kind, status, traces_data,
};
use linkmend_wire::value::{AnyValue, Attribute, plain_pair};

use crate::flow::Context;
pub(crate) use role::Role;

/// A span, as far as flows need it.
#[derive(Debug, Clone, Copy, Default)]
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
    /// The bytes of the span: its links are read when they are wanted.
    body: &'a [u8],
    has_links: bool,
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
    destination_rank: u8,
    operation_type: &'a [u8],
    operation: &'a [u8],
    operation_name: &'a [u8],
    job_action: &'a [u8],
    method: &'a [u8],
    pub(crate) id: &'a [u8],
    /// It names several messages, or one by other means than an id.
    names_messages: bool,
    library: Option<Library>,
    is_projected: bool,
}

/// Libraries of jobs whose spans are known by an attribute of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Library {
    Arq,
    Dramatiq,
    Rq,
}

/// A link of a span.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LinkFacts<'a> {
    pub(crate) context: Context,
    pub(crate) link_type: &'a [u8],
    pub(crate) is_repaired: bool,
    pub(crate) message: MessageFacts<'a>,
}

/// Calls `take` for each span of a batch, but for those that linkmend made
/// itself. What is not well-formed ends the reading: the batch was checked.
pub(crate) fn spans<'a>(batch: &'a [u8], mut take: impl FnMut(&SpanFacts<'a>)) {
    for resource_spans in messages(batch, traces_data::RESOURCE_SPANS) {
        let service = service_of(resource_spans);
        for scope in messages(resource_spans, resource_spans::SCOPE_SPANS) {
            for body in messages(scope, scope_spans::SPANS) {
                let facts = read_span(body, service);
                if !facts.message.is_projected && facts.context.is_valid() {
                    take(&facts);
                }
            }
        }
    }
}

impl<'a> SpanFacts<'a> {
    /// What it does with messages.
    pub(crate) fn role(&self) -> Role {
        role::role(self)
    }

    /// Nothing is read of the attributes of others: most spans are such.
    fn may_be_of_messages(&self) -> bool {
        let kind = u64::from(self.kind);
        matches!(kind, span_kind::PRODUCER | span_kind::CONSUMER)
            || matches!(kind, span_kind::CLIENT | span_kind::SERVER)
            || self.has_links
            // Go's client for Pub/Sub.
            || self.name.ends_with(b"publish")
            || self.name.ends_with(b"subscribe")
    }

    /// It has links.
    pub(crate) fn has_links(&self) -> bool {
        self.has_links
    }

    /// Its links.
    pub(crate) fn links(&self) -> impl Iterator<Item = LinkFacts<'a>> + use<'a> {
        messages(self.body, span::LINKS).map(read_link)
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

    #[inline]
    fn read(&mut self, attribute: &'a [u8]) {
        match plain_pair(attribute) {
            // Most keys are of no concern, and their values are not read.
            Some((key, _)) if !is_wanted(key) => {}
            Some((key, value)) => self.take(&Attribute {
                key,
                value: AnyValue::read(value),
            }),
            None => self.take(&Attribute::read(attribute)),
        }
    }

    fn take(&mut self, attribute: &Attribute<'a>) {
        let key = attribute.key;
        match key {
            b"linkmend.projected" => self.is_projected = is_true(&attribute.value),
            b"celery.action" | b"bullmq.queue.operation" => {
                self.job_action = text(&attribute.value);
            }
            b"rpc.method" | b"aws.operation" => self.method = text(&attribute.value),
            b"arq.job.id" => self.library = Some(Library::Arq),
            b"rq.job.id" => self.library = Some(Library::Rq),
            b"actor_name" => self.library = Some(Library::Dramatiq),
            b"cloudevents.event_id" => self.set_id(&attribute.value),
            _ => {
                if let Some(rest) = key.strip_prefix(b"messaging.") {
                    self.take_messaging(rest, &attribute.value);
                }
            }
        }
    }

    fn take_messaging(&mut self, key: &[u8], value: &AnyValue<'a>) {
        match key {
            b"system" => self.system = text(value),
            b"operation.type" => self.operation_type = text(value),
            b"operation" => self.operation = text(value),
            b"operation.name" => self.operation_name = text(value),
            b"destination.name" => self.set_destination(value, 1),
            b"source.name" => self.set_destination(value, 2),
            b"destination" => self.set_destination(value, 3),
            // That of a queue of SQS; a broker's is no destination.
            b"url" if text(value).starts_with(b"http") => self.set_destination(value, 4),
            b"message.id" | b"message_id" => self.set_id(value),
            b"message.ids" | b"kafka.offset" | b"kafka.message.offset" => {
                self.names_messages = true;
            }
            _ => {}
        }
    }

    fn set_destination(&mut self, value: &AnyValue<'a>, rank: u8) {
        let name = text(value);
        if !name.is_empty() && (self.destination_rank == 0 || rank < self.destination_rank) {
            (self.destination, self.destination_rank) = (name, rank);
        }
    }

    fn set_id(&mut self, value: &AnyValue<'a>) {
        self.names_messages = true;
        self.id = text(value);
    }
}

/// Keys of [`MessageFacts::take`] begin so.
#[inline]
fn is_wanted(key: &[u8]) -> bool {
    let starts: [&[u8]; 9] = [
        b"ac", b"ar", b"aw", b"bu", b"ce", b"cl", b"li", b"rp", b"rq",
    ];
    key.starts_with(b"messaging.") || key.get(..2).is_some_and(|start| starts.contains(&start))
}

fn read_span<'a>(body: &'a [u8], service: ServiceFacts<'a>) -> SpanFacts<'a> {
    let mut facts = SpanFacts {
        service,
        body,
        ..SpanFacts::default()
    };
    for field in Fields::new(body).flatten() {
        match (field.number, field.value) {
            (span::TRACE_ID, Value::Bytes(id)) => facts.context.trace = fixed(id),
            (span::SPAN_ID, Value::Bytes(id)) => facts.context.span = fixed(id),
            (span::PARENT_SPAN_ID, Value::Bytes(id)) => facts.parent = fixed(id),
            (span::NAME, Value::Bytes(name)) => facts.name = name,
            (span::KIND, Value::Varint(kind)) => facts.kind = u8::try_from(kind).unwrap_or(0),
            (span::START_TIME_UNIX_NANO, Value::Fixed64(time)) => facts.start = time,
            (span::END_TIME_UNIX_NANO, Value::Fixed64(time)) => facts.end = time,
            (span::FLAGS, Value::Fixed32(flags)) => facts.flags = flags,
            (span::STATUS, Value::Bytes(status)) => facts.status = code(status),
            (span::LINKS, Value::Bytes(_)) => facts.has_links = true,
            _ => {}
        }
    }
    if facts.may_be_of_messages() {
        for attribute in messages(body, span::ATTRIBUTES) {
            facts.message.read(attribute);
        }
    }
    facts
}

fn read_link(body: &[u8]) -> LinkFacts<'_> {
    let mut facts = LinkFacts::default();
    for field in Fields::new(body).flatten() {
        match (field.number, field.value) {
            (link::TRACE_ID, Value::Bytes(id)) => facts.context.trace = fixed(id),
            (link::SPAN_ID, Value::Bytes(id)) => facts.context.span = fixed(id),
            (link::ATTRIBUTES, Value::Bytes(attribute)) => {
                let attribute = Attribute::read(attribute);
                match attribute.key {
                    b"link.type" => facts.link_type = text(&attribute.value),
                    b"link.repaired" => facts.is_repaired = is_true(&attribute.value),
                    _ => facts.message.take(&attribute),
                }
            }
            _ => {}
        }
    }
    facts
}

fn service_of(resource_spans: &[u8]) -> ServiceFacts<'_> {
    let mut facts = ServiceFacts::default();
    let attributes = messages(resource_spans, resource_spans::RESOURCE)
        .flat_map(|message| messages(message, resource::ATTRIBUTES));
    for attribute in attributes.map(Attribute::read) {
        match attribute.key {
            b"service.name" => facts.name = text(&attribute.value),
            b"service.namespace" => facts.namespace = text(&attribute.value),
            _ => {}
        }
    }
    facts
}

/// The messages of this number in another one.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}

fn code(message: &[u8]) -> u8 {
    let mut fields = Fields::new(message).flatten();
    let code = fields.find(|field| field.number == status::CODE);
    let code = code.and_then(|field| field.number_value());
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(0)
}

fn text<'a>(value: &AnyValue<'a>) -> &'a [u8] {
    match value {
        AnyValue::String(text) => text,
        _ => b"",
    }
}

fn is_true(value: &AnyValue<'_>) -> bool {
    matches!(value, AnyValue::Bool(true))
}

/// Zeros for an id of another length.
fn fixed<const N: usize>(id: &[u8]) -> [u8; N] {
    id.try_into().unwrap_or([0; N])
}
