//! What a developer of linkmend repeats: `cargo xtask help`.
//!
//! # Layout
//!
//! - [`guest`] builds the rules that are components, and keeps `guest/dist`
//! - [`workspace`] is what cargo says of this repository
//!
//! The benchmarks are a crate of their own (`xtask/bench`), so that building
//! a guest does not build the engine first.
#![allow(
    clippy::print_stdout,
    reason = "a command line: what it prints is what it is for"
)]

mod guest;
mod workspace;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use workspace::{Workspace, cargo};

/// What a developer of linkmend repeats.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    BuildGuest(guest::Options),
    /// Measure: everything after `bench` goes to the benchmarks.
    ///
    /// Builds and runs the crate in `xtask/bench` with the release profile.
    /// `cargo xtask bench --help` says what it measures.
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of the benchmarks.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::BuildGuest(options) => guest::run(&Workspace::load()?, &options),
        Task::Bench { arguments } => bench(&arguments),
    }
}

fn bench(arguments: &[String]) -> Result<ExitCode> {
    let status = Command::new(cargo())
        .args(["run", "--quiet", "--release", "--package", "linkmend-bench"])
        .arg("--")
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
