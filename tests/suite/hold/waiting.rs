//! The built-in rule, and producers that come later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use linkmend::HoldOptions;
use linkmend::interface::{Tasks, Verdict};
use linkmend_tests::engine_test;
use linkmend_tests::otlp::{batch, kind, link, span_id, spans_of, texts};
use linkmend_tests::rule_test;
use linkmend_tests::rules::{all_spans, nothing, rule};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::{
    SECOND, assert_empty, call, consumer, counts, flat, holding, number, numbers, producer, send,
    spans_out,
};

engine_test! {
    fn a_consumer_is_linked_to_a_producer_that_comes_two_seconds_later(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let mut early = consumer(8, "4711");
        early.links = vec![link(0)];
        let first = order.of(&batch(vec![call(1), early.clone(), call(2)]));
        let first = send(&*processor, &first, start);
        assert_eq!(first.held, 1);
        assert_eq!(numbers(std::slice::from_ref(&first)), [1, 2]);
        assert_eq!(processor.next_release(), Some(start + 6 * SECOND));
        assert!(processor.release(start + SECOND).is_empty());

        let second = order.of(&batch(vec![producer(7, "4711")]));
        let second = send(&*processor, &second, start + 2 * SECOND);
        assert!(processor.next_release().unwrap() <= Instant::now());
        let released = processor.release(start + 2 * SECOND);
        let spans = spans_out(&released);
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].links.len(), 1);
        assert_eq!(spans[0].links[0].span_id, span_id(7));
        let without_links = |span: &Span| Span { links: Vec::new(), ..span.clone() };
        assert_eq!(without_links(&spans[0]), without_links(&early));

        assert_empty(&*processor);
        assert_eq!(processor.hold_stats().released_ready, 1);
        let counts = counts([&first, &second].into_iter().chain(&released));
        assert_eq!((counts.batches, counts.spans), (2, 4));
        assert_eq!((counts.links_in, counts.links_repaired, counts.links_out), (1, 1, 1));
        assert_eq!((counts.links_held, counts.links_released), (1, 1));
        assert_eq!(counts.unresolved, 0);
    }
}

engine_test! {
    fn a_consumer_whose_time_is_up_goes_on_and_is_told_of(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let late = order.of(&batch(vec![consumer(8, "4711")]));
        let held = send(&*processor, &late, start);
        assert_eq!((held.traces.as_ref(), held.held, held.is_dropped), (None, 1, false));
        assert_eq!(held.counts.unresolved, 0);
        assert!(processor.release(start + Duration::from_millis(5_999)).is_empty());
        let released = processor.release(start + 6 * SECOND);
        assert_eq!(released.len(), 1);
        // All that is around it comes with it, in the same order.
        assert_eq!(
            spans_of(released[0].traces.as_ref().unwrap()),
            [consumer(8, "4711")]
        );
        assert_eq!(released[0].traces.as_ref().unwrap().len(), late.len());
        assert_eq!(counts(&released).unresolved, 1);
        assert_eq!(processor.hold_stats().released_due, 1);
        assert_empty(&*processor);
    }
}

engine_test! {
    fn two_consumers_of_one_message_go_together(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        send(&*processor, &order.of(&batch(vec![consumer(8, "a")])), start);
        let second = batch(vec![consumer(9, "a"), consumer(10, "b")]);
        send(&*processor, &order.of(&second), start + SECOND);
        send(&*processor, &order.of(&batch(vec![producer(7, "a")])), start + SECOND);
        let released = processor.release(start + SECOND);
        assert_eq!(numbers(&released), [8, 9]);
        assert_eq!(released.len(), 1, "not in one batch");
        assert!(spans_out(&released).iter().all(|span| span.links.len() == 1));
        // Both in the one resource that they share.
        let traces = linkmend_tests::otlp::decode(released[0].traces.as_ref().unwrap());
        assert_eq!(traces.resource_spans.len(), 1);
        assert_eq!(processor.hold_stats().held, 1);
        assert_eq!(numbers(&processor.drain()), [10]);
        assert_empty(&*processor);
    }
}

engine_test! {
    fn a_consumer_of_many_messages_waits_for_the_last_but_not_for_ever(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let mut many = consumer(8, "");
        many.attributes.retain(|attribute| attribute.key != "messaging.message.id");
        many.attributes.push(texts("messaging.message.ids", &["a", "b", "never"]));
        send(&*processor, &order.of(&batch(vec![many])), start);
        let mut all = Vec::new();
        for (seconds, id) in [(1, "a"), (3, "b")] {
            let now = start + seconds * SECOND;
            send(&*processor, &order.of(&batch(vec![producer(seconds.into(), id)])), now);
            let released = processor.release(now);
            assert_eq!(numbers(&released), [0; 0]);
            all.extend(released);
            // Its time goes on from when it came.
            assert_eq!(processor.next_release(), Some(start + 6 * SECOND));
        }
        all.extend(processor.release(start + 6 * SECOND));
        let spans = spans_out(&all);
        assert_eq!((spans.len(), spans[0].links.len()), (1, 2));
        assert_eq!(counts(&all).unresolved, 1);
        let stats = processor.hold_stats();
        assert_eq!((stats.held_total, stats.released_ready, stats.released_due), (1, 0, 1));
        assert_empty(&*processor);
    }
}

