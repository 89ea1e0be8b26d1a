//! Whether messages are well-formed, and how deep they go.

use core::ops::Range;

use crate::cursor::Cursor;
use crate::error::{ErrorKind, WireError};
use crate::otlp::{field_number, wire_type};
use crate::schema::{KEY_VALUE, Kind, Schema};
use crate::value::{plain_pair, plain_part};

/// How many messages may lie in each other inside of the batch, which is not
/// counted itself: the limit of the protobuf libraries, prost's too.
pub const MAX_DEPTH: u32 = 100;

/// How deep spans lie.
pub(crate) const SPAN_DEPTH: u32 = 3;

/// Checks the attribute in `body`: its key.
#[allow(
    clippy::inline_always,
    reason = "half of the time of a walk is spent here"
)]
#[inline(always)]
pub(crate) fn check_attribute(cursor: Cursor<'_>, body: Range<usize>) -> Result<&[u8], WireError> {
    match plain_attribute(cursor.slice(body.clone())) {
        Some((key, _)) => Ok(key),
        None => check_any_attribute(cursor.within(body)),
    }
}

/// Key and value of an attribute that is written as nearly all are: a key and a
/// string, bool, integer or double. This saves half of the time of a walk;
/// whatever looks different is looked at properly.
#[allow(
    clippy::inline_always,
    reason = "half of the time of a walk is spent here"
)]
#[inline(always)]
pub(crate) fn plain_attribute(attribute: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = plain_pair(attribute)?;
    is_plain_value(value).then_some((key, value))
}

#[inline]
fn is_plain_value(value: &[u8]) -> bool {
    match value {
        [0x0a, text @ ..] => plain_part(text).is_some_and(|(_, rest)| rest.is_empty()),
        [0x10 | 0x18, varint @ ..] => is_plain_varint(varint),
        [0x21, double @ ..] => double.len() == 8,
        _ => false,
    }
}

/// Up to nine bytes: the tenth has bits that do not fit.
#[inline]
fn is_plain_varint(bytes: &[u8]) -> bool {
    match bytes.split_last() {
        Some((last, high)) => {
            *last < 0x80 && high.len() < 9 && high.iter().all(|byte| *byte >= 0x80)
        }
        None => false,
    }
}

pub(crate) fn check_any_attribute(mut cursor: Cursor<'_>) -> Result<&[u8], WireError> {
    const KEY: u32 = crate::otlp::key_value::KEY << 3 | 2;
    let mut key: &[u8] = &[];
    while !cursor.is_at_end() {
        let tag = cursor.tag()?;
        if tag == KEY {
            let body = cursor.delimited()?;
            key = cursor.slice(body);
        } else {
            check_field(&KEY_VALUE, tag, &mut cursor, SPAN_DEPTH + 1)?;
        }
    }
    Ok(key)
}

/// Checks one field of a message, and what is nested in it. `depth` is how
/// deep the message lies, 0 for `TracesData`.
#[inline]
pub(crate) fn check_field(
    schema: &'static Schema,
    tag: u32,
    cursor: &mut Cursor<'_>,
    depth: u32,
) -> Result<(), WireError> {
    let field = schema.field(field_number(tag));
    if field
        .kind
        .wire_type()
        .is_some_and(|expected| expected != wire_type(tag))
    {
        return Err(cursor.tag_error(ErrorKind::WrongWireType));
    }
    match field.kind {
        Kind::Message(inner) => {
            if depth >= MAX_DEPTH {
                return Err(cursor.error(ErrorKind::TooDeep));
            }
            let body = cursor.delimited()?;
            if core::ptr::eq(inner, &raw const KEY_VALUE)
                && depth + 1 < MAX_DEPTH
                && plain_attribute(cursor.slice(body.clone())).is_some()
            {
                return Ok(());
            }
            check_message(inner, cursor.within(body), depth + 1)
        }
        _ => cursor.skip(tag),
    }
}

fn check_message(
    schema: &'static Schema,
    mut cursor: Cursor<'_>,
    depth: u32,
) -> Result<(), WireError> {
    while !cursor.is_at_end() {
        let tag = cursor.tag()?;
        check_field(schema, tag, &mut cursor, depth)?;
    }
    Ok(())
}
