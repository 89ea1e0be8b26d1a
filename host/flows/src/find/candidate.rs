//! Spans that may have received messages, and the senders that they name.

use std::sync::Arc;

use linkmend_wire::otlp::span_kind;

use crate::flow::{Context, End, Flow, Joined};
use crate::names::{self, Names};
use crate::read::{LinkFacts, Role, SpanFacts};

/// A span that may have received messages, and what it says of their senders.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) end: Arc<End>,
    pub(crate) claims: Vec<Claim>,
    /// It named this message itself.
    message: Option<Arc<str>>,
    /// It tells of what it waited for, and not of what became of it.
    pub(super) is_receiving: bool,
}

/// A sender that a consumer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) target: Context,
    message: Option<Arc<str>>,
    pub(super) named_by: NamedBy,
}

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

/// The end of a flow that this span would be.
pub(crate) fn end_of(span: &SpanFacts<'_>, names: &mut Names) -> End {
    End {
        context: span.context,
        service: names.of(span.service.name),
        namespace: names.of(span.service.namespace),
        name: names.of(span.name),
        operation: names.of(span.message.operation()),
        system: names.of(span.message.system),
        destination: names.of(span.message.destination),
        kind: span.kind,
        status: span.status,
        flags: span.flags,
        start: span.start,
        end: span.end,
    }
}

/// What a span of this role says of who sent to it, if it says anything.
pub(crate) fn claims_of(span: &SpanFacts<'_>, role: Role) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    if span.has_links() {
        for link in span.links().filter(|link| is_of_message(link, span, role)) {
            let message = (!link.message.id.is_empty()).then(|| names::once(link.message.id));
            let joined = if link.is_repaired {
                Joined::Mended
            } else {
                Joined::Linked
            };
            let claim = Claim {
                target: link.context,
                message,
                named_by: NamedBy::Link(joined),
            };
            claims.push(claim);
        }
        once(&mut claims);
    }
    if role == Role::Consumer && span.parent != [0; 8] {
        claims.push(Claim {
            target: Context {
                trace: span.context.trace,
                span: span.parent,
            },
            message: None,
            named_by: NamedBy::Parent {
                is_remote: span.is_parent_remote(),
                is_local: span.is_parent_local(),
            },
        });
    }
    claims
}

/// The same claim twice is one.
fn once(claims: &mut Vec<Claim>) {
    if claims.len() > 1 {
        let mut seen = std::collections::HashSet::new();
        claims.retain(|claim| seen.insert((claim.target, claim.message.clone())));
    }
}

fn is_of_message(link: &LinkFacts<'_>, span: &SpanFacts<'_>, role: Role) -> bool {
    link.context.is_valid()
        && link.context != span.context
        && !link.is_other
        && match role {
            Role::Consumer => true,
            // By a recipe, any span may be a consumer.
            Role::None => link.is_repaired,
            Role::Producer | Role::Settler => false,
        }
}

impl Candidate {
    pub(crate) fn new(span: &SpanFacts<'_>, end: Arc<End>, claims: Vec<Claim>, role: Role) -> Self {
        let message = (!span.message.id.is_empty()).then(|| names::once(span.message.id));
        Self {
            end,
            claims,
            message,
            is_receiving: role == Role::Consumer && is_receiving(span),
        }
    }

    /// The flow, if the span that a claim leads to may have sent the message.
    pub(crate) fn joined(&self, claim: &Claim, producer: &Arc<End>, role: Role) -> Option<Flow> {
        let joined = match claim.named_by {
            NamedBy::Link(joined) => self.may_be_linked(producer, role).then_some(joined)?,
            NamedBy::Parent {
                is_remote,
                is_local,
            } => {
                let elsewhere = !is_local && producer.service != self.end.service;
                match role {
                    Role::Producer => {}
                    // A context that was passed on without a span of its own.
                    Role::None if is_remote || elsewhere => {}
                    _ => return None,
                }
                Joined::Parent
            }
        };
        Some(Flow {
            producer: Arc::clone(producer),
            consumer: Arc::clone(&self.end),
            message: claim.message.clone().or_else(|| self.message.clone()),
            joined,
            is_again: false,
        })
    }

    /// In its own trace, only a producer that began before it; and no span that
    /// received the message in the same service.
    fn may_be_linked(&self, producer: &End, role: Role) -> bool {
        let is_same_trace = producer.context.trace == self.end.context.trace;
        match role {
            Role::Settler => false,
            Role::Producer => !is_same_trace || producer.start <= self.end.start,
            Role::Consumer => !is_same_trace && producer.service != self.end.service,
            Role::None => !is_same_trace,
        }
    }
}

/// `receive` comes before `process`, and tells of the same message.
fn is_receiving(span: &SpanFacts<'_>) -> bool {
    let operation = span.message.operation();
    let words: [&[u8]; 4] = [b"receive", b"poll", b"peek", b"consume"];
    u64::from(span.kind) == span_kind::CLIENT
        || words
            .iter()
            .any(|word| operation.eq_ignore_ascii_case(word))
        || span.is_subscription()
        // FastStream's, around `process`.
        || operation.eq_ignore_ascii_case(b"create")
        || span.name.ends_with(b" create")
}
