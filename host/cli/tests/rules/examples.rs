//! The examples, as their READMEs say.

use std::path::Path;
use std::process::Command;

use crate::cases;
use crate::toolchains::{Example, database_context, event_fan_out, repository};

#[test]
fn a_rule_in_python_makes_its_golden_traces() {
    if let Some(example) = database_context() {
        cases::all_of(example);
    }
}

#[test]
fn a_rule_in_javascript_makes_its_golden_traces() {
    if let Some(example) = event_fan_out() {
        cases::all_of(example);
    }
}

#[test]
fn a_rule_in_python_refuses_what_it_does_not_know() {
    if let Some(example) = database_context() {
        refuses(
            example,
            r#"{"trace-id": "x"}"#,
            "`trace-id` is not known; did you mean `trace_id`?",
        );
        refuses(
            example,
            r#"{"span_id": 3}"#,
            "`span_id` must be a text, not 3",
        );
    }
}

#[test]
fn a_rule_in_javascript_refuses_what_it_does_not_know() {
    if let Some(example) = event_fan_out() {
        refuses(
            example,
            r#"{"atribute": "x"}"#,
            "`atribute` is not known; did you mean `attribute`?",
        );
        refuses(example, r#"{"type": "x"}"#, "`type` must be one of ");
    }
}

fn refuses(example: &Example, config: &str, why: &str) {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let rule = format!("{}.wasm", example.name);
    let config = file.path().to_str().unwrap();
    let done = example.linkmend(&["process", "--rule", &rule, "--rule-config", config, "-"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains(why), "{said}");
}

#[test]
fn their_pipelines_are_valid() {
    for example in [database_context(), event_fan_out()].into_iter().flatten() {
        let done = example.linkmend(&["validate", "--config", "pipeline.yaml"]);
        assert!(done.status.success(), "{}: {done:?}", example.name);
    }
}

#[test]
fn their_tests_in_their_language_pass() {
    if let Some(example) = database_context() {
        passes("python3", PYTHON, &example.path(""));
        passes("python3", PYTHON, &repository("guest/python"));
    }
    if let Some(example) = event_fan_out() {
        passes("node", NODE, &example.path(""));
        passes("node", NODE, &repository("guest/javascript"));
    }
}

const PYTHON: &[&str] = &["-B", "-m", "unittest", "discover", "tests"];
const NODE: &[&str] = &["--test", "tests"];

fn passes(command: &str, arguments: &[&str], folder: &Path) {
    let done = Command::new(command)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}: {done:?}", folder.display());
}
