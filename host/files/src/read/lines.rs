//! JSON Lines: an object a line.

use crate::batch::Content;
use crate::fault::{FaultKind, part_name};
use crate::format::Format;

use super::part::{Broken, Part, end};
use super::source::Source;

pub(super) fn next(source: &mut Source, limit: usize) -> Option<Part> {
    let position = source.text_position();
    let mut searched = 0;
    let length = loop {
        let unseen = source.seen().get(searched..).unwrap_or_default();
        if let Some(at) = memchr::memchr(b'\n', unseen) {
            break searched + at + 1;
        }
        searched = source.seen().len();
        if searched > limit {
            break searched;
        }
        if !source.more() {
            // A line that a failure cuts off is no line; one that the end of
            // the input cuts off may be whole.
            if source.failed() {
                return end(source, position, None);
            }
            break searched;
        }
    };
    if length == 0 {
        return end(source, position, None);
    }
    if length > limit.saturating_add(2) {
        skip_line(source);
        return Some(Err(Broken {
            position,
            kind: FaultKind::TooLong {
                what: part_name(Format::JsonLines),
                limit,
            },
            ends_input: false,
        }));
    }
    let blank = source
        .seen()
        .iter()
        .take(length)
        .all(u8::is_ascii_whitespace);
    let content = if blank {
        Content::Blank
    } else {
        Content::Object
    };
    Some(Ok((position, content(source.take(length)))))
}

/// Consumes the rest of a line without holding it.
fn skip_line(source: &mut Source) {
    loop {
        if let Some(at) = memchr::memchr(b'\n', source.seen()) {
            source.consume(at + 1);
            return;
        }
        source.consume(source.seen().len());
        if !source.more() {
            return;
        }
    }
}
