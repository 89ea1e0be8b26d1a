//! The rule on the conformance traces.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{
    Asked, FaultReason, HoldOptions, LoadError, Mended, ProcessError, Processor, RuleUsage,
};

use super::List;
use super::seen::{Fault, Output, Seen, is_late, verdict};
use super::traces::Trace;
use crate::index::FreshIndex;
use crate::subject::Subject;

/// A rule that fails on everything is told so after so many failures.
const MOST_FAULTS: usize = 100;
/// And after so many that take as long as a call may.
const MOST_TIMEOUTS: usize = 12;

/// How often something is done in which a call was not done in time, before that
/// is told: the machine may have been busy.
const TRIES: usize = 3;

/// What the host asks of a call, in the combinations that it uses.
#[derive(Debug, Clone, Copy)]
enum Tasks {
    RememberMend,
    RememberThenMend,
    Defer,
    MendAlone,
    Explain,
}

impl Tasks {
    const ALL: [Self; 5] = [
        Self::RememberThenMend,
        Self::RememberMend,
        Self::Defer,
        Self::MendAlone,
        Self::Explain,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::RememberMend => "remember+mend",
            Self::RememberThenMend => "remember, then mend",
            Self::Defer => "remember+mend+defer",
            Self::MendAlone => "mend alone",
            Self::Explain => "mend+explain",
        }
    }
}

/// Runs the rule on all traces, and says of each how it went.
pub(super) fn run(
    subject: &Subject,
    traces: &[Trace],
    list: &mut List<'_>,
) -> Result<Seen, LoadError> {
    let mut first = Bench::new(subject)?;
    let mut outputs = Vec::new();
    for trace in traces {
        let before = first.seen.faults.len();
        outputs.push(first.trace(trace)?);
        list.push(verdict(trace, first.seen.faults.get(before..)));
        if first.seen.gave_up {
            return Ok(first.finish());
        }
    }
    // Another instance, which sees them in another order.
    let mut second = Bench::new(subject)?;
    for (trace, outputs) in traces.iter().zip(&outputs).rev() {
        let again = second.both_orders(trace)?;
        if outputs
            .iter()
            .zip(&again)
            .any(|(one, other)| one.differs(other))
        {
            first.seen.undetermined.push(trace.name);
        }
    }
    first.seen.untold.append(&mut second.seen.untold);
    Ok(first.finish())
}

/// The rule in one processor of each sort.
struct Bench<'a> {
    subject: &'a Subject,
    index: Arc<FreshIndex>,
    plain: Processor,
    holding: Processor,
    seen: Seen,
    /// Of the plain processor, since it was made or its rule replaced.
    in_a_row: u32,
    /// Why calls were not done in time, in what is being done.
    late: Vec<FaultReason>,
}

impl<'a> Bench<'a> {
    fn new(subject: &'a Subject) -> Result<Self, LoadError> {
        let index = Arc::new(FreshIndex::for_files());
        let rules = || vec![subject.rule()];
        Ok(Self {
            subject,
            plain: subject.processor_of(rules(), &index, None)?,
            holding: subject.processor_of(rules(), &index, Some(HoldOptions::default()))?,
            index,
            seen: Seen::default(),
            in_a_row: 0,
            late: Vec::new(),
        })
    }

    fn finish(mut self) -> Seen {
        self.see_memory();
        self.seen
    }

    /// All that is done with a trace; what came of it with two readings.
    fn trace(&mut self, trace: &Trace) -> Result<[Output; 2], LoadError> {
        let orders = [
            ("ascending", trace.clone()),
            ("descending", trace.descending()),
        ];
        for (order, trace) in &orders {
            for tasks in Tasks::ALL {
                let at = format!("fields {order}, tasks {}", tasks.name());
                self.patiently(trace, tasks, &at)?;
                if self.seen.gave_up {
                    return Ok(Default::default());
                }
            }
        }
        let outputs = self.both_orders(trace)?;
        for ((order, trace), output) in orders.iter().zip(&outputs) {
            self.settle(trace, order, output)?;
        }
        Ok(outputs)
    }

