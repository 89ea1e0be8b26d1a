//! The command line of linkmend.
//!
//! Arguments, messages and exit codes are here; what is done is in the
//! libraries.
#![forbid(unsafe_code)]

mod args;
mod cache;
mod explain;
mod open_files;
mod pinned;
mod pipeline;
mod plain;
mod process;
mod progress;
mod report;
mod rule;
mod rules;
mod run;
mod units;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use plain::plain_lines;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All is done.
    Done = 0,
    /// Some input could not be read, or an output not be written.
    Incomplete = 1,
    /// The arguments or the configuration are wrong; nothing was done.
    Usage = 2,
    /// A rule failed, and the policy was not to pass.
    Rule = 3,
    /// A rule failed, and what it failed on went on as it came.
    Unmended = 4,
    /// Ended by a signal, as shells say it.
    Interrupted = 130,
}

/// A line on standard error. When nobody can read it, there is nobody to tell.
/// Names of files and texts of others may be in it: nothing that a terminal
/// would obey comes through.
fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "linkmend: {}", plain_lines(&line.to_string()));
}

/// A line on standard output, as harmless.
fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{}", plain_lines(&line.to_string()));
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let exit = match arguments.command {
        Command::Process(arguments) => process::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Validate(arguments) => pipeline::validate(&arguments),
        Command::Rule { command } => rule::run(&command),
    };
    ExitCode::from(exit as u8)
}
