//! Producers and keys in numbers, as they cross the boundary (`rule.wit`,
//! `index.remember-numbers`, `index.recall-numbers`).

use linkmend_core::interface::{MessageKey, Producer, Text};

/// How many numbers a producer is.
pub(crate) const OF_PRODUCER: usize = 9;

/// So many have room for the next call.
const KEPT: usize = 4_096;

/// What numbers stand for. Made once and used for call after call.
#[derive(Default)]
pub(crate) struct Parsed {
    pub(crate) producers: Vec<Producer>,
    pub(crate) keys: Vec<MessageKey>,
    /// The time of each key.
    pub(crate) before: Vec<u64>,
}

impl Parsed {
    /// Reads producers; `None`: there are too few numbers.
    pub(crate) fn producers(&mut self, numbers: &[u64]) -> Option<()> {
        let (producers, rest) = numbers.as_chunks();
        self.producers.extend(producers.iter().map(producer));
        rest.is_empty().then_some(())
    }

    /// Reads keys, and the time of each; `None`: there are too few numbers.
    pub(crate) fn keys(&mut self, numbers: &[u64]) -> Option<()> {
        let (keys, rest) = numbers.as_chunks();
        let key = |&[high, low, _]: &[u64; 3]| MessageKey { high, low };
        self.keys.extend(keys.iter().map(key));
        self.before
            .extend(keys.iter().map(|&[_, _, before]| before));
        rest.is_empty().then_some(())
    }

    /// For the next call.
    pub(crate) fn clear(&mut self) {
        self.producers.clear();
        self.keys.clear();
        self.before.clear();
        self.producers.shrink_to(KEPT);
        self.keys.shrink_to(KEPT);
        self.before.shrink_to(KEPT);
    }
}

/// Producers in numbers.
pub(crate) fn of_producers(producers: &[Producer]) -> Vec<u64> {
    let mut numbers = vec![0; producers.len() * OF_PRODUCER];
    let (places, _) = numbers.as_chunks_mut();
    for (place, producer) in places.iter_mut().zip(producers) {
        put(producer, place);
    }
    numbers
}

fn producer(numbers: &[u64; OF_PRODUCER]) -> Producer {
    let [
        high,
        low,
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        state,
        rest,
    ] = *numbers;
    Producer {
        key: MessageKey { high, low },
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        trace_state: Text {
            offset: state as u32,
            length: (state >> 32) as u32,
        },
        flags: rest as u32,
        hint: (rest >> 32) as u16,
        rank: (rest >> 48) as u8,
    }
}

fn put(producer: &Producer, place: &mut [u64; OF_PRODUCER]) {
    let Producer {
        key: MessageKey { high, low },
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        trace_state: Text { offset, length },
        flags,
        hint,
        rank,
    } = *producer;
    *place = [
        high,
        low,
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        u64::from(offset) | u64::from(length) << 32,
        u64::from(flags) | u64::from(hint) << 32 | u64::from(rank) << 48,
    ];
}
