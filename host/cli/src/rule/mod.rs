//! `linkmend rule`: what a rule author does. Arguments, printing and exit codes
//! are here; what is done is in `linkmend-workbench`.

mod args;
mod bench;
mod check;
mod inspect;
mod new;
mod test;

use std::path::Path;

use anyhow::Context as _;
use linkmend::{LoadError, LoadReason};
use linkmend_workbench::{RuleConfig, Subject};
use serde::Serialize;

pub use args::RuleCommand;
use args::RunOptions;

use crate::{Exit, cache, say, tell, units};

/// Runs a command.
pub fn run(command: &RuleCommand) -> Exit {
    let done = match command {
        RuleCommand::New(arguments) => return new::new(arguments),
        RuleCommand::Component(arguments) => return new::component(arguments),
        RuleCommand::Check(arguments) => check::run(arguments),
        RuleCommand::Test(arguments) => test::run(arguments),
        RuleCommand::Bench(arguments) => bench::run(arguments),
        RuleCommand::Inspect(arguments) => inspect::run(arguments),
    };
    done.unwrap_or_else(|error| {
        tell(format_args!("{error:#}"));
        Exit::Usage
    })
}

/// The rule that is meant, as it is to be run.
fn subject(rule: &str, options: &RunOptions) -> anyhow::Result<Subject> {
    let mut subject = if rule == "builtin" {
        Subject::builtin()
    } else {
        Subject::read(Path::new(rule)).with_context(|| format!("cannot read the rule {rule}"))?
    };
    let config = options.config.as_deref().map(RuleConfig::read);
    subject.config = config.transpose()?;
    subject.limits = units::limits(&options.limits)?;
    subject.code_cache = cache::directory(options.code_cache.as_deref());
    Ok(subject)
}

/// How a command ends that cannot load the rule.
fn exit_of(error: &LoadError) -> Exit {
    match error.reason {
        LoadReason::Config(_) | LoadReason::Read { .. } => Exit::Usage,
        _ => Exit::Rule,
    }
}

fn say_json(report: &impl Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(report).context("cannot write the report as JSON")?);
    Ok(())
}
