//! `linkmend rule test`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use linkmend::plain;
use linkmend_workbench::test::{CaseReport, Difference, Outcome, TestError, Tests, find};
use serde::Serialize;

use super::args::TestArguments;
use super::{exit_of, said, say_json, subject};
use crate::exit::Exit;
use crate::terminal::{say, tell};

#[derive(Debug, Serialize)]
struct Report {
    rule: String,
    passed: usize,
    failed: usize,
    updated: usize,
    cases: Vec<CaseReport>,
}

/// Runs the command.
pub fn run(arguments: &TestArguments) -> anyhow::Result<Exit> {
    let rule = match &arguments.rule {
        Some(rule) => rule.clone(),
        None => the_one_here()?,
    };
    let subject = subject(&rule, &arguments.options)?;
    let directory = arguments.cases.clone().unwrap_or_else(|| beside(&rule));
    let cases = match find(&directory, arguments.filter.as_deref()) {
        Ok(cases) => cases,
        Err(error) => {
            tell(&error);
            return Ok(exit(&error));
        }
    };
    let json = arguments.options.json;
    let mut whole = subject.clone();
    whole.name.clone_from(&rule);
    let mut tests = Tests::new(subject, arguments.update);
    let mut reports = Vec::new();
    for case in &cases {
        let report = match tests.run(case) {
            Ok(report) => report,
            Err(TestError::Load(error)) => {
                tell(whole.whole(&error));
                return Ok(exit_of(&error));
            }
            Err(error) => {
                tell(&error);
                return Ok(exit(&error));
            }
        };
        reports.push(report);
    }
    if !json {
        show_all(&reports);
    }
    finish(rule, reports, json)
}

fn exit(error: &TestError) -> Exit {
    match error {
        TestError::NoneFits { .. } | TestError::Folder { .. } => Exit::Usage,
        TestError::Load(error) => exit_of(error),
        _ => Exit::Incomplete,
    }
}

fn finish(rule: String, cases: Vec<CaseReport>, json: bool) -> anyhow::Result<Exit> {
    let count = |outcome| cases.iter().filter(|case| case.outcome == outcome).count();
    let report = Report {
        rule,
        passed: count(Outcome::Passed),
        failed: count(Outcome::Failed),
        updated: count(Outcome::Updated),
        cases,
    };
    if json {
        say_json(&report)?;
    }
    Ok(match report.failed {
        0 => Exit::Done,
        _ => Exit::Incomplete,
    })
}

/// The one component in this folder.
fn the_one_here() -> anyhow::Result<String> {
    let entries = std::fs::read_dir(".").context("cannot read this folder")?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_component = |name: &String| {
        let path = Path::new(name);
        path.extension().is_some_and(|ending| ending == "wasm") && path.is_file()
    };
    let mut names: Vec<String> = names.filter(is_component).collect();
    names.sort();
    match names.as_slice() {
        [name] => Ok(name.clone()),
        [] => bail!(
            "there is no .wasm file here; build the rule, or name it: linkmend rule test RULE"
        ),
        names => bail!(
            "there are several .wasm files here ({}); name the one that is meant: linkmend rule test RULE",
            names.join(", ")
        ),
    }
}

/// `tests` beside the component; of the built-in rule, here.
fn beside(rule: &str) -> PathBuf {
    let parent = Path::new(rule).parent().unwrap_or(Path::new(""));
    parent.join("tests")
}

/// All cases, those first that went wrong: a rule that failed, then what is not as it
/// is to be.
pub fn show_all(reports: &[CaseReport]) {
    let mut sorted: Vec<&CaseReport> = reports.iter().collect();
    sorted.sort_by_key(|report| (report.errors.is_empty(), report.outcome != Outcome::Failed));
    for report in sorted {
        show(report);
    }
    let count = |outcome| {
        let reports = reports.iter();
        reports.filter(|report| report.outcome == outcome).count()
    };
    say(format_args!(
        "{} passed, {} failed, {} updated",
        count(Outcome::Passed),
        count(Outcome::Failed),
        count(Outcome::Updated)
    ));
}

fn show(report: &CaseReport) {
    let outcome = match report.outcome {
        Outcome::Passed => "ok",
        Outcome::Failed => "FAILED",
        Outcome::Updated => "updated",
    };
    say(format_args!("{outcome:<8} {}", plain(&report.name)));
    for error in &report.errors {
        say(format_args!("  {}", plain(error)));
    }
    for span in &report.spans {
        show_span(&report.before, span);
    }
    said::show(&report.said);
}

/// The links that are missing and those that are too much, as a diff.
pub fn show_span(before: &Path, span: &Difference) {
    let place = match &span.place {
        Some(place) => format!("{}: {place}", before.display()),
        None => before.display().to_string(),
    };
    let service = span.service.as_deref().unwrap_or("(no service.name)");
    say(format_args!(
        "  {}  {}  span {}  trace {}  {}",
        plain(service),
        plain(&span.name),
        span.span_id,
        span.trace_id,
        plain(&place)
    ));
    for link in &span.missing_links {
        say(format_args!("    - {}", plain(link)));
    }
    for link in &span.unexpected_links {
        say(format_args!("    + {}", plain(link)));
    }
    for text in &span.other {
        say(format_args!("    {}", plain(text)));
    }
}
