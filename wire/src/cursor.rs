//! Reading the protobuf wire format, one value at a time.

use core::ops::Range;

use crate::error::{ErrorKind, WireError};
use crate::otlp::wire_type;

/// A place in a batch.
///
/// A cursor over an inner message keeps the whole batch before it, so that
/// every position is an offset from the start of the batch.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    /// The batch up to the end of the message that is read.
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a message.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Over the message that lies in `range` of the same batch. A range that
    /// is not in what this cursor reads gives an empty message.
    #[inline]
    #[must_use]
    pub fn within(&self, range: Range<usize>) -> Self {
        Self {
            bytes: self.bytes.get(..range.end).unwrap_or_default(),
            position: range.start,
        }
    }

    /// Bytes from the start of the batch.
    #[inline]
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Nothing is left of the message.
    #[inline]
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// The bytes of `range`, empty when it is not in what this cursor reads.
    #[inline]
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// What is left of the message.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// An error in the value that begins here.
    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind) -> WireError {
        // When nothing of the value is there, the end of this message may be
        // where the next one begins, and the path of the error would lead
        // there: the last byte of the tag is still in this one.
        if self.is_at_end() {
            return self.tag_error(kind);
        }
        WireError {
            kind,
            offset: self.position,
        }
    }

    /// An error in the tag that was just read: at its last byte.
    #[cold]
    pub(crate) fn tag_error(&self, kind: ErrorKind) -> WireError {
        WireError {
            kind,
            offset: self.position.saturating_sub(1),
        }
    }

    /// A base-128 varint.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest() {
            [byte @ 0..0x80, ..] => {
                self.position += 1;
                Ok(u64::from(*byte))
            }
            // The tag of `Span.flags`, and the length of nearly every span.
            [low, high @ 0..0x80, ..] => {
                self.position += 2;
                Ok(u64::from(low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        let mut shift = 0;
        for (index, &byte) in self.rest().iter().take(10).enumerate() {
            // The tenth byte holds the last of 64 bits and no more.
            if index == 9 && byte > 1 {
                return Err(self.error(ErrorKind::VarintTooLong));
            }
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                self.position += index + 1;
                return Ok(value);
            }
        }
        Err(self.error(ErrorKind::Truncated))
    }

    /// A tag: `field number << 3 | wire type`, with a field number of 1 or
    /// more. The wire type is checked when the value is read.
    #[inline]
    pub fn tag(&mut self) -> Result<u32, WireError> {
        let start = *self;
        match u32::try_from(self.varint()?) {
            Ok(tag) if tag >= 8 => Ok(tag),
            _ => Err(start.error(ErrorKind::BadTag)),
        }
    }

    /// A length and as many bytes: where they lie.
    #[inline]
    pub fn delimited(&mut self) -> Result<Range<usize>, WireError> {
        let start = *self;
        let length = self.varint()?;
        let left = self.bytes.len() - self.position;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                let body = self.position..self.position + length;
                self.position = body.end;
                Ok(body)
            }
            _ => Err(start.error(ErrorKind::LengthPastEnd)),
        }
    }

    /// Eight bytes, little-endian.
    #[inline]
    pub fn fixed64(&mut self) -> Result<u64, WireError> {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.position += 8;
                Ok(u64::from_le_bytes(*bytes))
            }
            None => Err(self.error(ErrorKind::Truncated)),
        }
    }

    /// Four bytes, little-endian.
    #[inline]
    pub fn fixed32(&mut self) -> Result<u32, WireError> {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.position += 4;
                Ok(u32::from_le_bytes(*bytes))
            }
            None => Err(self.error(ErrorKind::Truncated)),
        }
    }

    /// Past the value that follows `tag`.
    #[inline]
    pub fn skip(&mut self, tag: u32) -> Result<(), WireError> {
        match wire_type(tag) {
            0 => self.varint().map(drop),
            1 => self.fixed64().map(drop),
            2 => self.delimited().map(drop),
            5 => self.fixed32().map(drop),
            3 | 4 => Err(self.tag_error(ErrorKind::Group)),
            _ => Err(self.tag_error(ErrorKind::BadWireType)),
        }
    }
}
