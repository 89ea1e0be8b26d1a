//! What stands in the store, byte for byte: see `docs/index-format.md`, which other
//! programs are written after.

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey, Producer, Text};

/// What follows the prefix of a key: the version of this format.
const VERSION: &[u8] = b":1:";

/// How long the rest of a key is.
pub(crate) const REST: usize = 16;

/// The first byte of a member.
const LAYOUT: u8 = 1;

/// What is kept of a trace state, as in memory.
const LONGEST_TRACE_STATE: usize = 512;

/// A member has no more bytes, with what stands around it in an answer.
pub(crate) const LONGEST_MEMBER: usize = 640;

/// How many producers of a message are kept: one more than in memory, so that whoever
/// reads them sees that there were more.
pub const MAX_PRODUCERS_PER_KEY: usize = 17;

/// How many bits of a score tell when a producer started; the rank is above them.
const TIME_BITS: u32 = 45;

/// The key of a message.
#[must_use]
pub fn key(prefix: &str, scope: Option<Scope>, message: MessageKey) -> Vec<u8> {
    let mut key = beginning(prefix, scope);
    put_rest(&mut key, message);
    key
}

/// What all keys of a scope begin with, with room for the rest of one.
pub(crate) fn beginning(prefix: &str, scope: Option<Scope>) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + VERSION.len() + 16 + REST);
    key.extend_from_slice(prefix.as_bytes());
    key.extend_from_slice(VERSION);
    if let Some(scope) = scope {
        key.extend_from_slice(&scope.to_bytes());
    }
    key
}

/// The rest, of so many bytes.
pub(crate) fn put_rest(key: &mut Vec<u8>, message: MessageKey) {
    key.extend_from_slice(&message.high.to_be_bytes());
    key.extend_from_slice(&message.low.to_be_bytes());
}

/// In which order the producers of a message stand: the best first, by rank and
/// then the latest start. A whole number below 2^53, which a double holds exactly.
#[must_use]
pub fn score(producer: &Producer) -> u64 {
    let time = producer.start >> (u64::BITS - TIME_BITS);
    let earliest_last = (1 << TIME_BITS) - 1 - time;
    u64::from(producer.rank) << TIME_BITS | earliest_last
}

/// A producer as a member of the set of its message. The same producer has the same
/// bytes, whoever writes it.
#[must_use]
pub fn member(producer: &Producer, trace_state: &[u8]) -> Vec<u8> {
    let mut member = Vec::with_capacity(48 + trace_state.len());
    member.push(LAYOUT);
    member.extend_from_slice(&producer.trace_id_high.to_be_bytes());
    member.extend_from_slice(&producer.trace_id_low.to_be_bytes());
    member.extend_from_slice(&producer.span_id.to_be_bytes());
    member.extend_from_slice(&producer.start.to_be_bytes());
    member.push(producer.rank);
    put_number(&mut member, producer.hint.into());
    put_number(&mut member, producer.flags.into());
    put_number(&mut member, producer.end.wrapping_sub(producer.start));
    if trace_state.len() <= LONGEST_TRACE_STATE {
        member.extend_from_slice(trace_state);
    }
    member
}

