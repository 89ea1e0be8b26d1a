//! One walk over a batch: refuses what is not well-formed, finds the selected
//! spans, counts.

mod span;

use alloc::vec::Vec;
use core::ops::Range;

pub use crate::check::MAX_DEPTH;
use crate::check::check_field;
use crate::cursor::Cursor;
use crate::error::{ErrorKind, WireError};
use crate::otlp::{resource_spans, scope_spans, traces_data};
use crate::schema::{RESOURCE_SPANS, SCOPE_SPANS, TRACES_DATA};
use crate::select::Selector;

pub(crate) use span::CheckedSpan;
use span::{Until, look, look_again};

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
    /// Which of the scopes it is in. Of these there are at most [`MAX_PARTS`], and one of this
    /// is kept for each span.
    scope: u32,
    /// Which of all spans of the batch it is.
    pub place: u32,
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

    /// Which of the scopes it is in.
    pub(crate) fn scope(&self) -> usize {
        self.scope as usize
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
        self.walk(batch, selector, &mut Nobody)
    }

    /// The same, with somebody who looks at the selected spans on the way.
    pub(crate) fn walk<F: Follow>(
        &mut self,
        batch: &[u8],
        selector: &Selector,
        follower: &mut F,
    ) -> Result<(), WireError> {
        self.clear();
        let mut walk = Walk {
            scan: self,
            selector,
            follower,
        };
        walk.batch(Cursor::new(batch))
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
}

/// Who looks at the selected spans while a walk finds them.
pub(crate) trait Follow {
    /// The next span is to be shown as well.
    fn is_following(&self) -> bool;

    /// Checks a span, which `cursor` is at the beginning of, and looks at it.
    /// `None` when it is not taken, by its kind and its number of links: it is as
    /// if it had not been seen then.
    fn span(
        &mut self,
        cursor: Cursor<'_>,
        place: &Place,
        is_taken: impl Fn(u32, usize) -> bool,
    ) -> Result<Option<CheckedSpan>, WireError>;

    /// A scope ends in which spans were selected. What lies in it beside its spans.
    fn end_scope(&mut self, others: &[Range<usize>]);
}

/// A walk that nobody follows.
struct Nobody;

impl Follow for Nobody {
    #[inline]
    fn is_following(&self) -> bool {
        false
    }

    fn span(
        &mut self,
        _cursor: Cursor<'_>,
        _place: &Place,
        _is_taken: impl Fn(u32, usize) -> bool,
    ) -> Result<Option<CheckedSpan>, WireError> {
        Ok(None)
    }

    fn end_scope(&mut self, _others: &[Range<usize>]) {}
}

/// Where a span is.
pub(crate) struct Place {
    /// The number of its resource, and where the fields of that are.
    pub(crate) resource: usize,
    pub(crate) resource_body: Range<usize>,
    /// The same of its scope.
    pub(crate) scope: usize,
    pub(crate) scope_body: Range<usize>,
}

/// A walk on its way.
struct Walk<'w, F> {
    scan: &'w mut Scan,
    selector: &'w Selector,
    follower: &'w mut F,
}

