//! The names of the fields that lie around a fault.

use alloc::string::String;
use core::fmt::Write as _;

use crate::cursor::Cursor;
use crate::otlp::{field_number, wire_type};
use crate::schema::{Kind, Schema, TRACES_DATA};

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
