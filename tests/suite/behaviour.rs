//! The way of a batch through the rules, with rules of a closure.

use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use linkmend::interface::{DropReason, SpanKinds, Tasks, Verdict};
use linkmend::{ProcessError, Processor, Rule};
use linkmend_tests::arms::Order;
use linkmend_tests::otlp::{batch, decode, kind, link, span, spans, spans_of, text};
use linkmend_tests::rules::{
    add, all_spans, drop_link, edits, nothing, plan, rule, rule_with_index,
};

pub fn processor(rules: impl IntoIterator<Item = Rule>) -> Processor {
    let mut builder = Processor::builder();
    for rule in rules {
        builder = builder.rule(rule);
    }
    builder.build().unwrap()
}

/// One span of each kind, and two that only attributes and links tell apart.
pub fn mixed() -> Bytes {
    let mut linked = span(16, kind::INTERNAL, "linked", Vec::new());
    linked.links.push(link(1));
    batch(vec![
        span(10, 0, "unspecified", Vec::new()),
        span(11, kind::INTERNAL, "internal", Vec::new()),
        span(
            12,
            kind::SERVER,
            "server",
            vec![text("messaging.system", "kafka")],
        ),
        span(13, kind::CLIENT, "client", vec![text("rpc.system", "grpc")]),
        span(14, kind::PRODUCER, "producer", Vec::new()),
        span(15, kind::CONSUMER, "consumer", Vec::new()),
        linked,
    ])
}

/// The names of the spans that a rule with this plan is shown.
fn shown(change: impl Fn(&mut linkmend::interface::Selector), batch: &Bytes) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut plan = plan();
    change(&mut plan.selector);
    let into = Arc::clone(&seen);
    let spy = rule("spy", plan, move |_, traces| {
        let traces = decode(traces);
        // Resource and scope are there, whatever else is not.
        assert!(
            traces
                .resource_spans
                .iter()
                .all(|spans| spans.resource.is_some())
        );
        into.lock()
            .unwrap()
            .extend(spans(&traces).map(|span| span.name.clone()));
        Ok(nothing())
    });
    processor([spy]).process(batch.clone()).unwrap();
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn a_rule_sees_what_its_selector_says() {
    for order in [Order::Ascending, Order::Descending] {
        let batch = order.of(&mixed());
        assert_eq!(
            shown(
                |all| all.kinds = SpanKinds::PRODUCER | SpanKinds::CONSUMER,
                &batch
            ),
            ["producer", "consumer"]
        );
        assert_eq!(
            shown(|all| all.kinds = SpanKinds::UNSPECIFIED, &batch),
            ["unspecified"]
        );
        assert_eq!(shown(|all| all.with_links = true, &batch), ["linked"]);
        assert_eq!(
            shown(|all| all.attribute_keys = vec!["rpc.system".into()], &batch),
            ["client"]
        );
        assert_eq!(
            shown(
                |all| all.attribute_prefixes = vec!["messaging.".into()],
                &batch
            ),
            ["server"]
        );
        assert_eq!(
            shown(
                |all| {
                    all.kinds = SpanKinds::SERVER;
                    all.with_links = true;
                    all.attribute_keys = vec!["rpc.system".into(), "system".into()];
                },
                &batch
            ),
            ["server", "client", "linked"]
        );
        assert_eq!(shown(|all| all.kinds = SpanKinds::all(), &batch).len(), 7);
    }
}

#[test]
fn a_rule_that_selects_nothing_is_not_called() {
    let mut selective = plan();
    selective.selector.attribute_keys = vec!["nobody.has.this".into()];
    let rule = rule("never", selective, |_, _| Err("it was called".into()));
    let batch = mixed();
    let mended = processor([rule]).process(batch.clone()).unwrap();
    assert_eq!(mended.faults, []);
    assert_eq!(mended.traces.unwrap().as_ptr(), batch.as_ptr());
    assert_eq!((mended.counts.spans, mended.counts.links_out), (7, 1));
}

#[test]
fn a_batch_that_stays_as_it_is_is_not_copied() {
    let rule = rule("idle", all_spans(), |_, _| Ok(nothing()));
    let batch = mixed();
    let mended = processor([rule]).process(batch.clone()).unwrap();
    assert_eq!(mended.traces.unwrap().as_ptr(), batch.as_ptr());
}

#[test]
fn an_empty_batch_goes_through() {
    let mended = processor([rule("idle", all_spans(), |_, _| Ok(nothing()))])
        .process(Bytes::new())
        .unwrap();
    assert_eq!(mended.traces, Some(Bytes::new()));
    assert_eq!((mended.counts.batches, mended.counts.spans), (1, 0));
}

#[test]
fn without_rules_a_batch_is_checked_and_counted() {
    let processor = processor([]);
    let mended = processor.process(mixed()).unwrap();
    assert_eq!((mended.counts.batches, mended.counts.spans), (1, 7));
    assert_eq!((mended.counts.links_in, mended.counts.links_out), (1, 1));
    let error = processor
        .process(Bytes::from_static(&[0x0a, 5]))
        .unwrap_err();
    assert!(matches!(error, ProcessError::Malformed { .. }), "{error}");
}

#[test]
fn edits_may_come_in_any_order() {
    let rule = rule("shuffled", all_spans(), |_, _| {
        Ok(edits(vec![
            add(5, 101),
            add(0, 102),
            drop_link(6, 0, DropReason::Invalid),
            add(5, 103),
            add(0, 104),
        ]))
    });
    let mended = processor([rule]).process(mixed()).unwrap();
    let spans = spans_of(&mended.traces.unwrap());
    assert_eq!(spans[0].links, [link(102), link(104)]);
    assert_eq!(spans[5].links, [link(101), link(103)]);
    assert_eq!(spans[6].links, []);
    assert_eq!(mended.counts.links_dropped_invalid, 1);
}

