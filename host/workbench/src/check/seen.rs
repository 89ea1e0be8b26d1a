//! What was seen of the rule: what it did, and what it failed on.

use std::time::Duration;

use bytes::Bytes;
use linkmend::{Counts, FaultReason};

use super::report::Check;
use super::traces::Trace;

/// What was seen of the rule.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The longest call, and where it was.
    pub(super) longest: (Duration, String),
    /// The greatest memory of an instance.
    pub(super) memory: usize,
    /// How many calls there were.
    pub(super) calls: u64,
    pub(super) faults: Vec<Fault>,
    /// The traces that another instance answered to in another way.
    pub(super) undetermined: Vec<&'static str>,
    /// The traces whose mended form the rule changed again, and how.
    pub(super) unsettled: Vec<String>,
    /// Where the one or the other cannot be told, since the rule was not done in
    /// time.
    pub(super) untold: Vec<Fault>,
    pub(super) gave_up: bool,
}

/// A failure on a trace.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) trace: &'static str,
    pub(super) at: String,
    pub(super) reason: FaultReason,
}

/// A trace that went through.
#[derive(Default)]
pub(super) struct Output {
    /// The bytes of all batches, and what was counted.
    pub(super) batches: Vec<(Option<Bytes>, Counts)>,
    /// A call was not done in time, so that this is not what the rule makes of it.
    pub(super) is_late: bool,
}

impl Output {
    /// They are both known, and not the same.
    pub(super) fn differs(&self, other: &Self) -> bool {
        !self.is_late && !other.is_late && self.batches != other.batches
    }
}

/// The rule was not done in time, or was not shown the batch since it had not
/// been: nothing of what it would have answered is known.
pub(super) fn is_late(reason: &FaultReason) -> bool {
    matches!(
        reason,
        FaultReason::Time { .. }
            | FaultReason::Starved { .. }
            | FaultReason::Again { .. }
            | FaultReason::Sender { .. }
            | FaultReason::Circuit { .. }
    )
}

/// How it went on a trace.
pub(super) fn verdict(trace: &Trace, faults: Option<&[Fault]>) -> Check {
    let id = format!("trace:{}", trace.name);
    let Some(fault) = faults.and_then(<[Fault]>::first) else {
        return Check::ok(&id, trace.what);
    };
    let more = match faults.map_or(0, <[Fault]>::len) {
        0 | 1 => String::new(),
        count => format!(" (and {} more failures on this trace)", count - 1),
    };
    let text = format!("{}; {}: {}{more}", trace.what, fault.at, fault.reason);
    if matches!(fault.reason, FaultReason::Starved { .. }) {
        return Check::note(&id, text)
            .way_out("That says nothing of the rule: check it again when the machine has time.");
    }
    Check::failed(&id, text).way_out(way_out(&fault.reason))
}

fn way_out(reason: &FaultReason) -> &'static str {
    match reason {
        FaultReason::Time { .. } => {
            "Do less for each span, or nothing twice; if it needs that long, raise the limit: --limit call_time=5s"
        }
        FaultReason::Memory { .. } => {
            "Keep less, and give it back after each batch; if it needs that much, raise the limit: --limit memory=128MiB"
        }
        FaultReason::Verdict(_) => {
            "Look at what the rule answers for such spans: the host refuses the whole answer, and the batch goes on as it came."
        }
        FaultReason::Said(_) => {
            "A rule has to take whatever senders write: leave such a span alone instead of failing on the whole batch."
        }
        FaultReason::Trap(_) | FaultReason::Stack => {
            "A rule has to take whatever senders write: look for what it unwraps, indexes or recurses on."
        }
        FaultReason::Output { .. } => "Answer with less, or raise the limit: --limit output=128MiB",
        FaultReason::Table { .. } => {
            "Raise the limit, if it needs that many: --limit table_elements=200000"
        }
        _ => "Build it against wit/rule.wit of this linkmend.",
    }
}
