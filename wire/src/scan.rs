//! One walk over a batch: refuses what is not well-formed, finds the selected
//! spans, counts.

use alloc::vec::Vec;
use core::ops::Range;

use crate::cursor::Cursor;
use crate::error::{ErrorKind, WireError};
use crate::links::{span_id, trace_id};
use crate::otlp::{field_number, resource_spans, scope_spans, span, traces_data, wire_type};
use crate::schema::{KEY_VALUE, Kind, RESOURCE_SPANS, SCOPE_SPANS, SPAN, Schema, TRACES_DATA};
use crate::select::Selector;
use crate::value::{plain_pair, plain_part};

/// How many messages may lie in each other inside of the batch, which is not
/// counted itself: the limit of the protobuf libraries, prost's too.
pub const MAX_DEPTH: u32 = 100;

/// How many resources, scopes and spans a batch may have, all together. Empty
/// ones take two bytes, and what is known of each takes sixty.
pub const MAX_PARTS: usize = 1 << 19;

/// How many entries a list keeps room for after a batch that had more.
const KEPT: usize = 8 << 10;

/// What a walk over a batch found. Made once and used for batch after batch,
/// so that its lists are not allocated anew.
#[derive(Debug, Default)]
pub struct Scan {
    /// The selected spans, in the order of the bytes.
    pub(crate) selected: Vec<SelectedSpan>,
    pub(crate) resources: Vec<Frame>,
    pub(crate) scopes: Vec<Frame>,
    /// What lies in a resource beside its scopes, and in a scope beside its
    /// spans: the ranges of all frames, one frame after the other.
    pub(crate) resource_others: Vec<Range<usize>>,
    pub(crate) scope_others: Vec<Range<usize>>,
    /// Resources, scopes and spans.
    parts: usize,
    spans: usize,
    invalid_spans: usize,
    links: usize,
}

/// A selected span.
#[derive(Debug, Clone)]
pub struct SelectedSpan {
    /// Which of the scopes it is in.
    pub(crate) scope: usize,
    /// Where its length stands: after the tag.
    pub(crate) length_at: usize,
    /// Where its fields are.
    pub(crate) body: Range<usize>,
    /// How many links it has.
    pub links: usize,
}

impl SelectedSpan {
    /// Where the fields of the span lie in the batch.
    #[must_use]
    pub fn body(&self) -> Range<usize> {
        self.body.clone()
    }
}

/// A `ResourceSpans` or a `ScopeSpans` in which a selected span lies.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Of a scope, which of the resources it is in.
    pub(crate) parent: usize,
    pub(crate) length_at: usize,
    pub(crate) body: Range<usize>,
    /// Which of the `others` are its own.
    pub(crate) others: Range<usize>,
}

