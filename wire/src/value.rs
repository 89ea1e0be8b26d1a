//! Reading attributes.

use crate::fields::{Fields, Value};
use crate::otlp::{any_value, key_value, list};

/// A `KeyValue`.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    /// The key, as it came: UTF-8 by the protocol, which nobody checked.
    pub key: &'a [u8],
    /// The value.
    pub value: AnyValue<'a>,
}

/// An `AnyValue`. Of repeated values the last wins, whatever their kinds: of
/// two arrays too, which other readers of protobuf join.
#[derive(Debug, Clone, Copy)]
pub enum AnyValue<'a> {
    /// No value, or one that this crate cannot read: an index into the string
    /// table of a profile.
    Empty,
    /// A string, as it came: UTF-8 by the protocol, which nobody checked.
    String(&'a [u8]),
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// An array.
    Array(Array<'a>),
    /// A list of keys and values.
    KvList,
    /// Bytes.
    Bytes(&'a [u8]),
}

/// An `ArrayValue`.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    message: &'a [u8],
}

/// The key and the `AnyValue` message of a `KeyValue` that is written as nearly
/// all are: just these two, in either order, each shorter than 16 KiB. A short
/// cut for those who look at every attribute; whatever it does not take is to be
/// read by [`Attribute::read`].
#[allow(
    clippy::inline_always,
    reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
#[must_use]
pub fn plain_pair(message: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: u8 = (key_value::KEY << 3 | 2) as u8;
    const VALUE: u8 = (key_value::VALUE << 3 | 2) as u8;
    let (first, rest) = message.split_first()?;
    let (one, rest) = plain_part(rest)?;
    let (second, rest) = rest.split_first()?;
    let (other, rest) = plain_part(rest)?;
    match (*first, *second, rest) {
        (KEY, VALUE, []) => Some((one, other)),
        (VALUE, KEY, []) => Some((other, one)),
        _ => None,
    }
}

/// What a length of one or two bytes stands before, and what follows.
#[allow(
    clippy::inline_always,
    reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
pub(crate) fn plain_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [length @ 0..0x80, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        [low, high @ 0..0x80, rest @ ..] => {
            rest.split_at_checked(usize::from(low & 0x7f) | usize::from(*high) << 7)
        }
        _ => None,
    }
}

impl<'a> Attribute<'a> {
    /// Reads a `KeyValue` message. Of a repeated key the last wins; a repeated
    /// value is read on, as protobuf merges messages. What is not well-formed
    /// ends the reading: the batch was checked by a [`crate::Scan`] before.
    #[inline]
    #[must_use]
    pub fn read(message: &'a [u8]) -> Self {
        let mut attribute = Self {
            key: &[],
            value: AnyValue::Empty,
        };
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (key_value::KEY, Value::Bytes(key)) => attribute.key = key,
                (key_value::VALUE, Value::Bytes(value)) => attribute.value.read_on(value),
                _ => {}
            }
        }
        attribute
    }
}

impl<'a> AnyValue<'a> {
    /// Reads an `AnyValue` message.
    #[inline]
    #[must_use]
    pub fn read(message: &'a [u8]) -> Self {
        let mut value = Self::Empty;
        value.read_on(message);
        value
    }

    /// What `message` says replaces the value, if it says anything.
    #[inline]
    fn read_on(&mut self, message: &'a [u8]) {
        for field in Fields::new(message).flatten() {
            *self = match (field.number, field.value) {
                (any_value::STRING, Value::Bytes(text)) => Self::String(text),
                (any_value::BOOL, Value::Varint(bits)) => Self::Bool(bits != 0),
                (any_value::INT, Value::Varint(bits)) => Self::Int(bits.cast_signed()),
                (any_value::DOUBLE, Value::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (any_value::ARRAY, Value::Bytes(message)) => Self::Array(Array { message }),
                (any_value::KVLIST, Value::Bytes(_)) => Self::KvList,
                (any_value::BYTES, Value::Bytes(bytes)) => Self::Bytes(bytes),
                (any_value::STRING_STRINDEX, Value::Varint(_)) => Self::Empty,
                _ => continue,
            };
        }
    }
}

impl<'a> Array<'a> {
    /// The elements.
    pub fn iter(&self) -> impl Iterator<Item = AnyValue<'a>> + use<'a> {
        Fields::new(self.message)
            .flatten()
            .filter(|field| field.number == list::VALUES)
            .filter_map(|field| field.bytes())
            .map(AnyValue::read)
    }
}
