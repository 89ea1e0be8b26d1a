//! What one call of a rule may ask of an index, whatever the rule runs in.

use super::contract::MessageIndex;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};

/// What one call of `remember` or `recall` may bring.
pub const MOST_ENTRIES: usize = 1 << 20;

/// How many keys are looked up before the size of the answer is looked at: a
/// key that is asked for again and again has a large one.
const KEYS_AT_ONCE: usize = 16_384;

/// An index, as a rule may ask it. That it cannot be reached is no fault of the rule:
/// nothing is known then.
#[derive(Clone, Copy)]
pub struct Bounded<'a> {
    /// What is asked.
    pub index: &'a dyn MessageIndex,
    /// What it may hand to the rule in one call, in bytes.
    pub most_recalled: usize,
    /// Is told when it cannot be reached.
    pub away: fn(),
}

impl Bounded<'_> {
    /// [`MessageIndex::remember`]
    ///
    /// # Errors
    ///
    /// As there; [`IndexError::TooMany`].
    pub fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        if producers.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        match self.index.remember(producers, texts) {
            Err(IndexError::Unavailable) => {
                (self.away)();
                Ok(())
            }
            remembered => remembered,
        }
    }

    /// [`MessageIndex::recall`], some keys at a time.
    ///
    /// # Errors
    ///
    /// As there; [`IndexError::TooMany`].
    pub fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        let parts = keys.chunks(KEYS_AT_ONCE);
        let parts = parts.map(|keys| (keys.len(), self.index.recall(keys)));
        self.join(keys.len(), parts)
    }

    /// [`MessageIndex::recall_before`], some keys at a time.
    ///
    /// # Errors
    ///
    /// As there; [`IndexError::TooMany`].
    pub fn recall_before(
        &self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        let parts = keys.chunks(KEYS_AT_ONCE).zip(before.chunks(KEYS_AT_ONCE));
        let parts =
            parts.map(|(keys, before)| (keys.len(), self.index.recall_before(keys, before)));
        self.join(keys.len(), parts)
    }

    /// Puts the answers for some keys at a time together.
    fn join(
        &self,
        keys: usize,
        parts: impl Iterator<Item = (usize, Result<Recalled, IndexError>)>,
    ) -> Result<Recalled, IndexError> {
        if keys > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        let mut all = Recalled::default();
        for (keys, part) in parts {
            let part = match part {
                Err(IndexError::Unavailable) => {
                    (self.away)();
                    Recalled::nothing(keys)
                }
                part => part?,
            };
            if all.counts.is_empty() {
                all = part;
            } else {
                append(&mut all, &part)?;
            }
            self.check_size(&all)?;
        }
        Ok(all)
    }

    fn check_size(&self, recalled: &Recalled) -> Result<(), IndexError> {
        let producers = size_of_val(recalled.producers.as_slice());
        if producers + recalled.texts.len() > self.most_recalled {
            return Err(IndexError::TooMany);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Bounded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounded")
            .field("most_recalled", &self.most_recalled)
            .finish_non_exhaustive()
    }
}

fn append(all: &mut Recalled, part: &Recalled) -> Result<(), IndexError> {
    let before = u32::try_from(all.texts.len()).map_err(|_| IndexError::TooMany)?;
    all.counts.extend_from_slice(&part.counts);
    all.texts.extend_from_slice(&part.texts);
    all.producers.reserve(part.producers.len());
    for producer in &part.producers {
        let mut producer = *producer;
        let offset = producer.trace_state.offset.checked_add(before);
        producer.trace_state.offset = offset.ok_or(IndexError::TooMany)?;
        all.producers.push(producer);
    }
    Ok(())
}
