//! What a rule imports, in the words of each version: the message index, and a log.

use linkmend_core::index::{MOST_ENTRIES, message_key};
use linkmend_core::interface::IndexError;

use crate::bindings::linkmend::rule::index::{self, RecalledNumbers};
use crate::bindings::linkmend::rule::types::{self, MessageKey};
use crate::bindings::saying::linkmend::rule::log;
use crate::bindings::v0_1::linkmend::rule as old;
use crate::host::HostState;
use crate::numbers;
use crate::said::Level;
use crate::words::{v0_1, v0_2};

impl types::Host for HostState {}

impl log::Host for HostState {
    fn line(&mut self, level: log::Level, text: String) {
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        for line in text.lines() {
            self.said.line(level, line);
        }
    }
}

impl index::Host for HostState {
    /// What comes in is bounded, as all that a guest hands over in one call.
    fn hash(&mut self, messages: Vec<Vec<String>>) -> Vec<MessageKey> {
        let mut buffer = Vec::new();
        let keys = messages.iter().map(|parts| message_key(parts, &mut buffer));
        keys.map(|key| MessageKey {
            high: key.high,
            low: key.low,
        })
        .collect()
    }

    fn remember(
        &mut self,
        producers: Vec<index::Producer>,
        texts: Vec<u8>,
    ) -> Result<(), index::IndexError> {
        let producers: Vec<_> = producers.into_iter().map(v0_2::producer).collect();
        self.put(&producers, &texts).map_err(v0_2::index_error)
    }

    fn recall(&mut self, keys: Vec<MessageKey>) -> Result<index::Recalled, index::IndexError> {
        let keys: Vec<_> = keys.into_iter().map(v0_2::key).collect();
        let recalled = self.look_up_any(&keys);
        recalled.map(v0_2::recalled).map_err(v0_2::index_error)
    }

    fn recall_before(
        &mut self,
        keys: Vec<MessageKey>,
        before: Vec<u64>,
    ) -> Result<index::Recalled, index::IndexError> {
        if keys.len() != before.len() {
            return Err(index::IndexError::Malformed);
        }
        let keys: Vec<_> = keys.into_iter().map(v0_2::key).collect();
        let recalled = self.look_up(&keys, &before);
        recalled.map(v0_2::recalled).map_err(v0_2::index_error)
    }

    fn remember_numbers(
        &mut self,
        producers: Vec<u64>,
        texts: Vec<u8>,
    ) -> Result<(), index::IndexError> {
        if producers.len() / numbers::OF_PRODUCER > MOST_ENTRIES {
            return Err(index::IndexError::TooMany);
        }
        let remembered = self.with_parsed(|host, parsed| {
            let read = parsed.producers(&producers);
            read.ok_or(IndexError::Malformed)?;
            host.put(&parsed.producers, &texts)
        });
        remembered.map_err(v0_2::index_error)
    }

    fn recall_numbers(&mut self, keys: Vec<u64>) -> Result<RecalledNumbers, index::IndexError> {
        let recalled = self.with_parsed(|host, parsed| {
            parsed.keys(&keys).ok_or(IndexError::Malformed)?;
            host.look_up(&parsed.keys, &parsed.before)
        });
        let recalled = recalled.map_err(v0_2::index_error)?;
        Ok(RecalledNumbers {
            counts: recalled.counts,
            producers: numbers::of_producers(&recalled.producers),
            texts: recalled.texts,
        })
    }
}

impl old::types::Host for HostState {}

impl old::index::Host for HostState {
    fn remember(
        &mut self,
        producers: Vec<old::index::Producer>,
        texts: Vec<u8>,
    ) -> Result<(), old::index::IndexError> {
        let producers: Vec<_> = producers.into_iter().map(v0_1::producer).collect();
        self.put(&producers, &texts).map_err(v0_1::index_error)
    }

    fn recall(
        &mut self,
        keys: Vec<old::types::MessageKey>,
    ) -> Result<old::index::Recalled, old::index::IndexError> {
        let keys: Vec<_> = keys.into_iter().map(v0_1::key).collect();
        let recalled = self.look_up_any(&keys);
        recalled.map(v0_1::recalled).map_err(v0_1::index_error)
    }
}
