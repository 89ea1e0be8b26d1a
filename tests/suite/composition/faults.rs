//! A rule that fails among others, and figures over all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use linkmend::interface::{DropReason, Note, NoteKind, Verdict};
use linkmend::{OnError, ProcessError, Rule};
use linkmend_tests::rules::{add, all_spans, drop_link, edits, nothing, rule};

use super::{ORDERS, answering, linked, links_of, mend, mend_well, processor, targets};

fn failing(on_error: OnError) -> Rule {
    rule("failing", all_spans(), |_, _| Err("no".into())).with_on_error(on_error)
}

/// Adds a link and counts how often it is asked.
fn counting(to: u64) -> (Rule, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let rule = rule("counting", all_spans(), move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(edits(vec![add(0, to)]))
    });
    (rule, calls)
}

#[test]
fn a_fault_in_the_middle() {
    for order in ORDERS {
        let batch = order.of(&linked(&[1]));
        for (on_error, first_calls, last_calls) in [
            (OnError::Pass, 1, 1),
            (OnError::Drop, 1, 0),
            (OnError::Reject, 1, 0),
        ] {
            let ((first, firsts), (last, lasts)) = (counting(101), counting(102));
            let processor = processor([first, failing(on_error), last]);
            let result = processor.process(batch.clone());
            let calls = [firsts, lasts].map(|calls| calls.load(Ordering::Relaxed));
            assert_eq!(calls, [first_calls, last_calls], "{on_error:?}");
            match (on_error, result) {
                (OnError::Pass, Ok(mended)) => {
                    // As the first one left it, and the last one goes on from there.
                    assert_eq!(targets(&links_of(&mended)), [1, 101, 102]);
                    assert_eq!(mended.counts.rule_calls, 3);
                }
                (OnError::Drop, Ok(mended)) => {
                    assert!(mended.is_dropped);
                    assert_eq!((mended.counts.spans, mended.counts.links_in), (1, 0));
                }
                (OnError::Reject, Err(ProcessError::Rejected(fault))) => {
                    assert_eq!(fault.rule, "failing");
                }
                (_, other) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn each_rule_has_its_own_way_of_failing() {
    let rules = || [failing(OnError::Pass), failing(OnError::Drop)];
    for order in ORDERS {
        let mended = mend(&processor(rules()), &order.of(&linked(&[1])));
        assert!(mended.is_dropped);
        assert_eq!((mended.faults.len(), mended.counts.rule_faults), (2, 2));
    }
}

#[test]
fn figures_are_of_all_rules_together() {
    for order in ORDERS {
        let first = Verdict {
            notes: vec![Note {
                span: 0,
                kind: NoteKind::Unresolved,
                count: 2,
            }],
            ..edits(vec![add(0, 101), add(0, 102)])
        };
        let second = edits(vec![
            drop_link(0, 0, DropReason::Invalid),
            drop_link(0, 3, DropReason::Duplicate),
        ]);
        let third = Verdict {
            notes: vec![
                Note {
                    span: 0,
                    kind: NoteKind::Unresolved,
                    count: 3,
                },
                Note {
                    span: 0,
                    kind: NoteKind::NoRoom,
                    count: 1,
                },
            ],
            ..edits(vec![drop_link(0, 1, DropReason::Unwanted), add(0, 103)])
        };
        let rules = [first, second, third].map(|verdict| answering("one", verdict));
        let mended = mend_well(rules, &order.of(&linked(&[1, 2])));
        assert_eq!(targets(&links_of(&mended)), [2, 103]);
        let counts = mended.counts;
        assert_eq!((counts.batches, counts.spans, counts.rule_calls), (1, 1, 3));
        assert_eq!((counts.links_in, counts.links_out), (2, 2));
        // A link without room is one that was made and did not fit.
        assert_eq!((counts.links_added, counts.links_cut), (4, 1));
        assert_eq!(counts.links_dropped_invalid, 1);
        assert_eq!(counts.links_dropped_duplicate, 1);
        assert_eq!(counts.links_dropped_unwanted, 1);
        assert_eq!(counts.unresolved, 5);
    }
}

#[test]
fn a_rule_with_nothing_to_say_changes_nothing_of_what_others_did() {
    for order in ORDERS {
        let batch = order.of(&linked(&[1]));
        let adding = || answering("adding", edits(vec![add(0, 101)]));
        let idle = || answering("idle", nothing());
        let alone = mend_well([adding()], &batch).traces;
        let among = mend_well([idle(), adding(), idle()], &batch).traces;
        assert_eq!(alone, among);
    }
}
