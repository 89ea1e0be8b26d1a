//! Spans and links, built from numbers.

use linkmend_wire::encode::{
    put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field,
};
use linkmend_wire::otlp::{link, span};

use super::value::{TestValue, put_attributes};
use crate::Kind;

/// When span number 0 starts, in nanoseconds; number n starts n seconds later.
const EPOCH: u64 = 1_700_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// Builds a span. Its number is its span id, and its trace id unless
/// [`SpanBuilder::in_trace`] says otherwise: spans are in traces of their own,
/// and links are told by numbers. Number n starts at second n and takes one.
#[derive(Debug, Clone)]
pub struct SpanBuilder {
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    parent_span_id: Vec<u8>,
    trace_state: String,
    name: String,
    kind: Kind,
    start: u64,
    attributes: Vec<(String, TestValue)>,
    links: Vec<LinkBuilder>,
    dropped_links: u32,
    flags: u32,
}

/// Builds a link of a span.
#[derive(Debug, Clone)]
pub struct LinkBuilder {
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    trace_state: String,
    attributes: Vec<(String, TestValue)>,
    flags: u32,
}

fn trace_id(number: u128) -> Vec<u8> {
    number.to_be_bytes().into()
}

fn span_id(number: u64) -> Vec<u8> {
    number.to_be_bytes().into()
}

impl SpanBuilder {
    /// A span of a kind. Number 0 has no valid ids.
    #[must_use]
    pub fn new(number: u64, kind: Kind) -> Self {
        Self {
            trace_id: trace_id(number.into()),
            span_id: span_id(number),
            parent_span_id: Vec::new(),
            trace_state: String::new(),
            name: format!("span {number}"),
            kind,
            start: EPOCH.saturating_add(number.saturating_mul(SECOND)),
            attributes: Vec::new(),
            links: Vec::new(),
            dropped_links: 0,
            flags: 0x101,
        }
    }

    /// Work inside of a service.
    #[must_use]
    pub fn internal(number: u64) -> Self {
        Self::new(number, Kind::Internal)
    }

    /// The receiving side of a call.
    #[must_use]
    pub fn server(number: u64) -> Self {
        Self::new(number, Kind::Server)
    }

    /// The calling side of a call.
    #[must_use]
    pub fn client(number: u64) -> Self {
        Self::new(number, Kind::Client)
    }

    /// The sending side of a message.
    #[must_use]
    pub fn producer(number: u64) -> Self {
        Self::new(number, Kind::Producer)
    }

    /// The receiving side of a message.
    #[must_use]
    pub fn consumer(number: u64) -> Self {
        Self::new(number, Kind::Consumer)
    }

    /// The number of its trace.
    #[must_use]
    pub fn in_trace(mut self, number: u128) -> Self {
        self.trace_id = trace_id(number);
        self
    }

    /// Ids of any bytes: what a broken SDK sends.
    #[must_use]
    pub fn raw_ids(mut self, trace_id: &[u8], span_id: &[u8]) -> Self {
        self.trace_id = trace_id.into();
        self.span_id = span_id.into();
        self
    }

    /// The number of its parent.
    #[must_use]
    pub fn parent(mut self, number: u64) -> Self {
        self.parent_span_id = span_id(number);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// The second that it starts at, when it is not that of its number.
    #[must_use]
    pub fn at(mut self, second: u64) -> Self {
        self.start = EPOCH.saturating_add(second.saturating_mul(SECOND));
        self
    }

    /// Its trace state.
    #[must_use]
    pub fn trace_state(mut self, trace_state: &str) -> Self {
        self.trace_state = trace_state.into();
        self
    }

    /// OTLP flags; 0x101 when nothing is said.
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    /// An attribute: a text, a number, a boolean, or an array of them.
    #[must_use]
    pub fn attribute(mut self, key: &str, value: impl Into<TestValue>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// A link to the span with this number.
    #[must_use]
    pub fn link_to(self, number: u64) -> Self {
        self.link(LinkBuilder::to(number))
    }

    /// A link.
    #[must_use]
    pub fn link(mut self, link: LinkBuilder) -> Self {
        self.links.push(link);
        self
    }

    /// How many links the SDK dropped.
    #[must_use]
    pub fn dropped_links(mut self, count: u32) -> Self {
        self.dropped_links = count;
        self
    }

    /// A `Span` message.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes_field(&mut out, span::TRACE_ID, &self.trace_id);
        put_bytes_field(&mut out, span::SPAN_ID, &self.span_id);
        put_text(&mut out, span::TRACE_STATE, &self.trace_state);
        if !self.parent_span_id.is_empty() {
            put_bytes_field(&mut out, span::PARENT_SPAN_ID, &self.parent_span_id);
        }
        put_text(&mut out, span::NAME, &self.name);
        put_varint_field(&mut out, span::KIND, self.kind.number());
        put_fixed64_field(&mut out, span::START_TIME_UNIX_NANO, self.start);
        let end = self.start.saturating_add(SECOND);
        put_fixed64_field(&mut out, span::END_TIME_UNIX_NANO, end);
        put_attributes(&self.attributes, span::ATTRIBUTES, &mut out);
        for link in &self.links {
            put_bytes_field(&mut out, span::LINKS, &link.message());
        }
        if self.dropped_links > 0 {
            put_varint_field(
                &mut out,
                span::DROPPED_LINKS_COUNT,
                self.dropped_links.into(),
            );
        }
        put_fixed32_field(&mut out, span::FLAGS, self.flags);
        out
    }
}

impl LinkBuilder {
    /// A link to the span with this number; to number 0 it is not valid.
    #[must_use]
    pub fn to(number: u64) -> Self {
        Self {
            trace_id: trace_id(number.into()),
            span_id: span_id(number),
            trace_state: String::new(),
            attributes: Vec::new(),
            flags: 0x301,
        }
    }

    /// The number of the trace, when it is another one.
    #[must_use]
    pub fn in_trace(mut self, number: u128) -> Self {
        self.trace_id = trace_id(number);
        self
    }

    /// Ids of any bytes: what a broken SDK sends.
    #[must_use]
    pub fn raw_ids(mut self, trace_id: &[u8], span_id: &[u8]) -> Self {
        self.trace_id = trace_id.into();
        self.span_id = span_id.into();
        self
    }

    /// Its trace state.
    #[must_use]
    pub fn trace_state(mut self, trace_state: &str) -> Self {
        self.trace_state = trace_state.into();
        self
    }

    /// OTLP flags; 0x301 when nothing is said.
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(mut self, key: &str, value: impl Into<TestValue>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// A `Link` message.
    fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes_field(&mut out, link::TRACE_ID, &self.trace_id);
        put_bytes_field(&mut out, link::SPAN_ID, &self.span_id);
        put_text(&mut out, link::TRACE_STATE, &self.trace_state);
        put_attributes(&self.attributes, link::ATTRIBUTES, &mut out);
        put_fixed32_field(&mut out, link::FLAGS, self.flags);
        out
    }
}

fn put_text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        put_bytes_field(out, number, text.as_bytes());
    }
}