#[test]
fn numbers_of_spans_are_those_of_the_selection() {
    let mut consumers = plan();
    consumers.selector.kinds = SpanKinds::CONSUMER;
    let rule = rule("consumers", consumers, |_, _| Ok(edits(vec![add(0, 101)])));
    let mended = processor([rule]).process(mixed()).unwrap();
    let spans = spans_of(&mended.traces.unwrap());
    assert_eq!(spans[5].links, [link(101)]);
    assert_eq!(spans[0].links, []);
}

#[test]
fn the_second_rule_sees_what_the_first_did() {
    let first = rule("first", all_spans(), |_, _| Ok(edits(vec![add(0, 101)])));
    let mut linked = plan();
    linked.selector.with_links = true;
    let second = rule("second", linked, |_, traces| {
        let spans = spans_of(traces);
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0].links, [link(101)]);
        Ok(edits(vec![
            drop_link(0, 0, DropReason::Duplicate),
            add(0, 102),
            add(1, 103),
        ]))
    });
    let mended = processor([first, second]).process(mixed()).unwrap();
    assert_eq!(mended.faults, []);
    let spans = spans_of(&mended.traces.unwrap());
    assert_eq!(spans[0].links, [link(102)]);
    assert_eq!(spans[6].links, [link(1), link(103)]);
    let counts = mended.counts;
    assert_eq!(
        (counts.batches, counts.links_in, counts.links_added),
        (1, 1, 3)
    );
    assert_eq!((counts.links_dropped_duplicate, counts.links_out), (1, 3));
}

#[test]
fn each_call_says_what_is_wanted() {
    let tasks = Arc::new(Mutex::new(Vec::new()));
    let mut plan = all_spans();
    plan.uses_index = true;
    let into = Arc::clone(&tasks);
    let spy = rule("spy", plan, move |tasks, _| {
        into.lock().unwrap().push(tasks);
        Ok(nothing())
    });
    let processor = processor([spy]);
    assert!(processor.uses_index());
    processor.process(mixed()).unwrap();
    processor.remember(mixed()).unwrap();
    processor.mend(mixed()).unwrap();
    assert_eq!(
        *tasks.lock().unwrap(),
        [Tasks::REMEMBER | Tasks::MEND, Tasks::REMEMBER, Tasks::MEND]
    );
}

#[test]
fn only_rules_that_use_the_index_are_asked_to_remember() {
    let rule = rule("stateless", all_spans(), |_, _| Err("it was asked".into()));
    let processor = processor([rule]);
    assert!(!processor.uses_index());
    let mended = processor.remember(mixed()).unwrap();
    assert_eq!(mended.faults, []);
    assert_eq!(mended.counts.spans, 7);
}

#[test]
fn all_rules_share_one_index() {
    let mut plan = all_spans();
    plan.uses_index = true;
    let producer = || linkmend::index::Producer {
        key: linkmend::interface::MessageKey { high: 1, low: 2 },
        trace_id_high: 101,
        trace_id_low: 101,
        span_id: 101,
        start: 1,
        end: 2,
        trace_state: linkmend_tests::rules::NO_TEXT,
        flags: 1,
        hint: 0,
        rank: 0,
    };
    let ready = |_| "the index failed".to_owned();
    let writing = rule_with_index("writing", plan.clone(), move |_, _, index| {
        index.remember(&[producer()], &[]).map_err(ready)?;
        Ok(nothing())
    });
    let reading = rule_with_index("reading", plan, move |_, _, index| {
        let recalled = index.recall(&[producer().key]).map_err(ready)?;
        assert_eq!(recalled.counts, [1]);
        Ok(edits(vec![add(0, recalled.producers[0].span_id)]))
    });
    let mended = processor([writing, reading]).process(mixed()).unwrap();
    assert_eq!(spans_of(&mended.traces.unwrap())[0].links, [link(101)]);
}

#[test]
fn a_processor_is_shared_by_threads() {
    let adding = rule("adding", all_spans(), |_, traces| {
        let spans = spans_of(traces).len() as u32;
        Ok(edits((0..spans).map(|span| add(span, 101)).collect()))
    });
    let processor = processor([adding]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let mended = processor.process(mixed()).unwrap();
                    assert_eq!((mended.counts.links_added, mended.counts.links_out), (7, 8));
                }
            });
        }
    });
}

#[test]
fn a_malformed_batch_is_refused_with_the_place() {
    let processor = processor([rule(
        "idle",
        all_spans(),
        |_, _| Ok::<Verdict, _>(nothing()),
    )]);
    let whole = mixed();
    let mut broken = whole.to_vec();
    let name = whole
        .windows(6)
        .position(|bytes| bytes == b"client")
        .unwrap();
    // The length of the name of the fourth span.
    broken[name - 1] = 0xff;
    let error = processor.process(broken.into()).unwrap_err();
    let ProcessError::Malformed { error: at, path } = &error else {
        panic!("{error}");
    };
    assert_eq!(path, "resource_spans[0].scope_spans[0].spans[3].name");
    assert!(
        (name - 2..=name + 1).contains(&at.offset),
        "{} {name}",
        at.offset
    );
    let text = error.to_string();
    assert!(text.starts_with("not a well-formed OTLP batch: "), "{text}");
    assert!(
        text.ends_with(&format!(
            "(at byte {}) in resource_spans[0].scope_spans[0].spans[3].name",
            at.offset
        )),
        "{text}"
    );
    let error = processor
        .process(whole.slice(..whole.len() - 1))
        .unwrap_err();
    assert!(matches!(error, ProcessError::Malformed { .. }), "{error}");
}
