//! The message index, as a rule sees it.

use std::collections::BTreeMap;

use crate::bindings::linkmend::rule::index as host;
use crate::{IndexError, MessageKey, Producer, Recalled, Text};

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
}

/// The index of the host that the component runs in.
#[derive(Debug)]
pub struct HostIndex;

impl Index for HostIndex {
    fn remember(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        host::remember(producers, texts)
    }

    fn recall(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        host::recall(keys)
    }
}

/// An index for tests, with the semantics of the host's but without its bounds.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    entries: BTreeMap<(u64, u64), Entry>,
}

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
        let mut recalled = Recalled {
            counts: Vec::new(),
            producers: Vec::new(),
            texts: Vec::new(),
        };
        for key in keys {
            let Some(entry) = self.entries.get(&(key.high, key.low)) else {
                recalled.counts.push(0);
                continue;
            };
            let count = if entry.more {
                5
            } else {
                entry.producers.len() as u8
            };
            recalled.counts.push(count);
            for (producer, state) in &entry.producers {
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
        Ok(recalled)
    }
}

impl Entry {
    fn add(&mut self, producer: Producer, state: &[u8]) {
        let known = |(other, _): &(Producer, _)| identity(other) == identity(&producer);
        if self.producers.iter().any(known) {
            return;
        }
        self.producers.push((producer, state.to_vec()));
        self.producers.sort_by_key(|(producer, _)| {
            (
                producer.rank,
                std::cmp::Reverse(producer.start),
                identity(producer),
            )
        });
        self.more |= self.producers.len() > 4;
        self.producers.truncate(4);
    }
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
