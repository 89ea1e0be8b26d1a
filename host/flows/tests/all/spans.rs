//! Spans, written as their senders do.

use linkmend_wire::encode::{
    put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field,
};

/// Keys and values.
type Attributes = Vec<(String, String)>;

/// A span of this number; in its trace, if no other is given.
#[derive(Clone, Default)]
pub struct Span {
    pub number: u64,
    pub trace: u64,
    pub parent: u64,
    pub kind: u64,
    pub service: String,
    pub name: String,
    pub start: u64,
    pub end: u64,
    pub flags: u32,
    pub is_failed: bool,
    pub attributes: Attributes,
    /// Traces, spans and attributes.
    pub links: Vec<(u64, u64, Attributes)>,
}

impl Span {
    pub fn producer(number: u64, service: &str) -> Self {
        Self::new(number, service, 4, "send")
    }

    pub fn consumer(number: u64, service: &str) -> Self {
        Self::new(number, service, 5, "process")
    }

    pub fn new(number: u64, service: &str, kind: u64, name: &str) -> Self {
        Self {
            number,
            trace: number,
            kind,
            service: service.into(),
            name: name.into(),
            start: number * 1_000_000,
            end: number * 1_000_000 + 500_000,
            ..Self::default()
        }
        .with("messaging.system", "rabbitmq")
        .with("messaging.destination.name", "orders")
    }

    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// With a link to a span in a trace of its number.
    pub fn linked(self, to: u64) -> Self {
        self.linked_by(to, &[])
    }

    pub fn linked_by(mut self, to: u64, attributes: &[(&str, &str)]) -> Self {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(key, value)| ((*key).into(), (*value).into()));
        self.links.push((to, to, attributes.collect()));
        self
    }

    pub fn below(mut self, trace: u64, parent: u64, flags: u32) -> Self {
        (self.trace, self.parent, self.flags) = (trace, parent, flags);
        self
    }
}

pub fn trace_id(number: u64) -> [u8; 16] {
    (u128::from(number) + (0xabcd << 64)).to_be_bytes()
}

pub fn batch(spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::new();
    for span in spans {
        let mut resource = Vec::new();
        put_text(&mut resource, 1, "service.name", &span.service);
        let mut scope = Vec::new();
        put_bytes_field(&mut scope, 2, &encoded(span));
        let mut all = Vec::new();
        put_bytes_field(&mut all, 1, &resource);
        put_bytes_field(&mut all, 2, &scope);
        put_bytes_field(&mut out, 1, &all);
    }
    out
}

fn encoded(span: &Span) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes_field(&mut out, 1, &trace_id(span.trace));
    put_bytes_field(&mut out, 2, &span.number.to_be_bytes());
    if span.parent != 0 {
        put_bytes_field(&mut out, 4, &span.parent.to_be_bytes());
    }
    put_bytes_field(&mut out, 5, span.name.as_bytes());
    put_varint_field(&mut out, 6, span.kind);
    put_fixed64_field(&mut out, 7, span.start);
    put_fixed64_field(&mut out, 8, span.end);
    for (key, value) in &span.attributes {
        put_text(&mut out, 9, key, value);
    }
    for (trace, to, attributes) in &span.links {
        let mut link = Vec::new();
        put_bytes_field(&mut link, 1, &trace_id(*trace));
        put_bytes_field(&mut link, 2, &to.to_be_bytes());
        for (key, value) in attributes {
            if key == "link.repaired" || key == "mended" {
                put_attribute(&mut link, 4, key, &[2 << 3, 1]);
            } else {
                put_text(&mut link, 4, key, value);
            }
        }
        put_bytes_field(&mut out, 13, &link);
    }
    if span.is_failed {
        put_bytes_field(&mut out, 15, &[3 << 3, 2]);
    }
    put_fixed32_field(&mut out, 16, span.flags);
    out
}

fn put_text(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    let mut text = Vec::new();
    put_bytes_field(&mut text, 1, value.as_bytes());
    put_attribute(out, number, key, &text);
}

fn put_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &[u8]) {
    let mut pair = Vec::new();
    put_bytes_field(&mut pair, 1, key.as_bytes());
    put_bytes_field(&mut pair, 2, value);
    put_bytes_field(out, number, &pair);
}
