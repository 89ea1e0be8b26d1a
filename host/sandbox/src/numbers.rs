//! Producers and keys in numbers, as they cross the boundary (`rule.wit`,
//! `index.remember-numbers`, `index.recall-numbers`).

use linkmend_core::interface::{MessageKey, Producer, Text};

/// How many numbers a producer is.
pub(crate) const OF_PRODUCER: usize = 9;

/// The producers that numbers stand for; `None`: there are too few.
pub(crate) fn producers(numbers: &[u64]) -> Option<Vec<Producer>> {
    let (producers, rest) = numbers.as_chunks();
    rest.is_empty()
        .then(|| producers.iter().map(producer).collect())
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

/// The keys that numbers stand for, and the time of each; `None`: there are too
/// few.
pub(crate) fn keys(numbers: &[u64]) -> Option<(Vec<MessageKey>, Vec<u64>)> {
    let (keys, rest) = numbers.as_chunks();
    let keys = keys.iter();
    rest.is_empty().then(|| {
        keys.map(|&[high, low, before]| (MessageKey { high, low }, before))
            .unzip()
    })
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
