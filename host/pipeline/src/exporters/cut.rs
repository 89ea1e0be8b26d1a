//! Cutting a batch at the borders of its spans, metrics or records. Each piece
//! has what is around them: resource, scope, and what is unknown there. (A
//! metric is cut as a whole, with all its points.)
//!
//! Pieces are made one at a time, when they are asked for. What is around items
//! may be a thousand times larger than they are, so that there is an end to how
//! often it is copied; then they stay together, whatever they weigh.

use std::ops::Range;

use bytes::Bytes;
use linkmend_wire::encode::{bytes_field_len, put_bytes_field};
use linkmend_wire::{Field, Fields, WireError};

use crate::items::{LEAVES, RESOURCES, SCOPES, items_of};
use crate::signal::Signal;

/// How many bytes of what is around items are copied for a batch: for each of
/// its bytes, and for any batch.
const COPIES: u64 = 8;
const COPIES_OF_ANY: u64 = 1 << 20;

/// A piece of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::exporters) struct Piece {
    pub(in crate::exporters) bytes: Bytes,
    pub(in crate::exporters) items: usize,
}

/// How large pieces may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::exporters) enum Most {
    Items(u64),
    Bytes(u64),
}

/// A batch that is being cut: the first piece fits what is said of it, and is
/// empty when not even one item does; the others fit what is said of them, but
/// for items that are larger alone, or that would have too much to be copied.
pub(in crate::exporters) struct Cutter {
    signal: Signal,
    batch: Bytes,
    most: Most,
    next: Most,
    /// What is still to be read of the batch, of the resource, of the scope.
    rest: Range<usize>,
    in_resource: Option<Range<usize>>,
    in_scope: Option<Range<usize>>,
    resource: Section,
    scope: Section,
    piece: Vec<u8>,
    /// Of the piece.
    leaves: usize,
    items: usize,
    /// The first piece is done.
    has_begun: bool,
    is_done: bool,
    /// How many bytes may still be copied.
    copies: u64,
}

/// A message that is being written: what all pieces of it have, and what this
/// piece has.
#[derive(Default)]
struct Section {
    around: Vec<u8>,
    within: Vec<u8>,
    is_written: bool,
}

