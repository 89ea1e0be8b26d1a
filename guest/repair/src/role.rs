//! What part a span plays in the way of a message.

use linkmend_wire::otlp::span_kind;

use crate::config::RecipeRole;
use crate::facts::{Fact, JobLibrary, MessageFacts, SpanFacts};
use crate::value::Value;

/// What a span does with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing that is known.
    None,
    /// Makes or sends them.
    Producer,
    /// Receives or processes them.
    Consumer,
    /// Acknowledges, rejects or otherwise ends them.
    Settler,
}

/// A role, and what it takes to play it.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that spans say of themselves"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The role.
    pub role: Role,
    /// The operation is `create`: its context is the creation context.
    pub creates: bool,
    /// The consumer waits for messages: its span may start before they were
    /// sent (a long poll).
    pub waits: bool,
    /// An attribute says so, and not the kind of the span alone.
    pub is_spoken: bool,
    /// It consumes only if no other span did: what works on a job of rq
    /// (`perform`) is below the span that received it (`consume`), which a
    /// worker that forks does not always export.
    pub stands_in: bool,
}

/// The part that a span plays.
#[inline]
#[must_use]
pub fn part(span: &SpanFacts<'_>) -> Part {
    let part = spoken_or_shown(span);
    Part {
        creates: part.creates || creates(span),
        ..part
    }
}

#[allow(
    clippy::inline_always,
    reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
)]
#[inline(always)]
fn spoken_or_shown(span: &SpanFacts<'_>) -> Part {
    by_library(span)
        .or_else(|| spoken(&span.message))
        .or_else(|| by_kind(span.kind))
        .or_else(|| by_method(span))
        .or_else(|| by_name(span))
        .unwrap_or(NO_PART)
}

/// The instrumentations of some libraries say by the kind of the span alone
/// which side it is, each in its own way.
#[inline]
fn by_library(span: &SpanFacts<'_>) -> Option<Part> {
    match (span.message.job_library()?, span.kind) {
        (JobLibrary::Arq, span_kind::CLIENT) | (JobLibrary::Dramatiq, span_kind::SERVER) => {
            Some(plain(Role::Producer))
        }
        (JobLibrary::Arq, span_kind::SERVER) => Some(plain(Role::Consumer)),
        // What the worker does about the job (`handle_job_success`) says
        // `process`, too.
        (JobLibrary::Rq, span_kind::CLIENT) => Some(Part {
            stands_in: true,
            ..match span.message.operation_name().text() {
                Some(b"perform") => plain(Role::Consumer),
                _ => NO_PART,
            }
        }),
        _ => None,
    }
}

/// Spans of Google's clients for Pub/Sub that are neither producers nor
/// consumers by their kind, and say by the end of their name what they do
/// (Go: INTERNAL; Node: CLIENT).
fn by_name(span: &SpanFacts<'_>) -> Option<Part> {
    let system = span.message.system().text()?;
    if !system.eq_ignore_ascii_case(b"gcp_pubsub") {
        return None;
    }
    match last_word(span.name) {
        b"publish" => Some(plain(Role::Producer)),
        b"ack" | b"nack" | b"modack" => Some(plain(Role::Settler)),
        _ => None,
    }
}

/// The span says of itself that it creates a message: by its operation, or (Go
/// Pub/Sub) by the end of its name.
#[inline]
fn creates(span: &SpanFacts<'_>) -> bool {
    let facts = &span.message;
    let has_operation = facts.operation_type().is_usable()
        || facts.operation().is_usable()
        || facts.operation_name().is_usable();
    span.kind == span_kind::PRODUCER && !has_operation && last_word(span.name) == b"create"
}

fn last_word(name: &[u8]) -> &[u8] {
    let mut words = name.rsplit(|&byte| byte == b' ');
    words.next().unwrap_or_default()
}

/// What a link says that it leads to: one that settles the message, one that
/// sends what the span made.
#[must_use]
pub fn of_link(facts: &MessageFacts<'_>) -> Option<Role> {
    let part = by_word(facts.operation_name().text()?)?;
    Some(part.role)
}

const NO_PART: Part = plain(Role::None);

const fn plain(role: Role) -> Part {
    Part {
        role,
        creates: false,
        waits: false,
        is_spoken: false,
        stands_in: false,
    }
}

/// The part that the operation attributes name, the newest first.
#[inline]
fn spoken(facts: &MessageFacts<'_>) -> Option<Part> {
    [
        Fact::OperationType,
        Fact::Operation,
        Fact::OperationName,
        Fact::JobAction,
    ]
    .into_iter()
    .filter_map(|fact| facts.value(fact).text())
    .find_map(by_word)
    .map(|part| Part {
        is_spoken: true,
        ..part
    })
}

/// All words of the conventions since their first version, and of emitters
/// that have their own.
fn by_word(word: &[u8]) -> Option<Part> {
    let mut buffer = [0; 12];
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    // By length first: the compiler makes a jump of it.
    Some(match (lower.len(), &*lower) {
        (6, b"create") => Part {
            creates: true,
            ..plain(Role::Producer)
        },
        (4, b"send") | (7, b"publish" | b"enqueue") | (8, b"schedule") | (11, b"apply_async") => {
            plain(Role::Producer)
        }
        (4, b"poll" | b"peek") | (7, b"receive" | b"consume") => Part {
            waits: true,
            ..plain(Role::Consumer)
        },
        (3, b"run") | (7, b"process" | b"deliver") => plain(Role::Consumer),
        (3, b"ack")
        | (4, b"nack")
        | (5, b"defer")
        | (6, b"settle" | b"modack" | b"commit" | b"reject")
        | (7, b"abandon")
        | (8, b"complete")
        | (11, b"dead_letter") => plain(Role::Settler),
        _ => return None,
    })
}

#[inline]
fn by_kind(kind: u64) -> Option<Part> {
    match kind {
        span_kind::PRODUCER => Some(plain(Role::Producer)),
        span_kind::CONSUMER => Some(plain(Role::Consumer)),
        _ => None,
    }
}

/// A client span that names a message plays the part that its method or the
/// end of its name says (botocore: `SQS.SendMessage`, kind CLIENT, no
/// operation).
fn by_method(span: &SpanFacts<'_>) -> Option<Part> {
    if span.kind != span_kind::CLIENT || !span.message.names_messages() {
        return None;
    }
    let method = match span.message.method() {
        Value::Text(method) => method,
        _ => span.name,
    };
    let last = method
        .rsplit(|byte| matches!(byte, b'.' | b'/' | b' '))
        .next()
        .unwrap_or_default();
    let begins = |word: &[u8]| {
        last.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if begins(b"send") || begins(b"publish") {
        Some(plain(Role::Producer))
    } else if begins(b"receive") {
        Some(Part {
            waits: true,
            ..plain(Role::Consumer)
        })
    } else {
        None
    }
}

/// What a span that plays `part` is to the messages of a custom recipe.
#[must_use]
pub fn by_recipe(role: RecipeRole, part: Part) -> Role {
    match (role, part.role) {
        (RecipeRole::Producer, _) | (RecipeRole::Span, Role::Producer) => Role::Producer,
        (RecipeRole::Consumer, Role::None | Role::Consumer)
        | (RecipeRole::Span, Role::Consumer) => Role::Consumer,
        _ => Role::None,
    }
}

/// Which of several producers of a message is preferred: the span whose
/// context is the creation context first (semconv, "producer spans").
#[inline]
#[must_use]
pub fn rank(part: Part, kind: u64) -> u8 {
    match kind {
        _ if part.creates => 0,
        span_kind::PRODUCER => 1,
        _ => 2,
    }
}
