//! Contexts that a span or a link carries itself: captured headers, and ids.

use crate::value::Value;

/// A context that came along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Not 0.
    pub trace_id: u128,
    /// Not 0.
    pub span_id: u64,
    /// The W3C flags.
    pub flags: u32,
}

/// Reads a `traceparent` header of version 00 (W3C Trace Context, 3.2).
#[must_use]
pub fn traceparent(value: Value<'_>) -> Option<Carried> {
    let text = value.text()?;
    if text.len() != 55 {
        return None;
    }
    let mut parts = text.split(|&byte| byte == b'-');
    let version = parts.next()?;
    let trace_id = hex(parts.next()?, 32)?;
    let span_id = hex(parts.next()?, 16)? as u64;
    let flags = hex(parts.next()?, 2)? as u32;
    let valid = version == b"00" && trace_id != 0 && span_id != 0 && parts.next().is_none();
    valid.then_some(Carried {
        trace_id,
        span_id,
        flags,
    })
}

/// Lower-case digits, as the header has them.
fn hex(text: &[u8], length: usize) -> Option<u128> {
    if text.len() != length {
        return None;
    }
    text.iter().try_fold(0, |number: u128, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

/// A context of ids in hex, as tables hold them.
#[must_use]
pub fn ids(trace_id: Value<'_>, span_id: Value<'_>, flags: Value<'_>) -> Option<Carried> {
    let trace_id = id(trace_id, 16).filter(|id| *id != 0)?;
    let span_id = id(span_id, 8).filter(|id| *id != 0)? as u64;
    Some(Carried {
        trace_id,
        span_id,
        flags: id_flags(flags),
    })
}

/// Hex digits of either case, or the bytes themselves.
fn id(value: Value<'_>, bytes: usize) -> Option<u128> {
    match value {
        Value::Text(text) if text.len() == 2 * bytes => {
            let mut lower = [0; 32];
            let lower = lower.get_mut(..text.len())?;
            lower.copy_from_slice(text);
            lower.make_ascii_lowercase();
            hex(lower, text.len())
        }
        Value::Bytes(id) if id.len() == bytes => Some(
            id.iter()
                .fold(0, |number, byte| number << 8 | u128::from(*byte)),
        ),
        _ => None,
    }
}

fn id_flags(value: Value<'_>) -> u32 {
    match value {
        Value::Int(flags) => u32::try_from(flags).unwrap_or(0) & 0xff,
        other => id(other, 1).map_or(0, |flags| flags as u32),
    }
}
