//! One protobuf message, cut at its top-level fields. Messages that are put one
//! after the other are one message again, so each group is a batch.

use linkmend_wire::cursor::Cursor;
use linkmend_wire::otlp::{traces_data, wire_type};
use linkmend_wire::{ErrorKind, WireError};

use crate::batch::Content;
use crate::fault::{FaultKind, part_name};
use crate::format::Format;

use super::options::ReadOptions;
use super::part::{Broken, Part, end};
use super::source::Source;

/// The longest tag and varint.
const HEADER: usize = 20;

/// The next group; `index` counts the `resource_spans` before it.
pub(super) fn next(source: &mut Source, options: ReadOptions, index: &mut usize) -> Option<Part> {
    let first = *index;
    let mut length = 0usize;
    while length < options.group_bytes {
        source.want(length + HEADER);
        let rest = source.seen().get(length..).unwrap_or_default();
        let field = if rest.is_empty() {
            Ok(None)
        } else {
            header(rest).map(Some)
        };
        let field = match field {
            Ok(Some(field)) if field.length <= options.max_batch_bytes as u64 => field,
            // What cannot be taken waits until the group before it is out.
            _ if length > 0 => break,
            Ok(None) => return end(source, source.byte_position(), None),
            Ok(Some(field)) => {
                *index += usize::from(field.is_resource_spans);
                return Some(Err(too_long(source, field.length, options)));
            }
            Err(error) => return Some(malformed(source, error)),
        };
        // Not longer than the limit, which is a usize.
        let whole = length + field.length as usize;
        if !source.want(whole) {
            if length > 0 {
                break;
            }
            let what = Some(part_name(Format::Proto));
            return end(source, source.byte_position(), what);
        }
        *index += usize::from(field.is_resource_spans);
        length = whole;
    }
    let position = source.byte_position();
    let bytes = source.take(length);
    Some(Ok((position, Content::Message { bytes, first })))
}

struct Header {
    /// Of the whole field.
    length: u64,
    is_resource_spans: bool,
}

fn header(bytes: &[u8]) -> Result<Header, WireError> {
    let mut cursor = Cursor::new(bytes);
    let tag = cursor.tag()?;
    let value = match wire_type(tag) {
        2 => cursor.varint()?,
        1 => 8,
        5 => 4,
        _ => {
            cursor.skip(tag)?;
            0
        }
    };
    Ok(Header {
        length: value.saturating_add(cursor.position() as u64),
        is_resource_spans: tag == traces_data::RESOURCE_SPANS << 3 | 2,
    })
}

fn too_long(source: &mut Source, length: u64, options: ReadOptions) -> Broken {
    let position = source.byte_position();
    let whole = source.skip(length);
    Broken {
        position,
        kind: FaultKind::TooLong {
            what: part_name(Format::Proto),
            limit: options.max_batch_bytes,
        },
        ends_input: !whole,
    }
}

fn malformed(source: &mut Source, error: WireError) -> Part {
    let position = source.byte_position();
    let truncated = (error.kind == ErrorKind::Truncated).then_some(part_name(Format::Proto));
    match truncated.and_then(|what| end(source, position, Some(what))) {
        Some(part) => part,
        None => Err(Broken {
            position: position.plus(error.offset as u64),
            kind: FaultKind::Proto {
                path: String::new(),
                reason: error.kind.to_string(),
            },
            ends_input: true,
        }),
    }
}
