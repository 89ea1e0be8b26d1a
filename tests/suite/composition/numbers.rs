//! Numbers of spans and links are those that a rule was shown; limits are of
//! each rule.

use linkmend::interface::{DropReason, SpanKinds};
use linkmend::{FaultReason, Limits, Rule, VerdictError};
use linkmend_tests::otlp::{batch, kind, span, spans_of};
use linkmend_tests::rules::{add, drop_link, edits, nothing, plan, replace, rule};

use super::{ORDERS, answering, linked, links_of, mend, mend_well, processor, targets};

#[test]
fn links_are_numbered_as_the_rule_was_shown_them() {
    for order in ORDERS {
        let first = edits(vec![
            drop_link(0, 0, DropReason::Invalid),
            replace(0, 2, 33),
            add(0, 104),
        ]);
        // It is shown 2, 33 and 104.
        let second = edits(vec![
            drop_link(0, 1, DropReason::Unwanted),
            replace(0, 2, 105),
        ]);
        let rules = [answering("first", first), answering("second", second)];
        let mended = mend_well(rules, &order.of(&linked(&[1, 2, 3])));
        assert_eq!(targets(&links_of(&mended)), [2, 105]);
        let counts = mended.counts;
        assert_eq!((counts.links_in, counts.links_added), (3, 1));
        assert_eq!(counts.links_repaired, 2);
        assert_eq!(
            (counts.links_dropped_invalid, counts.links_dropped_unwanted),
            (1, 1)
        );
        assert_eq!(counts.links_out, 2);
    }
}

#[test]
fn a_link_that_an_earlier_rule_dropped_is_not_there() {
    for order in ORDERS {
        let first = edits(vec![drop_link(0, 1, DropReason::Invalid)]);
        let rules = [
            answering("first", first.clone()),
            answering("second", first),
        ];
        let mended = mend(&processor(rules), &order.of(&linked(&[1, 2])));
        assert_eq!(targets(&links_of(&mended)), [1]);
        let refused = VerdictError::NoSuchLink {
            span: 0,
            link: 1,
            links: 1,
        };
        assert_eq!(mended.faults[0].reason, FaultReason::Verdict(refused));
        assert_eq!(mended.faults[0].rule, "second");
    }
}

#[test]
fn spans_are_numbered_by_what_each_rule_selects() {
    let of = |kinds, to: u64| {
        let mut wanted = plan();
        wanted.selector.kinds = kinds;
        rule("of-kind", wanted, move |_, _| Ok(edits(vec![add(0, to)])))
    };
    for order in ORDERS {
        let spans = [kind::SERVER, kind::PRODUCER, kind::CONSUMER];
        let spans = (10..)
            .zip(spans)
            .map(|(number, kind)| span(number, kind, "a", Vec::new()));
        let sent = order.of(&batch(spans.collect()));
        let rules = [of(SpanKinds::CONSUMER, 101), of(SpanKinds::PRODUCER, 102)];
        let mended = mend_well(rules, &sent);
        let spans = spans_of(&mended.traces.unwrap());
        let targets: Vec<_> = spans.iter().map(|span| targets(&span.links)).collect();
        assert_eq!(targets, [vec![], vec![102], vec![101]]);
    }
}

/// Adds so many links.
fn adding(name: &str, links: u64) -> Rule {
    answering(
        name,
        edits((101..101 + links).map(|to| add(0, to)).collect()),
    )
}

fn too_many(links: usize, limit: usize) -> FaultReason {
    FaultReason::Verdict(VerdictError::TooManyLinks {
        span: 0,
        links,
        limit,
    })
}

#[test]
fn the_cap_holds_over_all_rules() {
    for order in ORDERS {
        let batch = order.of(&linked(&[1]));
        let mended = mend(
            &processor([adding("first", 127), adding("second", 1)]),
            &batch,
        );
        assert_eq!(links_of(&mended).len(), 128);
        assert_eq!(mended.faults[0].rule, "second");
        assert_eq!(mended.faults[0].reason, too_many(129, 128));
        assert_eq!(
            (mended.counts.links_added, mended.counts.links_out),
            (127, 128)
        );
        // One that makes room has it.
        let swapping = edits(vec![drop_link(0, 5, DropReason::OverLimit), add(0, 999)]);
        let rules = [adding("first", 127), answering("swapping", swapping)];
        let mended = mend_well(rules, &batch);
        assert_eq!(links_of(&mended).len(), 128);
        let spans = spans_of(&mended.traces.unwrap());
        assert_eq!(spans[0].dropped_links_count, 1);
        assert_eq!(mended.counts.links_cut, 1);
    }
}

#[test]
fn a_rule_with_a_smaller_cap_answers_for_what_it_touches() {
    let two = Limits {
        max_links: 2,
        ..Limits::default()
    };
    for order in ORDERS {
        let batch = order.of(&linked(&[1]));
        let touching = answering("touching", edits(vec![replace(0, 0, 9)])).with_limits(two);
        let mended = mend(&processor([adding("first", 2), touching]), &batch);
        assert_eq!(mended.faults[0].reason, too_many(3, 2));
        assert_eq!(targets(&links_of(&mended)), [1, 101, 102]);
        // What it leaves alone is none of its business.
        let idle = answering("idle", nothing()).with_limits(two);
        let mended = mend_well([adding("first", 2), idle], &batch);
        assert_eq!(links_of(&mended).len(), 3);
    }
}
