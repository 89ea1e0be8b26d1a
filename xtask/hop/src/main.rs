//! `cargo xtask hop`: what a hop costs, measured from a second process.
//!
//! ```text
//! this process: senders ─► linkmend run (a process of its own) ─► sink: this process
//! ```
//!
//! Three ways are compared: straight to the sink; through a hop without a
//! processor, so that the cost of receiving and sending is visible; and through
//! one with the built-in rule. Senders are answered when the sink has taken the
//! batch, so a latency is that of the whole way.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures are rounded"
)]

mod grpc;
mod load;
mod overload;
mod process;
mod sink;
mod way;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use linkmend_workload::{Traffic, Workload};
use serde::Serialize;

use load::Load;
use way::{Way, Ways};

/// Measures a hop.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    measure: Option<Measure>,

    /// The program
    #[arg(long, global = true, default_value = "target/release/linkmend")]
    linkmend: PathBuf,

    /// Spans of a request
    #[arg(long, global = true, default_value = "512")]
    spans: u64,

    /// Seconds of each measurement
    #[arg(long, global = true, default_value = "10")]
    seconds: u64,

    /// Requests a second, all senders together, where latency is measured
    #[arg(long, global = true, default_value = "100")]
    rate: f64,

    /// Where the figures go as JSON
    #[arg(long, global = true, default_value = "target/bench/hop.json")]
    output: PathBuf,
}

#[derive(Subcommand)]
enum Measure {
    /// Send twice as much as the sink takes: memory stays bounded, and senders
    /// are pushed back
    Overload,
}

/// What was measured of one way.
#[derive(Debug, Serialize)]
struct Figures {
    traffic: &'static str,
    way: &'static str,
    /// At the given rate, in microseconds.
    p50_us: f64,
    p99_us: f64,
    /// With 16 senders that send one batch after the other.
    spans_per_second: f64,
    /// The same by the processor time that the hop took.
    spans_per_core_second: Option<f64>,
    peak_memory_mib: Option<f64>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        match arguments.measure {
            Some(Measure::Overload) => overload::run(&arguments).await,
            None => compare(&arguments).await,
        }
    })
}

async fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let mut all = Vec::new();
    println!(
        "{} spans a request, latency at {} requests/s",
        arguments.spans, arguments.rate
    );
    for traffic in [Traffic::Mixed, Traffic::Messaging] {
        let workload = Workload::of(traffic, false, 64, arguments.spans);
        println!(
            "\n{}: {} bytes a span",
            traffic.name(),
            workload.bytes_per_span()
        );
        println!("| way | p50 | p99 | spans/s | spans/s of a core | memory |");
        println!("|---|---|---|---|---|---|");
        let ways = Ways::start(arguments).await?;
        for way in ways.all() {
            let figures = measure(arguments, &workload, way).await?;
            println!("{}", row(&figures));
            all.push(figures);
        }
        ways.stop().await?;
    }
    if let Some(folder) = arguments.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&arguments.output, serde_json::to_vec_pretty(&all)?)?;
    Ok(())
}

async fn measure(arguments: &Arguments, workload: &Workload, way: &Way) -> anyhow::Result<Figures> {
    let time = Duration::from_secs(arguments.seconds);
    // Code is compiled, connections are open, memory is there.
    load::one_after_the_other(way.address, workload, 4, Duration::from_secs(1)).await?;
    let steady = load::steady(way.address, workload, arguments.rate, time).await?;
    let before = way.used()?;
    let full: Load = load::one_after_the_other(way.address, workload, 16, time).await?;
    let after = way.used()?;
    let spans = full.taken * arguments.spans;
    let processor_time = after
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before));
    Ok(Figures {
        traffic: workload.traffic.name(),
        way: way.name,
        p50_us: steady.percentile(0.50),
        p99_us: steady.percentile(0.99),
        spans_per_second: spans as f64 / full.elapsed.as_secs_f64(),
        spans_per_core_second: processor_time.map(|time| spans as f64 / time.as_secs_f64()),
        peak_memory_mib: way.peak_memory()?.map(|bytes| bytes as f64 / 1_048_576.0),
    })
}

fn row(figures: &Figures) -> String {
    let thousands = |value: f64| format!("{:.0}k", value / 1000.0);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    format!(
        "| {} | {:.2} ms | {:.2} ms | {} | {} | {} |",
        figures.way,
        figures.p50_us / 1000.0,
        figures.p99_us / 1000.0,
        thousands(figures.spans_per_second),
        or_dash(figures.spans_per_core_second.map(thousands)),
        or_dash(figures.peak_memory_mib.map(|mib| format!("{mib:.0} MiB"))),
    )
}
