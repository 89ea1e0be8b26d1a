//! The message index, as a rule sees it.

use std::collections::BTreeMap;

use crate::bindings::linkmend::rule::index as host;
use crate::interface::{IndexError, MessageKey, Producer, Recalled, Text};
use crate::numbers;

/// Which span produced which message.
pub trait Index {
    /// Adds producers; `texts` holds their trace states. One call a batch.
    ///
    /// # Errors
    ///
    /// When the host refuses or cannot; a rule hands the error on.
    fn remember(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError>;

    /// Looks up keys. One call a batch.
    ///
    /// # Errors
    ///
    /// When the host refuses or cannot; a rule hands the error on.
    fn recall(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError>;

    /// Looks up keys, each for a consumer that had its message `before` then
    /// (nanoseconds since the Unix epoch, one for each key): producers that
    /// started by then go before the others. One call a batch.
    ///
    /// # Errors
    ///
    /// When the host refuses or cannot; a rule hands the error on.
    fn recall_before(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError>;
}

/// The index of the host that the component runs in.
#[derive(Debug)]
pub struct HostIndex;

impl Index for HostIndex {
    fn remember(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        host::remember_numbers(&numbers::of_producers(producers), texts)
    }

    fn recall(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        recall(keys, core::iter::repeat(u64::MAX))
    }

    fn recall_before(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        recall(keys, before.iter().copied())
    }
}

fn recall(keys: &[MessageKey], before: impl Iterator<Item = u64>) -> Result<Recalled, IndexError> {
    let recalled = host::recall_numbers(&numbers::of_keys(keys, before))?;
    Ok(Recalled {
        counts: recalled.counts,
        producers: numbers::producers(&recalled.producers).ok_or(IndexError::Malformed)?,
        texts: recalled.texts,
    })
}

/// An index for tests, with the semantics of the host's but without its bounds.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    entries: BTreeMap<(u64, u64), Entry>,
}

/// How many producers a key may have, and how many of them are given.
const MOST: usize = 16;
const GIVEN: usize = 4;

#[derive(Debug, Default)]
struct Entry {
    producers: Vec<(Producer, Vec<u8>)>,
    more: bool,
}

impl MemoryIndex {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Index for MemoryIndex {
    fn remember(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        for producer in producers {
            let state = text(producer.trace_state, texts).ok_or(IndexError::Malformed)?;
            let key = (producer.key.high, producer.key.low);
            self.entries.entry(key).or_default().add(*producer, state);
        }
        Ok(())
    }

    fn recall(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        Ok(self.look_up(keys.iter().map(|key| (key, u64::MAX))))
    }

    fn recall_before(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        Ok(self.look_up(keys.iter().zip(before.iter().copied())))
    }
}

impl MemoryIndex {
    fn look_up<'a>(&self, keys: impl Iterator<Item = (&'a MessageKey, u64)>) -> Recalled {
        let mut recalled = Recalled {
            counts: Vec::new(),
            producers: Vec::new(),
            texts: Vec::new(),
        };
        for (key, before) in keys {
            let Some(entry) = self.entries.get(&(key.high, key.low)) else {
                recalled.counts.push(0);
                continue;
            };
            let late = |producer: &Producer| producer.start.saturating_sub(before);
            let mut producers: Vec<_> = entry.producers.iter().collect();
            producers.sort_by_key(|(producer, _)| (late(producer), order(producer)));
            let in_time = producers.iter().filter(|(one, _)| late(one) == 0).count();
            producers.truncate(GIVEN);
            let more = producers.len() == GIVEN && (entry.more || in_time > GIVEN);
            let count = if more { MORE } else { producers.len() as u8 };
            recalled.counts.push(count);
            for (producer, state) in producers {
                let trace_state = Text {
                    offset: recalled.texts.len() as u32,
                    length: state.len() as u32,
                };
                recalled.texts.extend_from_slice(state);
                recalled.producers.push(Producer {
                    trace_state,
                    ..*producer
                });
            }
        }
        recalled
    }
}

/// The count that says that there were more producers than are given.
const MORE: u8 = 5;

impl Entry {
    fn add(&mut self, producer: Producer, state: &[u8]) {
        for (other, other_state) in &mut self.producers {
            if identity(other) == identity(&producer) {
                return;
            }
            if is_same_send(other, &producer) {
                if order(&producer) < order(other) {
                    *other = producer;
                    *other_state = state.to_vec();
                }
                return;
            }
        }
        self.producers.push((producer, state.to_vec()));
        self.producers.sort_by_key(|(producer, _)| order(producer));
        self.more |= self.producers.len() > MOST;
        self.producers.truncate(MOST);
    }
}

/// Best first.
fn order(producer: &Producer) -> (u8, std::cmp::Reverse<u64>, (u64, u64, u64)) {
    let start = std::cmp::Reverse(producer.start);
    (producer.rank, start, identity(producer))
}

/// Both are spans of one send, one inside of the other.
fn is_same_send(one: &Producer, other: &Producer) -> bool {
    let within = |outer: &Producer, inner: &Producer| {
        outer.start <= inner.start && inner.end <= outer.end && inner.start <= inner.end
    };
    let trace = |producer: &Producer| (producer.trace_id_high, producer.trace_id_low);
    trace(one) == trace(other) && (within(one, other) || within(other, one))
}

fn identity(producer: &Producer) -> (u64, u64, u64) {
    (
        producer.trace_id_high,
        producer.trace_id_low,
        producer.span_id,
    )
}

fn text(range: Text, texts: &[u8]) -> Option<&[u8]> {
    if range.length == 0 {
        return Some(&[]);
    }
    let start = range.offset as usize;
    texts.get(start..start.checked_add(range.length as usize)?)
}
