//! What can be wrong with a message, and where.

use alloc::string::String;
use core::fmt::{self, Write as _};

use crate::cursor::Cursor;
use crate::otlp::{field_number, wire_type};
use crate::schema::{Kind, Schema, TRACES_DATA};

/// A message is not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where: bytes from the start of the batch to the value at fault, or to
    /// the last byte of its tag when that is at fault or no value follows.
    pub offset: usize,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes end inside a varint or a fixed-width value.
    Truncated,
    /// A length reaches past the end of the message that holds it.
    LengthPastEnd,
    /// A varint has more than 64 bits.
    VarintTooLong,
    /// A tag with field number 0, or one that does not fit 32 bits.
    BadTag,
    /// A group (wire types 3 and 4), which proto3 does not have.
    Group,
    /// Wire types 6 and 7 do not exist.
    BadWireType,
    /// A known field has another wire type than the schema says.
    WrongWireType,
    /// Messages nested deeper than [`crate::scan::MAX_DEPTH`].
    TooDeep,
    /// More than [`crate::scan::MAX_PARTS`] resources, scopes and spans.
    TooManyParts,
    /// More links than anything that looks at them may be shown.
    TooManyLinks,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside a value",
            Self::LengthPastEnd => "a length reaches past the end of its message",
            Self::VarintTooLong => "a varint has more than 64 bits",
            Self::BadTag => "a tag with an impossible field number",
            Self::Group => "a group, which OTLP does not have",
            Self::BadWireType => "an unknown wire type",
            Self::WrongWireType => "a field with the wrong wire type",
            Self::TooDeep => "values nested deeper than 100 messages",
            Self::TooManyLinks => "more than 524,288 links: send smaller batches",
            Self::TooManyParts => {
                "more than 524,288 resources, scopes and spans: send smaller batches"
            }
        })
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.offset)
    }
}

impl core::error::Error for WireError {}

/// The names of the fields that lie around byte `offset` of a batch, such as
/// `resource_spans[0].scope_spans[2].spans[17].attributes[3].value`.
///
/// Walks the batch again from its start, so that the walk that found the fault
/// need not keep track of where it is.
#[must_use]
pub fn field_path(batch: &[u8], offset: usize) -> String {
    let mut path = String::new();
    let mut schema = &TRACES_DATA;
    let mut cursor = Cursor::new(batch);
    while let Some((name, index, inner)) = enclosing_field(schema, cursor, offset) {
        if !path.is_empty() {
            path.push('.');
        }
        // Writing to a String cannot fail.
        let _ = match index {
            Some(index) => write!(path, "{name}[{index}]"),
            None => write!(path, "{name}"),
        };
        let Some((next, body)) = inner else { break };
        schema = next;
        cursor = body;
    }
    path
}

type Inner<'a> = Option<(&'static Schema, Cursor<'a>)>;

/// The known field of one message that `offset` lies in.
fn enclosing_field<'a>(
    schema: &'static Schema,
    mut cursor: Cursor<'a>,
    offset: usize,
) -> Option<(&'static str, Option<usize>, Inner<'a>)> {
    let mut counts = [0usize; 32];
    while !cursor.is_at_end() {
        let start = cursor.position();
        let tag = cursor.tag().ok()?;
        let number = field_number(tag);
        let field = schema.field(number);
        let count = counts.get_mut(number as usize);
        let index = count.as_deref().copied().unwrap_or_default();
        let body = (wire_type(tag) == 2).then(|| {
            let mut inner = cursor;
            inner.delimited().map(|range| cursor.within(range))
        });
        let skipped = cursor.skip(tag);
        if skipped.is_err() || (start..cursor.position()).contains(&offset) {
            if matches!(field.kind, Kind::Unknown) {
                return None;
            }
            let inner = match (field.kind, body) {
                (Kind::Message(schema), Some(Ok(body))) if body.position() <= offset => {
                    Some((schema, body))
                }
                _ => None,
            };
            return Some((field.name, field.repeated.then_some(index), inner));
        }
        if let Some(count) = count {
            *count += 1;
        }
    }
    None
}