    /// Does with a trace what some tasks want; once more, if only the machine is
    /// why it failed.
    fn patiently(&mut self, trace: &Trace, tasks: Tasks, at: &str) -> Result<(), LoadError> {
        let before = self.seen.faults.len();
        for again in 1..=TRIES {
            self.tasks(trace, tasks, at)?;
            let mut faults = self.seen.faults.iter().skip(before);
            let is_starved =
                faults.any(|fault| matches!(fault.reason, FaultReason::Starved { .. }));
            if !is_starved || again == TRIES {
                break;
            }
            self.seen.faults.truncate(before);
            self.renew()?;
        }
        Ok(())
    }

    fn both_orders(&mut self, trace: &Trace) -> Result<[Output; 2], LoadError> {
        let ascending = self.compared(trace, &trace.batches, "again")?;
        let descending = trace.descending();
        let descending = self.compared(trace, &descending.batches, "again")?;
        Ok([ascending, descending])
    }

    /// A trace, to be compared with how it went or goes at another time. What the
    /// rule fails on there was told before; that it was not done in time is not
    /// what it answers, and is told as such when it is so each time.
    fn compared(
        &mut self,
        trace: &Trace,
        batches: &[Bytes],
        at: &str,
    ) -> Result<Output, LoadError> {
        let quiet = self.seen.faults.len();
        let gave_up = self.seen.gave_up;
        let mut faults = self.seen.faults.iter();
        let is_slow = faults.any(|fault| fault.trace == trace.name && is_late(&fault.reason));
        let tries = if is_slow { 1 } else { TRIES };
        let mut output = Output::default();
        let mut late = None;
        for _ in 0..tries {
            self.late.clear();
            output = self.two_readings(trace, batches, at)?;
            self.seen.faults.truncate(quiet);
            self.seen.gave_up = gave_up;
            late = self.late.first().cloned();
            if late.is_none() {
                return Ok(output);
            }
            // It would not be shown the same batch again for a while.
            self.renew()?;
        }
        output.is_late = true;
        self.seen.untold.extend(late.map(|reason| Fault {
            trace: trace.name,
            at: at.into(),
            reason,
        }));
        Ok(output)
    }

    /// Runs the rule over its own output, which is to stay as it is.
    fn settle(&mut self, trace: &Trace, order: &str, output: &Output) -> Result<(), LoadError> {
        if output.is_late {
            return Ok(());
        }
        let batches: Vec<Bytes> = output
            .batches
            .iter()
            .filter_map(|(traces, _)| traces.clone())
            .collect();
        let again = self.compared(trace, &batches, "its own output")?;
        if again.is_late {
            return Ok(());
        }
        let again = again
            .batches
            .iter()
            .filter_map(|(traces, counts)| Some((traces.clone()?, counts)));
        for (before, (after, counts)) in batches.iter().zip(again) {
            if *before != after {
                let text = format!(
                    "{} (fields {order}): {} links added, {} repaired, {} dropped, {} cut",
                    trace.name,
                    counts.links_added,
                    counts.links_repaired,
                    counts.links_dropped_invalid
                        + counts.links_dropped_duplicate
                        + counts.links_dropped_unwanted,
                    counts.links_cut,
                );
                self.seen.unsettled.push(text);
                break;
            }
        }
        Ok(())
    }

    fn two_readings(
        &mut self,
        trace: &Trace,
        batches: &[Bytes],
        at: &str,
    ) -> Result<Output, LoadError> {
        self.index.forget();
        for batch in batches {
            let remembered = self.plain.remember(batch.clone());
            self.take(trace, at, remembered)?;
        }
        let mut output = Output::default();
        for batch in batches {
            let mended = self.plain.mend(batch.clone());
            let mended = self.take(trace, at, mended)?;
            output.batches.push((mended.traces, mended.counts));
        }
        Ok(output)
    }

