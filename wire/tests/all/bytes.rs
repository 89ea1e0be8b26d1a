//! Writing protobuf by hand.

use linkmend_wire::encode::put_varint;
use linkmend_wire::located::Reads;
use linkmend_wire::{Scan, Selector, WireError};

use super::shared::located::check_on_the_way;

/// A field of wire type 2.
pub fn field(number: u32, body: &[u8]) -> Vec<u8> {
    let mut out = tag(number, 2);
    put_varint(&mut out, body.len() as u64);
    out.extend_from_slice(body);
    out
}

/// A field of wire type 0.
pub fn number(number: u32, value: u64) -> Vec<u8> {
    let mut out = tag(number, 0);
    put_varint(&mut out, value);
    out
}

pub fn tag(number: u32, wire_type: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, u64::from(number) << 3 | u64::from(wire_type));
    out
}

/// `value` as a varint of `length` bytes.
pub fn padded(value: u64, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, value);
    while out.len() < length {
        *out.last_mut().unwrap() |= 0x80;
        out.push(0);
    }
    out
}

/// A `KeyValue` of a string.
pub fn attribute(key: &str, value: &str) -> Vec<u8> {
    [
        field(1, key.as_bytes()),
        field(2, &field(1, value.as_bytes())),
    ]
    .concat()
}

/// A batch of one span with these fields.
pub fn batch_of(span: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, span)))
}

/// The messages of OTLP, each as a batch with one of these and `inner` as all
/// that is in it.
pub fn levels(inner: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let key_value = |inner: &[u8]| batch_of(&field(9, inner));
    let value = |inner: &[u8]| key_value(&field(2, inner));
    vec![
        ("TracesData", inner.to_vec()),
        ("ResourceSpans", field(1, inner)),
        ("Resource", field(1, &field(1, inner))),
        ("EntityRef", field(1, &field(1, &field(3, inner)))),
        ("ScopeSpans", field(1, &field(2, inner))),
        ("Scope", field(1, &field(2, &field(1, inner)))),
        ("Span", batch_of(inner)),
        ("Event", batch_of(&field(11, inner))),
        ("Link", batch_of(&field(13, inner))),
        ("Status", batch_of(&field(15, inner))),
        ("KeyValue", key_value(inner)),
        ("AnyValue", value(inner)),
        ("ArrayValue", value(&field(5, inner))),
        ("KeyValueList", value(&field(6, inner))),
        ("a link's KeyValue", batch_of(&field(13, &field(4, inner)))),
        (
            "an event's KeyValue",
            batch_of(&field(11, &field(3, inner))),
        ),
        ("a nested KeyValue", value(&field(6, &field(1, inner)))),
        ("a nested AnyValue", value(&field(5, &field(1, inner)))),
    ]
}

/// Walks over a batch, with all spans selected; a walk that locates them on the way
/// says the same.
pub fn scan(batch: &[u8]) -> Result<Scan, WireError> {
    check_on_the_way(batch, &Selector::all(), &Reads::new(&["*"]));
    let mut scan = Scan::new();
    scan.run(batch, &Selector::all()).map(|()| scan)
}
