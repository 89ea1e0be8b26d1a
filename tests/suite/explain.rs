//! Why spans were or were not mended.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use linkmend::interface::{Explanation as Said, Plan, SpanKinds, Tasks, Text, Verdict};
use linkmend::{Asked, Explanation, Mended, OnError, Rule};
use linkmend_tests::arms::Order;
use linkmend_tests::otlp::{batch, kind, link, span, spans_of, text};
use linkmend_tests::rules::{add, all_spans, drop_link, edits, nothing, plan, rule};

use super::behaviour::processor;

/// A verdict that says each text of its span.
fn says(texts: &[(u32, &str)]) -> Verdict {
    let mut verdict = nothing();
    for (span, text) in texts {
        let offset = verdict.texts.len() as u32;
        verdict.texts.extend_from_slice(text.as_bytes());
        verdict.explanations.push(Said {
            span: *span,
            text: Text {
                offset,
                length: text.len() as u32,
            },
        });
    }
    verdict
}

/// A rule that says the name of every span that it sees, when it is asked.
fn telling(name: &'static str, plan: Plan) -> Rule {
    rule(name, plan, move |tasks, traces| {
        if !tasks.contains(Tasks::EXPLAIN) {
            return Ok(nothing());
        }
        let texts: Vec<String> = spans_of(traces)
            .iter()
            .map(|span| format!("{name} saw {}\nand {} links", span.name, span.links.len()))
            .collect();
        let texts: Vec<(u32, &str)> = (0..).zip(texts.iter().map(String::as_str)).collect();
        Ok(says(&texts))
    })
}

/// A server, a consumer with a link, and a producer.
fn three() -> Bytes {
    let mut consumer = span(2, kind::CONSUMER, "consume", Vec::new());
    consumer.links.push(link(7));
    batch(vec![
        span(1, kind::SERVER, "serve", vec![text("http.route", "/")]),
        consumer,
        span(3, kind::PRODUCER, "produce", Vec::new()),
    ])
}

fn asked(ids: &[&str]) -> Asked {
    let mut asked = Asked::default();
    for id in ids {
        asked.add(id).unwrap();
    }
    asked
}

/// `service/span: rule: text` for every text.
fn lines(mended: &Mended) -> Vec<String> {
    let line = |explanation: &Explanation| {
        let of = format!("{}/{}", explanation.service, explanation.name);
        let rules = explanation.rules.iter();
        let lines = rules.map(move |said| format!("{of}: {}: {}", said.rule, said.text));
        lines.collect::<Vec<_>>()
    };
    mended.explanations.iter().flat_map(line).collect()
}

#[test]
fn all_are_what_a_rule_has_something_to_say_of() {
    let mut plan = plan();
    plan.selector.kinds = SpanKinds::CONSUMER | SpanKinds::PRODUCER;
    for order in [Order::Ascending, Order::Descending] {
        let mended = processor([telling("tell", plan.clone())])
            .explain(order.of(&three()), &Asked::all())
            .unwrap();
        let mut lines = lines(&mended);
        lines.sort();
        assert_eq!(
            lines,
            [
                "orders/consume: tell: tell saw consume\nand 1 links",
                "orders/produce: tell: tell saw produce\nand 0 links",
            ]
        );
        let of = |name| mended.explanations.iter().find(|found| found.name == name);
        let consume = of("consume").unwrap();
        assert_eq!(consume.span_id_hex(), "0000000000000002");
        assert_eq!(consume.trace_id_hex(), "00000000000000020000000000000002");
        assert_eq!((consume.kind, consume.kind_name()), (5, "CONSUMER"));
    }
}

#[test]
fn of_all_that_a_rule_says_only_what_was_asked_for_comes_out() {
    let mended = processor([telling("tell", all_spans())])
        .explain(
            three(),
            &asked(&["0000000000000003", "00000000000000020000000000000002"]),
        )
        .unwrap();
    assert_eq!(
        lines(&mended),
        [
            "orders/consume: tell: tell saw consume\nand 1 links",
            "orders/produce: tell: tell saw produce\nand 0 links",
        ]
    );
}

#[test]
fn explaining_mends_as_mending_does() {
    let mending = || {
        rule("mend", all_spans(), |_, _| {
            Ok(edits(vec![add(0, 101), add(2, 102)]))
        })
    };
    let explained = processor([mending()])
        .explain(three(), &Asked::all())
        .unwrap();
    let mended = processor([mending()]).mend(three()).unwrap();
    assert_eq!(explained.traces, mended.traces);
    assert_eq!(explained.counts, mended.counts);
    assert_eq!(explained.explanations, []);
}

