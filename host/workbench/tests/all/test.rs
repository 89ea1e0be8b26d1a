//! `test`: golden cases that pass, that differ, and that are none.

use std::fs;
use std::path::Path;

use linkmend_workbench::Subject;
use linkmend_workbench::test::{CaseReport, Outcome, TestError, Tests, find};

use crate::guests::subject;

const TRACE: &str = "000000000000000000000000000000a1";

/// A batch of one span of service `shop`, with these links.
fn line(links: &str, dropped: u32) -> String {
    format!(
        "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"shop\"}}}}]}},\
         \"scopeSpans\":[{{\"spans\":[{{\"traceId\":\"{TRACE}\",\"spanId\":\"00000000000000b2\",\"name\":\"work\",\"kind\":5,\
         \"links\":[{links}],\"droppedLinksCount\":{dropped}}}]}}]}}]}}\n"
    )
}

/// The link that the guest of the shell adds.
const ADDED: &str =
    "{\"traceId\":\"00000000000000010000000000000002\",\"spanId\":\"0000000000000003\"}";

fn case(root: &Path, name: &str, files: &[(&str, String)]) {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    for (file, content) in files {
        fs::write(folder.join(file), content).unwrap();
    }
}

fn run(subject: Subject, root: &Path, update: bool) -> Vec<CaseReport> {
    let mut tests = Tests::new(subject, update);
    let cases = find(root, None).unwrap();
    cases.iter().map(|case| tests.run(case).unwrap()).collect()
}

#[test]
fn what_comes_out_as_it_should_passes() {
    let root = tempfile::tempdir().unwrap();
    let before = line("", 0);
    case(
        root.path(),
        "good",
        &[("before.jsonl", before), ("after.jsonl", line(ADDED, 0))],
    );
    case(root.path(), "no-case", &[("main.rs", String::new())]);
    let [report] = &run(subject(""), root.path(), false)[..] else {
        panic!("one case");
    };
    assert_eq!(report.outcome, Outcome::Passed, "{report:#?}");
}

#[test]
fn a_difference_is_told_by_span_and_link() {
    let root = tempfile::tempdir().unwrap();
    let wanted = ADDED.replace("0003\"", "0004\"");
    case(
        root.path(),
        "bad",
        &[
            ("before.jsonl", line("", 0)),
            ("after.jsonl", line(&wanted, 7)),
        ],
    );
    let [report] = &run(subject(""), root.path(), false)[..] else {
        panic!("one case");
    };
    assert_eq!(report.outcome, Outcome::Failed);
    let [span] = &report.spans[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(span.place.as_deref(), Some("line 1, column 1"));
    assert_eq!(
        (span.service.as_deref(), span.name.as_str()),
        (Some("shop"), "work")
    );
    assert_eq!(span.span_id, "00000000000000b2");
    let context = "00000000000000010000000000000002";
    assert_eq!(
        span.missing_links,
        [format!("{context}:0000000000000004 {{}}")]
    );
    assert_eq!(
        span.unexpected_links,
        [format!("{context}:0000000000000003 {{}}")]
    );
    assert_eq!(span.other, ["dropped_links_count is 0, not 7"]);
}

#[test]
fn what_is_beside_links_is_compared_too() {
    let root = tempfile::tempdir().unwrap();
    let after = line(ADDED, 0).replace("\"work\"", "\"play\"");
    case(
        root.path(),
        "bad",
        &[("before.jsonl", line("", 0)), ("after.jsonl", after)],
    );
    let [report] = &run(subject(""), root.path(), false)[..] else {
        panic!("one case");
    };
    assert!(
        report.spans[0].other[0].contains("its name is not as in after.*"),
        "{report:#?}"
    );
}

#[test]
fn update_writes_what_comes_out() {
    let root = tempfile::tempdir().unwrap();
    case(root.path(), "new", &[("before.jsonl", line("", 0))]);
    let outcome = |update| run(subject(""), root.path(), update)[0].outcome;
    assert_eq!(outcome(false), Outcome::Failed, "there is no after.* yet");
    assert_eq!(outcome(true), Outcome::Updated);
    assert!(root.path().join("new/after.jsonl").is_file());
    assert_eq!(outcome(true), Outcome::Passed, "nothing is to be written");
    assert_eq!(outcome(false), Outcome::Passed);
}

#[test]
fn a_case_has_its_own_configuration() {
    let root = tempfile::tempdir().unwrap();
    let files = [("before.jsonl", line("", 0)), ("after.jsonl", line("", 0))];
    case(root.path(), "bad", &files);
    fs::write(root.path().join("bad/rule.yaml"), "max_linkz: 4\n").unwrap();
    let [report] = &run(Subject::builtin(), root.path(), false)[..] else {
        panic!("one case");
    };
    assert_eq!(report.outcome, Outcome::Failed);
    let error = &report.errors[0];
    assert!(
        error.contains("rule.yaml") && error.contains("line 1"),
        "{error}"
    );
}

#[test]
fn a_rule_that_fails_fails_the_case() {
    let root = tempfile::tempdir().unwrap();
    let long = line("", 0).replace("\"work\"", &format!("\"{}\"", "w".repeat(2_000)));
    case(
        root.path(),
        "bad",
        &[("before.jsonl", long.clone()), ("after.jsonl", long)],
    );
    let trap = subject(include_str!("../../../../tests/guests/trap.wat"));
    let [report] = &run(trap, root.path(), false)[..] else {
        panic!("one case");
    };
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(report.errors[0].contains("line 1, column 1"), "{report:#?}");
}

#[test]
fn folders_that_are_no_cases_are_told_apart() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(
        find(root.path(), None),
        Err(TestError::NoCases(_))
    ));
    let missing = root.path().join("missing");
    assert!(matches!(
        find(&missing, None),
        Err(TestError::Folder { .. })
    ));
    case(root.path(), "half", &[("after.jsonl", String::new())]);
    assert!(matches!(
        find(root.path(), None),
        Err(TestError::NoBefore(_))
    ));
    case(root.path(), "half", &[("before.jsonl", String::new())]);
    let none = find(root.path(), Some("other"));
    assert!(matches!(none, Err(TestError::NoneFits { .. })), "{none:?}");
    case(root.path(), "half", &[("before.pb", String::new())]);
    assert!(matches!(
        find(root.path(), None),
        Err(TestError::Several { .. })
    ));
}
