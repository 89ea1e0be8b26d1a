//! Two rules that mean the same link.

use linkmend::interface::DropReason;
use linkmend::{FaultReason, OnError, ProcessError, Rule, VerdictError};
use linkmend_tests::rules::{add, add_attributes, drop_link, edits, replace, with_attributes};

use super::{
    ORDERS, answering, linked, links_of, mend, mend_well, processor, targets, texts, with_text,
};

/// Adds a link to 101 with `link.type` = `made`.
fn adding() -> Rule {
    let mut verdict = with_text("link.type", "made");
    verdict.edits = vec![with_attributes(add(0, 101), 0, 1)];
    answering("adding", verdict)
}

#[test]
fn a_later_rule_drops_what_an_earlier_one_added() {
    for order in ORDERS {
        let dropping = edits(vec![drop_link(0, 0, DropReason::Unwanted)]);
        let rules = [adding(), answering("dropping", dropping)];
        let mended = mend_well(rules, &order.of(&linked(&[])));
        assert_eq!(links_of(&mended), []);
        let counts = mended.counts;
        assert_eq!((counts.links_in, counts.links_added), (0, 1));
        assert_eq!((counts.links_dropped_unwanted, counts.links_out), (1, 0));
    }
}

#[test]
fn a_later_rule_repairs_what_an_earlier_one_added() {
    for order in ORDERS {
        let repairing = answering("repairing", edits(vec![replace(0, 1, 102)]));
        let mended = mend_well([adding(), repairing], &order.of(&linked(&[1])));
        let links = links_of(&mended);
        assert_eq!(targets(&links), [1, 102]);
        assert_eq!(texts(&links[1]), [("link.type", "made")]);
        let counts = mended.counts;
        assert_eq!((counts.links_added, counts.links_repaired), (1, 1));
        assert_eq!(counts.links_out, 2);
    }
}

#[test]
fn a_later_rule_annotates_what_an_earlier_one_added() {
    for order in ORDERS {
        let mut verdict = with_text("team", "billing");
        verdict.edits = vec![add_attributes(0, 0, 0, 1)];
        let rules = [adding(), answering("annotating", verdict)];
        let mended = mend_well(rules, &order.of(&linked(&[])));
        let links = links_of(&mended);
        assert_eq!(
            texts(&links[0]),
            [("link.type", "made"), ("team", "billing")]
        );
        // The type is that of the rule that put it there.
        assert_eq!(mended.counts.by_link_type["made"], 1);
        assert_eq!(mended.counts.links_typed, 1);
    }
}

/// The host does not compare links, since two to the same span may say different
/// things; rules do, by looking at what is there.
#[test]
fn two_rules_that_add_the_same_link_make_two() {
    for order in ORDERS {
        let mended = mend_well([adding(), adding()], &order.of(&linked(&[])));
        assert_eq!(targets(&links_of(&mended)), [101, 101]);
        assert_eq!((mended.counts.links_added, mended.counts.links_out), (2, 2));
        // The built-in rule behind them takes one for a duplicate.
        let rules = [adding(), adding(), Rule::builtin()];
        let mended = mend_well(rules, &order.of(&linked(&[])));
        assert_eq!(targets(&links_of(&mended)), [101]);
        let counts = mended.counts;
        assert_eq!((counts.links_added, counts.links_dropped_duplicate), (2, 1));
        assert_eq!(counts.links_out, 1);
    }
}

#[test]
fn an_attribute_that_is_there_already_is_a_fault_of_the_later_rule() {
    let again = |on_error| {
        let mut verdict = with_text("link.type", "other");
        // Beside a change that would be fine: an answer is taken as a whole.
        verdict.edits = vec![add_attributes(0, 0, 0, 1), add(0, 105)];
        answering("again", verdict).with_on_error(on_error)
    };
    for order in ORDERS {
        let batch = order.of(&linked(&[]));
        let mended = mend(&processor([adding(), again(OnError::Pass)]), &batch);
        let links = links_of(&mended);
        assert_eq!(targets(&links), [101]);
        assert_eq!(texts(&links[0]), [("link.type", "made")]);
        let [fault] = &mended.faults[..] else {
            panic!("{:?}", mended.faults);
        };
        assert_eq!(fault.rule, "again");
        let key = "link.type".into();
        let refused = VerdictError::DuplicateAttribute { span: 0, key };
        assert_eq!(fault.reason, FaultReason::Verdict(refused));
        let counts = mended.counts;
        assert_eq!((counts.links_added, counts.rule_faults), (1, 1));
        assert_eq!((counts.links_typed, counts.links_out), (1, 1));

        let mended = mend(&processor([adding(), again(OnError::Drop)]), &batch);
        assert!(mended.is_dropped && mended.traces.is_none());
        assert_eq!((mended.counts.links_added, mended.counts.links_out), (0, 0));

        let rejecting = processor([adding(), again(OnError::Reject)]);
        match rejecting.process(batch) {
            Err(ProcessError::Rejected(fault)) => assert_eq!(fault.rule, "again"),
            other => panic!("not rejected: {other:?}"),
        }
    }
}

/// A rule behind another is no way around it: what an earlier rule gave a link
/// cannot be taken from it, only dropped with it.
#[test]
fn order_is_that_of_the_configuration() {
    let typing = || {
        let mut verdict = with_text("link.type", "typed");
        verdict.edits = vec![add_attributes(0, 0, 0, 1)];
        answering("typing", verdict)
    };
    let dropping = || {
        let verdict = edits(vec![drop_link(0, 0, DropReason::Unwanted)]);
        answering("dropping", verdict)
    };
    for order in ORDERS {
        let batch = order.of(&linked(&[1, 2]));
        let links = links_of(&mend_well([typing(), dropping()], &batch));
        assert_eq!((targets(&links), texts(&links[0])), (vec![2], vec![]));
        let links = links_of(&mend_well([dropping(), typing()], &batch));
        assert_eq!(
            (targets(&links), texts(&links[0])),
            (vec![2], vec![("link.type", "typed")])
        );
    }
}
