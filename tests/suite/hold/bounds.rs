//! A hold that is full.

use std::time::Instant;

use linkmend::HoldOptions;
use linkmend_tests::arms::Arm;
use linkmend_tests::memory;
use linkmend_tests::otlp::{batch, text};
use linkmend_tests::{engine_test, rule_test};

use super::{
    SECOND, assert_empty, call, consumer, counts, flat, holding, kind, message, numbers, producer,
    send,
};

// A kernel does not tell what was done to each of the batches that have to go.
rule_test! {
    fn the_oldest_go_when_there_are_too_many(arm, order) {
        let options = HoldOptions { max_spans: 3, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let start = Instant::now();
        for number in 1..=3u64 {
            let sent = order.of(&batch(vec![consumer(number, &number.to_string())]));
            let mended = send(&*processor, &sent, start + number as u32 * SECOND);
            assert!(mended.overflow.is_empty());
        }
        let sent = batch(vec![call(10), consumer(4, "4"), consumer(5, "5")]);
        let mended = send(&*processor, &order.of(&sent), start + 4 * SECOND);
        assert_eq!(mended.held, 2);
        assert_eq!(numbers(&mended.overflow), [1, 2]);
        // They are mended for the last time.
        assert_eq!(counts(&mended.overflow).unresolved, 2);
        assert_eq!(mended.counts.unresolved, 0);
        let stats = processor.hold_stats();
        assert_eq!((stats.held, stats.held_total, stats.released_overflow), (3, 5, 2));
        assert_eq!(numbers(&processor.drain()), [3, 4, 5]);
        assert_empty(&*processor);
    }
}

rule_test! {
    fn spans_that_are_ready_go_before_those_that_wait(arm, order) {
        let options = HoldOptions { max_spans: 2, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let start = Instant::now();
        send(&*processor, &order.of(&batch(vec![consumer(1, "a"), consumer(2, "b")])), start);
        send(&*processor, &order.of(&batch(vec![producer(3, "b")])), start);
        let mended = send(&*processor, &order.of(&batch(vec![consumer(4, "c")])), start);
        assert_eq!(numbers(&mended.overflow), [2]);
        assert_eq!(counts(&mended.overflow).links_added, 1);
        assert_eq!(numbers(&processor.drain()), [1, 4]);
    }
}

engine_test! {
    fn the_oldest_go_when_they_take_too_much_memory(arm, order) {
        let options = HoldOptions { max_bytes: 40_000, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let start = Instant::now();
        let mut out = Vec::new();
        for number in 1..=20u64 {
            let mut large = consumer(number, &number.to_string());
            large.attributes.push(text("payload", &"x".repeat(9_000)));
            out.push(send(&*processor, &order.of(&batch(vec![large])), start));
            let stats = processor.hold_stats();
            assert!(stats.bytes <= 40_000, "{stats:?}");
            assert!(stats.bytes >= 9_000 * stats.held, "{stats:?}");
        }
        assert_eq!(processor.hold_stats().held, 4);
        assert_eq!(numbers(&flat(out)), (1..=16).collect::<Vec<_>>());
        assert_eq!(numbers(&processor.drain()), [17, 18, 19, 20]);
        assert_empty(&*processor);
    }
}

engine_test! {
    fn a_span_that_is_larger_than_the_hold_goes_at_once(arm, order) {
        let options = HoldOptions { max_bytes: 5_000, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let mut large = consumer(1, "a");
        large.attributes.push(text("payload", &"x".repeat(9_000)));
        let mended = send(&*processor, &order.of(&batch(vec![large])), Instant::now());
        assert_eq!((mended.traces.as_ref(), mended.is_dropped), (None, false));
        assert_eq!(numbers(&flat([mended])), [1]);
        assert_empty(&*processor);
    }
}

#[test]
fn spans_of_one_batch_share_what_is_around_them() {
    let bytes = |batches: &[Vec<u64>]| {
        let rule = Arm::Native.rule("{}");
        let processor = holding([rule], HoldOptions::default());
        for numbers in batches {
            let spans = numbers.iter().map(|n| consumer(*n, &n.to_string()));
            let mut traces = linkmend_tests::otlp::traces(spans.collect());
            let resource = traces.resource_spans[0].resource.as_mut().unwrap();
            resource.attributes.push(text("much", &"x".repeat(10_000)));
            let sent = prost::Message::encode_to_vec(&traces).into();
            send(&processor, &sent, Instant::now());
        }
        processor.hold_stats().bytes
    };
    let together = bytes(&[vec![11, 12, 13]]);
    let apart = bytes(&[vec![11], vec![12], vec![13]]);
    assert!((10_000..20_000).contains(&together), "{together}");
    assert!(apart > 30_000, "{apart}");
}

#[test]
fn the_memory_that_is_counted_is_the_memory_that_is_taken() {
    let processor = holding([Arm::Native.rule("{}")], HoldOptions::default());
    let start = Instant::now();
    // Ids of a broker: of those that applications make up, consumers are
    // remembered in the index, too.
    let sent = |first: u64| {
        let spans = (first..first + 100).map(|number| {
            let mut span = consumer(number, &number.to_string());
            span.attributes
                .retain(|attribute| attribute.key != "messaging.system");
            span.attributes.push(text("messaging.system", "aws_sqs"));
            span
        });
        batch(spans.collect())
    };
    // What is kept between batches is there already.
    send(&processor, &sent(1_000_000), start);
    let (live, counted) = (memory::live(), processor.hold_stats().bytes);
    for number in 0..100 {
        send(&processor, &sent(1 + number * 100), start);
    }
    let taken = (memory::live() - live).cast_unsigned();
    let counted = processor.hold_stats().bytes - counted;
    assert!(counted >= taken, "{counted} counted, {taken} taken");
    assert!(counted <= taken * 3 / 2, "{counted} counted, {taken} taken");
}

engine_test! {
    fn a_service_whose_producers_never_come_is_not_held_any_more_but_for_a_probe(arm, order) {
        let options = HoldOptions { give_up_after: 3, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let start = Instant::now();
        let late = |number: u64| order.of(&batch(vec![consumer(number, &number.to_string())]));
        for number in 1..=3 {
            assert!(send(&*processor, &late(number), start).overflow.is_empty());
        }
        assert_eq!(numbers(&processor.release(start + 6 * SECOND)), [1, 2, 3]);

        // In vain three times: the next one goes on beside its batch.
        let now = start + 7 * SECOND;
        let mended = send(&*processor, &late(4), now);
        assert_eq!((mended.held, numbers(&mended.overflow)), (1, vec![4]));
        let counts = counts(&flat([mended]));
        assert_eq!(counts.unresolved, 1);
        assert_eq!(processor.hold_stats().given_up, 1);

        // One is held again after half a minute, and when its producer comes,
        // all are.
        let now = start + 40 * SECOND;
        assert!(send(&*processor, &late(5), now).overflow.is_empty());
        assert_eq!(numbers(&send(&*processor, &late(6), now).overflow), [6]);
        send(&*processor, &order.of(&batch(vec![producer(7, "5")])), now);
        assert_eq!(numbers(&processor.release(now)), [5]);
        assert!(send(&*processor, &late(8), now).overflow.is_empty());
        assert_eq!(numbers(&processor.drain()), [8]);
        assert_empty(&*processor);
    }
}

engine_test! {
    // The clock of a producer is ahead: it seems to have started after its
    // consumer, which waits for a better one to the end of its time, and has a
    // link then. That was not in vain.
    fn a_service_whose_producers_have_other_clocks_is_held_on(arm, order) {
        let options = HoldOptions { give_up_after: 3, ..HoldOptions::default() };
        let processor = arm.holding("{}", options);
        let start = Instant::now();
        for number in 1..=8u64 {
            let id = number.to_string();
            let now = start + number as u32 * 10 * SECOND;
            let mended = send(&*processor, &order.of(&batch(vec![consumer(number, &id)])), now);
            assert_eq!((mended.held, mended.overflow.len()), (1, 0), "{number}");
            let mut ahead = message(100 + number, kind::PRODUCER, &id);
            ahead.start_time_unix_nano += 20_000_000;
            send(&*processor, &order.of(&batch(vec![ahead])), now + 5 * SECOND);
            assert!(numbers(&processor.release(now + 5 * SECOND)).is_empty());
            let released = processor.release(now + 6 * SECOND);
            assert_eq!((numbers(&released), counts(&released).links_added), (vec![number], 1));
        }
        assert_eq!(processor.hold_stats().given_up, 0);
        assert_empty(&*processor);
    }
}
