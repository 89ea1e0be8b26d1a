//! Contexts that a span or a link carries itself: captured headers.

use crate::value::Value;

/// A context in a captured `traceparent` header.
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
