//! `check`: the built-in rule passes, and each hostile one fails where it must.

use linkmend_workbench::Subject;
use linkmend_workbench::check::{Check, Outcome, Report, check};

use crate::guests::subject;

fn report(subject: &Subject) -> Report {
    let mut told = Vec::new();
    let report = check(subject, &mut |check| told.push(check.id.clone()));
    let ids: Vec<_> = report.checks.iter().map(|check| check.id.clone()).collect();
    assert_eq!(told, ids, "what is told is what is reported");
    report
}

#[track_caller]
fn find<'a>(report: &'a Report, id: &str) -> &'a Check {
    let mut checks = report.checks.iter();
    let found = checks.find(|check| check.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", report.checks))
}

#[track_caller]
fn fails(report: &Report, id: &str, part: &str) {
    assert!(!report.ok);
    let check = find(report, id);
    assert_eq!(check.outcome, Outcome::Failed, "{check:?}");
    assert!(check.reason.contains(part), "{check:?}");
}

/// Scenario: the built-in rule on all conformance traces.
/// Guarantees: nothing fails, and time and memory were seen.
#[test]
fn the_built_in_rule_passes() {
    let mut subject = Subject::builtin();
    // Code of this profile is slow, and the machine may be busy.
    subject.limits.call_time = std::time::Duration::from_secs(20);
    let report = report(&subject);
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .collect();
    assert!(report.ok, "{failed:#?}");
    assert!(report.longest_call_ns.unwrap() > 0);
    assert!(report.memory.unwrap() >= 1 << 16);
    for id in [
        "component",
        "interface",
        "imports",
        "describe",
        "configure",
        "selector",
    ] {
        assert_ne!(find(&report, id).outcome, Outcome::Skipped, "{id}");
    }
    for id in [
        "trace:invalid-utf8",
        "trace:large-batch",
        "own-output",
        "deterministic",
    ] {
        assert_eq!(find(&report, id).outcome, Outcome::Ok, "{id}");
    }
}

/// Scenario: a rule that links span 0 whenever it sees it.
/// Guarantees: it is told that its output is not left alone.
#[test]
fn a_rule_that_is_never_satisfied_fails() {
    let report = report(&subject(""));
    fails(&report, "own-output", "it changes it again");
}

/// Scenario: a rule that hangs, one that grows, one that traps, and one that
/// answers nonsense.
/// Guarantees: each fails on a trace, by the name of the limit.
#[test]
fn hostile_rules_fail_on_traces() {
    let cases = [
        (
            include_str!("../../../../tests/guests/process-loop.wat"),
            "limits.call_time = 100ms",
        ),
        (
            include_str!("../../../../tests/guests/memory-growth.wat"),
            "limits.memory = 67108864",
        ),
        (
            include_str!("../../../../tests/guests/trap.wat"),
            "it trapped",
        ),
        (
            include_str!("../../../../tests/guests/no-such-span.wat"),
            "its answer is refused: it answers with edits",
        ),
    ];
    for (guest, part) in cases {
        let report = report(&subject(guest));
        let failed = |check: &&Check| check.outcome == Outcome::Failed;
        let mut failed = report.checks.iter().filter(failed);
        let named = failed
            .clone()
            .any(|check| check.id.starts_with("trace:") && check.reason.contains(part));
        assert!(
            named,
            "no {part} in {:#?}",
            failed.by_ref().collect::<Vec<_>>()
        );
        assert_eq!(find(&report, "faults").outcome, Outcome::Failed);
    }
}

/// Scenario: a rule that refuses its configuration, and files that are no rules.
/// Guarantees: the check says so that it belongs to, and the rest is skipped.
#[test]
fn what_cannot_be_loaded_is_told_where_it_belongs() {
    let refusing = subject(include_str!(
        "../../../../tests/guests/configure-refuses.wat"
    ));
    let refusing = report(&refusing);
    fails(&refusing, "configure", "`max_links` must be a number");
    assert_eq!(find(&refusing, "faults").outcome, Outcome::Skipped);

    let module = wat::parse_str("(module)").unwrap();
    let module = report(&Subject::new("m.wasm", module));
    fails(&module, "component", "linkmend rule component");
    assert_eq!(find(&module, "interface").outcome, Outcome::Skipped);

    let other = wat::parse_str("(component)").unwrap();
    fails(
        &report(&Subject::new("c.wasm", other)),
        "interface",
        "it is no link rule",
    );
}
