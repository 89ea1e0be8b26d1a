//! The fields of one message, as an iterator.

use core::ops::Range;

use crate::cursor::Cursor;
use crate::error::{ErrorKind, WireError};
use crate::otlp::{field_number, wire_type};

/// The fields of one message, in the order of the bytes. Ends after the first
/// error.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    failed: bool,
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    /// The field number.
    pub number: u32,
    /// The value.
    pub value: Value<'a>,
    /// Where the tag begins: an offset from the start of the bytes that the
    /// outermost [`Fields`] was made of.
    pub start: usize,
    /// Where the value ends.
    pub end: usize,
}

/// The value of a field, by wire type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 5.
    Fixed32(u32),
    /// Wire type 2: a string, bytes or a message.
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    /// The fields of the message `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
            failed: false,
        }
    }

    /// The fields of the message that lies in `range` of `batch`, with offsets
    /// from the start of `batch`.
    #[must_use]
    pub fn within(batch: &'a [u8], range: Range<usize>) -> Self {
        Self {
            cursor: Cursor::new(batch).within(range),
            failed: false,
        }
    }

    #[inline]
    fn read(&mut self) -> Result<Field<'a>, WireError> {
        let cursor = &mut self.cursor;
        let start = cursor.position();
        let tag = cursor.tag()?;
        let value = match wire_type(tag) {
            0 => Value::Varint(cursor.varint()?),
            1 => Value::Fixed64(cursor.fixed64()?),
            2 => {
                let range = cursor.delimited()?;
                Value::Bytes(cursor.slice(range))
            }
            5 => Value::Fixed32(cursor.fixed32()?),
            3 | 4 => return Err(cursor.tag_error(ErrorKind::Group)),
            _ => return Err(cursor.tag_error(ErrorKind::BadWireType)),
        };
        Ok(Field {
            number: field_number(tag),
            value,
            start,
            end: cursor.position(),
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.cursor.is_at_end() {
            return None;
        }
        let field = self.read();
        self.failed = field.is_err();
        Some(field)
    }
}

impl<'a> Field<'a> {
    /// The bytes of a field of wire type 2.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number of a field of any other wire type.
    #[inline]
    #[must_use]
    pub fn number_value(&self) -> Option<u64> {
        match self.value {
            Value::Varint(value) | Value::Fixed64(value) => Some(value),
            Value::Fixed32(value) => Some(u64::from(value)),
            Value::Bytes(_) => None,
        }
    }

    /// Where the bytes of a field of wire type 2 lie.
    #[inline]
    #[must_use]
    pub fn body(&self) -> Range<usize> {
        match self.value {
            Value::Bytes(bytes) => self.end - bytes.len()..self.end,
            _ => self.end..self.end,
        }
    }
}
