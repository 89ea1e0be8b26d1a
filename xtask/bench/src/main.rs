//! `cargo xtask bench`: what the engine costs, against other ways of doing the
//! same.
//!
//! All arms run in turn in one process, round after round, on the same batches;
//! what they produce is compared. Figures are medians over the rounds. Times
//! differ from machine to machine and from hour to hour: the ratios are what is
//! looked at. The load and the rounds are those of `linkmend rule bench`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to nanoseconds"
)]

mod agreement;
mod arms;
mod boundary;
mod flows;
mod reference;
mod report;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use linkmend_tests::memory::{CountingAllocator, bytes_per_entry};
use linkmend_workbench::bench::{ArmError, BenchError, Load, once};
use linkmend_workload::{Traffic, Workload};

use agreement::{check, same};
use arms::Arms;
use boundary::Boundary;
use flows::Flows;
use report::{Figures, Nanoseconds, Report};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Measures the engine against other ways of doing the same.
#[derive(Parser)]
struct Arguments {
    /// How often everything is measured; figures are medians
    #[arg(long, default_value = "21")]
    rounds: usize,

    /// Only the workload of this name; `boundary` is one rule in both worlds of the interface,
    /// `flows` what it costs to look for them
    #[arg(long)]
    workload: Option<String>,

    /// Measure nothing: run one arm (0 sandbox, 1 native, 2 prost), for a profiler
    #[arg(long, value_name = "ARM", value_parser = clap::value_parser!(u8).range(0..3))]
    profile: Option<u8>,

    /// Where the figures go as JSON
    #[arg(long, default_value = "target/bench/engine.json")]
    output: PathBuf,

    /// Entries of the index whose memory is measured
    #[arg(long, default_value = "1000000")]
    entries: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut workloads = Vec::new();
    let wanted = |traffic: &Traffic| {
        arguments
            .workload
            .as_deref()
            .is_none_or(|name| name == traffic.name())
    };
    for traffic in Traffic::ALL.into_iter().filter(wanted) {
        for descending in [false, true] {
            let workload = Workload::new(traffic, descending);
            if let Some(arm) = arguments.profile {
                profile(&workload, arm, arguments.rounds)?;
                continue;
            }
            workloads.push(measure(&workload, arguments.rounds)?);
        }
    }
    if arguments.profile.is_some() {
        return Ok(());
    }
    let boundary = match arguments.workload.as_deref() {
        None | Some("boundary") => Boundary::measure(arguments.rounds)?,
        Some(_) => Vec::new(),
    };
    let flows = match arguments.workload.as_deref() {
        None | Some("flows") => Flows::measure(arguments.rounds)?,
        Some(_) => Vec::new(),
    };
    let report = Report {
        workloads,
        boundary,
        flows,
        index_bytes_per_entry: bytes_per_entry(arguments.entries)
            .context("no memory was counted")?,
        index_entries: arguments.entries,
    };
    print!("{}", report.table());
    report.write(&arguments.output)
}

fn profile(workload: &Workload, arm: u8, rounds: usize) -> anyhow::Result<()> {
    let mut arms = Arms::new(workload.traffic.config())?;
    let mut arms = arms.all();
    let arm = arms
        .get_mut(usize::from(arm))
        .context("there is no such arm")?;
    for _ in 0..rounds {
        once(&mut **arm, &Load::from(workload)).map_err(anyhow::Error::from_boxed)?;
    }
    Ok(())
}

fn measure(workload: &Workload, rounds: usize) -> anyhow::Result<Figures> {
    let load = Load::from(workload);
    let mut arms = Arms::new(workload.traffic.config())?;
    let expected = once(&mut arms.prost, &load).map_err(anyhow::Error::from_boxed)?;
    check(workload, &expected)?;
    let times = linkmend_workbench::bench::measure(
        &mut arms.all(),
        &load,
        rounds,
        |_, outputs| -> Result<(), BenchError> {
            let agreed = same(&expected, &outputs).map_err(ArmError::from)?;
            if agreed {
                return Ok(());
            }
            let name = workload.traffic.name();
            Err(ArmError::from(format!("the arms do not agree on {name}")).into())
        },
    )?;
    let mut ns = times
        .iter()
        .map(|times| times.total / workload.spans as f64);
    let mut next = || ns.next().context("an arm was not measured");
    Ok(Figures {
        name: workload.traffic.name(),
        order: workload.order(),
        spans: workload.spans,
        bytes_per_span: workload.bytes_per_span(),
        ns_per_span: Nanoseconds {
            sandbox: next()?,
            native: next()?,
            prost: next()?,
        },
    })
}
