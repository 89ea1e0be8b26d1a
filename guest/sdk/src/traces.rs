//! Views of the spans over the OTLP bytes.

use linkmend_wire::links::Link;
use linkmend_wire::otlp::{resource, resource_spans, scope_spans, span, status, traces_data};
use linkmend_wire::value::Attribute;
use linkmend_wire::{Fields, Value};

/// The batch that a rule is given.
#[derive(Debug, Clone, Copy)]
pub struct Traces<'a> {
    message: &'a [u8],
}

/// The resource of spans.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    message: &'a [u8],
}

/// A span. Ids are as they came: 16 and 8 bytes when they are valid.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// Its place in the batch, which edits name it by.
    pub number: u32,
    /// The resource it belongs to.
    pub resource: Resource<'a>,
    /// 16 bytes when it is valid.
    pub trace_id: &'a [u8],
    /// 8 bytes when it is valid.
    pub span_id: &'a [u8],
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// Empty on a root span.
    pub parent_span_id: &'a [u8],
    /// The name.
    pub name: &'a [u8],
    /// The number of its kind, see [`linkmend_wire::otlp::span_kind`].
    pub kind: u64,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub end: u64,
    /// The number of its status: 0 unset, 1 ok, 2 error.
    pub status: u64,
    /// OTLP flags.
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> Traces<'a> {
    /// The batch `message`, a `TracesData`.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self { message }
    }

    /// The spans, in the order of their numbers.
    pub fn spans(&self) -> impl Iterator<Item = Span<'a>> + use<'a> {
        messages(self.message, traces_data::RESOURCE_SPANS)
            .flat_map(|message| {
                let resource = Resource::of(message);
                messages(message, resource_spans::SCOPE_SPANS)
                    .flat_map(|scope| messages(scope, scope_spans::SPANS))
                    .map(move |span| (resource, span))
            })
            .zip(0..)
            .map(|((resource, message), number)| Span::read(number, resource, message))
    }
}

impl<'a> Resource<'a> {
    /// The last `Resource` of a `ResourceSpans`.
    fn of(resource_spans: &'a [u8]) -> Self {
        let message = messages(resource_spans, resource_spans::RESOURCE).last();
        Self {
            message: message.unwrap_or_default(),
        }
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        messages(self.message, resource::ATTRIBUTES).map(Attribute::read)
    }

    /// The bytes of the resource: spans whose resources have the same bytes
    /// have the same resource.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.message
    }
}

impl<'a> Span<'a> {
    #[inline]
    fn read(number: u32, resource: Resource<'a>, message: &'a [u8]) -> Self {
        let mut span = Self {
            number,
            resource,
            trace_id: &[],
            span_id: &[],
            trace_state: &[],
            parent_span_id: &[],
            name: &[],
            kind: 0,
            start: 0,
            end: 0,
            status: 0,
            flags: 0,
            message,
        };
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (span::TRACE_ID, Value::Bytes(id)) => span.trace_id = id,
                (span::SPAN_ID, Value::Bytes(id)) => span.span_id = id,
                (span::TRACE_STATE, Value::Bytes(state)) => span.trace_state = state,
                (span::PARENT_SPAN_ID, Value::Bytes(id)) => span.parent_span_id = id,
                (span::NAME, Value::Bytes(name)) => span.name = name,
                (span::KIND, Value::Varint(kind)) => span.kind = kind,
                (span::START_TIME_UNIX_NANO, Value::Fixed64(time)) => span.start = time,
                (span::END_TIME_UNIX_NANO, Value::Fixed64(time)) => span.end = time,
                (span::STATUS, Value::Bytes(message)) => span.status = status_code(message),
                (span::FLAGS, Value::Fixed32(flags)) => span.flags = flags,
                _ => {}
            }
        }
        span
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        messages(self.message, span::ATTRIBUTES).map(Attribute::read)
    }

    /// The links, in the order of the numbers that edits name them by.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + use<'a> {
        messages(self.message, span::LINKS).map(Link::read)
    }

    /// The `Span` message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.message
    }
}

fn status_code(message: &[u8]) -> u64 {
    let codes = Fields::new(message)
        .flatten()
        .filter(|field| field.number == status::CODE);
    codes
        .last()
        .and_then(|field| field.number_value())
        .unwrap_or(0)
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}
