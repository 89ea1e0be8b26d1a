//! The keys of messages, as rules name them.

use crate::interface::MessageKey;
use crate::key::KeyBuilder;

/// How many messages a span may name: more are not looked at.
pub const MOST_KEYS: usize = 1_024;

/// The messages that a span produces or awaits.
///
/// A key is made of parts: first the family, which says what sort of message
/// it is, then the ids that tell it from the others of its family. Producer and
/// consumer must name the same parts in the same order. Keys of different
/// families never meet, and rules in other languages make the same key of the
/// same parts.
///
/// At most [`MOST_KEYS`] keys of a span are taken; what is more is noted.
#[derive(Debug, Default)]
pub struct Keys {
    builder: KeyBuilder,
    named: Vec<Named>,
    /// The last part of every key.
    ids: String,
    first: usize,
    too_many: u32,
    rank: u8,
    hint: u16,
    unused: bool,
}

/// A key, and what it was added with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    pub(crate) key: MessageKey,
    pub(crate) rank: u8,
    pub(crate) hint: u16,
    id_end: usize,
}

impl Keys {
    /// Adds the key of a message: the family, then what identifies it. Without
    /// an id, or when the last one is empty, there is no message and no key:
    /// `keys.add("job", span.id("job.id"))` adds none where the span has no
    /// `job.id`.
    pub fn add<Id: AsRef<str>>(&mut self, family: &str, ids: impl IntoIterator<Item = Id>) {
        let start = self.ids.len();
        let key = self.builder.start(family);
        for id in ids {
            key.part(id.as_ref().as_bytes());
            self.ids.truncate(start);
            self.ids.push_str(id.as_ref());
        }
        if self.ids.len() == start {
            return;
        }
        if self.named.len() - self.first >= MOST_KEYS {
            self.ids.truncate(start);
            self.too_many = self.too_many.saturating_add(1);
            return;
        }
        self.named.push(Named {
            key: key.finish(),
            rank: self.rank,
            hint: self.hint,
            id_end: self.ids.len(),
        });
    }

    /// For keys that a span produces: how good a producer it is, from now on.
    /// Of several producers of a message those of the lowest rank are preferred;
    /// 0 is the best, and what keys have that nothing is said of.
    pub fn set_rank(&mut self, rank: u8) {
        self.rank = rank;
    }

    /// For keys that a span produces: what is to be found again with the
    /// producer, from now on ([`crate::ProducerSpan::hint`]).
    pub fn set_hint(&mut self, hint: u16) {
        self.hint = hint;
    }

    /// What the methods of [`crate::Rule`] do that a rule does not have.
    pub(crate) fn mark_unused(&mut self) {
        self.unused = true;
    }

    pub(crate) fn is_unused(&self) -> bool {
        self.unused
    }

    /// Begins with another span.
    pub(crate) fn next_span(&mut self) {
        self.first = self.named.len();
        self.too_many = 0;
        self.rank = 0;
        self.hint = 0;
    }

    /// Forgets the spans before.
    pub(crate) fn clear(&mut self) {
        self.named.clear();
        self.ids.clear();
        self.next_span();
    }

    /// Those of the last span.
    pub(crate) fn of_span(&self) -> &[Named] {
        self.named.get(self.first..).unwrap_or_default()
    }

    /// How many keys of the last span were too many.
    pub(crate) fn too_many(&self) -> u32 {
        self.too_many
    }

    pub(crate) fn all(&self) -> &[Named] {
        &self.named
    }

    /// The last part of a key.
    pub(crate) fn id(&self, number: usize) -> &str {
        let end_of = |number: usize| self.named.get(number).map(|named| named.id_end);
        let start = number.checked_sub(1).and_then(end_of).unwrap_or(0);
        let end = end_of(number).unwrap_or(start);
        self.ids.get(start..end).unwrap_or_default()
    }
}
