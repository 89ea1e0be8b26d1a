//! Producers and keys in numbers, as they cross the boundary: `wit/rule.wit`,
//! `index.remember-numbers`. The canonical ABI lays a `list<producer>` out the same way.

use linkmend_core::interface::{MessageKey, Producer, Text};

/// How many bytes a producer is.
pub(crate) const OF_PRODUCER: usize = 72;

/// How many bytes a key is, and a key with a time.
pub(crate) const OF_KEY: usize = 16;
pub(crate) const OF_KEY_BEFORE: usize = 24;

/// A key of any time has this one.
const ANY_TIME: u64 = u64::MAX;

/// Reads numbers, little-endian, one after the other; zeros where there are none.
pub(crate) struct Numbers<'a>(pub(crate) &'a [u8]);

impl Numbers<'_> {
    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    pub(crate) fn text(&mut self) -> Text {
        Text {
            offset: self.u32(),
            length: self.u32(),
        }
    }

    pub(crate) fn key(&mut self) -> MessageKey {
        MessageKey {
            high: self.u64(),
            low: self.u64(),
        }
    }

    pub(crate) fn skip(&mut self, bytes: usize) {
        self.0 = self.0.get(bytes..).unwrap_or_default();
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.0.first_chunk().copied().unwrap_or([0; N]);
        self.skip(N);
        taken
    }
}

/// The items of a list, each of so many bytes; `None` where one is not whole.
pub(crate) fn items<T>(
    bytes: &[u8],
    size: usize,
    item: impl Fn(Numbers<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let items = bytes.chunks_exact(size);
    if !items.remainder().is_empty() {
        return None;
    }
    items.map(|bytes| item(Numbers(bytes))).collect()
}

pub(crate) fn producers(bytes: &[u8]) -> Option<Vec<Producer>> {
    items(bytes, OF_PRODUCER, |mut numbers| {
        Some(Producer {
            key: numbers.key(),
            trace_id_high: numbers.u64(),
            trace_id_low: numbers.u64(),
            span_id: numbers.u64(),
            start: numbers.u64(),
            end: numbers.u64(),
            trace_state: numbers.text(),
            flags: numbers.u32(),
            hint: numbers.u16(),
            rank: numbers.u8(),
        })
    })
}

pub(crate) fn put_producer(out: &mut Vec<u8>, producer: &Producer) {
    put_key(out, producer.key);
    for number in [
        producer.trace_id_high,
        producer.trace_id_low,
        producer.span_id,
        producer.start,
        producer.end,
    ] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    put_u32(out, producer.trace_state.offset);
    put_u32(out, producer.trace_state.length);
    put_u32(out, producer.flags);
    out.extend_from_slice(&producer.hint.to_le_bytes());
    out.extend_from_slice(&[producer.rank, 0]);
}

/// Keys, each with the time before which its producer started.
pub(crate) fn keys_before(bytes: &[u8]) -> Option<Vec<(MessageKey, u64)>> {
    items(bytes, OF_KEY_BEFORE, |mut numbers| {
        Some((numbers.key(), numbers.u64()))
    })
}

/// All of them are of any time.
pub(crate) fn are_of_any_time(keys: &[(MessageKey, u64)]) -> bool {
    keys.iter().all(|(_, before)| *before == ANY_TIME)
}

pub(crate) fn keys(bytes: &[u8]) -> Option<Vec<MessageKey>> {
    items(bytes, OF_KEY, |mut numbers| Some(numbers.key()))
}

pub(crate) fn put_key(out: &mut Vec<u8>, key: MessageKey) {
    out.extend_from_slice(&key.high.to_le_bytes());
    out.extend_from_slice(&key.low.to_le_bytes());
}

pub(crate) fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}
