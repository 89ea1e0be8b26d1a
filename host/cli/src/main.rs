//! The command line of linkmend.
//!
//! Arguments, messages and exit codes are here; what is done is in the
//! libraries.
#![forbid(unsafe_code)]

mod allocator;
mod args;
mod compiler;
mod error;
mod exit;
mod explain;
mod flows;
mod init;
mod manual;
mod memory;
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
mod terminal;
mod units;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, Command};

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