impl Scan {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Walks over `batch` and keeps what it found until the next walk.
    ///
    /// # Errors
    ///
    /// When `batch` is not a well-formed `TracesData`, or has more than
    /// [`MAX_PARTS`]; what was found before is not to be used then.
    pub fn run(&mut self, batch: &[u8], selector: &Selector) -> Result<(), WireError> {
        self.clear();
        let mut cursor = Cursor::new(batch);
        while !cursor.is_at_end() {
            let tag = cursor.tag()?;
            if tag == traces_data::RESOURCE_SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let body = cursor.delimited()?;
                self.resource(cursor.within(body.clone()), length_at, body, selector)?;
            } else {
                check_field(&TRACES_DATA, tag, &mut cursor, 0)?;
            }
        }
        Ok(())
    }

    /// The selected spans, in the order of the bytes.
    #[must_use]
    pub fn selected(&self) -> &[SelectedSpan] {
        &self.selected
    }

    /// How many spans the batch has, selected or not.
    #[must_use]
    pub fn spans(&self) -> usize {
        self.spans
    }

    /// How many of them have no valid trace id, or no valid span id: another
    /// length, or all zeros (W3C Trace Context). Nothing can lead to them.
    #[must_use]
    pub fn invalid_spans(&self) -> usize {
        self.invalid_spans
    }

    /// How many links all spans of the batch have.
    #[must_use]
    pub fn links(&self) -> usize {
        self.links
    }

    /// Forgets what was found, and gives back the memory that a large batch
    /// took.
    pub fn shrink(&mut self) {
        self.clear();
        self.selected.shrink_to(KEPT);
        self.resources.shrink_to(KEPT);
        self.scopes.shrink_to(KEPT);
        self.resource_others.shrink_to(KEPT);
        self.scope_others.shrink_to(KEPT);
    }

    /// One more resource, scope or span, whose length the cursor is at.
    #[inline]
    fn count_part(&mut self, cursor: &Cursor<'_>) -> Result<(), WireError> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(cursor.error(ErrorKind::TooManyParts));
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.selected.clear();
        self.resources.clear();
        self.scopes.clear();
        self.resource_others.clear();
        self.scope_others.clear();
        self.parts = 0;
        self.spans = 0;
        self.invalid_spans = 0;
        self.links = 0;
    }

    fn resource(
        &mut self,
        mut cursor: Cursor<'_>,
        length_at: usize,
        body: Range<usize>,
        selector: &Selector,
    ) -> Result<(), WireError> {
        let parent = self.resources.len();
        let first_scope = self.scopes.len();
        let first_other = self.resource_others.len();
        while !cursor.is_at_end() {
            let start = cursor.position();
            let tag = cursor.tag()?;
            if tag == resource_spans::SCOPE_SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let body = cursor.delimited()?;
                self.scope(
                    cursor.within(body.clone()),
                    parent,
                    length_at,
                    body,
                    selector,
                )?;
            } else {
                check_field(&RESOURCE_SPANS, tag, &mut cursor, 1)?;
                push_range(&mut self.resource_others, start..cursor.position());
            }
        }
        if self.scopes.len() == first_scope {
            self.resource_others.truncate(first_other);
            return Ok(());
        }
        self.resources.push(Frame {
            parent: 0,
            length_at,
            body,
            others: first_other..self.resource_others.len(),
        });
        Ok(())
    }

    fn scope(
        &mut self,
        mut cursor: Cursor<'_>,
        parent: usize,
        length_at: usize,
        body: Range<usize>,
        selector: &Selector,
    ) -> Result<(), WireError> {
        let scope = self.scopes.len();
        let first_span = self.selected.len();
        let first_other = self.scope_others.len();
        while !cursor.is_at_end() {
            let start = cursor.position();
            let tag = cursor.tag()?;
            if tag == scope_spans::SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let body = cursor.delimited()?;
                let span = check_span(cursor.within(body.clone()), selector)?;
                self.spans += 1;
                self.invalid_spans += usize::from(!span.has_ids);
                self.links += span.links;
                if span.is_selected {
                    self.selected.push(SelectedSpan {
                        scope,
                        length_at,
                        body,
                        links: span.links,
                    });
                }
            } else {
                check_field(&SCOPE_SPANS, tag, &mut cursor, 2)?;
                push_range(&mut self.scope_others, start..cursor.position());
            }
        }
        if self.selected.len() == first_span {
            self.scope_others.truncate(first_other);
            return Ok(());
        }
        self.scopes.push(Frame {
            parent,
            length_at,
            body,
            others: first_other..self.scope_others.len(),
        });
        Ok(())
    }
}

/// Adds a range, joined to the one before when they touch. Those of two frames
/// never do: a tag and a length lie between.
fn push_range(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// A span that is well-formed.
struct CheckedSpan {
    links: usize,
    /// Both of its ids are valid.
    has_ids: bool,
    is_selected: bool,
}

#[inline]
fn check_span(mut cursor: Cursor<'_>, selector: &Selector) -> Result<CheckedSpan, WireError> {
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
                has_key = has_key || selector.takes_key(key);
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
            // An enum is an int32: readers take the low 32 bits.
            KIND => kind = cursor.varint()? as u32,
            LINK => {
                check_field(&SPAN, tag, &mut cursor, 3)?;
                links += 1;
            }
            _ => check_field(&SPAN, tag, &mut cursor, 3)?,
        }
    }
    Ok(CheckedSpan {
        links,
        has_ids: has_trace_id && has_span_id,
        is_selected: has_key || selector.takes_span(kind, links),
    })
}

/// Checks the attribute in `body`: its key.
#[inline]
fn check_attribute(cursor: Cursor<'_>, body: Range<usize>) -> Result<&[u8], WireError> {
    match plain_key(cursor.slice(body.clone())) {
        Some(key) => Ok(key),
        None => check_any_attribute(cursor.within(body)),
    }
}

/// The key of an attribute that is written as nearly all are: a key and a
/// string, bool, integer or double. This saves half of the time of a walk;
/// whatever looks different is looked at properly.
#[inline]
fn plain_key(attribute: &[u8]) -> Option<&[u8]> {
    let (key, value) = plain_pair(attribute)?;
    is_plain_value(value).then_some(key)
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

fn check_any_attribute(mut cursor: Cursor<'_>) -> Result<&[u8], WireError> {
    const KEY: u32 = crate::otlp::key_value::KEY << 3 | 2;
    let mut key: &[u8] = &[];
    while !cursor.is_at_end() {
        let tag = cursor.tag()?;
        if tag == KEY {
            let body = cursor.delimited()?;
            key = cursor.slice(body);
        } else {
            check_field(&KEY_VALUE, tag, &mut cursor, 4)?;
        }
    }
    Ok(key)
}

/// Checks one field of a message, and what is nested in it. `depth` is how
/// deep the message lies, 0 for `TracesData`.
#[inline]
fn check_field(
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
