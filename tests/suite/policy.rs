//! What becomes of a batch that a rule fails on.

use linkmend::{OnError, ProcessError};
use linkmend_tests::otlp::{link, spans_of};
use linkmend_tests::rules::{add, all_spans, edits, rule};

use super::behaviour::{mixed, processor};

#[test]
fn one_rule_that_fails_does_not_stop_the_others() {
    let failing = || rule("failing", all_spans(), |_, _| Err("no".into()));
    let adding = |to| {
        rule("adding", all_spans(), move |_, _| {
            Ok(edits(vec![add(0, to)]))
        })
    };
    let mended = processor([adding(101), failing(), adding(102)])
        .process(mixed())
        .unwrap();
    assert_eq!(
        spans_of(&mended.traces.unwrap())[0].links,
        [link(101), link(102)]
    );
    assert_eq!(
        (mended.counts.rule_faults, mended.counts.links_added),
        (1, 2)
    );
    assert_eq!(
        mended.faults[0].to_string(),
        "rule `failing` failed: it says: no"
    );
    assert_eq!(mended.counts.links_out, 3);
}

#[test]
fn a_rule_that_fails_decides_what_becomes_of_the_batch() {
    let run = |on_error| {
        let failing = rule("failing", all_spans(), |_, _| Err("no".into()));
        processor([failing.with_on_error(on_error)]).process(mixed())
    };
    assert_eq!(run(OnError::Pass).unwrap().traces, Some(mixed()));
    assert_eq!(run(OnError::Drop).unwrap().traces, None);
    let Err(ProcessError::Rejected(fault)) = run(OnError::Reject) else {
        panic!("not rejected");
    };
    assert_eq!(fault.rule, "failing");
}

/// What it is not shown, too: the same batch once more.
#[test]
fn a_batch_that_is_not_shown_takes_the_way_of_the_policy() {
    let failing = rule("failing", all_spans(), |_, _| Err("no".into()));
    let processor = processor([failing.with_on_error(OnError::Reject)]);
    for _ in 0..7 {
        let error = processor.process(mixed()).unwrap_err();
        assert!(matches!(error, ProcessError::Rejected(_)), "{error}");
    }
}
