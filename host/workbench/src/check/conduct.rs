//! What was seen of the rule over all traces.

use std::time::Duration;

use linkmend::{FaultReason, Limits};

use super::List;
use super::report::{Check, Outcome};
use super::seen::Seen;

/// What is checked here, in this order.
pub(super) const IDS: [&str; 5] = ["faults", "time", "memory", "own-output", "deterministic"];

pub(super) fn check(seen: &Seen, limits: &Limits, list: &mut List<'_>) {
    list.push(faults(seen));
    list.push(time(seen, limits.call_time));
    list.push(memory(seen, limits.memory));
    if seen.gave_up {
        for id in ["own-output", "deterministic"] {
            let reason = "it fails too often to say anything of it";
            list.push(Check::new(id, Outcome::Skipped, reason));
        }
        return;
    }
    list.push(own_output(seen));
    list.push(deterministic(seen));
}

fn faults(seen: &Seen) -> Check {
    let is_own = |reason: &FaultReason| !matches!(reason, FaultReason::Starved { .. });
    let own = seen.faults.iter().filter(|fault| is_own(&fault.reason));
    let mut traces: Vec<&str> = own.map(|fault| fault.trace).collect();
    let count = traces.len();
    if count == 0 {
        return Check::ok(
            "faults",
            format!("it failed in none of {} calls", seen.calls),
        );
    }
    traces.dedup();
    let mut text = format!("it failed {count} times, on {}", traces.join(", "));
    if seen.gave_up {
        text += "; it was not shown the other traces";
    }
    Check::failed("faults", text)
        .way_out("A batch that a rule fails on goes on as it came, and nothing in it is mended.")
}

fn time(seen: &Seen, limit: Duration) -> Check {
    let (longest, place) = &seen.longest;
    let text =
        format!("the longest call took {longest:.1?} of limits.call_time = {limit:?}, {place}");
    if *longest > limit / 2 {
        return Check::note("time", text).way_out(
            "Other machines are slower, and batches larger: do less for each span, or raise the limit (--limit call_time=5s).",
        );
    }
    Check::ok("time", text)
}

fn memory(seen: &Seen, limit: usize) -> Check {
    let text = format!(
        "an instance had {:.1} MiB of limits.memory = {} MiB",
        mebibytes(seen.memory),
        limit >> 20
    );
    if seen.memory > limit / 2 {
        return Check::note("memory", text).way_out(
            "An instance that takes more than half of its limit is made anew after the batch, which costs time: give memory back, or raise the limit (--limit memory=128MiB).",
        );
    }
    Check::ok("memory", text)
}

#[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn own_output(seen: &Seen) -> Check {
    let id = "own-output";
    match seen.unsettled.first() {
        None => untold(seen, id).unwrap_or_else(|| {
            Check::ok(id, "run over its own output, it changes nothing")
        }),
        Some(first) => Check::failed(
            id,
            format!(
                "run over its own output, it changes it again, on {} of the traces; first on {first}",
                seen.unsettled.len()
            ),
        )
        .way_out(
            "Add no link that the span has already (same trace id and span id), and no attribute that the link has: data may pass linkmend twice.",
        ),
    }
}

fn deterministic(seen: &Seen) -> Check {
    let id = "deterministic";
    if seen.undetermined.is_empty() {
        return untold(seen, id).unwrap_or_else(|| {
            let text = "another instance, shown the traces in another order, answers the same";
            Check::ok(id, text)
        });
    }
    let text = format!(
        "another instance, shown the traces in another order, answers otherwise on {}",
        seen.undetermined.join(", ")
    );
    Check::failed(id, text).way_out(
        "Keep nothing from one batch to the next (there are many instances, made and thrown away at any time): what must be kept goes into the message index.",
    )
}

/// What cannot be told, since the rule was not done in time: that is no answer that
/// could be compared with another one.
fn untold(seen: &Seen, id: &str) -> Option<Check> {
    let first = seen.untold.first()?;
    let mut traces: Vec<&str> = seen.untold.iter().map(|fault| fault.trace).collect();
    traces.sort_unstable();
    traces.dedup();
    let text = format!(
        "on all traces but {} it is so; there it cannot be told, since the rule was not done in time ({}: {})",
        traces.join(", "),
        first.at,
        first.reason
    );
    Some(Check::note(id, text).way_out(
        "Do less for each span, raise the limit (--limit call_time=5s), or check it again when the machine has time.",
    ))
}
