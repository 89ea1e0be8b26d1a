//! Whoever waits for held spans: what it gives goes with them; and rules that
//! are replaced meanwhile.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use linkmend::{Acknowledgement, HoldOptions, Mended, ProcessOptions, Processor, Rule};
use linkmend_tests::otlp::{batch, spans_of};
use linkmend_tests::rule_test;

use super::{
    SECOND, assert_empty, call, consumer, counts, flat, holding, numbers, producer, send, spans_out,
};

struct Waiting(#[allow(dead_code, reason = "tells one from the other")] u8);

fn acknowledgement(number: u8) -> (Acknowledgement, Weak<Waiting>) {
    let waiting = Arc::new(Waiting(number));
    let weak = Arc::downgrade(&waiting);
    (waiting, weak)
}

fn claimed(now: Instant, acknowledgement: Acknowledgement) -> ProcessOptions {
    ProcessOptions {
        now,
        acknowledgement: Some(acknowledgement),
        ..ProcessOptions::default()
    }
}

rule_test! {
    fn a_claim_lives_as_long_as_spans_of_its_batch_are_held_or_on_their_way(arm, order) {
        let processor = holding([arm.rule("{}")], HoldOptions::default());
        let start = Instant::now();
        let (first, first_alive) = acknowledgement(1);
        let (second, second_alive) = acknowledgement(2);
        let pass = |spans, acknowledgement| {
            let batch = order.of(&batch(spans));
            processor.process_with(batch, &claimed(start, acknowledgement)).unwrap()
        };
        let mended = pass(vec![consumer(8, "a"), consumer(9, "b"), call(1)], first);
        assert_eq!((mended.held, mended.acknowledgements.len()), (2, 0));
        drop(mended);
        drop(pass(vec![consumer(10, "a")], second));
        assert!(first_alive.upgrade().is_some() && second_alive.upgrade().is_some());

        send(&processor, &order.of(&batch(vec![producer(7, "a")])), start + SECOND);
        let released = processor.release(start + SECOND);
        assert_eq!(numbers(&released), [8, 10]);
        assert_eq!(released.iter().map(|mended| mended.acknowledgements.len()).sum::<usize>(), 2);
        drop(released);
        // One of its spans is held still.
        assert!(first_alive.upgrade().is_some());
        assert!(second_alive.upgrade().is_none());

        let released = processor.drain();
        assert_eq!(numbers(&released), [9]);
        assert!(first_alive.upgrade().is_some());
        drop(released);
        assert!(first_alive.upgrade().is_none());
        assert_empty(&processor);
    }
}

rule_test! {
    fn a_batch_of_which_nothing_is_held_gives_its_claim_back_at_once(arm, order) {
        let processor = holding([arm.rule("{}")], HoldOptions::default());
        let (acknowledgement, alive) = acknowledgement(1);
        let passage = claimed(Instant::now(), acknowledgement);
        processor.process_with(order.of(&batch(vec![call(1)])), &passage).unwrap();
        drop(passage);
        assert!(alive.upgrade().is_none());
    }
}

rule_test! {
    fn spans_that_have_to_go_for_others_bring_their_acknowledgements(arm, order) {
        let options = HoldOptions { max_spans: 1, ..HoldOptions::default() };
        let processor = holding([arm.rule("{}")], options);
        let start = Instant::now();
        let pass = |number: u8, id| {
            let spans = vec![consumer(number.into(), id)];
            let passage = claimed(start, acknowledgement(number).0);
            processor.process_with(order.of(&batch(spans)), &passage).unwrap()
        };
        assert!(pass(8, "a").overflow.is_empty());
        let second = pass(9, "b");
        assert_eq!(numbers(&second.overflow), [8]);
        assert_eq!(second.overflow[0].acknowledgements.len(), 1);
    }
}

rule_test! {
    fn a_sender_that_does_not_wait_so_long_gets_its_spans_held_for_less(arm, order) {
        let processor = holding([arm.rule("{}")], HoldOptions::default());
        let now = Instant::now();
        let passage = |seconds| ProcessOptions {
            now,
            hold_at_most: Some(Duration::from_secs(seconds)),
            ..ProcessOptions::default()
        };
        let late = |number, id| order.of(&batch(vec![consumer(number, id)]));
        processor.process_with(late(8, "a"), &passage(60)).unwrap();
        assert_eq!(processor.next_release(), Some(now + 6 * SECOND));
        processor.process_with(late(9, "b"), &passage(2)).unwrap();
        assert_eq!(processor.next_release(), Some(now + 2 * SECOND));
        assert_eq!(numbers(&processor.release(now + 2 * SECOND)), [9]);
    }
}

rule_test! {
    fn a_copy_of_what_is_held_can_be_processed_anew(arm, order) {
        let build = || holding([arm.rule("{}")], HoldOptions::default());
        let (before, after) = (build(), build());
        let now = Instant::now();
        let passage = ProcessOptions { now, copy_held: true, ..ProcessOptions::default() };
        let spans = vec![consumer(8, "a"), call(1), consumer(9, "b")];
        let mended = before.process_with(order.of(&batch(spans)), &passage).unwrap();
        let copy = mended.held_copy.unwrap();
        assert_eq!(spans_of(&copy).len(), 2);
        assert_eq!(before.process_with(order.of(&batch(vec![call(1)])), &passage).unwrap().held_copy, None);

        send(&after, &order.of(&batch(vec![producer(7, "a")])), now);
        let again = send(&after, &copy, now);
        assert_eq!(numbers(std::slice::from_ref(&again)), [8]);
        assert_eq!(spans_out(&[again])[0].links.len(), 1);
        assert_eq!(numbers(&after.drain()), [9]);
    }
}

#[test]
fn rules_are_replaced_while_spans_are_held_and_what_was_remembered_stays() {
    let links = |mended: &[Mended]| spans_out(mended).iter().map(|span| span.links.len()).sum();
    let processor = holding([Rule::builtin()], HoldOptions::default());
    let start = Instant::now();
    let mut all = Vec::new();
    all.push(send(&processor, &batch(vec![producer(1, "early")]), start));
    all.push(send(&processor, &batch(vec![consumer(8, "late")]), start));
    let other = Rule::builtin().with_config(r#"{"link_type_attribute": "why"}"#);
    processor.replace_rules(vec![other]).unwrap();
    all.push(send(&processor, &batch(vec![consumer(9, "early")]), start));
    all.push(send(&processor, &batch(vec![producer(2, "late")]), start));
    all.extend(processor.release(start + SECOND));
    let with_links: usize = links(&all);
    assert_eq!(with_links, 2);
    for span in spans_out(&all) {
        for link in span.links {
            assert!(
                link.attributes
                    .iter()
                    .any(|attribute| attribute.key == "why")
            );
        }
    }
    counts(&flat(all));
    assert_empty(&processor);
}

#[test]
fn a_rule_that_cannot_be_used_replaces_none() {
    let processor = Processor::builder().rule(Rule::builtin()).build().unwrap();
    let before = processor.rules();
    let bad = Rule::component("bad", &b"no component"[..]);
    assert!(processor.replace_rules(vec![bad]).is_err());
    assert_eq!(format!("{:?}", processor.rules()), format!("{before:?}"));
    assert!(processor.process(batch(vec![call(1)])).is_ok());
}

#[test]
fn links_are_counted_by_messaging_system_where_it_is_asked_for() {
    let processor = |asked: bool| {
        let builder = Processor::builder().rule(Rule::builtin());
        let builder = if asked {
            builder.count_systems()
        } else {
            builder
        };
        builder.build().unwrap()
    };
    let mut twice = consumer(9, "a");
    twice.links = vec![linkmend_tests::otlp::link(5), linkmend_tests::otlp::link(5)];
    let spans = vec![producer(1, "a"), consumer(8, "a"), twice];
    let mended = processor(true).process(batch(spans.clone())).unwrap();
    let systems: Vec<_> = mended.counts.systems.iter().collect();
    let [(system, found)] = systems[..] else {
        panic!("{systems:?}");
    };
    assert_eq!(system, "rabbitmq");
    let counts = &mended.counts;
    assert_eq!(found.links_added, counts.links_added);
    assert_eq!(
        found.links_dropped_duplicate,
        counts.links_dropped_duplicate
    );
    assert_eq!(found.by_link_type, counts.by_link_type);
    assert!(counts.links_added > 0 && counts.links_dropped_duplicate == 1);
    let mended = processor(false).process(batch(spans)).unwrap();
    assert_eq!(mended.counts.systems.iter().count(), 0);
}
