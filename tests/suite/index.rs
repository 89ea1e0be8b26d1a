//! The message index in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use linkmend::index::{
    IndexError, IndexOptions, MemoryIndex, MessageIndex as _, MessageKey, Producer, Recalled, Text,
};
use linkmend_tests::memory::bytes_per_entry;
use linkmend_tests::rules::NO_TEXT;
use proptest::prelude::*;

fn index(max_entries: usize) -> MemoryIndex {
    MemoryIndex::new(IndexOptions {
        max_entries,
        time_to_live: None,
    })
}

fn key(number: u64) -> MessageKey {
    MessageKey {
        high: number,
        low: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
    }
}

/// The producer of message `message` that is span number `span`.
fn producer(message: u64, span: u64) -> Producer {
    Producer {
        key: key(message),
        trace_id_high: span,
        trace_id_low: span + 1,
        span_id: span + 2,
        start: 1000 + span,
        end: 2000 + span,
        trace_state: NO_TEXT,
        flags: 1,
        hint: (span % 7) as u16,
        rank: 0,
    }
}

fn remember(index: &MemoryIndex, producers: &[Producer]) {
    index.remember(producers, &[]).unwrap();
}

fn recall(index: &MemoryIndex, messages: &[u64]) -> Recalled {
    let keys: Vec<_> = messages.iter().map(|message| key(*message)).collect();
    index.recall(&keys).unwrap()
}

#[test]
fn what_was_remembered_is_recalled() {
    let index = index(100);
    let all = [producer(1, 11), producer(2, 12), producer(1, 13)];
    remember(&index, &all);
    let recalled = recall(&index, &[1, 3, 2, 1]);
    assert_eq!(recalled.counts, [2, 0, 1, 2]);
    assert_eq!(recalled.producers, [all[2], all[0], all[1], all[2], all[0]]);
    assert_eq!(index.stats().entries, 3);
}

#[test]
fn nothing_is_used_up() {
    let index = index(100);
    remember(&index, &[producer(1, 11)]);
    for _ in 0..3 {
        assert_eq!(recall(&index, &[1]).counts, [1]);
    }
}

#[test]
fn no_keys_and_no_producers_are_fine() {
    let index = index(100);
    remember(&index, &[]);
    let recalled = recall(&index, &[]);
    assert!(recalled.counts.is_empty() && recalled.producers.is_empty());
}

#[test]
fn remembering_twice_is_harmless() {
    let index = index(100);
    let all: Vec<_> = (11..16).map(|span| producer(1, span)).collect();
    remember(&index, &all[..2]);
    remember(&index, &all[..2]);
    assert_eq!(recall(&index, &[1]).counts, [2]);
    remember(&index, &all);
    remember(&index, &all);
    let recalled = recall(&index, &[1]);
    assert_eq!(recalled.counts, [5]);
    assert_eq!(recalled.producers.len(), 4);
    assert_eq!(index.stats().entries, 5);
}

/// One after the other, each in a trace of its own.
fn sends(count: u64) -> Vec<Producer> {
    let send = |number| Producer {
        start: 1000 * number,
        end: 1000 * number + 10,
        ..producer(1, number)
    };
    (1..=count).map(send).collect()
}

#[test]
fn what_lies_before_a_consumer_is_found_however_much_comes_after() {
    let index = index(100);
    let all = sends(16);
    remember(&index, &all);
    let recalled = index.recall_before(&[key(1)], &[2500]).unwrap();
    // The two before, the latest first; then the earliest after.
    assert_eq!(recalled.producers, [all[1], all[0], all[2], all[3]]);
    assert_eq!(recalled.counts, [4]);
    let recalled = index.recall_before(&[key(1)], &[9500]).unwrap();
    assert_eq!(recalled.producers, [all[8], all[7], all[6], all[5]]);
    assert_eq!(recalled.counts, [5], "there are more before");
    assert_eq!(
        index.recall_before(&[key(1)], &[]).unwrap_err(),
        IndexError::Malformed
    );
}

#[test]
fn of_more_sends_than_are_kept_the_earliest_go() {
    let index = index(100);
    let all = sends(20);
    remember(&index, &all);
    assert_eq!(index.stats().entries, 16);
    let recalled = index.recall_before(&[key(1)], &[3500]).unwrap();
    assert_eq!(recalled.producers, all[4..8]);
}

