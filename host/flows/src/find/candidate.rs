//! Spans that may have received messages, and the senders that they name.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use linkmend_wire::otlp::span_kind;

use super::seen::Hashes;
use crate::flow::{Context, End, FlowRef, Joined};
use crate::read::{LinkFacts, Role, SpanFacts};
use crate::sites::{self, Sites};

/// So many candidates and claims have room for the next batch.
const MOST_KEPT: usize = 16_384;

/// A span that may have received messages.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) end: End,
    /// It named this message itself.
    message: Option<Message>,
    /// It tells of what it waited for, and not of what became of it.
    pub(crate) is_receiving: bool,
    /// The number of its resource in the batch that it came with.
    pub(super) resource: u32,
    /// That of its resource.
    pub(super) scope: u64,
}

/// A sender that a consumer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) target: Context,
    message: Option<Message>,
    pub(super) named_by: NamedBy,
}

/// A message that is named.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(super) hash: u64,
    /// Its id, where somebody wants to know.
    id: Option<Arc<str>>,
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Message {}

/// By what it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedBy {
    Link(Joined),
    /// By its parent, which is in another process, in this one, or anywhere.
    Parent {
        is_remote: bool,
        is_local: bool,
    },
}

/// Spans that may have received messages, in the order in which they came, and what
/// each says of its senders.
#[derive(Debug)]
pub(crate) struct Candidates {
    hashes: Hashes,
    /// Ids of messages are kept.
    has_ids: bool,
    list: Vec<(Candidate, Range<usize>)>,
    claims: Vec<Claim>,
}

impl Candidates {
    pub(crate) fn new(hashes: Hashes, has_ids: bool) -> Self {
        Self {
            hashes,
            has_ids,
            list: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Adds a span of this role, if it names who may have sent to it.
    pub(crate) fn add(&mut self, span: &SpanFacts<'_>, role: Role, end: impl FnOnce() -> End) {
        let first = self.claims.len();
        self.claim(span, role);
        if self.claims.len() == first {
            return;
        }
        let candidate = Candidate {
            end: end(),
            message: self.message(span.message.id),
            is_receiving: role == Role::Consumer && is_receiving(span),
            resource: span.service.resource,
            scope: span.service.scope,
        };
        self.list.push((candidate, first..self.claims.len()));
    }

    /// All of them, with their claims.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Candidate, &[Claim])> {
        let claims = |range: &Range<usize>| self.claims.get(range.clone()).unwrap_or_default();
        let list = self.list.iter();
        list.map(move |(candidate, range)| (candidate, claims(range)))
    }

    /// For the next batch.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.claims.clear();
        self.list.shrink_to(MOST_KEPT);
        self.claims.shrink_to(MOST_KEPT);
    }

    /// What a span says of who sent to it, if it says anything.
    fn claim(&mut self, span: &SpanFacts<'_>, role: Role) {
        let first = self.claims.len();
        if span.has_links() {
            for link in span.links().filter(|link| is_of_message(link, span, role)) {
                let joined = if link.is_repaired {
                    Joined::Mended
                } else {
                    Joined::Linked
                };
                let claim = Claim {
                    target: link.context,
                    message: self.message(link.message.id),
                    named_by: NamedBy::Link(joined),
                };
                self.claims.push(claim);
            }
            once(&mut self.claims, first);
        }
        if role == Role::Consumer && span.head.parent_span_id != [0; 8] {
            self.claims.push(Claim {
                target: Context {
                    trace: span.head.trace_id,
                    span: span.head.parent_span_id,
                },
                message: None,
                named_by: NamedBy::Parent {
                    is_remote: span.is_parent_remote(),
                    is_local: span.is_parent_local(),
                },
            });
        }
    }

    fn message(&self, id: &[u8]) -> Option<Message> {
        (!id.is_empty()).then(|| Message {
            hash: self.hashes.text(id),
            id: self.has_ids.then(|| sites::once(id)),
        })
    }
}