    fn tasks(&mut self, trace: &Trace, tasks: Tasks, at: &str) -> Result<(), LoadError> {
        if matches!(tasks, Tasks::RememberThenMend) {
            return self.two_readings(trace, &trace.batches, at).map(drop);
        }
        self.index.forget();
        let now = Instant::now();
        for batch in &trace.batches {
            let batch = batch.clone();
            let mended = match tasks {
                Tasks::Defer => self.holding.process_at(batch, now),
                Tasks::MendAlone => self.plain.mend(batch),
                Tasks::Explain => self.plain.explain(batch, &Asked::all()),
                Tasks::RememberMend | Tasks::RememberThenMend => self.plain.process(batch),
            };
            let mended = self.take(trace, at, mended)?;
            for overflow in mended.overflow {
                self.take(trace, at, Ok(overflow))?;
            }
        }
        if matches!(tasks, Tasks::Defer) {
            // First those that are ready, then those whose time is up.
            for later in [Duration::ZERO, Duration::from_hours(1)] {
                for mended in self.holding.release(now + later) {
                    self.take(trace, at, Ok(mended))?;
                }
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        trace: &Trace,
        at: &str,
        mended: Result<Mended, ProcessError>,
    ) -> Result<Mended, LoadError> {
        let mended = match mended {
            Ok(mended) => mended,
            // The traces are well-formed, and no policy rejects.
            Err(error) => {
                let reason = FaultReason::Trap(error.to_string());
                self.fault(trace, at, reason)?;
                return Ok(Mended::default());
            }
        };
        self.seen.calls += mended.counts.rule_calls;
        let longest = self.usage().map(|usage| usage.longest_call).max();
        if let Some(longest) = longest.filter(|longest| *longest > self.seen.longest.0) {
            let place = format!("on `{}`, {at}", trace.name);
            self.seen.longest = (longest, place);
        }
        if mended.faults.is_empty() {
            self.in_a_row = 0;
        }
        for fault in &mended.faults {
            self.fault(trace, at, fault.reason.clone())?;
        }
        Ok(mended)
    }

    /// Of both processors.
    fn usage(&self) -> impl Iterator<Item = RuleUsage> + use<> {
        let usage = [self.plain.rule_usage(), self.holding.rule_usage()];
        usage.into_iter().flatten()
    }

    fn see_memory(&mut self) {
        let greatest = self.usage().map(|usage| usage.memory).max();
        self.seen.memory = self.seen.memory.max(greatest.unwrap_or_default());
    }

    /// Loads the rule anew: what it failed on is not held against it any more.
    fn renew(&mut self) -> Result<(), LoadError> {
        self.see_memory();
        self.plain.replace_rules(vec![self.subject.rule()])?;
        self.holding.replace_rules(vec![self.subject.rule()])?;
        self.in_a_row = 0;
        Ok(())
    }

    /// A rule that fails too often in a row is left alone for a while: here it
    /// is loaded anew instead, so that every trace is tried.
    fn fault(&mut self, trace: &Trace, at: &str, reason: FaultReason) -> Result<(), LoadError> {
        if is_late(&reason) {
            self.late.push(reason.clone());
        }
        // Why it failed was told the first time.
        if matches!(reason, FaultReason::Again { .. }) {
            return Ok(());
        }
        self.in_a_row += 1;
        if self.in_a_row >= 3 {
            self.renew()?;
        }
        self.seen.faults.push(Fault {
            trace: trace.name,
            at: at.into(),
            reason,
        });
        let faults = self.seen.faults.iter();
        let timeouts = faults.filter(|fault| matches!(fault.reason, FaultReason::Time { .. }));
        self.seen.gave_up |=
            timeouts.count() >= MOST_TIMEOUTS || self.seen.faults.len() >= MOST_FAULTS;
        Ok(())
    }
}