#[test]
fn spans_of_one_send_are_one_producer() {
    let within = |span, start, end, rank| Producer {
        trace_id_high: 7,
        trace_id_low: 7,
        start,
        end,
        rank,
        ..producer(1, span)
    };
    let (outer, inner) = (within(1, 1000, 2000, 1), within(2, 1200, 1800, 1));
    let create = within(3, 900, 2100, 0);
    let again = within(4, 3000, 4000, 1);
    for all in [[outer, inner, again], [again, inner, outer]] {
        let index = index(100);
        remember(&index, &all);
        assert_eq!(recall(&index, &[1]).producers, [again, inner]);
    }
    let index = index(100);
    remember(&index, &[outer, create]);
    assert_eq!(recall(&index, &[1]).producers, [create], "by rank first");
}

#[test]
fn trace_states_come_back_with_their_producers() {
    let index = index(100);
    let with = |span, offset, length| Producer {
        trace_state: Text { offset, length },
        ..producer(1, span)
    };
    let all = [with(11, 0, 3), with(12, 0, 0), with(13, 3, 7)];
    index.remember(&all, b"a=bvendor=").unwrap();
    let recalled = recall(&index, &[1]);
    let states: Vec<_> = recalled
        .producers
        .iter()
        .map(|producer| {
            let range = producer.trace_state;
            let start = range.offset as usize;
            &recalled.texts[start..start + range.length as usize]
        })
        .collect();
    assert_eq!(states, [&b"vendor="[..], b"", b"a=b"]);
}

#[test]
fn a_trace_state_that_is_not_there_is_an_error() {
    let mut lying = producer(1, 11);
    for (offset, length) in [(0, 4), (4, 1), (u32::MAX, u32::MAX)] {
        lying.trace_state = Text { offset, length };
        let error = index(100).remember(&[lying], b"a=b").unwrap_err();
        assert_eq!(error, IndexError::Malformed);
    }
}

#[test]
fn a_trace_state_that_is_too_long_is_left_away() {
    let index = index(100);
    let mut long = producer(1, 11);
    long.trace_state.length = 513;
    let mut fitting = producer(2, 12);
    fitting.trace_state.length = 512;
    index.remember(&[long, fitting], &[b'a'; 600]).unwrap();
    let recalled = recall(&index, &[1, 2]);
    assert_eq!(recalled.counts, [1, 1]);
    assert_eq!(recalled.texts.len(), 512);
}

#[test]
fn the_oldest_go_first() {
    let index = index(50);
    for message in 0..80 {
        remember(&index, &[producer(message, message)]);
    }
    let counts = recall(&index, &(0..80).collect::<Vec<_>>()).counts;
    assert_eq!(counts, [vec![0; 30], vec![1; 50]].concat());
    assert_eq!((index.stats().entries, index.stats().evicted), (50, 30));
}

#[test]
fn the_count_says_how_many_follow_when_some_have_gone() {
    let index = index(16);
    remember(&index, &sends(17));
    assert_eq!(recall(&index, &[1]).counts, [5]);
    // Others push all but two out.
    let others: Vec<_> = (21..35).map(|span| producer(2, span)).collect();
    remember(&index, &others);
    let recalled = recall(&index, &[1, 2]);
    assert_eq!(recalled.counts, [2, 5]);
    assert_eq!(recalled.producers.len(), 6);
}

#[test]
fn bounds_hold_whatever_they_are() {
    for max_entries in [0, 1, 3, 63, 64, 65, 1000, 5000] {
        let index = index(max_entries);
        for message in 0..6000 {
            remember(&index, &[producer(message, message)]);
        }
        let entries = index.stats().entries;
        assert!(entries <= max_entries.max(1), "{entries} of {max_entries}");
        assert!(
            entries * 10 >= max_entries * 8,
            "{entries} of {max_entries}"
        );
        assert_eq!(recall(&index, &[5999]).counts, [1]);
    }
}

#[test]
fn what_is_too_old_is_gone() {
    let index = MemoryIndex::new(IndexOptions {
        max_entries: 100,
        time_to_live: Some(Duration::from_millis(60)),
    });
    remember(&index, &[producer(1, 11)]);
    assert_eq!(recall(&index, &[1]).counts, [1]);
    thread::sleep(Duration::from_millis(80));
    assert_eq!(recall(&index, &[1]).counts, [0]);
    remember(&index, &[producer(2, 12), producer(1, 13)]);
    assert_eq!(recall(&index, &[1, 2]).counts, [1, 1]);
    assert_eq!((index.stats().entries, index.stats().expired), (2, 1));
}

