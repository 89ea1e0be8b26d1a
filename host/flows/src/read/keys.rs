//! The attributes that flows read.

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

/// The keys that are read, and what is known of types of links.
#[derive(Debug)]
pub(super) struct Keys {
    /// The lengths that there are, those of 63 and above as one.
    lengths: u64,
    /// By their lengths: most others are told apart by these.
    by_length: Vec<Vec<Known>>,
    words: LinkWords,
}

#[derive(Debug)]
struct Known {
    /// Keys of one length begin alike, and seldom end so.
    tail: u64,
    text: Vec<u8>,
    key: Key,
}

impl Keys {
    /// With the names that configurations give to some.
    pub(super) fn new(words: &LinkWords) -> Self {
        let mut keys = Self {
            lengths: 0,
            by_length: Vec::new(),
            words: words.clone(),
        };
        for (name, key) in KEYS {
            keys.add(name, key);
        }
        // What has a meaning of its own keeps it.
        for name in &words.type_attributes {
            keys.add(name, Key::LinkType);
        }
        for name in &words.marks {
            keys.add(name, Key::Repaired);
        }
        keys
    }

    fn add(&mut self, name: &str, key: Key) {
        let text = name.as_bytes();
        if self.key(text).is_some() {
            return;
        }
        if self.by_length.len() <= text.len() {
            self.by_length.resize_with(text.len() + 1, Vec::new);
        }
        self.lengths |= 1 << text.len().min(63);
        if let Some(alike) = self.by_length.get_mut(text.len()) {
            alike.push(Known {
                tail: tail(text),
                text: text.to_owned(),
                key,
            });
        }
    }

    /// What the key of an attribute stands for.
    #[inline]
    pub(super) fn key(&self, key: &[u8]) -> Option<Key> {
        if self.lengths >> key.len().min(63) & 1 == 0 {
            return None;
        }
        let alike = self.by_length.get(key.len())?;
        let tail = tail(key);
        let mut alike = alike.iter().filter(|known| known.tail == tail);
        let known = alike.find(|known| is_same(&known.text, key))?;
        Some(known.key)
    }

    /// Whether a link of this type leads to something else than a producer.
    pub(super) fn is_other(&self, link_type: &[u8]) -> bool {
        self.words.is_other(link_type)
    }
}

/// The last eight bytes, or all of a shorter text.
#[inline]
pub(crate) fn tail(text: &[u8]) -> u64 {
    match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

/// Without a call: most names are some twenty bytes.
#[inline]
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (words, _) = one.as_chunks::<8>();
    let (others, _) = other.as_chunks::<8>();
    one.len() == other.len() && tail(one) == tail(other) && words.iter().eq(others)
}
