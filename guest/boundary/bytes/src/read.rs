//! One walk over the bytes, for what the join needs.

use linkmend_wire::links::{Link, span_id, trace_id};
use linkmend_wire::otlp::{resource_spans, scope_spans, span, traces_data};
use linkmend_wire::value::{AnyValue, Attribute, plain_pair};
use linkmend_wire::{Fields, Value};

/// The attribute that names a message.
pub(crate) const MESSAGE_ID: &str = "messaging.message.id";

/// What the join needs of a span.
#[derive(Debug, Default)]
pub(crate) struct Span<'a> {
    pub(crate) number: u32,
    pub(crate) kind: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) flags: u32,
    /// How many it has.
    pub(crate) links: usize,
    pub(crate) trace_state: &'a [u8],
    /// Empty where it has none.
    pub(crate) message_id: &'a [u8],
    trace: &'a [u8],
    id: &'a [u8],
    message: &'a [u8],
}

/// All spans of a batch, in order.
pub(crate) fn for_each_span<'a>(traces: &'a [u8], mut take: impl FnMut(Span<'a>)) {
    let mut number = 0;
    for resource in messages(traces, traces_data::RESOURCE_SPANS) {
        for scope in messages(resource, resource_spans::SCOPE_SPANS) {
            for span in messages(scope, scope_spans::SPANS) {
                take(Span::read(number, span));
                number += 1;
            }
        }
    }
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message)
        .flatten()
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes())
}

impl<'a> Span<'a> {
    #[inline]
    fn read(number: u32, message: &'a [u8]) -> Self {
        let mut span = Self {
            number,
            message,
            ..Self::default()
        };
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (span::TRACE_ID, Value::Bytes(id)) => span.trace = id,
                (span::SPAN_ID, Value::Bytes(id)) => span.id = id,
                (span::TRACE_STATE, Value::Bytes(state)) => span.trace_state = state,
                (span::KIND, Value::Varint(kind)) => span.kind = kind,
                (span::START_TIME_UNIX_NANO, Value::Fixed64(time)) => span.start = time,
                (span::END_TIME_UNIX_NANO, Value::Fixed64(time)) => span.end = time,
                (span::FLAGS, Value::Fixed32(flags)) => span.flags = flags,
                (span::LINKS, Value::Bytes(_)) => span.links += 1,
                (span::ATTRIBUTES, Value::Bytes(pair)) => span.read_attribute(pair),
                _ => {}
            }
        }
        span
    }

    #[inline]
    fn read_attribute(&mut self, pair: &'a [u8]) {
        let value = match plain_pair(pair) {
            Some((key, _)) if key != MESSAGE_ID.as_bytes() => return,
            Some((_, value)) => AnyValue::read(value),
            None => {
                let attribute = Attribute::read(pair);
                if attribute.key != MESSAGE_ID.as_bytes() {
                    return;
                }
                attribute.value
            }
        };
        if let AnyValue::String(id) = value {
            self.message_id = id;
        }
    }

    /// Its ids, when they are valid.
    pub(crate) fn ids(&self) -> Option<(u128, u64)> {
        Some((trace_id(self.trace)?, span_id(self.id)?))
    }

    /// One of its links points there.
    pub(crate) fn is_linked_to(&self, to_trace: u128, to_span: u64) -> bool {
        self.links > 0
            && messages(self.message, span::LINKS)
                .map(Link::read)
                .any(|link| {
                    span_id(link.span_id) == Some(to_span)
                        && trace_id(link.trace_id) == Some(to_trace)
                })
    }
}
