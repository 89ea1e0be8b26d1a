//! What a developer of linkmend repeats: `cargo xtask help`.
//!
//! # Layout
//!
//! - [`guest`] builds the rules that are components, and keeps `guest/dist`
//! - [`package`] makes packages of a binary
//! - [`workspace`] is what cargo says of this repository
//!
//! The benchmarks are a crate of their own (`xtask/bench`), so that building
//! a guest does not build the engine first; so is what makes bindings for C
//! (`xtask/c-bindings`).
#![allow(
    clippy::print_stdout,
    reason = "a command line: what it prints is what it is for"
)]

mod guest;
mod package;
mod tools;
mod workspace;

use std::path::PathBuf;
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
    Package(package::Options),
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
    /// Measure a hop, `linkmend run`, from outside: what it adds and what it can
    /// pass on.
    ///
    /// Builds linkmend and the crate in `xtask/hop` with the release profile.
    /// `cargo xtask hop --help` says what it measures.
    #[command(disable_help_flag = true)]
    Hop {
        /// Arguments of the measurement.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure several hosts with one memory, and compute what many take.
    ///
    /// Builds linkmend and the crate in `xtask/fleet` with the release profile.
    /// `cargo xtask fleet --help` says what it measures.
    #[command(disable_help_flag = true)]
    Fleet {
        /// Arguments of the measurement.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make a component of a module that was compiled elsewhere, such as by clang.
    ///
    /// The module must hold the types of its interface, which bindings put there.
    Component {
        /// The module.
        module: PathBuf,
        /// Where the component goes.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Make the bindings of the rule interface for C, as `wit-bindgen c` does.
    ///
    /// Builds and runs the crate in `xtask/c-bindings`.
    /// `cargo xtask c-bindings --help` says where they go.
    #[command(disable_help_flag = true)]
    CBindings {
        /// Arguments of the generator.
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
        Task::Package(options) => package::run(&Workspace::load()?, &options),
        Task::Bench { arguments } => run_release("linkmend-bench", &arguments),
        Task::Hop { arguments } => run_beside_linkmend("linkmend-hop", &arguments),
        Task::Fleet { arguments } => run_beside_linkmend("linkmend-fleet", &arguments),
        Task::Component { module, output } => {
            guest::make_component(&module, &output)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::CBindings { arguments } => {
            let run = ["run", "--quiet", "--package", "linkmend-c-bindings"];
            run_cargo(&run, &arguments)
        }
    }
}

/// Runs a crate of this workspace that runs linkmend.
fn run_beside_linkmend(package: &str, arguments: &[String]) -> Result<ExitCode> {
    let built = cargo_release(&["build", "--quiet", "--package", "linkmend-cli"], &[])?;
    if built != ExitCode::SUCCESS {
        return Ok(built);
    }
    run_release(package, arguments)
}

/// Runs a crate of this workspace.
fn run_release(package: &str, arguments: &[String]) -> Result<ExitCode> {
    cargo_release(&["run", "--quiet", "--package", package], arguments)
}

/// Runs cargo with the release profile; the second arguments are the program's.
fn cargo_release(of_cargo: &[&str], arguments: &[String]) -> Result<ExitCode> {
    run_cargo(&[of_cargo, &["--release"]].concat(), arguments)
}

fn run_cargo(of_cargo: &[&str], arguments: &[String]) -> Result<ExitCode> {
    let mut command = Command::new(cargo());
    command.args(of_cargo);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    let status = command.status().context("cannot start cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
