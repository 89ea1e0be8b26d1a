//! The attributes that flows read.

use linkmend_wire::Selector;
use linkmend_wire::located::Reads;
use linkmend_wire::otlp::span_kind;

use super::library::Library;

/// What an attribute tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    ServiceName,
    ServiceNamespace,
    LinkType,
    /// linkmend made or repaired the link.
    Repaired,
    /// linkmend made the span.
    Projected,
    JobAction,
    Method,
    Library(Library),
    /// The id of the message.
    Id,
    System,
    OperationType,
    Operation,
    OperationName,
    /// The name of the destination, and how good it is: the lower, the newer.
    Destination(u8),
    Url,
    /// It names several messages, or one by other means than an id.
    Messages,
}

const KEYS: [(&str, Key); 26] = [
    ("service.name", Key::ServiceName),
    ("service.namespace", Key::ServiceNamespace),
    ("link.type", Key::LinkType),
    ("link.repaired", Key::Repaired),
    ("linkmend.projected", Key::Projected),
    ("celery.action", Key::JobAction),
    ("bullmq.queue.operation", Key::JobAction),
    ("rpc.method", Key::Method),
    ("aws.operation", Key::Method),
    ("arq.job.id", Key::Library(Library::Arq)),
    ("rq.job.id", Key::Library(Library::Rq)),
    ("actor_name", Key::Library(Library::Dramatiq)),
    ("cloudevents.event_id", Key::Id),
    ("messaging.message.id", Key::Id),
    ("messaging.message_id", Key::Id),
    ("messaging.system", Key::System),
    ("messaging.operation.type", Key::OperationType),
    ("messaging.operation", Key::Operation),
    ("messaging.operation.name", Key::OperationName),
    ("messaging.destination.name", Key::Destination(1)),
    ("messaging.source.name", Key::Destination(2)),
    ("messaging.destination", Key::Destination(3)),
    ("messaging.url", Key::Url),
    ("messaging.message.ids", Key::Messages),
    ("messaging.kafka.offset", Key::Messages),
    ("messaging.kafka.message.offset", Key::Messages),
];

/// What the number of a located attribute stands for.
#[inline]
pub(super) fn key(number: u16) -> Option<Key> {
    KEYS.get(usize::from(number)).map(|(_, key)| *key)
}

/// All of them, by their places.
pub(super) fn reads() -> Reads {
    Reads::new(&KEYS.map(|(key, _)| key))
}

/// Spans that may have to do with messages: those of a producer or a consumer, with
/// links, or with an attribute that makes them one or the other.
pub(super) fn selector() -> Selector {
    let of_spans = KEYS.iter().filter(|(_, key)| is_of_messages(*key));
    let selector = Selector::none()
        .with_kind(span_kind::PRODUCER as u8)
        .with_kind(span_kind::CONSUMER as u8)
        .with_links();
    of_spans.fold(selector, |selector, (key, _)| selector.with_key(key))
}

/// A span without any of these does nothing with messages, unless its kind says so.
fn is_of_messages(key: Key) -> bool {
    match key {
        Key::JobAction
        | Key::Library(_)
        | Key::Id
        | Key::System
        | Key::OperationType
        | Key::Operation
        | Key::OperationName
        | Key::Messages => true,
        Key::ServiceName
        | Key::ServiceNamespace
        | Key::LinkType
        | Key::Repaired
        | Key::Projected
        | Key::Method
        | Key::Destination(_)
        | Key::Url => false,
    }
}
