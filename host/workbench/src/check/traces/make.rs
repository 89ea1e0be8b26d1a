//! Traces field by field, so that anything can be in them.

use linkmend_wire::encode::{
    put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field,
};
use linkmend_wire::otlp::{
    any_value, key_value, link, list, resource, resource_spans, scope, scope_spans, span,
    traces_data,
};

/// When the first span of a trace starts.
pub(super) const START: u64 = 1_700_000_000_000_000_000;

/// A message, by its fields in the order in which they are put.
#[derive(Debug, Clone, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn bytes(mut self, number: u32, bytes: impl AsRef<[u8]>) -> Self {
        put_bytes_field(&mut self.0, number, bytes.as_ref());
        self
    }

    pub(super) fn varint(mut self, number: u32, value: u64) -> Self {
        put_varint_field(&mut self.0, number, value);
        self
    }

    pub(super) fn fixed64(mut self, number: u32, value: u64) -> Self {
        put_fixed64_field(&mut self.0, number, value);
        self
    }

    pub(super) fn fixed32(mut self, number: u32, value: u32) -> Self {
        put_fixed32_field(&mut self.0, number, value);
        self
    }

    pub(super) fn message(self, number: u32, message: Self) -> Self {
        self.bytes(number, message.0)
    }

    /// Attributes of a span.
    pub(super) fn attributes(self, attributes: impl IntoIterator<Item = Self>) -> Self {
        let put = |all: Self, attribute| all.message(span::ATTRIBUTES, attribute);
        attributes.into_iter().fold(self, put)
    }

    /// Links of a span.
    pub(super) fn links(self, links: impl IntoIterator<Item = Self>) -> Self {
        let put = |all: Self, one| all.message(span::LINKS, one);
        links.into_iter().fold(self, put)
    }
}

/// A `KeyValue`.
pub(super) fn attribute(key: impl AsRef<[u8]>, value: Message) -> Message {
    Message::default()
        .bytes(key_value::KEY, key)
        .message(key_value::VALUE, value)
}

/// A `KeyValue` whose value is a string.
pub(super) fn text(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Message {
    attribute(key, string(value))
}

/// An `AnyValue`.
pub(super) fn string(value: impl AsRef<[u8]>) -> Message {
    Message::default().bytes(any_value::STRING, value)
}

/// An `AnyValue`.
pub(super) fn integer(value: i64) -> Message {
    Message::default().varint(any_value::INT, value.cast_unsigned())
}

/// An `AnyValue`: an array.
pub(super) fn array(values: impl IntoIterator<Item = Message>) -> Message {
    let put = |all: Message, value| all.message(list::VALUES, value);
    let values = values.into_iter().fold(Message::default(), put);
    Message::default().message(any_value::ARRAY, values)
}

/// An `AnyValue`: a list of keys and values.
pub(super) fn key_values(values: impl IntoIterator<Item = Message>) -> Message {
    let put = |all: Message, value| all.message(list::VALUES, value);
    let values = values.into_iter().fold(Message::default(), put);
    Message::default().message(any_value::KVLIST, values)
}

/// One value of every type.
pub(super) fn every_value() -> Vec<Message> {
    let any = Message::default;
    vec![
        string("text"),
        string(""),
        any().varint(any_value::BOOL, 1),
        integer(i64::MIN),
        integer(i64::MAX),
        any().fixed64(any_value::DOUBLE, f64::NAN.to_bits()),
        any().fixed64(any_value::DOUBLE, f64::INFINITY.to_bits()),
        any().bytes(any_value::BYTES, [0, 0xff, 0x80]),
        array([]),
        array([string("one"), string("two"), string("one")]),
        array([integer(1), integer(-1)]),
        array([string("one"), integer(2), any(), array([string("deep")])]),
        key_values([text("inner", "value")]),
        any(),
    ]
}

/// A trace id that is valid.
pub(super) fn trace_id(number: u64) -> [u8; 16] {
    (u128::from(number) << 64 | 0x00c0_ffee).to_be_bytes()
}

/// A span id that is valid.
pub(super) fn span_id(number: u64) -> [u8; 8] {
    (number | 1 << 40).to_be_bytes()
}

/// A span with ids, a name, a kind and times.
pub(super) fn span(number: u64, kind: u64) -> Message {
    let start = START.saturating_add(number.saturating_mul(1_000));
    Message::default()
        .bytes(span::TRACE_ID, trace_id(number))
        .bytes(span::SPAN_ID, span_id(number))
        .bytes(span::NAME, format!("span {number}"))
        .varint(span::KIND, kind)
        .fixed64(span::START_TIME_UNIX_NANO, start)
        .fixed64(span::END_TIME_UNIX_NANO, start.saturating_add(500))
        .fixed32(span::FLAGS, 0x101)
}

/// A link to [`span`] number `number`.
pub(super) fn link(number: u64) -> Message {
    link_to(trace_id(number), span_id(number)).fixed32(link::FLAGS, 0x101)
}

/// A link to any ids.
pub(super) fn link_to(trace_id: impl AsRef<[u8]>, span_id: impl AsRef<[u8]>) -> Message {
    Message::default()
        .bytes(link::TRACE_ID, trace_id)
        .bytes(link::SPAN_ID, span_id)
}

/// A batch of one service and one scope.
pub(super) fn batch(spans: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let service = text("service.name", "workbench");
    batch_of(
        Message::default().message(resource::ATTRIBUTES, service),
        spans,
    )
}

/// A batch of one resource and one scope.
pub(super) fn batch_of(resource: Message, spans: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let scope = Message::default()
        .bytes(scope::NAME, "check")
        .bytes(scope::VERSION, "1");
    let scope = Message::default().message(scope_spans::SCOPE, scope);
    let put = |all: Message, span| all.message(scope_spans::SPANS, span);
    let scope = spans.into_iter().fold(scope, put);
    let resource = Message::default()
        .message(resource_spans::RESOURCE, resource)
        .message(resource_spans::SCOPE_SPANS, scope);
    Message::default()
        .message(traces_data::RESOURCE_SPANS, resource)
        .0
}
