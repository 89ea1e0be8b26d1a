//! `cargo xtask fleet`: several hosts of linkmend with one memory.
//!
//! ```text
//! this process: services ─► linkmend run, 2 to 8 processes ─► sink: this process
//!                                      │
//!                           Redis or Valkey, one or a cluster of six
//! ```
//!
//! Producer and consumer of a message pass hosts that are chosen at random. What arrives
//! at the sink is compared with what is true. Everything is on the loopback, and ends
//! with this process.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `hosts` | hosts, and the servers that they share |
//! | `traffic` | what services export, and when |
//! | `seen` | what arrived, compared with what is true |
//! | `random` | the table: hosts, indexes, and what goes wrong |
//! | `late`, `restart`, `hang`, `cost`, `take_up` | one question each |
//! | `weight` | what an entry of the store takes |
//! | `simulate` | many hosts, without sockets |
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures are rounded"
)]

mod cost;
mod hang;
mod hosts;
mod late;
mod random;
mod restart;
mod seen;
mod simulate;
mod take_up;
mod traffic;
mod weight;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

/// Measures several hosts with one memory.
#[derive(Parser)]
#[command(name = "cargo xtask fleet", bin_name = "cargo xtask fleet")]
struct Arguments {
    #[command(subcommand)]
    measure: Measure,

    /// The program
    #[arg(long, global = true, default_value = "target/release/linkmend")]
    linkmend: PathBuf,

    /// How long a batch waits for the store
    #[arg(long, global = true, default_value = "50ms")]
    timeout: humantime::Duration,

    /// How long a span waits for its producer
    #[arg(long, global = true, default_value = "6s")]
    hold: humantime::Duration,

    /// What chance begins with
    #[arg(long, global = true, default_value = "14")]
    seed: u64,
}

#[derive(Subcommand)]
enum Measure {
    /// Producer and consumer pass hosts at random, services export every 5 s: with the
    /// memory index, with a store, with a cluster, and with a store that is killed
    Random(random::Options),
    /// Consumers come first to one host, their producers two seconds later to another
    Late(late::Options),
    /// A host is killed under load, and started again
    Restart(restart::Options),
    /// The store hangs for a while
    Hang(hang::Options),
    /// What a batch takes longer with a store, and what a core passes
    Cost(cost::Options),
    /// How long a start takes that takes up a million entries
    TakeUp(take_up::Options),
    /// Many hosts, without sockets: recall, memory, traffic, and what limits first
    Simulate(simulate::Options),
}

/// What all measurements need.
struct Setting {
    linkmend: PathBuf,
    timeout: Duration,
    hold: Duration,
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let setting = Setting {
        linkmend: arguments.linkmend,
        timeout: *arguments.timeout,
        hold: *arguments.hold,
        seed: arguments.seed,
    };
    if let Measure::Simulate(options) = &arguments.measure {
        return simulate::run(&setting, options);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        match &arguments.measure {
            Measure::Random(options) => random::run(&setting, options).await,
            Measure::Late(options) => late::run(&setting, options).await,
            Measure::Restart(options) => restart::run(&setting, options).await,
            Measure::Hang(options) => hang::run(&setting, options).await,
            Measure::Cost(options) => cost::run(&setting, options).await,
            Measure::TakeUp(options) => take_up::run(&setting, options).await,
            Measure::Simulate(_) => Ok(()),
        }
    })
}
