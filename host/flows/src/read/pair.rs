//! Attributes, as far as they are read.

use linkmend_wire::otlp::{any_value, key_value};
use linkmend_wire::value::AnyValue;
use linkmend_wire::walk::{Walk, delimited, varint};

use super::keys::{Key, Keys};

/// What an attribute tells, if it is read, and its value: an `AnyValue` message.
#[allow(
    clippy::inline_always,
    reason = "what is returned through memory is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
pub(super) fn read<'a>(message: &'a [u8], keys: &Keys) -> Option<(Key, &'a [u8])> {
    const KEY: u8 = delimited(key_value::KEY) as u8;
    const VALUE: u8 = delimited(key_value::VALUE) as u8;
    // As nearly all are written: most need no further look.
    if let [KEY, length @ 0..0x80, rest @ ..] = message
        && let Some((key, rest)) = rest.split_at_checked(usize::from(*length))
    {
        let key = keys.key(key)?;
        if let [VALUE, length @ 0..0x80, value @ ..] = rest
            && usize::from(*length) == value.len()
        {
            return Some((key, value));
        }
    }
    read_any(message, keys)
}

/// One that is written otherwise than nearly all are.
#[cold]
fn read_any<'a>(message: &'a [u8], keys: &Keys) -> Option<(Key, &'a [u8])> {
    let (mut key, mut value) = (&[][..], &[][..]);
    for (tag, body) in Walk::new(message) {
        if tag == delimited(key_value::KEY) {
            key = body;
        } else if tag == delimited(key_value::VALUE) {
            value = body;
        }
    }
    Some((keys.key(key)?, value))
}

/// A string, as it came; empty: it is something else.
#[inline]
pub(super) fn text(value: &[u8]) -> &[u8] {
    const STRING: u8 = delimited(any_value::STRING) as u8;
    match value {
        [STRING, length @ 0..0x80, text @ ..] if usize::from(*length) == text.len() => text,
        _ => match AnyValue::read(value) {
            AnyValue::String(text) => text,
            _ => &[],
        },
    }
}

/// It is `true`.
pub(super) fn is_true(value: &[u8]) -> bool {
    const BOOL: u8 = varint(any_value::BOOL) as u8;
    match value {
        [BOOL, bit @ 0..=1] => *bit == 1,
        _ => matches!(AnyValue::read(value), AnyValue::Bool(true)),
    }
}
