//! Walking over messages that were checked, as fast as it can be done.

use std::ops::Range;

use linkmend_wire::otlp::wire_type;

/// The fields of a message, one after the other: the tag of each, and its bytes. Those
/// of a number are as they came. Ends at what is not well-formed.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    rest: &'a [u8],
    length: usize,
}

/// The tag of a field of this number with a length.
pub(super) const fn delimited(number: u32) -> u64 {
    (number << 3 | 2) as u64
}

/// The tag of a varint of this number.
pub(super) const fn varint(number: u32) -> u64 {
    (number << 3) as u64
}

/// The tag of eight bytes of this number.
pub(super) const fn fixed64(number: u32) -> u64 {
    (number << 3 | 1) as u64
}

/// The tag of four bytes of this number.
pub(super) const fn fixed32(number: u32) -> u64 {
    (number << 3 | 5) as u64
}

impl<'a> Walk<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            length: message.len(),
        }
    }

    /// How much of the message was walked over.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The messages in the fields of one number.
    pub(super) fn all(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.filter_map(move |(tag, body)| (tag == delimited(number)).then_some(body))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (u64, &'a [u8]);

    #[allow(
        clippy::inline_always,
        reason = "it is called for each field of each span, and what it returns goes through memory else"
    )]
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (tag, rest) = number(self.rest)?;
        // Asked one after the other: nearly all have a length.
        let wire_type = wire_type(tag as u32);
        let (length, rest) = if wire_type == 2 {
            number(rest)?
        } else if wire_type == 1 {
            (8, rest)
        } else if wire_type == 0 {
            ((rest.len() - number(rest)?.1.len()) as u64, rest)
        } else if wire_type == 5 {
            (4, rest)
        } else {
            return None;
        };
        let (body, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some((tag, body))
    }
}

/// A base-128 varint, and what is behind it.
#[allow(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        [byte @ 0..0x80, rest @ ..] => Some((u64::from(*byte), rest)),
        // The tag of `Span.flags`, and the length of nearly every span.
        [low, high @ 0..0x80, rest @ ..] => {
            Some((u64::from(low & 0x7f) | u64::from(*high) << 7, rest))
        }
        _ => long_number(bytes),
    }
}

#[cold]
fn long_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

/// Where fields of one number lie in a message, from the first to the last of them.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    range: Range<usize>,
    pub(super) count: u32,
}

impl Stretch {
    #[inline]
    pub(super) fn add(&mut self, start: usize, end: usize) {
        if self.count == 0 {
            self.range.start = start;
        }
        self.range.end = end;
        self.count += 1;
    }

    /// What lies there.
    #[inline]
    pub(super) fn of<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        message.get(self.range.clone()).unwrap_or_default()
    }
}
