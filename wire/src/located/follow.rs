//! Spans that are located in the walk over their batch, and not in a second one.

use core::ops::Range;

use super::entries::Buffers;
use super::reads::Reads;
use super::write::{Locator, pieces};
use crate::cursor::Cursor;
use crate::error::WireError;
use crate::scan::{CheckedSpan, Follow, Place, Scan};
use crate::select::Selector;

/// How many links a span may have that is located on the way: what is written of
/// each may be as much as twenty-six times what it takes in the batch.
const MOST_LINKS: usize = 4 << 10;

impl Locator {
    /// Walks over a batch as [`Scan::run`] does, and locates the selected spans on
    /// the way. Answers whether it located all of them: where that would weigh more
    /// than `most` bytes, an element of an array 64 besides its own, or where a span
    /// has thousands of links, it does not, and [`Locator::located`] is not to be used.
    ///
    /// # Errors
    ///
    /// Those of [`Scan::run`].
    pub fn scan(
        &mut self,
        scan: &mut Scan,
        batch: &[u8],
        selector: &Selector,
        reads: &Reads,
        most: usize,
    ) -> Result<bool, WireError> {
        self.out.clear();
        self.most_links = MOST_LINKS;
        let mut following = Following {
            locator: self,
            batch,
            reads,
            most,
            resource: usize::MAX,
            scope: usize::MAX,
            scope_start: 0,
            is_complete: true,
        };
        scan.walk(batch, selector, &mut following)?;
        let is_complete = following.is_complete;
        if !is_complete {
            // It is large, and nobody looks at it: there is to be room for the parts.
            self.out = Buffers::default();
        }
        Ok(is_complete)
    }
}

struct Following<'f> {
    locator: &'f mut Locator,
    batch: &'f [u8],
    reads: &'f Reads,
    most: usize,
    /// Where the last span was.
    resource: usize,
    scope: usize,
    /// Where the item of its scope is.
    scope_start: usize,
    is_complete: bool,
}

impl Follow for Following<'_> {
    #[inline]
    fn is_following(&self) -> bool {
        self.is_complete
    }

    #[inline]
    fn span(
        &mut self,
        cursor: Cursor<'_>,
        place: &Place,
        is_taken: impl Fn(u32, usize) -> bool,
    ) -> Result<Option<CheckedSpan>, WireError> {
        let out = &self.locator.out;
        let before = (out.fields.len(), out.values.len(), out.elements);
        let was = (self.resource, self.scope);
        self.enter(place);
        let mut head = self.locator.begin_span();
        self.locator.read_span(cursor, &mut head, self.reads)?;
        if !is_taken(head.kind, head.links) {
            self.locator.out.fields.truncate(before.0);
            self.locator.out.values.truncate(before.1);
            self.locator.out.elements = before.2;
            (self.resource, self.scope) = was;
            return Ok(None);
        }
        self.is_complete = head.links <= MOST_LINKS;
        if self.is_complete {
            self.locator.end_span(cursor, &head, self.reads);
            self.is_complete = self.locator.out.weight() <= self.most;
        }
        Ok(Some(CheckedSpan {
            links: head.links,
            has_ids: head.has_ids(),
            is_selected: true,
        }))
    }

    fn end_scope(&mut self, others: &[Range<usize>]) {
        if self.is_complete {
            let pieces = pieces(self.batch, others);
            self.locator.end_scope(self.scope_start, pieces);
        }
    }
}

impl Following<'_> {
    /// What spans are in is shown before the first of them, wherever it lies.
    fn enter(&mut self, place: &Place) {
        if place.resource != self.resource {
            self.resource = place.resource;
            let body = self.batch.get(place.resource_body.clone());
            self.locator.resource(body.into_iter(), self.reads);
        }
        if place.scope != self.scope {
            self.scope = place.scope;
            self.scope_start = self.locator.begin_scope();
        }
    }
}
