//! Attributes, as far as they are read.

use linkmend_wire::otlp::{any_value, key_value};
use linkmend_wire::value::{AnyValue, Attribute};

use super::keys::{Key, Keys};

/// The value of an attribute that is read: an `AnyValue` message, or what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum AttributeValue<'a> {
    Message(&'a [u8]),
    Read(AnyValue<'a>),
}

/// What an attribute tells, if it is read.
#[inline]
pub(super) fn read<'a>(message: &'a [u8], keys: &Keys) -> Option<(Key, AttributeValue<'a>)> {
    const KEY: u8 = (key_value::KEY << 3 | 2) as u8;
    const VALUE: u8 = (key_value::VALUE << 3 | 2) as u8;
    // As nearly all are written: most need no further look.
    if let [KEY, length @ 0..0x80, rest @ ..] = message
        && let Some((key, rest)) = rest.split_at_checked(usize::from(*length))
    {
        let key = keys.key(key)?;
        if let [VALUE, length @ 0..0x80, value @ ..] = rest
            && usize::from(*length) == value.len()
        {
            return Some((key, AttributeValue::Message(value)));
        }
    }
    let attribute = Attribute::read(message);
    let key = keys.key(attribute.key)?;
    Some((key, AttributeValue::Read(attribute.value)))
}

impl<'a> AttributeValue<'a> {
    /// A string, as it came; empty: it is something else.
    #[inline]
    pub(super) fn text(self) -> &'a [u8] {
        const STRING: u8 = (any_value::STRING << 3 | 2) as u8;
        match self {
            Self::Message([STRING, length @ 0..0x80, text @ ..])
                if usize::from(*length) == text.len() =>
            {
                text
            }
            _ => match self.value() {
                AnyValue::String(text) => text,
                _ => &[],
            },
        }
    }

    /// It is `true`.
    pub(super) fn is_true(self) -> bool {
        matches!(self.value(), AnyValue::Bool(true))
    }

    fn value(self) -> AnyValue<'a> {
        match self {
            Self::Message(message) => AnyValue::read(message),
            Self::Read(value) => value,
        }
    }
}
