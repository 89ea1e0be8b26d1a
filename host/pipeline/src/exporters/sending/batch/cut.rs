//! Cutting a batch at the borders of its spans, metrics or records. Each piece
//! has what is around them: resource, scope, and what is unknown there.

use bytes::Bytes;
use linkmend_wire::encode::{bytes_field_len, put_bytes_field};
use linkmend_wire::{Field, Fields, WireError};

use crate::items::{LEAVES, RESOURCES, SCOPES, items_of};
use crate::signal::Signal;

/// A piece of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    pub(super) items: usize,
}

/// How large pieces may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Most {
    Items(u64),
    Bytes(u64),
}

/// Cuts a batch: the first piece fits `first`, and is empty when not even one
/// span does; the others fit `most`, but for spans that are larger alone. (A
/// metric is cut as a whole, with all its points.)
pub(super) fn cut(
    signal: Signal,
    batch: &[u8],
    first: Most,
    most: Most,
) -> Result<Vec<Piece>, WireError> {
    let mut cutter = Cutter {
        signal,
        most: first,
        next: most,
        pieces: Vec::new(),
        piece: Vec::new(),
        resource: Section::default(),
        scope: Section::default(),
        leaves: 0,
        items: 0,
    };
    for field in Fields::new(batch) {
        let field = field?;
        match field.bytes() {
            Some(resource) if field.number == RESOURCES => {
                cutter.resource(resource)?;
            }
            _ => cutter.piece.extend_from_slice(raw(batch, &field)),
        }
    }
    cutter.end_piece();
    Ok(cutter.pieces)
}

struct Cutter {
    signal: Signal,
    most: Most,
    next: Most,
    pieces: Vec<Piece>,
    /// What is done of the piece.
    piece: Vec<u8>,
    resource: Section,
    scope: Section,
    /// Of the piece.
    leaves: usize,
    items: usize,
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
    fn begin(&mut self, message: &[u8], number: u32) -> Result<(), WireError> {
        self.around.clear();
        self.within.clear();
        self.is_written = false;
        for field in Fields::new(message) {
            let field = field?;
            if field.number != number || field.bytes().is_none() {
                self.around.extend_from_slice(raw(message, &field));
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
    fn resource(&mut self, message: &[u8]) -> Result<(), WireError> {
        self.resource.begin(message, SCOPES)?;
        for scope in messages(message, SCOPES) {
            let scope = scope?;
            self.scope.begin(scope, LEAVES)?;
            for leaf in messages(scope, LEAVES) {
                self.leaf(leaf?);
            }
            self.scope.end(SCOPES, &mut self.resource.within);
        }
        self.resource.end(RESOURCES, &mut self.piece);
        Ok(())
    }

    /// A span, a metric, a record.
    fn leaf(&mut self, leaf: &[u8]) {
        let items = items_of(self.signal, leaf);
        if !self.has_room(leaf, items) {
            self.cut();
        }
        put_bytes_field(&mut self.scope.within, LEAVES, leaf);
        self.leaves += 1;
        self.items += items;
    }

    fn has_room(&self, leaf: &[u8], items: usize) -> bool {
        let can_be_empty = self.pieces.is_empty();
        match self.most {
            _ if self.leaves == 0 && !can_be_empty => true,
            Most::Items(most) => (self.items + items) as u64 <= most,
            Most::Bytes(most) => {
                let leaf = bytes_field_len(LEAVES, leaf.len());
                let scope = bytes_field_len(SCOPES, self.scope.len() + leaf);
                let resource = bytes_field_len(RESOURCES, self.resource.len() + scope);
                (self.piece.len() + resource) as u64 <= most
            }
        }
    }

    /// Ends the piece in the middle of a scope.
    fn cut(&mut self) {
        if !self.scope.within.is_empty() {
            self.scope.end(SCOPES, &mut self.resource.within);
        }
        if !self.resource.within.is_empty() {
            self.resource.end(RESOURCES, &mut self.piece);
        }
        self.end_piece();
    }

    fn end_piece(&mut self) {
        self.pieces.push(Piece {
            bytes: std::mem::take(&mut self.piece).into(),
            items: std::mem::take(&mut self.items),
        });
        self.leaves = 0;
        self.most = self.next;
    }
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], WireError>> {
    Fields::new(message).filter_map(move |field| match field {
        Ok(field) if field.number == number => field.bytes().map(Ok),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

/// A field as it is.
fn raw<'m>(message: &'m [u8], field: &Field<'_>) -> &'m [u8] {
    message.get(field.start..field.end).unwrap_or_default()
}
