//! Why a link exists: the values of `link.type`.

use crate::role::{Part, Role};
use crate::value::Value;

/// A value of `link.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// One message, or one other cause, set the span off.
    TriggeredBy,
    /// The span gathers several.
    AggregatedFrom,
    /// `OpenTracing`'s.
    FollowsFrom,
    /// `OpenTracing`'s.
    ChildOf,
    /// The span tries again what the other tried.
    RetryOf,
    /// The span sends what the other made.
    PublishOf,
    /// The span made what the other sends.
    CreatedBy,
    /// The span ends what the other received.
    Settles,
    /// What the span received, the other ends.
    SettledBy,
    /// Nothing closer is known.
    RelatedTo,
}

impl LinkType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TriggeredBy,
        Self::AggregatedFrom,
        Self::FollowsFrom,
        Self::ChildOf,
        Self::RetryOf,
        Self::PublishOf,
        Self::CreatedBy,
        Self::Settles,
        Self::SettledBy,
        Self::RelatedTo,
    ];

    /// The value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TriggeredBy => "triggered_by",
            Self::AggregatedFrom => "aggregated_from",
            Self::FollowsFrom => "follows_from",
            Self::ChildOf => "child_of",
            Self::RetryOf => "retry_of",
            Self::PublishOf => "publish_of",
            Self::CreatedBy => "created_by",
            Self::Settles => "settles",
            Self::SettledBy => "settled_by",
            Self::RelatedTo => "related_to",
        }
    }
}

/// What links of `OpenTracing` shims say (semconv 1.44.0,
/// general/trace-compatibility.md).
#[must_use]
pub fn by_ref_type(value: Value<'_>) -> Option<LinkType> {
    match value.text()? {
        b"follows_from" => Some(LinkType::FollowsFrom),
        b"child_of" => Some(LinkType::ChildOf),
        _ => None,
    }
}

/// What a vendor's attribute says that a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alias<'a> {
    /// One of ours, by another name.
    Type(LinkType),
    /// Something of its own.
    Text(&'a [u8]),
}

/// Longer words are no types.
const LONGEST_ALIAS: usize = 128;

/// What `sentry.link.type`, `link.kind` and `dd.kind` say.
#[must_use]
pub fn by_alias(value: Value<'_>) -> Option<Alias<'_>> {
    let word = value.text().filter(|word| word.len() <= LONGEST_ALIAS)?;
    match word {
        b"queue.producer" | b"scheduled_by" | b"executed_by" | b"executed_from" | b"resuming"
        | b"caused_by" => Some(Alias::Type(LinkType::TriggeredBy)),
        b"" => None,
        other => core::str::from_utf8(other)
            .is_ok()
            .then_some(Alias::Text(other)),
    }
}

/// What of a span decides over the types of its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// The part of the span.
    pub part: Part,
    /// It has a parent.
    pub has_parent: bool,
    /// It is for several messages, by its count or by its ids.
    pub is_batch: bool,
    /// How many valid links it has, before any is cut.
    pub valid_links: usize,
    /// How many of them lead to other traces.
    pub foreign_links: usize,
}

impl Surroundings {
    /// Counts a valid link.
    pub fn count(&mut self, elsewhere: bool) {
        self.valid_links += 1;
        self.foreign_links += usize::from(elsewhere);
    }
}

/// Where a link leads, and what it says of that in words of messaging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leads {
    /// Into another trace.
    pub elsewhere: bool,
    /// To the very span that has it.
    pub to_itself: bool,
    /// To a span that plays this role for the message.
    pub said: Option<Role>,
}

/// The type of a link that does not say it itself.
#[must_use]
pub fn link_type(surroundings: &Surroundings, leads: Leads) -> LinkType {
    let span = surroundings;
    if leads.to_itself {
        return LinkType::RelatedTo;
    }
    match (span.part.role, leads.said) {
        (Role::Settler, _) => LinkType::Settles,
        (_, Some(Role::Settler)) => LinkType::SettledBy,
        // Both make a message: one creates it, the other sends it.
        (Role::Producer, _) if span.part.creates => LinkType::CreatedBy,
        (Role::Producer, _) => LinkType::PublishOf,
        (Role::Consumer, _) if span.is_batch || span.foreign_links >= 2 => LinkType::AggregatedFrom,
        (Role::Consumer, _) => LinkType::TriggeredBy,
        (Role::None, _) if span.valid_links >= 2 => LinkType::AggregatedFrom,
        (Role::None, _) if !span.has_parent || leads.elsewhere => LinkType::TriggeredBy,
        (Role::None, _) => LinkType::RelatedTo,
    }
}