engine_test! {
    fn a_consumer_of_more_messages_than_tries_is_linked_to_all_of_them(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let ids: Vec<String> = (1..=30).map(|number| format!("m{number}")).collect();
        let mut many = consumer(100, "");
        many.attributes.retain(|attribute| attribute.key != "messaging.message.id");
        let texts = texts("messaging.message.ids", &ids.iter().map(String::as_str).collect::<Vec<_>>());
        many.attributes.push(texts);
        send(&*processor, &order.of(&batch(vec![many])), start);
        let mut out = Vec::new();
        for (number, id) in (1..).zip(&ids) {
            send(&*processor, &order.of(&batch(vec![producer(number, id)])), start);
            out.extend(processor.release(start + SECOND));
        }
        assert_eq!(numbers(&out), [0; 0]);
        out.extend(processor.release(start + 6 * SECOND));
        let spans = spans_out(&out);
        assert_eq!((spans.len(), spans[0].links.len()), (1, 30));
        assert_eq!(counts(&out).unresolved, 0);
        assert_empty(&*processor);
    }
}

engine_test! {
    fn all_that_is_held_comes_out_at_the_end(arm, order) {
        let processor = arm.holding("{}", HoldOptions::default());
        let start = Instant::now();
        let spans = (1..2_000).map(|number| consumer(number, &format!("m{number}")));
        let first = send(&*processor, &order.of(&batch(spans.collect())), start);
        assert_eq!((first.traces, first.held), (None, 1_999));
        let out = processor.drain();
        assert_eq!(numbers(&out), (1..2_000).collect::<Vec<_>>());
        assert!(out.len() > 1, "one batch, however large");
        assert_eq!(counts(&out).unresolved, 1_999);
        assert_eq!(processor.hold_stats().released_drained, 1_999);
        assert_empty(&*processor);
        // Nothing is held any more.
        let late = order.of(&batch(vec![consumer(3_000, "late")]));
        let late = send(&*processor, &late, start);
        assert_eq!(numbers(&flat([late])), [3_000]);
        assert!(processor.drain().is_empty());
    }
}

/// What a rule was asked.
fn spy() -> (linkmend::Rule, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let into = Arc::clone(&seen);
    let answer = move |tasks: Tasks, _: &[u8]| -> Result<Verdict, String> {
        into.fetch_add(
            1 + usize::from(tasks.contains(Tasks::DEFER)) * 1_000,
            Ordering::Relaxed,
        );
        Ok(nothing())
    };
    (rule("spy", all_spans(), answer), seen)
}

#[test]
fn nothing_is_held_unless_that_is_wanted() {
    let off = HoldOptions {
        time: Duration::ZERO,
        ..HoldOptions::default()
    };
    let without = |rule| linkmend::Processor::builder().rule(rule);
    for is_off in [false, true] {
        let (spy, seen) = spy();
        let mut builder = without(spy);
        if is_off {
            builder = builder.hold(off.clone());
        }
        let processor = builder.build().unwrap();
        let sent = batch(vec![call(1)]);
        let mended = send(&processor, &sent, Instant::now());
        assert_eq!(mended.traces.unwrap().as_ptr(), sent.as_ptr());
        assert_eq!(seen.load(Ordering::Relaxed), 1, "it may defer");
        assert_eq!(processor.next_release(), None);
        assert!(processor.release(Instant::now()).is_empty() && processor.drain().is_empty());
        assert_eq!(processor.hold_stats(), linkmend::HoldStats::default());
    }
}

#[test]
fn other_calls_hold_nothing() {
    let (spy, seen) = spy();
    let processor = holding([spy], HoldOptions::default());
    processor.mend(batch(vec![call(1)])).unwrap();
    let mut asked = linkmend::Asked::default();
    asked.add("all").unwrap();
    processor.explain(batch(vec![call(1)]), &asked).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 2);
    processor.process(batch(vec![call(1)])).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 1_003);
}

rule_test! {
    fn whoever_releases_is_told_when_that_becomes_sooner(arm, order) {
        let told = Arc::new(AtomicUsize::new(0));
        let tell = Arc::clone(&told);
        let options = HoldOptions {
            on_sooner: Some(Arc::new(move || {
                tell.fetch_add(1, Ordering::Relaxed);
            })),
            ..HoldOptions::default()
        };
        let processor = holding([arm.rule("{}")], options);
        let start = Instant::now();
        let told = || told.load(Ordering::Relaxed);
        let steps = [
            (producer(1, "other"), 0),
            (consumer(2, "a"), 1),
            (consumer(3, "b"), 1),
            (producer(4, "unknown"), 1),
            (producer(5, "b"), 2),
            (producer(6, "a"), 2),
        ];
        for (seconds, (span, expected)) in (0..).zip(steps) {
            let name = number(&span);
            send(&processor, &order.of(&batch(vec![span])), start + seconds * SECOND / 2);
            assert_eq!(told(), expected, "after span {name}");
        }
        assert_eq!(numbers(&processor.release(start)), [3, 2]);
        assert_eq!(told(), 2);
    }
}

#[test]
fn a_producer_of_the_same_batch_is_known_at_once() {
    let processor = holding([linkmend::Rule::builtin()], HoldOptions::default());
    let sent = batch(vec![consumer(8, "a"), producer(7, "a")]);
    let mended = send(&processor, &sent, Instant::now());
    assert_eq!((mended.held, mended.counts.links_added), (0, 1));
    assert_eq!(kind::CONSUMER, spans_of(&mended.traces.unwrap())[0].kind);
}
