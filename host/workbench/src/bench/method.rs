//! How it is measured: arms run in turn in one process, round after round, on
//! the same batches, and figures are medians over the rounds. `cargo xtask
//! bench` and `linkmend rule bench` share this.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::arm::{Arm, ArmError};
use super::load::Load;

/// What one arm took for a load, in nanoseconds: medians over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// All of it.
    pub total: f64,
    /// What the calls of rules took.
    pub rule: f64,
}

/// One round of one arm.
struct Round {
    total: Duration,
    rule: Duration,
    outputs: Vec<Bytes>,
}

/// Measures arms on a load. The first round is not counted: what each arm made
/// of the batches in it is handed to `look`, by the number of the arm.
///
/// # Errors
///
/// When an arm stops, or `look` does not like what it sees.
pub fn measure<E: From<ArmError>>(
    arms: &mut [&mut dyn Arm],
    load: &Load,
    rounds: usize,
    mut look: impl FnMut(usize, Vec<Bytes>) -> Result<(), E>,
) -> Result<Vec<Times>, E> {
    let count = arms.len().max(1);
    let mut rounds_of: Vec<(Vec<f64>, Vec<f64>)> = vec![Default::default(); arms.len()];
    for round in 0..=rounds {
        // Another one begins each time: caches and clocks favour nobody.
        let mut turns: Vec<_> = arms.iter_mut().zip(&mut rounds_of).enumerate().collect();
        turns.rotate_left(round % count);
        for (number, (arm, (totals, rules))) in turns {
            let first = round == 0;
            let done = run(&mut **arm, load, first)?;
            if first {
                look(number, done.outputs)?;
            } else {
                totals.push(nanoseconds(done.total));
                rules.push(nanoseconds(done.rule));
            }
        }
    }
    let times = rounds_of.into_iter().map(|(totals, rules)| Times {
        total: median(totals),
        rule: median(rules),
    });
    Ok(times.collect())
}

/// Runs one arm on a load once: what came of the batches.
///
/// # Errors
///
/// When the arm stops.
pub fn once(arm: &mut dyn Arm, load: &Load) -> Result<Vec<Bytes>, ArmError> {
    Ok(run(arm, load, true)?.outputs)
}

/// Mends all batches, and keeps what came of them when that is asked for. Else
/// each is given back before the next one, as where batches are sent on; memory
/// that is new every time would be measured most.
fn run(arm: &mut dyn Arm, load: &Load, keep: bool) -> Result<Round, ArmError> {
    arm.forget();
    if let Some(before) = &load.before {
        arm.mend(before)?;
    }
    let mut outputs = Vec::with_capacity(load.batches.len());
    let mut rule = Duration::ZERO;
    let start = Instant::now();
    for batch in &load.batches {
        let pass = arm.mend(batch)?;
        rule += pass.rule_time;
        if keep {
            outputs.push(pass.traces);
        }
    }
    Ok(Round {
        total: start.elapsed(),
        rule,
        outputs,
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to nanoseconds"
)]
fn nanoseconds(time: Duration) -> f64 {
    time.as_nanos() as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
