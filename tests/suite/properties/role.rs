//! The role of a span by its operation and kind, told a second time: nothing
//! here uses the rule.

use linkmend_tests::otlp::kind;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

/// What decides whether links may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Producer,
    Settler,
    /// A consumer, or nothing.
    Other,
}

const PRODUCERS: &[&str] = &[
    "create",
    "send",
    "publish",
    "schedule",
    "enqueue",
    "apply_async",
];
const CONSUMERS: &[&str] = &[
    "receive", "process", "deliver", "poll", "consume", "peek", "run",
];
const SETTLERS: &[&str] = &[
    "settle",
    "ack",
    "nack",
    "modack",
    "commit",
    "complete",
    "abandon",
    "dead_letter",
    "defer",
    "reject",
];
/// The first that says a word that is known decides.
const KEYS: &[&str] = &[
    "messaging.operation.type",
    "messaging.operation",
    "messaging.operation.name",
    "bullmq.queue.operation",
    "celery.action",
];

pub fn role(span: &Span) -> Role {
    let spoken = KEYS.iter().find_map(|key| of_word(&text(span, key)?));
    spoken.unwrap_or(match span.kind {
        kind::PRODUCER => Role::Producer,
        kind::CLIENT if span_sends(span) => Role::Producer,
        _ => Role::Other,
    })
}

/// A client that names a message, and no operation, sends by its method.
fn span_sends(span: &Span) -> bool {
    if text(span, "messaging.message.id").is_none_or(|id| id.is_empty()) {
        return false;
    }
    let method = text(span, "rpc.method").unwrap_or_else(|| span.name.clone());
    let last = method.rsplit(['.', '/', ' ']).next().unwrap_or_default();
    let last = last.to_ascii_lowercase();
    last.starts_with("send") || last.starts_with("publish")
}

fn of_word(word: &str) -> Option<Role> {
    let word = word.to_ascii_lowercase();
    let is_in = |words: &[&str]| words.contains(&word.as_str());
    if is_in(PRODUCERS) {
        Some(Role::Producer)
    } else if is_in(CONSUMERS) {
        Some(Role::Other)
    } else {
        is_in(SETTLERS).then_some(Role::Settler)
    }
}

fn text(span: &Span, key: &str) -> Option<String> {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

/// The most messages that a span can name: each value of each attribute that
/// can name one, of the span or of its events, and each part of a joined one.
pub fn names(span: &Span) -> usize {
    let keys = [
        "messaging.message.id",
        "messaging.message_id",
        "messaging.message.ids",
        "messaging.kafka.offset",
        "messaging.kafka.message.offset",
        "messaging.masstransit.message_id",
        "nservicebus.message_id",
        "cloudevents.event_id",
        "bullmq.job.id",
        "messaging.header.traceparent",
        "job.trace_id",
        "x",
    ];
    let on_events = span.events.iter().flat_map(|event| &event.attributes);
    let attributes = span.attributes.iter().chain(on_events);
    let named = attributes.filter(|attribute| keys.contains(&attribute.key.as_str()));
    let values = named.filter_map(|attribute| attribute.value.as_ref()?.value.as_ref());
    values.map(count).sum()
}

fn count(value: &Value) -> usize {
    match value {
        Value::ArrayValue(array) => array.values.len(),
        Value::StringValue(text) => text.split(',').count(),
        _ => 1,
    }
}
