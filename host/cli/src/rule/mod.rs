//! `linkmend rule`: what a rule author does. Arguments, printing and exit codes
//! are here; what is done is in `linkmend-workbench`.

mod args;
mod bench;
mod check;
mod dev;
mod inspect;
mod new;
mod said;
mod share;
mod test;

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use linkmend::{LoadError, LoadReason, plain};
use linkmend_workbench::{RuleConfig, Subject};
use serde::Serialize;

pub use args::RuleCommand;
use args::RunOptions;

use crate::error::whole;
use crate::exit::Exit;
use crate::pinned::Named;
use crate::terminal::tell;
use crate::units;

/// Runs a command.
pub fn run(command: &RuleCommand) -> Exit {
    let done = match command {
        RuleCommand::New(arguments) => return new::new(arguments),
        RuleCommand::Component(arguments) => return new::component(arguments),
        RuleCommand::Check(arguments) => check::run(arguments),
        RuleCommand::Dev(arguments) => dev::run(arguments),
        RuleCommand::Test(arguments) => test::run(arguments),
        RuleCommand::Bench(arguments) => bench::run(arguments),
        RuleCommand::Inspect(arguments) => inspect::run(arguments),
        RuleCommand::Push(arguments) => share::push(arguments),
        RuleCommand::Pull(arguments) => share::pull(arguments),
    };
    done.unwrap_or_else(|error| {
        tell(format_args!("{error:#}"));
        Exit::Usage
    })
}

/// The rule that is meant, as it is to be run.
fn subject(rule: &str, options: &RunOptions) -> anyhow::Result<Subject> {
    let compiler = options.compiling.compiler()?;
    let most = compiler.limits().file_size;
    let named =
        Named::read(rule, &options.compiling).with_context(|| format!("the rule {rule}"))?;
    let mut subject = match named {
        Named::Builtin => Subject::builtin(),
        Named::File(path) => Subject::read(&path, most)
            .with_context(|| format!("cannot read the rule {}", path.display()))?,
        Named::Pinned { path, bytes } => Subject::new(path.display().to_string(), bytes),
        Named::Pulled { name, bytes } => Subject::new(name, bytes),
    };
    let config = options.config.as_deref().map(RuleConfig::read);
    subject.config = config.transpose().map_err(whole)?;
    let limits = units::limits(&options.limits, 1)?;
    subject.limits = limits.into_iter().next().unwrap_or_default();
    subject.compiler = compiler;
    subject.code_cache = options.compiling.code_cache(|why| tell(why));
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
    let json = serde_json::to_string_pretty(report).context("cannot write the report as JSON")?;
    let _ = writeln!(io::stdout(), "{}", spelled_out(&json));
    Ok(())
}

/// JSON as it is, but for what a terminal would obey, which JSON can say in
/// another way.
fn spelled_out(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for line in json.split_inclusive('\n') {
        let (line, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |line| (line, "\n"));
        for character in line.chars() {
            if plain(character.encode_utf8(&mut [0; 4])).len() == character.len_utf8() {
                out.push(character);
            } else {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        out.push_str(end);
    }
    out
}
