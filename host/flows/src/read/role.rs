//! What part a span plays in the way of a message, as the built-in rule sees it
//! (docs/rule.md, "When a link is missing").

use linkmend_wire::otlp::span_kind;

use super::facts::SpanFacts;
use super::library::Library;

/// What a span does with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing that is known.
    None,
    /// Makes or sends them.
    Producer,
    /// Receives or processes them.
    Consumer,
    /// Acknowledges, rejects or otherwise ends them.
    Settler,
}

impl SpanFacts<'_> {
    /// What it does with messages: by what its library shows, what it says, its kind,
    /// its method, its name, in this order.
    pub(crate) fn role(&self) -> Role {
        by_library(self)
            .or_else(|| spoken(self))
            .or_else(|| by_kind(self.head.kind))
            .or_else(|| by_method(self))
            .or_else(|| by_name(self))
            .unwrap_or(Role::None)
    }

    /// Google's clients for Pub/Sub have a span for the time that a message is with
    /// the consumer, and another for what it does.
    pub(crate) fn is_subscription(&self) -> bool {
        let is_pubsub = self.message.system.eq_ignore_ascii_case(b"gcp_pubsub");
        is_pubsub && self.head.name.ends_with(b" subscribe")
    }
}

fn by_library(span: &SpanFacts<'_>) -> Option<Role> {
    match (span.message.library?, u64::from(span.head.kind)) {
        (Library::Arq, span_kind::CLIENT) | (Library::Dramatiq, span_kind::SERVER) => {
            Some(Role::Producer)
        }
        (Library::Arq, span_kind::SERVER) => Some(Role::Consumer),
        (Library::Rq, span_kind::CLIENT) => Some(match span.message.operation_name {
            b"perform" => Role::Consumer,
            _ => Role::None,
        }),
        _ => None,
    }
}

fn spoken(span: &SpanFacts<'_>) -> Option<Role> {
    let of = &span.message;
    [
        of.operation_type,
        of.operation,
        of.operation_name,
        of.job_action,
    ]
    .into_iter()
    .filter(|word| !word.is_empty())
    .find_map(by_word)
}

fn by_word(word: &[u8]) -> Option<Role> {
    // As nearly all are written.
    match word {
        b"publish" | b"send" => return Some(Role::Producer),
        b"process" | b"receive" => return Some(Role::Consumer),
        _ => {}
    }
    let mut letters = [0; 16];
    letters.get_mut(..word.len())?.copy_from_slice(word);
    letters.make_ascii_lowercase();
    let word = u128::from_le_bytes(letters);
    if PRODUCING.contains(&word) {
        Some(Role::Producer)
    } else if CONSUMING.contains(&word) {
        Some(Role::Consumer)
    } else {
        SETTLING.contains(&word).then_some(Role::Settler)
    }
}

/// A word as a number: compared at once.
const fn word(text: &[u8]) -> u128 {
    let (mut word, mut place) = (0, text.len());
    let mut rest = text;
    while let [before @ .., last] = rest {
        place -= 1;
        word |= (*last as u128) << (8 * place);
        rest = before;
    }
    word
}

const PRODUCING: [u128; 6] = [
    word(b"publish"),
    word(b"send"),
    word(b"create"),
    word(b"enqueue"),
    word(b"schedule"),
    word(b"apply_async"),
];

const CONSUMING: [u128; 7] = [
    word(b"process"),
    word(b"receive"),
    word(b"deliver"),
    word(b"poll"),
    word(b"peek"),
    word(b"consume"),
    word(b"run"),
];

const SETTLING: [u128; 10] = [
    word(b"ack"),
    word(b"nack"),
    word(b"defer"),
    word(b"settle"),
    word(b"modack"),
    word(b"commit"),
    word(b"reject"),
    word(b"abandon"),
    word(b"complete"),
    word(b"dead_letter"),
];

fn by_kind(kind: u8) -> Option<Role> {
    match u64::from(kind) {
        span_kind::PRODUCER => Some(Role::Producer),
        span_kind::CONSUMER => Some(Role::Consumer),
        _ => None,
    }
}

/// botocore: `SQS.SendMessage`, kind CLIENT, no operation.
fn by_method(span: &SpanFacts<'_>) -> Option<Role> {
    if u64::from(span.head.kind) != span_kind::CLIENT || !span.message.names_messages {
        return None;
    }
    let method = if span.message.method.is_empty() {
        span.head.name
    } else {
        span.message.method
    };
    let last = method
        .rsplit(|byte| matches!(byte, b'.' | b'/' | b' '))
        .next()?;
    let begins = |word: &[u8]| {
        last.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if begins(b"send") || begins(b"publish") {
        Some(Role::Producer)
    } else {
        begins(b"receive").then_some(Role::Consumer)
    }
}

/// Google's clients for Pub/Sub say it by the end of the name.
fn by_name(span: &SpanFacts<'_>) -> Option<Role> {
    if !span.message.system.eq_ignore_ascii_case(b"gcp_pubsub") {
        return None;
    }
    match span.head.name.rsplit(|&byte| byte == b' ').next()? {
        b"publish" => Some(Role::Producer),
        b"subscribe" => Some(Role::Consumer),
        b"ack" | b"nack" | b"modack" => Some(Role::Settler),
        _ => None,
    }
}
