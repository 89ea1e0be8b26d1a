//! Reading what was checked before, as fast as it can be done: nothing is refused, and
//! what is not well-formed ends a message.

use core::ops::Range;

use crate::otlp::{span, status, wire_type};

/// The fields of a message, one after the other: the tag of each, and its bytes. Those
/// of a number are as they came. Ends at what is not well-formed.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    rest: &'a [u8],
    length: usize,
}

/// The tag of a field of this number with a length.
#[must_use]
pub const fn delimited(number: u32) -> u64 {
    (number << 3 | 2) as u64
}

/// The tag of a varint of this number.
#[must_use]
pub const fn varint(number: u32) -> u64 {
    (number << 3) as u64
}

const fn fixed64(number: u32) -> u64 {
    (number << 3 | 1) as u64
}

const fn fixed32(number: u32) -> u64 {
    (number << 3 | 5) as u64
}

impl<'a> Walk<'a> {
    /// At the start of a message.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            length: message.len(),
        }
    }

    /// How much of the message was walked over.
    #[inline]
    #[must_use]
    pub fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The messages in the fields of one number.
    pub fn all(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.filter_map(move |(tag, body)| (tag == delimited(number)).then_some(body))
    }

    #[inline]
    fn next_any(&mut self) -> Option<(u64, &'a [u8])> {
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

impl<'a> Iterator for Walk<'a> {
    type Item = (u64, &'a [u8]);

    #[allow(
        clippy::inline_always,
        reason = "it is called for each field of each span, and what it returns goes through memory else"
    )]
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        // As nearly all are.
        if let [tag @ 0..0x80, length @ 0..0x80, rest @ ..] = self.rest
            && tag & 7 == 2
        {
            let (body, rest) = rest.split_at_checked(usize::from(*length))?;
            self.rest = rest;
            return Some((u64::from(*tag), body));
        }
        self.next_any()
    }
}

/// A base-128 varint, and what is behind it.
#[allow(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
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

/// Fields of one number in a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields<'a> {
    /// What they lie in, with whatever is between them.
    pub within: &'a [u8],
    /// How many there are.
    pub count: u32,
}

/// Where they lie, from the first to the last of them.
#[derive(Default)]
struct Stretch {
    range: Range<usize>,
    count: u32,
}

impl Stretch {
    #[inline]
    fn add(&mut self, start: usize, end: usize) {
        if self.count == 0 {
            self.range.start = start;
        }
        self.range.end = end;
        self.count += 1;
    }

    #[inline]
    fn of(self, message: &[u8]) -> Fields<'_> {
        Fields {
            within: message.get(self.range).unwrap_or_default(),
            count: self.count,
        }
    }
}

/// What a span says of itself. What is empty or 0 was not there, or is not valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpanHead<'a> {
    /// Its trace.
    pub trace_id: [u8; 16],
    /// Its own id.
    pub span_id: [u8; 8],
    /// That of its parent.
    pub parent_span_id: [u8; 8],
    /// Its name, as it came.
    pub name: &'a [u8],
    /// The number of its kind.
    pub kind: u8,
    /// The number of its status.
    pub status: u8,
    /// OTLP flags.
    pub flags: u32,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// Its links.
    pub links: Fields<'a>,
    /// The attributes that were not taken.
    pub attributes: Fields<'a>,
}

mod tag {
    use super::{delimited, fixed32, fixed64, span, status, varint};

    pub(super) const TRACE_ID: u64 = delimited(span::TRACE_ID);
    pub(super) const SPAN_ID: u64 = delimited(span::SPAN_ID);
    pub(super) const PARENT: u64 = delimited(span::PARENT_SPAN_ID);
    pub(super) const NAME: u64 = delimited(span::NAME);
    pub(super) const KIND: u64 = varint(span::KIND);
    pub(super) const START: u64 = fixed64(span::START_TIME_UNIX_NANO);
    pub(super) const END: u64 = fixed64(span::END_TIME_UNIX_NANO);
    pub(super) const ATTRIBUTES: u64 = delimited(span::ATTRIBUTES);
    pub(super) const LINKS: u64 = delimited(span::LINKS);
    pub(super) const STATUS: u64 = delimited(span::STATUS);
    pub(super) const STATUS_CODE: u64 = varint(status::CODE);
    pub(super) const FLAGS: u64 = fixed32(span::FLAGS);
}