impl<F: Follow> Walk<'_, F> {
    fn batch(&mut self, mut cursor: Cursor<'_>) -> Result<(), WireError> {
        while !cursor.is_at_end() {
            let tag = cursor.tag()?;
            if tag == traces_data::RESOURCE_SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let body = cursor.delimited()?;
                self.resource(cursor.within(body.clone()), length_at, body)?;
            } else {
                check_field(&TRACES_DATA, tag, &mut cursor, 0)?;
            }
        }
        Ok(())
    }

    fn resource(
        &mut self,
        mut cursor: Cursor<'_>,
        length_at: usize,
        body: Range<usize>,
    ) -> Result<(), WireError> {
        let first_scope = self.scan.scopes.len();
        let first_other = self.scan.resource_others.len();
        while !cursor.is_at_end() {
            let start = cursor.position();
            let tag = cursor.tag()?;
            if tag == resource_spans::SCOPE_SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let scope_body = cursor.delimited()?;
                let inner = cursor.within(scope_body.clone());
                let place = Place {
                    resource: self.scan.resources.len(),
                    resource_body: body.clone(),
                    scope: self.scan.scopes.len(),
                    scope_body,
                };
                self.scope(inner, length_at, place)?;
            } else {
                check_field(&RESOURCE_SPANS, tag, &mut cursor, 1)?;
                push_range(&mut self.scan.resource_others, start..cursor.position());
            }
        }
        if self.scan.scopes.len() == first_scope {
            self.scan.resource_others.truncate(first_other);
            return Ok(());
        }
        self.scan.resources.push(Frame {
            parent: 0,
            length_at,
            body,
            others: first_other..self.scan.resource_others.len(),
        });
        Ok(())
    }

    fn scope(
        &mut self,
        mut cursor: Cursor<'_>,
        length_at: usize,
        place: Place,
    ) -> Result<(), WireError> {
        let first_span = self.scan.selected.len();
        let first_other = self.scan.scope_others.len();
        while !cursor.is_at_end() {
            let start = cursor.position();
            let tag = cursor.tag()?;
            if tag == scope_spans::SPANS << 3 | 2 {
                let length_at = cursor.position();
                self.count_part(&cursor)?;
                let body = cursor.delimited()?;
                let span = self.span(cursor.within(body.clone()), &place)?;
                let number = self.scan.spans;
                self.scan.spans += 1;
                self.scan.invalid_spans += usize::from(!span.has_ids);
                self.scan.links += span.links;
                if span.is_selected {
                    self.scan.selected.push(SelectedSpan {
                        scope: place.scope as u32,
                        place: number as u32,
                        length_at,
                        body,
                        links: span.links,
                    });
                }
            } else {
                check_field(&SCOPE_SPANS, tag, &mut cursor, 2)?;
                push_range(&mut self.scan.scope_others, start..cursor.position());
            }
        }
        if self.scan.selected.len() == first_span {
            self.scan.scope_others.truncate(first_other);
            return Ok(());
        }
        let others = self.scan.scope_others.get(first_other..);
        self.follower.end_scope(others.unwrap_or_default());
        self.scan.scopes.push(Frame {
            parent: place.resource,
            length_at,
            body: place.scope_body,
            others: first_other..self.scan.scope_others.len(),
        });
        Ok(())
    }

    /// One more resource, scope or span, whose length the cursor is at.
    #[inline]
    fn count_part(&mut self, cursor: &Cursor<'_>) -> Result<(), WireError> {
        self.scan.parts += 1;
        if self.scan.parts > MAX_PARTS {
            return Err(cursor.error(ErrorKind::TooManyParts));
        }
        Ok(())
    }

    /// Looks at a span, and shows it as soon as it seems to be selected: what comes
    /// before that is read twice then, and what comes behind it once.
    #[inline]
    fn span(&mut self, cursor: Cursor<'_>, place: &Place) -> Result<CheckedSpan, WireError> {
        let is_shown = self.follower.is_following();
        match look(cursor, self.selector, is_shown)? {
            (span, Until::End) if !span.is_selected || !is_shown => Ok(span),
            (_, Until::Kind) => self.show_by_kind(cursor, place),
            (span, _) => self.show(cursor, place, span),
        }
    }

    /// Shows a span that is selected.
    #[inline(never)]
    fn show(
        &mut self,
        cursor: Cursor<'_>,
        place: &Place,
        span: CheckedSpan,
    ) -> Result<CheckedSpan, WireError> {
        let shown = self.follower.span(cursor, place, |_, _| true)?;
        Ok(shown.unwrap_or(span))
    }

    /// Shows a span that is selected unless another kind comes behind.
    #[inline(never)]
    fn show_by_kind(
        &mut self,
        cursor: Cursor<'_>,
        place: &Place,
    ) -> Result<CheckedSpan, WireError> {
        let selector = self.selector;
        let is_taken = |kind, links| selector.takes_span(kind, links);
        if let Some(span) = self.follower.span(cursor, place, is_taken)? {
            return Ok(span);
        }
        let span = look_again(cursor, selector)?;
        if span.is_selected {
            self.show(cursor, place, span)
        } else {
            Ok(span)
        }
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
