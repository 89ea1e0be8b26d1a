//! Values of attributes, as far as they can name a message.

use linkmend_wire::located::{Elements, Value as Located};

/// The value of a known attribute.
#[derive(Debug, Clone, Copy, Default)]
pub enum Value<'a> {
    /// No value, or one that can not name a message: boolean, double, map.
    #[default]
    Absent,
    /// A string.
    Text(&'a [u8]),
    /// An integer.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An array, as it is shown.
    Array(Elements<'a>),
    /// An array, decoded.
    Listed(&'a [Value<'a>]),
}

impl<'a> From<Located<'a>> for Value<'a> {
    #[inline]
    fn from(value: Located<'a>) -> Self {
        match value {
            Located::Text(text) => Self::Text(text),
            Located::Int(number) => Self::Int(number),
            Located::Bytes(bytes) => Self::Bytes(bytes),
            Located::Array(elements) => Self::Array(elements),
            Located::None | Located::Bool(_) | Located::Double(_) => Self::Absent,
        }
    }
}

impl<'a> Value<'a> {
    /// Not absent, and not an empty string: an id that is set after the send
    /// stays empty when the send fails (Go Pub/Sub).
    #[inline]
    #[must_use]
    pub fn is_usable(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Text(text) | Self::Bytes(text) => !text.is_empty(),
            Self::Int(_) | Self::Array(_) | Self::Listed(_) => true,
        }
    }

    /// Usable, and one value.
    #[inline]
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.is_usable() && !self.is_array()
    }

    /// An array.
    #[inline]
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Listed(_))
    }

    /// The text of a string.
    #[inline]
    #[must_use]
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How the value is written in a key: a string as it is, an integer in
    /// decimal, bytes in hex. Arrays and absent values are empty. `buffer` is
    /// used where the text has to be made.
    #[inline]
    pub fn written<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Text(text) => text,
            Self::Int(number) => {
                buffer.clear();
                put_decimal(number.unsigned_abs(), *number < 0, buffer);
                buffer
            }
            Self::Bytes(bytes) => {
                buffer.clear();
                put_hex(bytes, buffer);
                buffer
            }
            Self::Absent | Self::Array(_) | Self::Listed(_) => &[],
        }
    }

    /// A number that is not negative, written as an integer or in digits.
    #[inline]
    #[must_use]
    pub fn natural(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::Text(text) => natural(text),
            _ => None,
        }
    }

    /// Calls `each` with the elements of an array that are strings, integers
    /// or bytes; what is empty or of another kind comes as absent, so that
    /// places stay what they are.
    pub fn for_each_element(&self, mut each: impl FnMut(Value<'a>)) {
        let mut scalar = |value: Value<'a>| {
            each(if value.is_scalar() {
                value
            } else {
                Value::Absent
            });
        };
        match self {
            Self::Array(elements) => {
                let mut left = elements.count();
                for element in elements.iter() {
                    left = left.saturating_sub(1);
                    scalar(Value::from(element));
                }
                // Those that are not shown are there.
                (0..left).for_each(|_| scalar(Value::Absent));
            }
            Self::Listed(values) => values.iter().copied().for_each(scalar),
            other => scalar(*other),
        }
    }
}

/// Digits, and nothing else, as a number.
#[must_use]
pub fn natural(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let digit = |number: u64, &byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        let number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        (digit < 10).then_some(number)
    };
    text.iter().try_fold(0, digit)
}

/// Appends a number in decimal.
pub fn put_decimal(mut number: u64, negative: bool, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if negative {
        out.push(b'-');
    }
    out.get_mut(start..).unwrap_or_default().reverse();
}

fn put_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |nibble: u8| {
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        }
    };
    out.extend(
        bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]),
    );
}
