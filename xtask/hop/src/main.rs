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

mod arguments;
mod files;
mod overload;
mod way;

use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use linkmend_workload::{Traffic, Workload};
use serde::Serialize;

use arguments::{Arguments, Measure};
use linkmend_hop::grpc::{framed, gzipped};
use linkmend_hop::load::{self, Load};
use way::{Way, Ways};

/// What was measured of one way.
#[derive(Debug, Serialize)]
struct Figures {
    traffic: &'static str,
    way: String,
    /// At the given rate, in microseconds.
    p50_us: f64,
    p99_us: f64,
    /// With 16 senders that send one batch after the other.
    spans_per_second: f64,
    /// The same by the processor time that the hop took.
    spans_per_core_second: Option<f64>,
    peak_memory_mib: Option<f64>,
    /// What a span takes where it arrives.
    bytes_per_span: f64,
}

impl Figures {
    /// The best of two measurements.
    fn or_better(self, other: &Self) -> Self {
        let most = |one: Option<f64>, other: Option<f64>| {
            one.zip(other).map(|(one, other)| one.max(other))
        };
        Self {
            p50_us: self.p50_us.min(other.p50_us),
            p99_us: self.p99_us.min(other.p99_us),
            spans_per_second: self.spans_per_second.max(other.spans_per_second),
            spans_per_core_second: most(self.spans_per_core_second, other.spans_per_core_second),
            peak_memory_mib: most(self.peak_memory_mib, other.peak_memory_mib),
            ..self
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Measure::Files { folder, batches }) = &arguments.measure {
        return files::write(folder, *batches, arguments.spans);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        match arguments.measure {
            Some(Measure::Overload) => overload::run(&arguments).await,
            _ => compare(&arguments).await,
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
        let ways = Ways::start(arguments).await?;
        let mut best: Vec<Figures> = Vec::new();
        for _ in 0..arguments.rounds.max(1) {
            let mut before = std::mem::take(&mut best).into_iter();
            for way in ways.all() {
                let figures = measure(arguments, &workload, &ways, way).await?;
                best.push(match before.next() {
                    Some(before) => before.or_better(&figures),
                    None => figures,
                });
            }
        }
        println!("| way | p50 | p99 | spans/s | spans/s of a core | memory | bytes a span |");
        println!("|---|---|---|---|---|---|---|");
        for figures in &best {
            println!("{}", row(figures));
        }
        all.append(&mut best);
        ways.stop().await?;
    }
    if let Some(folder) = arguments.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&arguments.output, serde_json::to_vec_pretty(&all)?)?;
    Ok(())
}

async fn measure(
    arguments: &Arguments,
    workload: &Workload,
    ways: &Ways,
    way: &Way,
) -> anyhow::Result<Figures> {
    let time = Duration::from_secs(arguments.seconds);
    let batches = workload.batches.iter();
    let frames = if way.takes_gzip {
        batches
            .map(|batch| gzipped(batch))
            .collect::<Result<_, _>>()?
    } else {
        batches.map(|batch| framed(batch)).collect::<Vec<_>>()
    };
    // Code is compiled, connections are open, memory is there.
    load::one_after_the_other(way.address, &frames, 4, Duration::from_secs(1)).await?;
    let steady = load::steady(way.address, &frames, arguments.rate, time).await?;
    let (before, (requests, bytes)) = (way.used()?, ways.arrived());
    let full: Load = load::one_after_the_other(way.address, &frames, 16, time).await?;
    let (after, arrived) = (way.used()?, ways.arrived());
    let came = (arrived.0 - requests) * arguments.spans;
    let spans = full.taken * arguments.spans;
    let processor_time = after
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before));
    Ok(Figures {
        traffic: workload.traffic.name(),
        way: way.name.clone(),
        p50_us: steady.percentile(0.50),
        p99_us: steady.percentile(0.99),
        spans_per_second: spans as f64 / full.elapsed.as_secs_f64(),
        spans_per_core_second: processor_time.map(|time| spans as f64 / time.as_secs_f64()),
        peak_memory_mib: way.peak_memory()?.map(|bytes| bytes as f64 / 1_048_576.0),
        bytes_per_span: (arrived.1 - bytes) as f64 / came as f64,
    })
}

fn row(figures: &Figures) -> String {
    let thousands = |value: f64| format!("{:.0}k", value / 1000.0);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    format!(
        "| {} | {:.2} ms | {:.2} ms | {} | {} | {} | {:.1} |",
        figures.way,
        figures.p50_us / 1000.0,
        figures.p99_us / 1000.0,
        thousands(figures.spans_per_second),
        or_dash(figures.spans_per_core_second.map(thousands)),
        or_dash(figures.peak_memory_mib.map(|mib| format!("{mib:.0} MiB"))),
        figures.bytes_per_span,
    )
}
