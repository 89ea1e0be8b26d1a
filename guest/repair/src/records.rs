//! The numbers that spans, messages and links come down to.

use crate::carried::Carried;
use crate::keys::Grounds;
use crate::kind::LinkType;
use crate::role::{Part, Role};

/// A part of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Run {
    /// Where it begins.
    pub start: u32,
    end: u32,
}

impl Run {
    /// What was pushed to a list since it was `start` long.
    #[inline]
    pub fn since<T>(start: usize, list: &[T]) -> Self {
        Self {
            start: start as u32,
            end: list.len() as u32,
        }
    }

    /// The part.
    #[inline]
    pub fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.places()).unwrap_or_default()
    }

    /// The places of the part in the list.
    #[inline]
    pub fn places(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many elements.
    #[inline]
    pub fn count(self) -> usize {
        self.places().len()
    }
}

/// A span that may need mending.
#[derive(Debug, Clone, Copy)]
pub struct SpanRecord {
    /// Its place in the batch.
    pub number: u32,
    /// Its role.
    pub role: Role,
    /// Valid.
    pub trace_id: u128,
    /// Valid.
    pub span_id: u64,
    /// 0: a root span.
    pub parent_span_id: u64,
    /// When it started.
    pub start: u64,
    /// When its messages were sent at the latest.
    pub limit: u64,
    /// `messaging.batch.message_count`, 0 without.
    pub message_count: u64,
    /// Until when what its own trace sends may be the message itself, and not
    /// what the span sent on.
    pub effects_after: u64,
    /// Its messages, in `Batch::slots`; only a consumer has any.
    pub slots: Run,
    /// Messages that were too many to look at.
    pub surplus: u32,
    /// Where its messages come from, see [`crate::keys`]; 0: not known.
    pub destination: u16,
    /// Who consumes, see [`crate::keys`].
    pub consumer: u16,
    /// What a poll found is told of by the spans below it, if there are any.
    pub is_poll: bool,
    /// A producer creates the message.
    pub creates: bool,
    /// See [`Part::stands_in`].
    pub stands_in: bool,
    /// What it lacks, when nothing leads to its messages.
    pub lack: Option<Lack>,
    /// Where its parent is.
    pub parent: Parent,
    /// What is known of the parent, in `Batch::wanted`, when the context of its
    /// messages may have come with that one (see [`crate::asides::arrived`]).
    pub arrived: Run,
    /// Its links, in `Batch::links`.
    pub links: Run,
    /// What it produced, in `Batch::producers`.
    pub produced: Run,
}

impl SpanRecord {
    /// The part that it plays.
    pub fn part(&self) -> Part {
        Part {
            role: self.role,
            creates: self.creates,
            waits: self.is_poll,
            is_spoken: true,
            stands_in: self.stands_in,
        }
    }

    /// Its own ids are valid.
    pub fn has_ids(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }

    /// There is something to decide, or to tell of.
    #[inline]
    pub fn may_need_mending(&self) -> bool {
        self.slots.count() + self.links.count() > 0 || self.lack.is_some()
    }
}

/// Where the parent of a span is (OTLP flags, bits 8 and 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// There is none.
    None,
    /// In the same process.
    Local,
    /// In another one: the context came along.
    Remote,
    /// Its SDK does not say.
    Unknown,
}

/// One message: alternatives for finding its producer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    /// Its keys, in `Batch::wanted` or, of a valid link, in
    /// `Batch::link_keys`; the first that leads anywhere counts.
    pub keys: Run,
    /// The context that came with it, and its trace state in `Batch::texts`.
    pub carried: Option<(Carried, Run)>,
    /// What the keys rest on.
    pub grounds: Grounds,
    /// What else to ask of an offset, in `Batch::asides`.
    pub asides: Run,
    /// What a link says of the message, where there are several.
    pub name: MessageName,
}

impl Slot {
    /// There is a way to find the producer.
    #[inline]
    pub fn is_something(&self) -> bool {
        self.keys.count() > 0 || self.carried.is_some()
    }
}

/// What names a message on a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MessageName {
    /// Nothing.
    #[default]
    Unnamed,
    /// An id, in `Batch::texts`.
    Id(Run),
    /// A place in a Kafka log; partition and topic in `Batch::texts`.
    Record {
        /// The offset.
        offset: u64,
        /// The partition.
        partition: Run,
        /// The topic.
        topic: Run,
    },
    /// What a custom recipe reads.
    Recipe {
        /// Its number.
        recipe: u16,
        /// The values of its attributes, in `Batch::parts`.
        parts: Run,
    },
}

impl MessageName {
    /// Both say the same.
    pub fn is_same(self, other: Self, texts: &[u8], all_parts: &[Run]) -> bool {
        match (self, other) {
            (Self::Unnamed, Self::Unnamed) => true,
            (Self::Id(one), Self::Id(other)) => one.of(texts) == other.of(texts),
            (
                Self::Record {
                    offset,
                    partition,
                    topic,
                },
                Self::Record {
                    offset: other_offset,
                    partition: other_partition,
                    topic: other_topic,
                },
            ) => {
                offset == other_offset
                    && partition.of(texts) == other_partition.of(texts)
                    && topic.of(texts) == other_topic.of(texts)
            }
            (
                Self::Recipe { recipe, parts },
                Self::Recipe {
                    recipe: other_recipe,
                    parts: other_parts,
                },
            ) => {
                let texts = |parts: Run| parts.of(all_parts).iter().map(|part| part.of(texts));
                recipe == other_recipe && texts(parts).eq(texts(other_parts))
            }
            _ => false,
        }
    }
}

/// A consumer that came without anything to find its producers by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// It names a message, but not well enough to tell it from others.
    Incomplete,
    /// It names none.
    Unnamed,
}

/// What the attributes of a link say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnType {
    /// A type.
    Type(LinkType),
    /// A word of a vendor's, in `Batch::texts`.
    Text(Run),
}

/// A link of a span.
#[derive(Debug, Clone, Copy)]
pub struct LinkRecord {
    /// 0: invalid.
    pub trace_id: u128,
    /// 0: invalid.
    pub span_id: u64,
    /// It has neither attributes nor a trace state.
    pub is_bare: bool,
    /// How many attributes it has.
    pub attribute_count: u32,
    /// See [`LinkFacts::digest`].
    pub digest: u64,
    /// See [`LinkFacts::type_digest`].
    pub type_digest: Option<u64>,
    /// It carries linkmend's mark.
    pub is_marked: bool,
    /// What its own attributes say that it is.
    pub own_type: Option<OwnType>,
    /// What it says that the other span does with the message.
    pub said: Option<Role>,
    /// The message that it is for.
    pub slot: Slot,
    /// The keys are in [`Batch::wanted`].
    pub keys_are_wanted: bool,
}

impl LinkRecord {
    /// It leads to who settles the message, who did not send it.
    #[inline]
    pub fn is_settling(&self) -> bool {
        self.said == Some(Role::Settler)
    }

    /// Both ids are valid.
    #[inline]
    pub fn is_valid(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}