#[test]
fn what_is_too_old_makes_room_for_what_is_worse() {
    let index = MemoryIndex::new(IndexOptions {
        max_entries: 100,
        time_to_live: Some(Duration::from_millis(300)),
    });
    let ranked = |message, span, rank| Producer {
        rank,
        ..producer(message, span)
    };
    let first: Vec<_> = (1..5).map(|span| ranked(1, span, 1)).collect();
    let second: Vec<_> = (1..5).map(|span| ranked(2, span, 0)).collect();
    remember(&index, &first);
    remember(&index, &second);
    thread::sleep(Duration::from_millis(200));
    // Takes the place of the worst, which is the oldest of all.
    remember(&index, &[ranked(1, 9, 0)]);
    thread::sleep(Duration::from_millis(200));
    remember(&index, &[ranked(2, 9, 7)]);
    let recalled = recall(&index, &[1, 2]);
    assert_eq!(recalled.counts, [1, 1]);
    assert_eq!(recalled.producers, [ranked(1, 9, 0), ranked(2, 9, 7)]);
}

#[test]
fn threads_may_use_it_together() {
    let index = index(10_000);
    let recalled = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (index, recalled) = (&index, &recalled);
            scope.spawn(move || {
                for message in 0..2000 {
                    // Every thread has a producer of each message.
                    remember(index, &[producer(message, 10 + thread)]);
                    let found = recall(index, &[message, message / 2]);
                    assert!(found.counts.iter().all(|count| (1..=4).contains(count)));
                    let sum: usize = found.counts.iter().map(|count| usize::from(*count)).sum();
                    assert_eq!(found.producers.len(), sum);
                    recalled.fetch_add(sum, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(recalled.into_inner() >= 16_000);
    assert_eq!(index.stats().entries, 8000);
    assert!(
        recall(&index, &(0..2000).collect::<Vec<_>>())
            .counts
            .iter()
            .all(|count| *count == 4)
    );
}

#[test]
fn an_entry_takes_little_memory() {
    for entries in [100_000, 1_000_000] {
        let bytes = bytes_per_entry(entries).unwrap();
        assert!(bytes <= 160, "{bytes} bytes an entry at {entries}");
        assert!(
            bytes >= 72,
            "{bytes} bytes an entry at {entries}: not measured"
        );
    }
}

proptest! {
    #[test]
    fn the_best_four_are_kept_in_whatever_order_they_come(
        all in prop::collection::vec((0u8..4, 0u64..6), 0..12)
            .prop_map(|all| (1..).zip(all).collect::<Vec<_>>())
            .prop_shuffle(),
        times in 1usize..3,
    ) {
        let producers: Vec<_> = all
            .iter()
            .map(|(span, (rank, start))| Producer {
                rank: *rank,
                start: *start,
                ..producer(1, *span)
            })
            .collect();
        let index = index(1000);
        for _ in 0..times {
            for producer in &producers {
                // Another message between any two.
                remember(&index, &[*producer, self::producer(2, producer.span_id)]);
            }
        }
        let mut best = producers.clone();
        best.sort_by_key(|producer| {
            (producer.rank, u64::MAX - producer.start, producer.trace_id_high)
        });
        best.truncate(4);
        let recalled = recall(&index, &[1]);
        prop_assert_eq!(recalled.producers, best);
        prop_assert_eq!(recalled.counts, [producers.len().min(5) as u8]);
    }
}

/// They took nine times what the index is said to take.
#[test]
fn trace_states_count_for_the_producers_that_they_take_the_room_of() {
    let index = index(100);
    let texts = [b'a'; 512];
    for message in 0..50 {
        let mut producer = producer(message, message);
        producer.trace_state.length = 512;
        index.remember(&[producer], &texts).unwrap();
    }
    // Each counts for eight.
    assert_eq!(index.stats().entries, 12);
    assert_eq!(index.stats().evicted, 38);
    assert_eq!(recall(&index, &[37, 38]).counts, [0, 1]);
    // Those without one come in again as the others go.
    for message in 100..200 {
        remember(&index, &[producer(message, message)]);
    }
    assert_eq!(index.stats().entries, 100);
    assert_eq!(recall(&index, &[49, 100, 199]).counts, [0, 1, 1]);
}

/// A producer that takes another one's place brings a trace state.
#[test]
fn a_trace_state_in_the_place_of_another_is_counted() {
    let index = index(100);
    for message in 0..20 {
        for span in 0..4 {
            remember(&index, &[producer(message, 1000 * message + span)]);
        }
    }
    assert_eq!(index.stats().entries, 80);
    for message in 0..20 {
        for span in 10..14 {
            let mut producer = producer(message, 1000 * message + span);
            producer.trace_state.length = 512;
            index.remember(&[producer], &[b'a'; 512]).unwrap();
        }
    }
    assert!(index.stats().entries <= 100 / 8 + 1, "{:?}", index.stats());
}
