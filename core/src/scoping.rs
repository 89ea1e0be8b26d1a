//! A batch taken to pieces by scope.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;
use linkmend_wire::otlp::{resource, resource_spans, traces_data};
use linkmend_wire::value::{AnyValue, Attribute};
use linkmend_wire::{Fields, WireError};

use crate::index::{Room, Scopes};
use crate::scope::{Naming, Scope};

/// How senders are told apart, see
/// `ProcessorBuilder::scopes`.
#[derive(Debug, Clone)]
pub struct Scoping {
    /// Attributes of resources, all of which tell the scope of their spans
    /// together, and with [`ProcessOptions::scope`](crate::ProcessOptions).
    pub resource_attributes: Vec<String>,
    /// What is remembered of messages, scope by scope.
    pub index: Arc<dyn Scopes>,
}

/// The spans of a batch that are of one scope.
pub(crate) struct Part {
    /// `None` for those of scopes for which there is no room: nothing is known of
    /// their messages.
    pub(crate) room: Option<Arc<Room>>,
    pub(crate) traces: Bytes,
}

impl Scoping {
    /// Takes a batch to pieces. One of a single scope stays as it is; of others the
    /// resources keep their order within each scope. What is not well-formed is
    /// left in one piece, for others to refuse.
    pub(crate) fn split(&self, batch: Bytes, within: Scope) -> Vec<Part> {
        if self.resource_attributes.is_empty() {
            let room = self.index.room(within);
            return vec![Part {
                room,
                traces: batch,
            }];
        }
        match self.places(&batch, within) {
            Ok(places) => places.cut(batch),
            Err(_) => vec![Part {
                room: None,
                traces: batch,
            }],
        }
    }

    fn places(&self, batch: &[u8], within: Scope) -> Result<Places, WireError> {
        let mut places = Places::default();
        for field in Fields::new(batch) {
            let field = field?;
            if field.number == traces_data::RESOURCE_SPANS {
                let body = field.body();
                let scope = scope_of(&self.resource_attributes, batch, body, within)?;
                places.of(scope, &self.index);
            }
            places.take(field.start..field.end);
        }
        Ok(places)
    }
}

/// The scope of each `ResourceSpans` of a batch, in their order, by
/// [`Scoping::resource_attributes`]; `within` is what the request says of it. Ends at what
/// is not well-formed.
#[must_use]
pub fn resource_scopes(attributes: &[String], batch: &[u8], within: Scope) -> Vec<Scope> {
    let fields = Fields::new(batch).map_while(Result::ok);
    let resources = fields.filter(|field| field.number == traces_data::RESOURCE_SPANS);
    let scopes =
        resources.map_while(|field| scope_of(attributes, batch, field.body(), within).ok());
    scopes.collect()
}

/// The scope of the spans of a `ResourceSpans` that lies here.
fn scope_of(
    attributes: &[String],
    batch: &[u8],
    body: Range<usize>,
    within: Scope,
) -> Result<Scope, WireError> {
    if attributes.is_empty() {
        return Ok(within);
    }
    let mut found: Vec<Option<&[u8]>> = vec![None; attributes.len()];
    for field in Fields::within(batch, body) {
        let field = field?;
        let (resource_spans::RESOURCE, Some(message)) = (field.number, field.bytes()) else {
            continue;
        };
        for field in Fields::new(message) {
            let field = field?;
            let (resource::ATTRIBUTES, Some(message)) = (field.number, field.bytes()) else {
                continue;
            };
            let key = Attribute::read(message).key;
            let wanted = attributes.iter().zip(&mut found);
            // Of a key that comes twice the first counts.
            let mut wanted =
                wanted.filter(|(name, found)| name.as_bytes() == key && found.is_none());
            if let Some((_, place)) = wanted.next() {
                *place = Some(message);
            }
        }
    }
    let mut naming = Naming::begin(within);
    for message in found {
        match message.map(|message| (message, Attribute::read(message).value)) {
            None => naming.number(0),
            Some((_, AnyValue::String(text))) => {
                naming.number(1);
                naming.text(text);
            }
            // Of what is no text, the bytes.
            Some((message, _)) => {
                naming.number(2);
                naming.text(message);
            }
        }
    }
    Ok(naming.end())
}

/// A scope, and the ranges of a batch that are of it.
type Ranges = (Option<Arc<Room>>, Vec<Range<usize>>);

/// Which ranges of a batch are of which scope.
#[derive(Default)]
struct Places {
    parts: Vec<Ranges>,
    by_scope: HashMap<Scope, usize>,
    /// That of all for which there is no room.
    overflow: Option<usize>,
    /// Where what comes next goes.
    at: usize,
}

impl Places {
    /// What follows is of this scope.
    fn of(&mut self, scope: Scope, index: &Arc<dyn Scopes>) {
        if let Some(known) = self.by_scope.get(&scope) {
            self.at = *known;
            return;
        }
        let next = self.parts.len();
        self.at = match index.room(scope) {
            Some(room) => {
                self.by_scope.insert(scope, next);
                self.parts.push((Some(room), Vec::new()));
                next
            }
            None => *self.overflow.get_or_insert_with(|| {
                self.parts.push((None, Vec::new()));
                next
            }),
        };
    }

    fn take(&mut self, range: Range<usize>) {
        // Before the first resource there may be what nobody knows.
        if self.parts.is_empty() {
            self.parts.push((None, Vec::new()));
            self.overflow = Some(0);
        }
        let Some((_, ranges)) = self.parts.get_mut(self.at) else {
            return;
        };
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }

    fn cut(self, batch: Bytes) -> Vec<Part> {
        let mut parts = self.parts;
        if parts.len() <= 1 {
            let room = parts.pop().and_then(|(room, _)| room);
            return vec![Part {
                room,
                traces: batch,
            }];
        }
        let part = |(room, ranges): Ranges| {
            let length = ranges.iter().map(ExactSizeIterator::len).sum();
            let mut traces = Vec::with_capacity(length);
            for range in ranges {
                traces.extend_from_slice(batch.get(range).unwrap_or_default());
            }
            let traces = traces.into();
            Part { room, traces }
        };
        parts.into_iter().map(part).collect()
    }
}
