//! What is measured, and how.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures a hop.
#[derive(Parser)]
pub struct Arguments {
    #[command(subcommand)]
    pub measure: Option<Measure>,

    /// The program
    #[arg(long, global = true, default_value = "target/release/linkmend")]
    pub linkmend: PathBuf,

    /// Spans of a request
    #[arg(long, global = true, default_value = "512")]
    pub spans: u64,

    /// Seconds of each measurement
    #[arg(long, global = true, default_value = "10")]
    pub seconds: u64,

    /// Requests a second, all senders together, where latency is measured
    #[arg(long, global = true, default_value = "100")]
    pub rate: f64,

    /// Another program, for example that of the version before: both are measured
    /// in turn
    #[arg(long, global = true)]
    pub against: Option<PathBuf>,

    /// A Collector to measure beside it (`collector/builder.yaml`,
    /// `xtask/hop/collector.yaml`): without a processor, and with each of `linkmend` and
    /// `transform` that it has
    #[arg(long, global = true)]
    pub collector: Vec<PathBuf>,

    /// Ways whose names contain this alone
    #[arg(long, global = true)]
    pub only: Option<String>,

    /// How often each is measured, one after the other; the best figures count
    #[arg(long, global = true, default_value = "1")]
    pub rounds: u64,

    /// Where the figures go as JSON
    #[arg(long, global = true, default_value = "target/bench/hop.json")]
    pub output: PathBuf,
}

#[derive(Subcommand)]
pub enum Measure {
    /// Send twice as much as the sink takes: memory stays bounded, and senders
    /// are pushed back
    Overload,
    /// Write the same load as files, `mixed.jsonl` and `mixed.pb`, for
    /// `xtask/files/compare`
    Files {
        /// Where they go
        folder: PathBuf,
        /// How many requests
        #[arg(long, default_value = "400")]
        batches: u64,
    },
}
