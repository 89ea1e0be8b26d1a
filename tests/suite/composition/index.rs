//! One message index for all rules: who remembers, who finds, and who waits.

use std::time::Instant;

use linkmend::index::{MessageIndex, Producer};
use linkmend::interface::{Deferral, MessageKey, SpanKinds, Tasks, Verdict};
use linkmend::{HoldOptions, Processor, Rule};
use linkmend_rule::KeyBuilder;
use linkmend_tests::otlp::{batch, kind, link, span, spans_of};
use linkmend_tests::rules::{NO_TEXT, add, all_spans, edits, nothing, rule_with_index};

use super::{ORDERS, assert_adds_up, linked, links_of, processor};

/// The key of a message of a family, as all SDKs make it.
fn key(family: &str, id: &str) -> MessageKey {
    let key = KeyBuilder::new().start(family).part(id.as_bytes()).finish();
    MessageKey {
        high: key.high,
        low: key.low,
    }
}

/// Remembers span 101 as the producer of a message of this family.
fn remember(index: &dyn MessageIndex, family: &str) -> Result<(), String> {
    let producer = Producer {
        key: key(family, "7"),
        trace_id_high: 101,
        trace_id_low: 101,
        span_id: 101,
        start: 1,
        end: 2,
        trace_state: NO_TEXT,
        flags: 0x101,
        hint: 0,
        rank: 0,
    };
    let remembered = index.remember(&[producer], &[]);
    remembered.map_err(|error| format!("{error:?}"))
}

/// Does so when it sees a span of these kinds.
fn remembering(family: &'static str, kinds: SpanKinds) -> Rule {
    let mut plan = all_spans();
    plan.selector.kinds = kinds;
    plan.uses_index = true;
    rule_with_index("remembering", plan, move |tasks, _, index| {
        if tasks.contains(Tasks::REMEMBER) {
            remember(index, family)?;
        }
        Ok(nothing())
    })
}

/// Links the first span to the producer of a message of this family, and
/// defers it while there is none and it may.
fn recalling(family: &'static str) -> Rule {
    let mut plan = all_spans();
    plan.uses_index = true;
    rule_with_index("recalling", plan, move |tasks, traces, index| {
        let first = &spans_of(traces)[0];
        let wants = tasks.contains(Tasks::MEND) && first.links.is_empty();
        if !wants || first.kind != kind::CONSUMER {
            return Ok(nothing());
        }
        recall(index, family, tasks)
    })
}

fn recall(index: &dyn MessageIndex, family: &str, tasks: Tasks) -> Result<Verdict, String> {
    let key = key(family, "7");
    let recalled = index.recall(&[key]).map_err(|error| format!("{error:?}"))?;
    Ok(match recalled.producers.first() {
        Some(producer) => edits(vec![add(0, producer.span_id)]),
        None if tasks.contains(Tasks::DEFER) => Verdict {
            deferrals: vec![Deferral {
                span: 0,
                first_key: 0,
                key_count: 1,
            }],
            keys: vec![key],
            ..nothing()
        },
        None => nothing(),
    })
}

#[test]
fn what_one_rule_remembers_another_finds() {
    for order in ORDERS {
        let batch = order.of(&linked(&[]));
        let found = processor([remembering("report", SpanKinds::all()), recalling("report")]);
        assert_eq!(links_of(&found.process(batch).unwrap()), [link(101)]);
    }
}

#[test]
fn families_of_keys_do_not_meet() {
    assert_ne!(key("report", "7"), key("order", "7"));
    // Parts are parts, wherever they would be cut as one text.
    assert_ne!(key("report", "7"), key("repor", "t7"));
    for order in ORDERS {
        let batch = order.of(&linked(&[]));
        let strangers = processor([remembering("report", SpanKinds::all()), recalling("order")]);
        assert_eq!(links_of(&strangers.process(batch).unwrap()), []);
    }
}

/// In one call a rule cannot find what a later one is yet to remember; where
/// data is read twice, all of them have remembered before the first one mends.
#[test]
fn data_that_is_read_twice_does_not_depend_on_the_order() {
    for order in ORDERS {
        let batch = order.of(&linked(&[]));
        let backwards =
            || processor([recalling("report"), remembering("report", SpanKinds::all())]);
        let once = backwards().process(batch.clone()).unwrap();
        assert_eq!(links_of(&once), []);
        let twice = backwards();
        twice.remember(batch.clone()).unwrap();
        assert_eq!(links_of(&twice.mend(batch).unwrap()), [link(101)]);
    }
}

fn holding(rules: [Rule; 2]) -> Processor {
    let [first, second] = rules;
    let builder = Processor::builder().rule(first).rule(second);
    builder.hold(HoldOptions::default()).build().unwrap()
}

/// A rule waits for what another one remembers, from whatever place.
#[test]
fn a_span_waits_for_what_another_rule_remembers() {
    let consumer = linked(&[]);
    let other = batch(vec![span(20, kind::SERVER, "other", Vec::new())]);
    for order in ORDERS {
        for rules in [
            [
                recalling("report"),
                remembering("report", SpanKinds::SERVER),
            ],
            [
                remembering("report", SpanKinds::SERVER),
                recalling("report"),
            ],
        ] {
            let processor = holding(rules);
            let now = Instant::now();
            let first = processor.process_at(order.of(&consumer), now).unwrap();
            assert_eq!((first.held, first.traces.as_ref()), (1, None));
            assert_adds_up(&first.counts);
            let second = processor.process_at(order.of(&other), now).unwrap();
            assert_eq!(second.held, 0);
            let released = processor.release(now);
            assert_eq!(released.len(), 1);
            assert_adds_up(&released[0].counts);
            assert_eq!(links_of(&released[0]), [link(101)]);
        }
    }
}
