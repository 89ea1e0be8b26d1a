//! Messages, each behind its length: 4 bytes, big-endian.

use crate::batch::Content;
use crate::fault::{FaultKind, part_name};
use crate::format::Format;

use super::part::{Broken, Part, end};
use super::source::Source;

pub(super) fn next(source: &mut Source, limit: usize) -> Option<Part> {
    let position = source.byte_position();
    source.want(4);
    let Some(length) = source.seen().first_chunk().copied() else {
        let what = (!source.seen().is_empty()).then_some("the length of a frame");
        return end(source, position, what);
    };
    let length = u32::from_be_bytes(length) as usize;
    source.consume(4);
    if length > limit {
        let whole = source.skip(length as u64);
        return Some(Err(Broken {
            position,
            kind: FaultKind::TooLong {
                what: part_name(Format::Framed),
                limit,
            },
            ends_input: !whole,
        }));
    }
    if !source.want(length) {
        return end(source, position, Some(part_name(Format::Framed)));
    }
    let body = source.byte_position();
    Some(Ok((body, Content::Frame(source.take(length)))))
}