/// The end of a flow that this span would be.
#[inline]
pub(crate) fn end_of(span: &SpanFacts<'_>, sites: &mut Sites) -> End {
    End {
        context: span.context(),
        site: sites.of(span),
        start: span.head.start,
        end: span.head.end,
        flags: span.head.flags,
        status: span.head.status,
    }
}

/// Of the claims from `first` on, the same twice is one.
fn once(claims: &mut Vec<Claim>, first: usize) {
    if claims.len() < first + 2 {
        return;
    }
    let mut seen = HashSet::new();
    let all = claims.split_off(first);
    claims.extend(all.into_iter().filter(|claim| {
        let message = claim.message.as_ref().map(|message| message.hash);
        seen.insert((claim.target, message))
    }));
}

fn is_of_message(link: &LinkFacts<'_>, span: &SpanFacts<'_>, role: Role) -> bool {
    link.context.is_valid()
        && link.context != span.context()
        && !link.is_other
        && match role {
            Role::Consumer => true,
            // By a recipe, any span may be a consumer.
            Role::None => link.is_repaired,
            Role::Producer | Role::Settler => false,
        }
}

impl Candidate {
    /// How this span and the one that a claim leads to are joined, if that may have
    /// sent the message.
    pub(crate) fn joined(&self, claim: &Claim, producer: &End, role: Role) -> Option<Joined> {
        match claim.named_by {
            NamedBy::Link(joined) => self.may_be_linked(producer, role).then_some(joined),
            NamedBy::Parent {
                is_remote,
                is_local,
            } => {
                let elsewhere = !is_local && producer.site.service != self.end.site.service;
                let is_one = match role {
                    Role::Producer => true,
                    // A context that was passed on without a span of its own.
                    Role::None => is_remote || elsewhere,
                    Role::Consumer | Role::Settler => false,
                };
                is_one.then_some(Joined::Parent)
            }
        }
    }

    /// The flow, where they are joined.
    pub(crate) fn flow<'a>(
        &'a self,
        claim: &'a Claim,
        producer: &'a End,
        joined: Joined,
    ) -> FlowRef<'a> {
        let message = self.message(claim);
        FlowRef {
            producer,
            consumer: &self.end,
            message: message.and_then(|message| message.id.as_ref()),
            joined,
            is_again: false,
        }
    }

    /// The message that a claim is about, if either names it.
    pub(crate) fn message<'a>(&'a self, claim: &'a Claim) -> Option<&'a Message> {
        claim.message.as_ref().or(self.message.as_ref())
    }

    /// In its own trace, only a producer that began before it; and no span that
    /// received the message in the same service.
    fn may_be_linked(&self, producer: &End, role: Role) -> bool {
        let is_same_trace = producer.context.trace == self.end.context.trace;
        match role {
            Role::Settler => false,
            Role::Producer => !is_same_trace || producer.start <= self.end.start,
            Role::Consumer => !is_same_trace && producer.site.service != self.end.site.service,
            Role::None => !is_same_trace,
        }
    }
}

/// `receive` comes before `process`, and tells of the same message.
fn is_receiving(span: &SpanFacts<'_>) -> bool {
    let operation = span.message.operation();
    let words: [&[u8]; 4] = [b"receive", b"poll", b"peek", b"consume"];
    u64::from(span.head.kind) == span_kind::CLIENT
        || words
            .iter()
            .any(|word| operation.eq_ignore_ascii_case(word))
        || span.is_subscription()
        // FastStream's, around `process`.
        || operation.eq_ignore_ascii_case(b"create")
        || span.head.name.ends_with(b" create")
}

impl Claim {
    pub(super) fn is_parent(&self) -> bool {
        matches!(self.named_by, NamedBy::Parent { .. })
    }

    /// A parent in the consumer's own process that is a producer is rare, and
    /// most parents are none: nobody waits for it.
    pub(super) fn may_come(&self) -> bool {
        !matches!(self.named_by, NamedBy::Parent { is_local: true, .. })
    }
}
