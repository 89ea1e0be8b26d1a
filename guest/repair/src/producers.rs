//! What the index knows of the keys of a batch.

use linkmend_rule::{IndexError, MessageKey, Producer, Recalled, Text};

use crate::records::Run;

/// What the index knows of the keys of a batch.
#[derive(Debug, Default)]
pub struct Producers {
    of_messages: Table,
    /// What was asked for beside the messages, in order.
    questions: Vec<Question>,
    asides: Table,
}

/// The answer of the index for a list of keys.
#[derive(Debug, Default)]
struct Table {
    known: Vec<Producer>,
    texts: Vec<u8>,
    counts: Vec<u8>,
    /// Where the producers of a key begin, and of the last one end.
    starts: Vec<u32>,
}

/// A key beside those of messages, and before when what is remembered under it
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    high: u64,
    low: u64,
    /// Nanoseconds since the Unix epoch.
    pub before: u64,
}

impl Question {
    /// What is remembered under `key`, whenever.
    pub fn of(key: MessageKey) -> Self {
        Self::before(key, u64::MAX)
    }

    /// What is remembered under `key` of the time before.
    pub fn before(MessageKey { high, low }: MessageKey, before: u64) -> Self {
        Self { high, low, before }
    }

    /// The key.
    pub fn key(self) -> MessageKey {
        let Self { high, low, .. } = self;
        MessageKey { high, low }
    }
}

/// More producers were seen than the index gives.
const MORE: u8 = 5;

impl Table {
    fn take(&mut self, recalled: Recalled, wanted: usize) -> Result<(), IndexError> {
        self.starts.clear();
        self.starts.push(0);
        let mut end = 0;
        for &count in &recalled.counts {
            end += u32::from(count.min(MORE - 1));
            self.starts.push(end);
        }
        self.known = recalled.producers;
        self.texts = recalled.texts;
        self.counts = recalled.counts;
        if self.counts.len() == wanted && self.known.len() == end as usize {
            Ok(())
        } else {
            Err(IndexError::Malformed)
        }
    }

    fn of(&self, key: usize) -> (&[Producer], bool) {
        let at = |key: usize| self.starts.get(key).copied().unwrap_or_default() as usize;
        let producers = self.known.get(at(key)..at(key + 1));
        let more = self.counts.get(key).is_some_and(|&count| count >= MORE);
        (producers.unwrap_or_default(), more)
    }
}

impl Producers {
    /// Takes the answer of the index for `wanted` keys of messages, and forgets
    /// what it answered before.
    ///
    /// # Errors
    ///
    /// An answer that does not fit the question.
    pub fn take(&mut self, recalled: Recalled, wanted: usize) -> Result<(), IndexError> {
        self.questions.clear();
        self.of_messages.take(recalled, wanted)
    }

    /// Takes the answer to questions, which are in order.
    ///
    /// # Errors
    ///
    /// An answer that does not fit.
    pub fn take_asides(
        &mut self,
        questions: Vec<Question>,
        recalled: Recalled,
    ) -> Result<(), IndexError> {
        self.questions = questions;
        self.asides.take(recalled, self.questions.len())
    }

    /// The producers of one key, and whether there were more.
    pub fn of(&self, key: usize) -> (&[Producer], bool) {
        self.of_messages.of(key)
    }

    /// The producers of all of `keys`.
    pub fn all(&self, keys: Run) -> impl Iterator<Item = &Producer> {
        keys.places().flat_map(|key| self.of(key).0)
    }

    /// What is remembered beside the messages, see [`crate::asides`].
    pub fn aside(&self, question: Question) -> &[Producer] {
        let place = self.questions.binary_search(&question);
        place.map_or(&[], |place| self.asides.of(place).0)
    }

    /// A text of a producer.
    pub fn text(&self, text: Text) -> &[u8] {
        let start = text.offset as usize;
        let texts = &self.of_messages.texts;
        texts
            .get(start..start + text.length as usize)
            .unwrap_or_default()
    }
}

/// The trace id of a producer.
#[inline]
pub fn trace_id(producer: &Producer) -> u128 {
    u128::from(producer.trace_id_high) << 64 | u128::from(producer.trace_id_low)
}
