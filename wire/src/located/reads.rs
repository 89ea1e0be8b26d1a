//! Which attributes are read, and by which numbers.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use crate::first_bytes::FirstBytes;

/// The attributes that a rule reads: keys, by their places in its list.
///
/// A last character `*` stands for any ending. What begins with `event:` is
/// read of the events of spans, and everything else of resources, spans and
/// links. Of several that take a key, a full one goes before a beginning, and
/// then the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub(super) attributes: KeyTable,
    pub(super) events: KeyTable,
}

/// Keys by their lengths, since most are told apart by these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyTable {
    /// Full keys, the shortest first.
    full: Vec<Key>,
    /// Where those of each length begin; the last ones are those of
    /// [`LENGTHS`] and above.
    starts: Vec<u16>,
    beginnings: Vec<Key>,
    /// How those begin.
    first_bytes: FirstBytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    text: Vec<u8>,
    /// Its last bytes: keys of one length begin alike, and seldom end so.
    tail: u64,
    number: u16,
}

/// Without a call: keys are some twenty bytes.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (words, _) = one.as_chunks::<8>();
    let (others, _) = other.as_chunks::<8>();
    one.len() == other.len() && tail(one) == tail(other) && words.iter().eq(others)
}

/// The last eight bytes, or all of a shorter key.
#[inline]
fn tail(key: &[u8]) -> u64 {
    match key.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => key.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

/// A number, and whether the key is read by its beginning.
pub(super) type Number = (u16, bool);

const LENGTHS: usize = 64;
const OF_EVENTS: &str = "event:";

impl Reads {
    /// From a list of keys. Of more than 65,536 the others are not read.
    #[must_use]
    pub fn new<T: AsRef<str>>(keys: &[T]) -> Self {
        let mut reads = Self::default();
        for (number, key) in (0..=u16::MAX).zip(keys) {
            match key.as_ref().strip_prefix(OF_EVENTS) {
                Some(key) => reads.events.add(key, number),
                None => reads.attributes.add(key.as_ref(), number),
            }
        }
        reads.attributes.sort();
        reads.events.sort();
        reads
    }

    /// The number of an attribute of a resource, a span or a link, if it is read.
    #[inline]
    #[must_use]
    pub fn number(&self, key: &[u8]) -> Option<u16> {
        self.attributes.number(key).map(|(number, _)| number)
    }

    /// Attributes of events are read.
    pub(super) fn of_events(&self) -> bool {
        !self.events.full.is_empty() || !self.events.beginnings.is_empty()
    }
}

impl KeyTable {
    fn add(&mut self, key: &str, number: u16) {
        let (keys, text) = match key.strip_suffix('*') {
            Some(beginning) => {
                self.first_bytes.insert(beginning.as_bytes());
                (&mut self.beginnings, beginning)
            }
            None => (&mut self.full, key),
        };
        keys.push(Key {
            tail: tail(text.as_bytes()),
            text: text.as_bytes().to_owned(),
            number,
        });
    }

    fn sort(&mut self) {
        self.full.sort_by_key(|key| key.text.len().min(LENGTHS));
        self.starts = (0..=LENGTHS + 1)
            .map(|length| {
                let shorter = |key: &Key| key.text.len().min(LENGTHS) < length;
                self.full.partition_point(shorter) as u16
            })
            .collect();
    }

    #[inline]
    pub(super) fn number(&self, key: &[u8]) -> Option<Number> {
        let length = key.len().min(LENGTHS);
        let starts = self.starts.get(length..length + 2);
        let of_length = starts.and_then(|starts| match starts {
            [start, end] => self.full.get(usize::from(*start)..usize::from(*end)),
            _ => None,
        });
        let of_length = of_length.unwrap_or_default();
        if !of_length.is_empty() {
            let tail = tail(key);
            let mut alike = of_length.iter().filter(|known| known.tail == tail);
            if let Some(found) = alike.find(|known| is_same(&known.text, key)) {
                return Some((found.number, false));
            }
        }
        if !self.first_bytes.may_begin(key) {
            return None;
        }
        let mut beginnings = self.beginnings.iter();
        let found = beginnings.find(|known| key.starts_with(&known.text));
        found.map(|found| (found.number, true))
    }
}
