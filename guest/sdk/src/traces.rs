//! Views of the spans over the OTLP bytes.

use linkmend_wire::links::{Context, span_id, trace_id};
use linkmend_wire::otlp::{
    resource, resource_spans, scope, scope_spans, span, status, traces_data,
};
use linkmend_wire::value::Attribute;
use linkmend_wire::{Fields, Value};

use crate::getters::getters;
use crate::kind::Kind;
use crate::link::Link;

/// The batch that a rule is given.
#[derive(Debug, Clone, Copy)]
pub struct Traces<'a> {
    message: &'a [u8],
}

/// The resource of spans.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resource<'a> {
    message: &'a [u8],
}

/// The instrumentation scope of spans.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    message: &'a [u8],
}

/// A span. Ids are as they came: 16 and 8 bytes when they are valid.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span<'a> {
    /// Its place in the batch, which edits name it by.
    pub number: u32,
    /// The resource it belongs to.
    pub resource: Resource<'a>,
    /// The scope that it was made in.
    pub scope: Scope<'a>,
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
    /// Its kind.
    pub kind: Kind,
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
                messages(message, resource_spans::SCOPE_SPANS).flat_map(move |message| {
                    let scope = Scope::of(message);
                    messages(message, scope_spans::SPANS).map(move |span| (resource, scope, span))
                })
            })
            .zip(0..)
            .map(|((resource, scope, message), number)| {
                Span::read(number, resource, scope, message)
            })
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

impl<'a> Scope<'a> {
    /// The last `InstrumentationScope` of a `ScopeSpans`.
    fn of(scope_spans: &'a [u8]) -> Self {
        let message = messages(scope_spans, scope_spans::SCOPE).last();
        Self {
            message: message.unwrap_or_default(),
        }
    }

    /// The name of the instrumentation.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        messages(self.message, scope::NAME)
            .last()
            .unwrap_or_default()
    }

    /// The version of the instrumentation.
    #[must_use]
    pub fn version(&self) -> &'a [u8] {
        messages(self.message, scope::VERSION)
            .last()
            .unwrap_or_default()
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        messages(self.message, scope::ATTRIBUTES).map(Attribute::read)
    }
}

impl<'a> Span<'a> {
    #[inline]
    fn read(number: u32, resource: Resource<'a>, scope: Scope<'a>, message: &'a [u8]) -> Self {
        let mut span = Self {
            number,
            resource,
            scope,
            message,
            ..Self::default()
        };
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (span::TRACE_ID, Value::Bytes(id)) => span.trace_id = id,
                (span::SPAN_ID, Value::Bytes(id)) => span.span_id = id,
                (span::TRACE_STATE, Value::Bytes(state)) => span.trace_state = state,
                (span::PARENT_SPAN_ID, Value::Bytes(id)) => span.parent_span_id = id,
                (span::NAME, Value::Bytes(name)) => span.name = name,
                (span::KIND, Value::Varint(kind)) => span.kind = Kind::from_number(kind),
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
        messages(self.message, span::LINKS)
            .zip(0..)
            .map(|(message, number)| Link::read(number, message))
    }

    /// What a link to this span points at; none when an id is not valid. A
    /// link says in its flags that it leads to another process: see
    /// [`crate::ProducerSpan`].
    #[must_use]
    pub fn context(&self) -> Option<Context<'a>> {
        Some(Context {
            trace_id: trace_id(self.trace_id)?,
            span_id: span_id(self.span_id)?,
            trace_state: self.trace_state,
            flags: self.flags,
        })
    }

    /// The `Span` message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.message
    }
}

getters!(Span);
getters!(Resource);
getters!(Scope);

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