/// What a member says; `None` when it is of a layout that is not known here.
#[must_use]
pub fn read(key: MessageKey, member: &[u8]) -> Option<Entry> {
    let mut rest = member;
    if take::<1>(&mut rest)? != [LAYOUT] {
        return None;
    }
    let trace_id_high = u64::from_be_bytes(take(&mut rest)?);
    let trace_id_low = u64::from_be_bytes(take(&mut rest)?);
    let span_id = u64::from_be_bytes(take(&mut rest)?);
    let start = u64::from_be_bytes(take(&mut rest)?);
    let [rank] = take(&mut rest)?;
    let hint = u16::try_from(take_number(&mut rest)?).ok()?;
    let flags = u32::try_from(take_number(&mut rest)?).ok()?;
    let end = start.wrapping_add(take_number(&mut rest)?);
    let is_kept = rest.len() <= LONGEST_TRACE_STATE && std::str::from_utf8(rest).is_ok();
    let producer = Producer {
        key,
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags,
        hint,
        rank,
    };
    is_kept.then(|| Entry {
        producer,
        trace_state: rest.into(),
    })
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..u64::BITS).step_by(7) {
        let [byte] = take(from)?;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<const BYTES: usize>(from: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use proptest::prelude::*;

    use super::*;

    const KEY: MessageKey = MessageKey {
        high: 0x0102_0304_0506_0708,
        low: 0x090a_0b0c_0d0e_0f10,
    };

    fn producer(rank: u8, start: u64) -> Producer {
        Producer {
            key: KEY,
            trace_id_high: 0x4bf9_2f35_77b3_4da6,
            trace_id_low: 0xa3ce_929d_0e0e_4736,
            span_id: 0x00f0_67aa_0ba9_02b7,
            start,
            end: start + 1_500_000,
            trace_state: Text {
                offset: 0,
                length: 0,
            },
            flags: 0x101,
            hint: 300,
            rank,
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// Those of docs/index-format.md: what others read and write.
    #[test]
    fn the_examples_of_the_format() {
        assert_eq!(
            hex(&key("linkmend", None, KEY)),
            "6c696e6b6d656e643a313a0102030405060708090a0b0c0d0e0f10"
        );
        let scope = Scope::from_bytes([0xaa; 16]);
        let scoped = key("linkmend", Some(scope), KEY);
        assert_eq!(
            hex(scoped.get(11..).unwrap()),
            format!("{}0102030405060708090a0b0c0d0e0f10", "aa".repeat(16))
        );
        let producer = producer(2, 1_764_192_600_000_000_000);
        assert_eq!(
            hex(&member(&producer, b"a=b")),
            "014bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7187babd2965f700002ac028102e0c65b613d62"
        );
        assert_eq!(score(&producer), 102_188_185_922_868);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            ids: (u64, u64, u64), start: u64, end: u64, flags: u32, hint: u16, rank: u8,
            state in "[a-z=,]{0,512}",
        ) {
            let (trace_id_high, trace_id_low, span_id) = ids;
            let written = Producer {
                trace_id_high, trace_id_low, span_id, start, end, flags, hint, rank,
                ..producer(0, 0)
            };
            let read = read(KEY, &member(&written, state.as_bytes())).unwrap();
            prop_assert_eq!(read.producer, written);
            prop_assert_eq!(&*read.trace_state, state.as_bytes());
        }

        #[test]
        fn whatever_stands_there_is_read_or_passed_over(bytes: Vec<u8>) {
            if let Some(entry) = read(KEY, &bytes) {
                let again = member(&entry.producer, &entry.trace_state);
                prop_assert_eq!(read(KEY, &again).unwrap().producer, entry.producer);
            }
        }

        #[test]
        fn what_is_cut_off_is_passed_over(cut in 0usize..37) {
            let whole = member(&producer(0, 1), b"");
            prop_assert!(read(KEY, whole.get(..cut).unwrap()).is_none());
        }

        /// Half a millisecond is as near as a score can tell.
        #[test]
        fn the_best_stand_first(one: (u8, u64), other: (u8, u64)) {
            let [a, b] = [one, other].map(|(rank, start)| score(&producer(rank, start & (u64::MAX >> 1))));
            prop_assert!(a < 1 << 53);
            let [one, other] = [one, other].map(|(rank, start)| (rank, std::cmp::Reverse((start & (u64::MAX >> 1)) >> 19)));
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        }
    }

    #[test]
    fn a_trace_state_that_is_too_long_is_left_away() {
        let long = vec![b'a'; 513];
        let written = member(&producer(0, 1), &long);
        assert_eq!(written, member(&producer(0, 1), b""));
        assert!(read(KEY, &[&written[..], &long[..]].concat()).is_none());
    }

    #[test]
    fn another_layout_is_passed_over() {
        let mut written = member(&producer(0, 1), b"");
        *written.first_mut().unwrap() = 2;
        assert!(read(KEY, &written).is_none());
    }
}
