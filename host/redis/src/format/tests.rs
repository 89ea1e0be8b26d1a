#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
use proptest::collection::vec;
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
        end: start.wrapping_add(1_500_000),
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags: 0x101,
        hint: 300,
        rank,
    }
}

fn value(producers: &[(u8, u64)]) -> Vec<u8> {
    let mut value = Vec::new();
    for (rank, start) in producers {
        put_member(&mut value, &producer(*rank, *start), b"");
    }
    value
}

/// The best that is in a value, as a reader finds it.
fn found(value: &[u8]) -> Vec<(u8, u64)> {
    let mut found = Vec::new();
    read_all(KEY, value, &mut found);
    let found = found.iter().map(|entry| &entry.producer);
    found.map(|one| (one.rank, one.start)).collect()
}

/// The best of some, by what the format says.
fn best_of(producers: &[(u8, u64)]) -> Vec<(u8, u64)> {
    let mut best = producers.to_vec();
    best.sort_by_key(|(rank, start)| (*rank, Reverse(*start)));
    best.dedup();
    best.truncate(17);
    best
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
        "6c696e6b6d656e643a323a0102030405060708090a0b0c0d0e0f10"
    );
    let scope = Scope::from_bytes([0xaa; 16]);
    let scoped = key("linkmend", Some(scope), KEY);
    assert_eq!(
        hex(scoped.get(11..).unwrap()),
        format!("{}0102030405060708090a0b0c0d0e0f10", "aa".repeat(16))
    );
    let mut value = Vec::new();
    put_member(&mut value, &producer(2, 1_764_192_600_000_000_000), b"a=b");
    assert_eq!(
        hex(&value),
        "2b4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7187babd2965f700002ac028102e0c65b613d62"
    );
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
        let mut value = Vec::new();
        put_member(&mut value, &written, state.as_bytes());
        put_member(&mut value, &producer(0, 0), b"");
        let mut members = members(&value);
        let read = read(KEY, members.next().unwrap()).unwrap();
        prop_assert_eq!(read.producer, written);
        prop_assert_eq!(&*read.trace_state, state.as_bytes());
        prop_assert!(members.next().is_some() && members.next().is_none());
    }

    #[test]
    fn whatever_stands_there_is_read_or_passed_over(bytes: Vec<u8>) {
        let mut entries = Vec::new();
        read_all(KEY, &bytes, &mut entries);
        prop_assert!(entries.len() <= MAX_PRODUCERS_PER_KEY);
        let mut again = Vec::new();
        for entry in &entries {
            put_member(&mut again, &entry.producer, &entry.trace_state);
        }
        let mut same = Vec::new();
        read_all(KEY, &again, &mut same);
        prop_assert_eq!(same.len(), entries.len());
        let _ = (change(&bytes, &again), lost(&bytes, &again, KEY));
    }

    #[test]
    fn what_is_cut_off_is_passed_over(cut in 0usize..41) {
        let whole = value(&[(0, 1)]);
        prop_assert_eq!(found(whole.get(..cut).unwrap()), []);
        let after = [value(&[(0, 2)]), whole.get(..cut).unwrap().to_vec()].concat();
        prop_assert_eq!(found(&after), [(0, 2)]);
    }

    /// Guarantees: whatever is written, by whomever, in any order and any of it twice, a
    /// reader finds the best of all of it, and the value stays short.
    #[test]
    fn the_best_are_found_whatever_the_order(
        written in vec(vec((0..3u8, 0..60u64), 1..20), 1..60),
    ) {
        let mut there = Vec::new();
        let mut all = Vec::new();
        for producers in &written {
            all.extend_from_slice(producers);
            match change(&there, &value(producers)) {
                Change::Nothing => {}
                Change::Append(new) => there.extend(new),
                Change::Replace(best) => there = best,
            }
            prop_assert_eq!(found(&there), best_of(&all));
            prop_assert!(there.len() <= LONG, "{}", there.len());
        }
    }

    /// Guarantees: what others add while a value is replaced is told, if it is among the best.
    #[test]
    fn what_came_between_is_not_lost(
        first in vec((0..3u8, 0..200u64), 0..80), between in vec((0..3u8, 0..200u64), 0..20),
    ) {
        let after = value(&best_of(&first));
        let before = value(&[&first[..], &between].concat());
        let lost = lost(&before, &after, KEY);
        let mut all: Vec<_> = lost.iter().map(|entry| (entry.producer.rank, entry.producer.start)).collect();
        all.extend(best_of(&first));
        prop_assert_eq!(best_of(&all), best_of(&[&first[..], &between].concat()));
        prop_assert!(lost.len() <= between.len());
    }
}

/// Trace states of full length do not make a value grow without end, nor have it made
/// anew for each one that comes.
#[test]
fn long_members_are_bounded() {
    let state = "a".repeat(512);
    let (mut there, mut replaced) = (Vec::new(), 0);
    for start in 0..1_000 {
        let mut added = Vec::new();
        put_member(&mut added, &producer(0, start), state.as_bytes());
        match change(&there, &added) {
            Change::Nothing => panic!("{start}: it is the best"),
            Change::Append(new) => there.extend(new),
            Change::Replace(best) => (there, replaced) = (best, replaced + 1),
        }
        assert!(there.len() <= LONGEST_VALUE, "{}", there.len());
    }
    assert!((1..100).contains(&replaced), "{replaced}");
}

#[test]
fn a_trace_state_that_is_too_long_is_left_away() {
    let (mut long, mut none) = (Vec::new(), Vec::new());
    put_member(&mut long, &producer(0, 1), &[b'a'; 513]);
    put_member(&mut none, &producer(0, 1), b"");
    assert_eq!(long, none);
}
