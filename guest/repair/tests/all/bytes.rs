//! The same batch in other bytes.

use linkmend_wire::Fields;
use linkmend_wire::encode::put_bytes_field;

/// The fields of every message from the lowest number to the highest, as SDKs
/// write them.
pub fn as_encoded(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// The fields of every message from the highest number to the lowest, as the
/// Collector writes them; those of one number stay in order.
pub fn descending_traces(bytes: &[u8]) -> Vec<u8> {
    descending(bytes, &TRACES)
}

struct Shape(&'static [(u32, &'static Shape)]);

static PLAIN: Shape = Shape(&[]);
static KEY_VALUE: Shape = Shape(&[(2, &PLAIN)]);
static LINK: Shape = Shape(&[(4, &KEY_VALUE)]);
static SPAN: Shape = Shape(&[(9, &KEY_VALUE), (13, &LINK), (15, &PLAIN)]);
static SCOPE: Shape = Shape(&[(1, &PLAIN), (2, &SPAN)]);
static RESOURCE: Shape = Shape(&[(1, &KEY_VALUE)]);
static RESOURCE_SPANS: Shape = Shape(&[(1, &RESOURCE), (2, &SCOPE)]);
static TRACES: Shape = Shape(&[(1, &RESOURCE_SPANS)]);

fn descending(message: &[u8], shape: &Shape) -> Vec<u8> {
    let mut fields: Vec<_> = Fields::new(message).map(Result::unwrap).collect();
    fields.sort_by_key(|field| std::cmp::Reverse(field.number));
    let mut out = vec![];
    for field in fields {
        let inner = shape.0.iter().find(|(number, _)| *number == field.number);
        match (inner, field.bytes()) {
            (Some((_, shape)), Some(body)) => {
                put_bytes_field(&mut out, field.number, &descending(body, shape));
            }
            _ => out.extend_from_slice(&message[field.start..field.end]),
        }
    }
    out
}

/// Every message with a field that nobody knows at its end, and texts of even
/// lengths with a length that takes a byte more than it has to.
pub fn spelled_out_traces(bytes: &[u8]) -> Vec<u8> {
    spelled_out(bytes, &TRACES)
}

fn spelled_out(message: &[u8], shape: &Shape) -> Vec<u8> {
    let mut out = vec![];
    for field in Fields::new(message).map(Result::unwrap) {
        let inner = shape.0.iter().find(|(number, _)| *number == field.number);
        match (inner, field.bytes()) {
            (Some((2, _)), Some(value)) if std::ptr::eq(shape, &raw const KEY_VALUE) => {
                put_bytes_field(&mut out, 2, &spelled_out_value(value));
            }
            (Some((_, shape)), Some(body)) => {
                put_bytes_field(&mut out, field.number, &spelled_out(body, shape));
            }
            _ => out.extend_from_slice(&message[field.start..field.end]),
        }
    }
    put_bytes_field(&mut out, UNKNOWN, b"?");
    out
}

const UNKNOWN: u32 = 200;

/// The text, and what follows it, are as long as the first byte of its length says
/// by itself.
fn spelled_out_value(value: &[u8]) -> Vec<u8> {
    let mut out = match value {
        [0x0a, length, text @ ..] if usize::from(*length) == text.len() && length % 2 == 0 => {
            [&[0x0a, length | 0x80, 0], text].concat()
        }
        _ => value.to_vec(),
    };
    put_bytes_field(&mut out, UNKNOWN, &[b'?'; 124]);
    out
}