impl Section {
    fn begin(&mut self, batch: &[u8], message: Range<usize>, number: u32) -> Result<(), WireError> {
        self.around.clear();
        self.within.clear();
        self.is_written = false;
        for field in Fields::within(batch, message) {
            let field = field?;
            if field.number != number || field.bytes().is_none() {
                self.around.extend_from_slice(raw(batch, &field));
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.around.len() + self.within.len()
    }

    /// Writes what there is; a message that says nothing once, at least.
    fn end(&mut self, number: u32, out: &mut Vec<u8>) {
        if self.within.is_empty() && self.is_written {
            return;
        }
        self.is_written = true;
        let mut message = Vec::with_capacity(self.len());
        message.extend_from_slice(&self.around);
        message.append(&mut self.within);
        put_bytes_field(out, number, &message);
    }
}

impl Cutter {
    pub(in crate::exporters) fn new(signal: Signal, batch: Bytes, first: Most, next: Most) -> Self {
        let length = batch.len();
        Self {
            signal,
            batch,
            most: first,
            next,
            rest: 0..length,
            in_resource: None,
            in_scope: None,
            resource: Section::default(),
            scope: Section::default(),
            piece: Vec::new(),
            leaves: 0,
            items: 0,
            has_begun: false,
            is_done: false,
            copies: COPIES * length as u64 + COPIES_OF_ANY,
        }
    }

    /// There is no further piece.
    pub(in crate::exporters) fn is_done(&self) -> bool {
        self.is_done
    }

    /// The next piece; none when it is done.
    pub(in crate::exporters) fn piece(&mut self) -> Result<Piece, WireError> {
        let batch = self.batch.clone();
        loop {
            if let Some(rest) = &mut self.in_scope {
                match next(&batch, rest, LEAVES)? {
                    Some(leaf) => {
                        let items = items_of(self.signal, leaf.bytes().unwrap_or_default());
                        if !self.has_room(&leaf, items) {
                            self.in_scope = self.in_scope.take().map(|rest| leaf.start..rest.end);
                            return Ok(self.cut());
                        }
                        self.leaf(leaf.bytes(), items);
                    }
                    None => self.end_scope(),
                }
            } else if let Some(rest) = &mut self.in_resource {
                match next(&batch, rest, SCOPES)? {
                    Some(scope) => {
                        self.scope.begin(&batch, scope.body(), LEAVES)?;
                        self.in_scope = Some(scope.body());
                    }
                    None => self.end_resource(),
                }
            } else if let Some(field) = Fields::within(&batch, self.rest.clone()).next() {
                self.field(&batch, &field?)?;
            } else {
                self.is_done = true;
                return Ok(self.end_piece());
            }
        }
    }

    fn field(&mut self, batch: &[u8], field: &Field<'_>) -> Result<(), WireError> {
        self.rest.start = field.end;
        if field.number == RESOURCES && field.bytes().is_some() {
            self.resource.begin(batch, field.body(), SCOPES)?;
            self.in_resource = Some(field.body());
        } else {
            self.piece.extend_from_slice(raw(batch, field));
        }
        Ok(())
    }

    /// A span, a metric, a record.
    fn leaf(&mut self, leaf: Option<&[u8]>, items: usize) {
        put_bytes_field(&mut self.scope.within, LEAVES, leaf.unwrap_or_default());
        self.leaves += 1;
        self.items += items;
    }

    fn end_scope(&mut self) {
        self.in_scope = None;
        self.scope.end(SCOPES, &mut self.resource.within);
    }

    fn end_resource(&mut self) {
        self.in_resource = None;
        self.resource.end(RESOURCES, &mut self.piece);
    }

    fn has_room(&self, leaf: &Field<'_>, items: usize) -> bool {
        if self.leaves == 0 && self.has_begun || self.copied() > self.copies {
            return true;
        }
        match self.most {
            Most::Items(most) => (self.items + items) as u64 <= most,
            Most::Bytes(most) => {
                let leaf = bytes_field_len(LEAVES, leaf.body().len());
                let scope = bytes_field_len(SCOPES, self.scope.len() + leaf);
                let resource = bytes_field_len(RESOURCES, self.resource.len() + scope);
                (self.piece.len() + resource) as u64 <= most
            }
        }
    }

    /// How much the next piece would have that another one has, too.
    fn copied(&self) -> u64 {
        (self.resource.around.len() + self.scope.around.len()) as u64
    }

    /// Ends the piece in the middle of a scope.
    fn cut(&mut self) -> Piece {
        self.copies = self.copies.saturating_sub(self.copied());
        if !self.scope.within.is_empty() {
            self.scope.end(SCOPES, &mut self.resource.within);
        }
        if !self.resource.within.is_empty() {
            self.resource.end(RESOURCES, &mut self.piece);
        }
        self.end_piece()
    }

    fn end_piece(&mut self) -> Piece {
        self.has_begun = true;
        self.most = self.next;
        Piece {
            bytes: std::mem::take(&mut self.piece).into(),
            items: {
                self.leaves = 0;
                std::mem::take(&mut self.items)
            },
        }
    }
}

/// The next field of this number in what is left of a message.
fn next<'b>(
    batch: &'b [u8],
    rest: &mut Range<usize>,
    number: u32,
) -> Result<Option<Field<'b>>, WireError> {
    for field in Fields::within(batch, rest.clone()) {
        let field = field?;
        rest.start = field.end;
        if field.number == number && field.bytes().is_some() {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

/// A field as it is.
fn raw<'m>(message: &'m [u8], field: &Field<'_>) -> &'m [u8] {
    message.get(field.start..field.end).unwrap_or_default()
}
