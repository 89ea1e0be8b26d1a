//! Producers and keys in numbers, as they cross the boundary (`rule.wit`,
//! `index.remember-numbers`, `index.recall-numbers`).

use crate::interface::{MessageKey, Producer, Text};

/// How many numbers a producer is.
const NUMBERS: usize = 9;

/// Producers in numbers.
pub fn of_producers(producers: &[Producer]) -> Vec<u64> {
    let mut numbers = vec![0; producers.len() * NUMBERS];
    let (places, _) = numbers.as_chunks_mut();
    for (place, producer) in places.iter_mut().zip(producers) {
        put(producer, place);
    }
    numbers
}

/// The producers that numbers stand for; `None`: there is one number too few.
pub fn producers(numbers: &[u64]) -> Option<Vec<Producer>> {
    let (producers, rest) = numbers.as_chunks();
    rest.is_empty()
        .then(|| producers.iter().map(producer).collect())
}

/// Keys in numbers, each with when its consumer had the message.
pub fn of_keys(keys: &[MessageKey], before: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut numbers = Vec::with_capacity(keys.len() * 3);
    for (key, before) in keys.iter().zip(before) {
        numbers.extend_from_slice(&[key.high, key.low, before]);
    }
    numbers
}

#[inline]
fn put(producer: &Producer, place: &mut [u64; NUMBERS]) {
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

#[inline]
fn producer(numbers: &[u64; NUMBERS]) -> Producer {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Guarantees: every field of a producer comes back as it went, at both ends
    /// of its range.
    #[test]
    fn a_producer_comes_back_as_it_went() {
        let large = Producer {
            key: MessageKey {
                high: u64::MAX,
                low: 1,
            },
            trace_id_high: 2,
            trace_id_low: u64::MAX - 3,
            span_id: 4,
            start: 5,
            end: u64::MAX - 6,
            trace_state: Text {
                offset: u32::MAX,
                length: 7,
            },
            flags: u32::MAX,
            hint: 0x8001,
            rank: 255,
        };
        let small = Producer {
            trace_state: Text {
                offset: 8,
                length: u32::MAX,
            },
            flags: 1,
            hint: u16::MAX,
            rank: 1,
            ..large
        };
        let numbers = of_producers(&[large, small]);
        assert_eq!(producers(&numbers), Some(vec![large, small]));
        let too_few = numbers.get(1..).unwrap_or_default();
        assert_eq!(producers(too_few), None);
    }
}