#[test]
fn every_rule_explains_a_span_wherever_the_edits_before_moved_it() {
    let growing = rule("grow", all_spans(), |tasks, _| {
        let said = if tasks.contains(Tasks::EXPLAIN) {
            says(&[(2, "first"), (0, "zero"), (2, "second")])
        } else {
            nothing()
        };
        Ok(Verdict {
            edits: edits(vec![add(0, 101), add(0, 102), add(1, 103)]).edits,
            ..said
        })
    });
    let mut producers = plan();
    producers.selector.kinds = SpanKinds::PRODUCER;
    let mended = processor([growing, telling("tell", producers)])
        .explain(three(), &asked(&["0000000000000003"]))
        .unwrap();
    assert_eq!(
        lines(&mended),
        [
            "orders/produce: grow: first\nsecond",
            "orders/produce: tell: tell saw produce\nand 0 links",
        ]
    );
}

#[test]
fn a_batch_without_an_asked_span_is_mended_as_usual() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let spy = rule("spy", all_spans(), move |tasks, _| {
        into.lock().unwrap().push(tasks);
        Ok(says(&[(99, "a span that is not there")]))
    });
    let processor = processor([spy]);
    let mended = processor
        .explain(three(), &asked(&["00000000000000ff"]))
        .unwrap();
    assert_eq!((mended.faults.len(), mended.explanations.len()), (0, 0));
    processor.mend(three()).unwrap();
    processor.process(three()).unwrap();
    let calls = seen.lock().unwrap();
    assert_eq!(
        calls[..],
        [Tasks::MEND, Tasks::MEND, Tasks::MEND | Tasks::REMEMBER]
    );
}

#[test]
fn a_span_that_no_rule_looked_at_is_told_why() {
    let mut by_kind = plan();
    by_kind.selector.kinds = SpanKinds::PRODUCER | SpanKinds::CONSUMER;
    let mut by_all = by_kind.clone();
    by_all.selector.with_links = true;
    by_all.selector.attribute_prefixes = vec!["messaging.".into()];
    by_all.selector.attribute_keys = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec();
    let mended = processor([
        telling("kinds", by_kind),
        telling("much", by_all),
        telling("nothing", plan()),
    ])
    .explain(three(), &asked(&["0000000000000001"]))
    .unwrap();
    assert_eq!(
        lines(&mended),
        [
            "orders/serve: kinds: It did not look at the span: it is SERVER, and the rule looks at PRODUCER, CONSUMER.",
            "orders/serve: much: It did not look at the span: it is SERVER, and the rule looks at PRODUCER, CONSUMER; \
             it has no links; it has none of the attributes that the rule looks for \
             (`messaging.*`, `a`, `b`, `c`, `d`, and 2 more).",
            "orders/serve: nothing: It did not look at the span: it looks at none.",
        ]
    );
}

#[test]
fn a_span_that_a_rule_is_silent_about_is_told_so_when_it_was_asked_for_by_id() {
    let silent = || rule("silent", all_spans(), |_, _| Ok(nothing()));
    let mended = processor([silent()])
        .explain(three(), &asked(&["0000000000000002"]))
        .unwrap();
    assert_eq!(
        lines(&mended),
        ["orders/consume: silent: It looked at the span and says nothing of it."]
    );
    let mended = processor([silent()])
        .explain(three(), &Asked::all())
        .unwrap();
    assert_eq!(mended.explanations, []);
}

#[test]
fn a_batch_that_is_dropped_is_explained_all_the_same() {
    let failing = rule("failing", all_spans(), |_, _| Err("no".into()));
    let dropping = rule("dropping", all_spans(), |_, _| {
        Ok(edits(vec![drop_link(
            1,
            0,
            linkmend::interface::DropReason::Duplicate,
        )]))
    });
    let mended = processor([dropping, failing.with_on_error(OnError::Drop)])
        .explain(three(), &asked(&["0000000000000003"]))
        .unwrap();
    assert_eq!(mended.traces, None);
    assert_eq!((mended.counts.links_in, mended.counts.rule_faults), (0, 1));
    assert_eq!(
        lines(&mended),
        [
            "orders/produce: dropping: It looked at the span and says nothing of it.",
            "orders/produce: failing: It failed on the batch of the span: it says: no."
        ]
    );
}

#[test]
fn ids_that_were_explained_are_ticked_off() {
    let mut open = asked(&[
        "0000000000000001",
        "00000000000000FF",
        "00000000000000020000000000000002",
        "ffffffffffffffffffffffffffffffff",
    ]);
    let mended = processor([telling("tell", all_spans())])
        .explain(three(), &open)
        .unwrap();
    for explanation in &mended.explanations {
        open.remove(explanation);
    }
    assert_eq!(open.span_ids().collect::<Vec<_>>(), ["00000000000000ff"]);
    assert_eq!(open.trace_ids().collect::<Vec<_>>(), ["f".repeat(32)]);
}
