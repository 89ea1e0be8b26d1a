//! `bench`: that it measures what it says; no figure is held against a clock.

use linkmend_workbench::Subject;
use linkmend_workbench::bench::{Bench, BenchError, Load};
use linkmend_workload::{Traffic, Workload};

use crate::guests::subject;

fn load() -> Load {
    Load::from(&Workload::of(Traffic::Mixed, false, 2, 200))
}

/// Scenario: the built-in rule on mixed traffic.
/// Guarantees: one span in ten is selected, and the parts make the whole.
#[test]
fn the_built_in_rule_is_measured_alone() {
    let subject = Subject::builtin();
    let figures = Bench::new(&subject, 2).measure(&load(), "{}").unwrap();
    assert_eq!((figures.spans, figures.batches), (400, 2));
    assert_eq!(figures.selected, 40);
    assert!(figures.builtin.is_none() && figures.both.is_none());
    let cost = figures.rule;
    assert!(cost.sandbox_ns_per_span > 0.0 && cost.native_ns_per_span > 0.0);
    assert!(cost.ns_per_span > cost.sandbox_ns_per_span);
}

/// Scenario: another rule.
/// Guarantees: what it adds is measured against the built-in rule.
#[test]
fn another_rule_is_measured_beside_the_built_in_one() {
    let subject = subject("");
    let figures = Bench::new(&subject, 2).measure(&load(), "{}").unwrap();
    assert_eq!(figures.selected, 400, "it selects every kind");
    let (builtin, both) = (figures.builtin.unwrap(), figures.both.unwrap());
    let added = figures.added_ns_per_span.unwrap();
    assert!((both.ns_per_span - builtin.ns_per_span - added).abs() < 1e-6);
}

/// Scenario: a rule that traps.
/// Guarantees: nothing is measured.
#[test]
fn a_rule_that_fails_is_not_measured() {
    let subject = subject(include_str!("../../../../tests/guests/trap.wat"));
    let measured = Bench::new(&subject, 1).measure(&load(), "{}");
    assert!(
        matches!(measured, Err(BenchError::Fault(_))),
        "{measured:?}"
    );
}
