//! `linkmend rule check`.

use linkmend::plain;
use linkmend_workbench::check::{Check, Outcome, check};

use super::args::CheckArguments;
use super::{said, say_json, subject};
use crate::exit::Exit;
use crate::terminal::say;

/// Runs the command.
pub fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let subject = subject(&arguments.rule, &arguments.options)?;
    let json = arguments.options.json;
    let report = check(&subject, &mut |check| {
        if !json {
            show(check);
        }
    });
    if json {
        say_json(&report)?;
    } else {
        said::show(&report.said);
        let count = |outcome| {
            let checks = report.checks.iter();
            checks.filter(|check| check.outcome == outcome).count()
        };
        say(format_args!(
            "{} ok, {} notes, {} failed, {} skipped",
            count(Outcome::Ok),
            count(Outcome::Note),
            count(Outcome::Failed),
            count(Outcome::Skipped)
        ));
    }
    Ok(if report.ok {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

/// Each as soon as it is made: a rule that hangs takes its time.
fn show(check: &Check) {
    let outcome = match check.outcome {
        Outcome::Ok => "ok",
        Outcome::Note => "note",
        Outcome::Failed => "FAILED",
        Outcome::Skipped => "skipped",
    };
    say(format_args!(
        "{outcome:<8} {:<24} {}",
        check.id,
        plain(&check.reason)
    ));
    if let Some(way_out) = &check.way_out {
        say(format_args!("{:<33} → {}", "", plain(way_out)));
    }
}
