//! The command line of linkmend.
//!
//! Arguments, messages and exit codes are here; what is done is in the
//! libraries.
#![forbid(unsafe_code)]

mod allocator;
mod args;
mod compiler;
mod explain;
mod flows;
mod init;
mod manual;
mod open_files;
mod pinned;
mod pipeline;
mod process;
mod progress;
mod report;
mod rule;
mod rules;
mod run;
mod said;
mod shared;
mod sources;
mod state;
mod units;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use linkmend::plain_lines;

use args::{Arguments, Command};

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

/// A line, or several, on standard error, with nothing in it that a terminal
/// would obey. When nobody can read it, there is nobody to tell.
fn tell(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(io::stderr(), "linkmend: {}", plain_lines(&line));
}

/// The same on standard output.
fn say(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(io::stdout(), "{}", plain_lines(&line));
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let exit = match arguments.command {
        Command::Process(arguments) => process::run(&arguments),
        Command::Flows(arguments) => flows::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Validate(arguments) => pipeline::validate(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Rule { command } => rule::run(&command),
        Command::Completions(arguments) => manual::completions(&arguments, &Arguments::command()),
        Command::Man(arguments) => manual::man(&arguments, &Arguments::command()),
        Command::Compile => compiler::run(),
    };
    ExitCode::from(exit as u8)
}
