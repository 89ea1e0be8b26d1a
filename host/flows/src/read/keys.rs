//! The attributes that flows read.

use linkmend_wire::Selector;
use linkmend_wire::located::Reads;
use linkmend_wire::otlp::span_kind;

use super::library::Library;
use crate::words::{LinkWords, MARK, TYPE_ATTRIBUTE};

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
    (TYPE_ATTRIBUTE, Key::LinkType),
    (MARK, Key::Repaired),
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

/// The keys that are read, by their places, and what is known of types of links.
#[derive(Debug)]
pub(super) struct Keys {
    meanings: Vec<Key>,
    words: LinkWords,
}

impl Keys {
    /// With the names that configurations give to some.
    pub(super) fn new(words: &LinkWords) -> (Self, Reads) {
        let mut names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        let mut meanings: Vec<Key> = KEYS.iter().map(|(_, key)| *key).collect();
        let types = words.type_attributes.iter();
        let marks = words.marks.iter();
        let more = types
            .map(|name| (name, Key::LinkType))
            .chain(marks.map(|name| (name, Key::Repaired)));
        for (name, key) in more {
            // What has a meaning of its own keeps it.
            if !names.contains(&name.as_str()) {
                names.push(name);
                meanings.push(key);
            }
        }
        let reads = Reads::new(&names);
        let words = words.clone();
        (Self { meanings, words }, reads)
    }

    /// What the number of a located attribute stands for.
    #[inline]
    pub(super) fn key(&self, number: u16) -> Option<Key> {
        self.meanings.get(usize::from(number)).copied()
    }

    /// Whether a link of this type leads to something else than a producer.
    pub(super) fn is_other(&self, link_type: &[u8]) -> bool {
        self.words.is_other(link_type)
    }
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
