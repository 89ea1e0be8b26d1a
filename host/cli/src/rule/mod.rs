//! `linkmend rule`: what a rule author does. Arguments, printing and exit codes
//! are here; what is done is in `linkmend-workbench`.

mod args;
mod bench;
mod check;
mod inspect;
mod new;
mod test;

use anyhow::Context as _;
use linkmend::{LoadError, LoadReason};
use linkmend_workbench::{RuleConfig, Subject};
use serde::Serialize;

pub use args::RuleCommand;
use args::RunOptions;

use crate::pinned::Named;
use crate::{Exit, cache, process, say, tell, units};

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
    let named = Named::read(rule).with_context(|| format!("the rule {rule}"))?;
    let mut subject = match named {
        Named::Builtin => Subject::builtin(),
        Named::File(path) => Subject::read(&path)
            .with_context(|| format!("cannot read the rule {}", path.display()))?,
        Named::Pinned { path, bytes } => Subject::new(path.display().to_string(), bytes),
    };
    let config = options.config.as_deref().map(RuleConfig::read);
    subject.config = config.transpose().map_err(process::whole)?;
    let limits = units::limits(&options.limits, 1)?;
    subject.limits = limits.into_iter().next().unwrap_or_default();
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
