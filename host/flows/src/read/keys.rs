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
    /// By first byte the lengths that there are, those of 63 and above as one: most
    /// others are told apart by these.
    lengths: Box<[u64; 256]>,
    /// The shortest first.
    known: Vec<Known>,
    /// Where those of each length begin.
    starts: Vec<usize>,
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
            lengths: Box::new([0; 256]),
            known: Vec::new(),
            starts: Vec::new(),
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
        keys.known.sort_by_key(|known| known.text.len());
        let longest = keys.known.last().map_or(0, |known| known.text.len());
        let start = |length| {
            keys.known
                .partition_point(|known| known.text.len() < length)
        };
        keys.starts = (0..=longest + 1).map(start).collect();
        keys
    }

    fn add(&mut self, name: &str, key: Key) {
        let text = name.as_bytes();
        let is_there = self.known.iter().any(|known| known.text == text);
        let first = text.first().map(|first| usize::from(*first));
        let Some(lengths) = first.and_then(|first| self.lengths.get_mut(first)) else {
            return;
        };
        *lengths |= 1 << text.len().min(63);
        if !is_there {
            self.known.push(Known {
                tail: tail(text),
                text: text.to_owned(),
                key,
            });
        }
    }

    /// What the key of an attribute stands for.
    #[inline]
    pub(super) fn key(&self, key: &[u8]) -> Option<Key> {
        let lengths = self.lengths.get(usize::from(*key.first()?))?;
        if lengths >> key.len().min(63) & 1 == 0 {
            return None;
        }
        let start = *self.starts.get(key.len())?;
        let end = *self.starts.get(key.len() + 1)?;
        let tail = tail(key);
        let mut alike = self.known.get(start..end)?.iter();
        let known = alike.find(|known| known.tail == tail && is_same(&known.text, key))?;
        Some(known.key)
    }

    /// Whether a link of this type leads to something else than a producer.
    pub(super) fn is_other(&self, link_type: &[u8]) -> bool {
        self.words.is_other(link_type)
    }
}

/// Eight bytes of a text, or all of a shorter one: the last of most.
#[inline]
pub(crate) fn tail(text: &[u8]) -> u64 {
    match (
        text.last_chunk::<8>(),
        text.first_chunk(),
        text.last_chunk(),
    ) {
        (Some(last), _, _) => u64::from_le_bytes(*last),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

/// Without a call: most names are some twenty bytes.
#[inline]
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() || tail(one) != tail(other) {
        return false;
    }
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        // All of it was compared.
        (None, None) => true,
        (first, second) if one.len() <= 16 => first == second,
        _ => {
            let (words, _) = one.as_chunks::<8>();
            let (others, _) = other.as_chunks::<8>();
            words.iter().eq(others)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guarantees: texts of any length are the same if all of their bytes are, wherever
    /// the one is that differs.
    #[test]
    fn texts_are_compared_whole() {
        for length in 0..40 {
            let text: Vec<u8> = (1..=length).collect();
            assert!(is_same(&text, &text.clone()));
            assert!(!is_same(&text, &[&text[..], &[0]].concat()));
            for place in 0..text.len() {
                let mut other = text.clone();
                if let Some(byte) = other.get_mut(place) {
                    *byte = 0xff;
                }
                assert!(!is_same(&text, &other), "{length} {place}");
            }
        }
    }

    #[test]
    fn every_key_is_known_and_no_other() {
        let keys = Keys::new(&LinkWords::default());
        for (name, key) in KEYS {
            assert_eq!(keys.key(name.as_bytes()), Some(key));
            for other in [format!("{name}?"), format!("?{name}")] {
                assert_eq!(keys.key(other.as_bytes()), None, "{other}");
            }
        }
        assert_eq!(keys.key(b""), None);
        assert_eq!(keys.key(&[b'm'; 100]), None);
    }
}