impl<'a> SpanHead<'a> {
    /// Reads a span. `take` is given each attribute, and the kind as far as it was read
    /// before, and says whether it takes it.
    #[inline]
    pub fn read(body: &'a [u8], take: impl FnMut(u8, &'a [u8]) -> bool) -> Self {
        let mut head = Self::default();
        head.fill(body, take);
        head
    }

    /// The same, into an empty one, where it is.
    #[inline]
    pub fn fill(&mut self, body: &'a [u8], mut take: impl FnMut(u8, &'a [u8]) -> bool) {
        let (mut attributes, mut links) = (Stretch::default(), Stretch::default());
        let mut fields = Walk::new(body);
        self.begin(&mut fields.rest);
        loop {
            let start = fields.position();
            let Some((tag, value)) = fields.next() else {
                break;
            };
            match tag {
                tag::ATTRIBUTES => {
                    if !take(self.kind, value) {
                        attributes.add(start, fields.position());
                    }
                }
                tag::LINKS => links.add(start, fields.position()),
                tag => self.set(tag, value),
            }
        }
        (self.attributes, self.links) = (attributes.of(body), links.of(body));
    }

    /// The fields that nearly all spans begin with, as far as they are there in this
    /// order: each needs one look then.
    #[inline]
    fn begin(&mut self, rest: &mut &'a [u8]) {
        let Some(trace_id) = chunk(rest, tag::TRACE_ID) else {
            return;
        };
        self.trace_id = trace_id;
        let Some(span_id) = chunk(rest, tag::SPAN_ID) else {
            return;
        };
        self.span_id = span_id;
        if let Some(parent) = chunk(rest, tag::PARENT) {
            self.parent_span_id = parent;
        }
        let [NAME, length @ 0..0x80, behind @ ..] = *rest else {
            return;
        };
        let Some((name, behind)) = behind.split_at_checked(usize::from(*length)) else {
            return;
        };
        (self.name, *rest) = (name, behind);
        let [KIND, kind @ 0..0x80, behind @ ..] = *rest else {
            return;
        };
        (self.kind, *rest) = (*kind, behind);
        for (tag, time) in [(START, &mut self.start), (END, &mut self.end)] {
            let [first, behind @ ..] = *rest else {
                return;
            };
            let Some((bytes, behind)) = behind.split_first_chunk().filter(|_| *first == tag) else {
                return;
            };
            *time = u64::from_le_bytes(*bytes);
            *rest = behind;
        }
    }

    #[inline]
    fn set(&mut self, tag: u64, value: &'a [u8]) {
        match tag {
            tag::TRACE_ID => self.trace_id = id(value),
            tag::SPAN_ID => self.span_id = id(value),
            tag::PARENT => self.parent_span_id = id(value),
            tag::NAME => self.name = value,
            tag::KIND => self.kind = small(value),
            tag::FLAGS => self.flags = u32::from_le_bytes(id(value)),
            tag::START => self.start = u64::from_le_bytes(id(value)),
            tag::END => self.end = u64::from_le_bytes(id(value)),
            tag::STATUS => {
                for (tag, value) in Walk::new(value) {
                    if tag == tag::STATUS_CODE {
                        self.status = small(value);
                    }
                }
            }
            _ => {}
        }
    }
}

const NAME: u8 = tag::NAME as u8;
const KIND: u8 = tag::KIND as u8;
const START: u8 = tag::START as u8;
const END: u8 = tag::END as u8;

/// A field of this tag and so many bytes, if that is what comes next.
#[inline]
fn chunk<const BYTES: usize>(rest: &mut &[u8], tag: u64) -> Option<[u8; BYTES]> {
    let [first, length, behind @ ..] = *rest else {
        return None;
    };
    let is_it = u64::from(*first) == tag && usize::from(*length) == BYTES;
    let (bytes, behind) = behind.split_first_chunk().filter(|_| is_it)?;
    *rest = behind;
    Some(*bytes)
}

/// Zeros for one of another length: that is not valid.
#[inline]
#[must_use]
pub fn id<const BYTES: usize>(bytes: &[u8]) -> [u8; BYTES] {
    bytes
        .first_chunk()
        .filter(|_| bytes.len() == BYTES)
        .copied()
        .unwrap_or([0; BYTES])
}

/// A varint; 0 for one that is too large.
#[inline]
fn small(bytes: &[u8]) -> u8 {
    number(bytes).map_or(0, |(number, _)| u8::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests;
