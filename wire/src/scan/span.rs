//! One span: whether it is well-formed, and whether it is selected.

use crate::check::{SPAN_DEPTH, check_attribute, check_field};
use crate::cursor::Cursor;
use crate::error::WireError;
use crate::links::{span_id, trace_id};
use crate::otlp::span;
use crate::schema::SPAN;
use crate::select::Selector;

/// A span that is well-formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedSpan {
    pub(crate) links: usize,
    /// Both of its ids are valid.
    pub(crate) has_ids: bool,
    pub(crate) is_selected: bool,
}

/// How far a span was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// To its end.
    End,
    /// Until a key was found that selects it.
    Key,
    /// Until its kind was found, which selects it if it has no other behind.
    Kind,
}

/// Looks at a span, which `cursor` is at the beginning of; to its end, or where
/// that `is_enough` until it seems to be selected. What was found until then.
#[allow(
    clippy::inline_always,
    reason = "half of the time of a walk is spent here"
)]
#[inline(always)]
pub(super) fn look(
    mut cursor: Cursor<'_>,
    selector: &Selector,
    is_enough: bool,
) -> Result<(CheckedSpan, Until), WireError> {
    const ATTRIBUTE: u32 = span::ATTRIBUTES << 3 | 2;
    const LINK: u32 = span::LINKS << 3 | 2;
    const KIND: u32 = span::KIND << 3;
    // What nearly every span has is told apart here, without the table.
    const TRACE_ID: u32 = span::TRACE_ID << 3 | 2;
    const SPAN_ID: u32 = span::SPAN_ID << 3 | 2;
    const PARENT_SPAN_ID: u32 = span::PARENT_SPAN_ID << 3 | 2;
    const NAME: u32 = span::NAME << 3 | 2;
    const START: u32 = span::START_TIME_UNIX_NANO << 3 | 1;
    const END: u32 = span::END_TIME_UNIX_NANO << 3 | 1;
    const FLAGS: u32 = span::FLAGS << 3 | 5;
    let mut until = Until::End;
    let mut kind = 0;
    let mut links = 0;
    let mut has_key = false;
    let (mut has_trace_id, mut has_span_id) = (false, false);
    while !cursor.is_at_end() {
        let tag = cursor.tag()?;
        match tag {
            ATTRIBUTE => {
                let body = cursor.delimited()?;
                let key = check_attribute(cursor, body)?;
                if !has_key && selector.takes_key(key) {
                    has_key = true;
                    if is_enough {
                        until = Until::Key;
                        break;
                    }
                }
            }
            TRACE_ID => {
                let id = cursor.delimited()?;
                has_trace_id = trace_id(cursor.slice(id)).is_some();
            }
            SPAN_ID => {
                let id = cursor.delimited()?;
                has_span_id = span_id(cursor.slice(id)).is_some();
            }
            PARENT_SPAN_ID | NAME => {
                cursor.delimited()?;
            }
            START | END => {
                cursor.fixed64()?;
            }
            FLAGS => {
                cursor.fixed32()?;
            }
            KIND => {
                // An enum is an int32: readers take the low 32 bits.
                kind = cursor.varint()? as u32;
                if is_enough && selector.takes_span(kind, 0) {
                    until = Until::Kind;
                    break;
                }
            }
            LINK => {
                check_field(&SPAN, tag, &mut cursor, SPAN_DEPTH)?;
                links += 1;
            }
            _ => check_field(&SPAN, tag, &mut cursor, SPAN_DEPTH)?,
        }
    }
    let span = CheckedSpan {
        links,
        has_ids: has_trace_id && has_span_id,
        is_selected: has_key || selector.takes_span(kind, links),
    };
    Ok((span, until))
}

/// Looks at a span to its end.
#[inline(never)]
pub(super) fn look_again(
    cursor: Cursor<'_>,
    selector: &Selector,
) -> Result<CheckedSpan, WireError> {
    look(cursor, selector, false).map(|(span, _)| span)
}
