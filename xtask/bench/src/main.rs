//! `cargo xtask bench`: what the engine costs, against other ways of doing the
//! same.
//!
//! All arms run in turn in one process, round after round, on the same batches;
//! what they produce is compared. Figures are medians over the rounds. Times
//! differ from machine to machine and from hour to hour: the ratios are what is
//! looked at.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to nanoseconds"
)]

mod arms;
mod reference;
mod report;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use clap::Parser;
use linkmend_workload::{Traffic, Workload};
use linkmend_tests::memory::{CountingAllocator, bytes_per_entry};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

use arms::Arm;
use report::{Figures, Nanoseconds, Report};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Measures the engine against other ways of doing the same.
#[derive(Parser)]
struct Arguments {
    /// How often everything is measured; figures are medians
    #[arg(long, default_value = "21")]
    rounds: usize,

    /// Only the workload of this name
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
                let mut arms = Arm::all(traffic.config())?;
                let arm = arms
                    .get_mut(usize::from(arm))
                    .context("there is no such arm")?;
                for _ in 0..arguments.rounds {
                    run(arm, &workload, false)?;
                }
                continue;
            }
            workloads.push(measure(&workload, arguments.rounds)?);
        }
    }
    if arguments.profile.is_some() {
        return Ok(());
    }
    let report = Report {
        workloads,
        index_bytes_per_entry: bytes_per_entry(arguments.entries)
            .context("no memory was counted")?,
        index_entries: arguments.entries,
    };
    print!("{}", report.table());
    report.write(&arguments.output)
}

fn measure(workload: &Workload, rounds: usize) -> anyhow::Result<Figures> {
    let mut arms = Arm::all(workload.traffic.config())?;
    let [_, _, prost] = &mut arms;
    let expected = run(prost, workload, true)?.1;
    let mut times = [const { Vec::new() }; 3];
    check(workload, &expected)?;
    for round in 0..rounds {
        // Another one begins each time: caches and clocks favour nobody.
        let mut turns: Vec<_> = arms.iter_mut().zip(&mut times).collect();
        turns.rotate_left(round % 3);
        for (arm, times) in turns {
            let first = round == 0;
            let (time, output) = run(arm, workload, first)?;
            if first {
                let agreed = same(&expected, &output)?;
                ensure!(
                    agreed,
                    "the arms do not agree on {}",
                    workload.traffic.name()
                );
            } else {
                times.push(time);
            }
        }
    }
    let [sandbox, native, prost] = times.map(|times| median(times) / workload.spans as f64);
    Ok(Figures {
        name: workload.traffic.name(),
        order: workload.order(),
        spans: workload.spans,
        bytes_per_span: workload.bytes_per_span(),
        ns_per_span: Nanoseconds {
            sandbox,
            native,
            prost,
        },
    })
}

/// Mends all batches: how many nanoseconds it took, and what came of it when
/// that is to be kept. Else each is given back before the next one, as where
/// batches are sent on; memory that is new every time would be measured most.
fn run(arm: &mut Arm, workload: &Workload, keep: bool) -> anyhow::Result<(f64, Vec<Bytes>)> {
    arm.forget();
    if let Some(before) = &workload.before {
        arm.mend(before)?;
    }
    let mut outputs = Vec::with_capacity(workload.batches.len());
    let start = Instant::now();
    for batch in &workload.batches {
        let output = arm.mend(batch)?;
        if keep {
            outputs.push(output);
        }
    }
    Ok((start.elapsed().as_nanos() as f64, outputs))
}

/// All links that are missing were found.
fn check(workload: &Workload, outputs: &[Bytes]) -> anyhow::Result<()> {
    let mut links = 0;
    for output in outputs {
        let traces = TracesData::decode(output.clone())?;
        let scopes = traces
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans);
        links += scopes
            .flat_map(|scope| &scope.spans)
            .map(|span| span.links.len() as u64)
            .sum::<u64>();
    }
    ensure!(
        links == workload.missing,
        "{links} links of {}",
        workload.missing
    );
    Ok(())
}

fn same(a: &[Bytes], b: &[Bytes]) -> anyhow::Result<bool> {
    for (a, b) in a.iter().zip(b) {
        if TracesData::decode(a.clone())? != TracesData::decode(b.clone())? {
            return Ok(false);
        }
    }
    Ok(a.len() == b.len())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
