//! What becomes of a batch that a rule fails on, and of the rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use linkmend::{OnError, ProcessError};
use linkmend_tests::otlp::{link, spans_of};
use linkmend_tests::rules::{add, all_spans, edits, nothing, rule};

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

#[test]
fn a_rule_is_left_alone_after_five_faults_in_a_row_and_comes_back() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let failing = rule("failing", all_spans(), move |_, _| {
        match counted.fetch_add(1, Ordering::Relaxed) {
            2 | 8.. => Ok(nothing()),
            _ => Err("no".into()),
        }
    });
    let processor = processor([failing]);
    let faults = || {
        let mended = processor.process(mixed()).unwrap();
        mended.faults.first().map(ToString::to_string)
    };
    // Two faults, one that went well, five faults: 8 calls.
    for call in 0..8 {
        assert_eq!(faults().is_none(), call == 2, "call {call}");
    }
    let text = faults().unwrap();
    let alone = "rule `failing` failed: it failed 5 times in a row and is left alone for another ";
    assert!(text.starts_with(alone), "{text}");
    assert_eq!(calls.load(Ordering::Relaxed), 8, "it was not left alone");
    thread::sleep(Duration::from_millis(120));
    assert_eq!(faults(), None, "it did not come back");
    assert_eq!(faults(), None);
    assert_eq!(calls.load(Ordering::Relaxed), 10);
}

#[test]
fn a_rule_that_is_left_alone_takes_the_way_of_its_policy() {
    let failing = rule("failing", all_spans(), |_, _| Err("no".into()));
    let processor = processor([failing.with_on_error(OnError::Reject)]);
    for _ in 0..7 {
        let error = processor.process(mixed()).unwrap_err();
        assert!(matches!(error, ProcessError::Rejected(_)), "{error}");
    }
}
