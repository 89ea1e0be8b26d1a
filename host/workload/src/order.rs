//! What senders may do with fields: SDKs write them in ascending order of their
//! numbers, the Collector in descending order, and newer ones have more of them.

use std::cmp::Reverse;

use linkmend_wire::Fields;
use linkmend_wire::encode::put_bytes_field;

/// Of a message: the fields that are messages themselves.
struct Shape(&'static [(u32, &'static Shape)]);

const LEAF: Shape = Shape(&[]);
/// `AnyValue` nests without end; one level of arrays and lists is enough.
const ANY_VALUE: Shape = Shape(&[(5, &LEAF), (6, &LEAF)]);
const KEY_VALUE: Shape = Shape(&[(2, &ANY_VALUE)]);
const LINK: Shape = Shape(&[(4, &KEY_VALUE)]);
const EVENT: Shape = Shape(&[(3, &KEY_VALUE)]);
const SPAN: Shape = Shape(&[(9, &KEY_VALUE), (11, &EVENT), (13, &LINK), (15, &LEAF)]);
const SCOPE: Shape = Shape(&[(3, &KEY_VALUE)]);
const SCOPE_SPANS: Shape = Shape(&[(1, &SCOPE), (2, &SPAN)]);
const RESOURCE: Shape = Shape(&[(1, &KEY_VALUE)]);
const RESOURCE_SPANS: Shape = Shape(&[(1, &RESOURCE), (2, &SCOPE_SPANS)]);
const TRACES_DATA: Shape = Shape(&[(1, &RESOURCE_SPANS)]);

/// A well-formed `TracesData` with the fields of every message in descending
/// order, as the Collector writes them. Repeated fields keep theirs.
#[must_use]
pub fn descending(batch: &[u8]) -> Vec<u8> {
    reorder(batch, &TRACES_DATA)
}

fn reorder(message: &[u8], shape: &Shape) -> Vec<u8> {
    let mut fields: Vec<_> = Fields::new(message).flatten().collect();
    fields.sort_by_key(|field| Reverse(field.number));
    let mut out = Vec::with_capacity(message.len());
    for field in fields {
        let inner = shape.0.iter().find(|(number, _)| *number == field.number);
        match (inner, field.bytes()) {
            (Some((number, shape)), Some(bytes)) => {
                put_bytes_field(&mut out, *number, &reorder(bytes, shape));
            }
            _ => out.extend_from_slice(message.get(field.start..field.end).unwrap_or_default()),
        }
    }
    out
}

/// A well-formed `TracesData` with more fields: what `next` answers goes before
/// every field of every message. It answers with whole fields, or nothing.
#[must_use]
pub fn salted(batch: &[u8], next: &mut dyn FnMut() -> Vec<u8>) -> Vec<u8> {
    salt(batch, &TRACES_DATA, next)
}

fn salt(message: &[u8], shape: &Shape, next: &mut dyn FnMut() -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    for field in Fields::new(message).flatten() {
        out.append(&mut next());
        let inner = shape.0.iter().find(|(number, _)| *number == field.number);
        match (inner, field.bytes()) {
            (Some((number, shape)), Some(bytes)) => {
                put_bytes_field(&mut out, *number, &salt(bytes, shape, next));
            }
            _ => out.extend_from_slice(message.get(field.start..field.end).unwrap_or_default()),
        }
    }
    out
}
