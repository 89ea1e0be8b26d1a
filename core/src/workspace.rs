//! The way of a batch through the rules.

use std::time::Duration;

use bytes::Bytes;
use linkmend_wire::{ErrorKind, Scan, Selector, WireError, field_path};

use crate::changes::Changes;
use crate::counts::Counts;
use crate::crowded;
use crate::error::{FaultReason, ProcessError};
use crate::exhibit::{Buffers, Exhibit, Portion};
use crate::explain::{Asked, Explaining, Said};
use crate::hold::{self, Held, Leaving, Terms};
use crate::interface::{Tasks, Verdict};
use crate::mend::{self, Deferred, Mender, Subject};
use crate::mended::Mended;
use crate::policy::OnError;
use crate::runner::{Judge, LoadedRule, Reach};

/// From this size on, what a batch took is given back when it has passed.
const LARGE: usize = 4 << 20;

/// What is needed for batch after batch, kept so that it need not be allocated
/// anew. Belongs to one thread at a time.
#[derive(Default)]
pub(crate) struct Workspace {
    scan: Scan,
    buffers: Buffers,
    mender: Mender,
    /// What the last call of a rule took, if there was one for this batch.
    called: Option<Duration>,
}

/// How a batch goes through the rules.
pub(crate) struct RunContext<'a> {
    pub(crate) rules: &'a [LoadedRule],
    /// The rule that it begins with, and what is asked of that one; the others
    /// see the batch for the first time.
    pub(crate) first: usize,
    pub(crate) first_tasks: Tasks,
    pub(crate) tasks: Tasks,
    /// The spans that are to be explained.
    pub(crate) asked: Option<&'a Asked>,
    /// Of its spans, where they may be deferred.
    pub(crate) terms: Terms,
    /// What the rules know of messages.
    pub(crate) reach: Reach,
    /// What is done is counted by messaging system, too.
    pub(crate) counts_systems: bool,
    /// What becomes of it is told as changes, where it passes one rule alone.
    pub(crate) tells_changes: bool,
    /// It was held: it was counted when it came, and nobody is left who could
    /// send it again.
    pub(crate) is_held: bool,
}

/// What became of a batch.
pub(crate) struct Passed {
    pub(crate) mended: Mended,
    /// What was taken out of it.
    pub(crate) held: Vec<Held>,
}

/// What a rule makes of a batch.
#[derive(Default)]
struct Applied {
    /// `None` when it stays as it is, or what changes is told.
    traces: Option<Vec<u8>>,
    changes: Option<Changes>,
    deferred: Vec<Deferred>,
    counts: Counts,
    /// What it says to people, when that is asked for.
    said: Said,
}

impl Workspace {
    pub(crate) fn run(
        &mut self,
        context: RunContext<'_>,
        batch: Bytes,
    ) -> Result<Passed, ProcessError> {
        let is_large = batch.len() > LARGE;
        let passed = self.pass(context, batch);
        self.scan.shrink();
        if is_large || self.mender.takes() + self.buffers.takes() > LARGE {
            self.buffers = Buffers::default();
            self.mender = Mender::default();
        }
        passed
    }

    fn pass(
        &mut self,
        mut context: RunContext<'_>,
        mut batch: Bytes,
    ) -> Result<Passed, ProcessError> {
        let explaining = context.asked.map(|asked| Explaining::begin(&batch, asked));
        let explaining = explaining.transpose();
        let mut explaining = explaining
            .map_err(|error| malformed(&batch, error))?
            .flatten();
        // Whoever remembers only is shown what others are, but changes nothing.
        let untouched = (!context.tasks.contains(Tasks::MEND)).then(|| batch.clone());
        let mut mended = Mended::default();
        let mut held = Vec::new();
        let mut is_counted = false;
        let came = batch.as_ptr();
        for (number, rule) in context.rules.iter().enumerate().skip(context.first) {
            let tasks = context.tasks(number, explaining.is_some());
            if !rule.is_asked(tasks) {
                continue;
            }
            self.scan(&batch, rule)?;
            if !is_counted {
                mended.counts = self.counted(&context);
                is_counted = true;
            }
            self.thin_out(rule, &mut batch, tasks, &mut mended.counts)?;
            let is_told = context.tells_changes && batch.as_ptr() == came;
            let applied = self.apply(rule, &batch, tasks, &context, is_told);
            if let Some(time) = self.called.take() {
                mended.counts.rule_calls += 1;
                mended.rule_time += time;
            }
            if let Some(explaining) = &mut explaining {
                let outcome = applied.as_ref().map(|applied| &applied.said);
                explaining.take(rule, &batch, &self.scan, outcome);
            }
            match applied {
                Ok(applied) => {
                    mended.counts += applied.counts;
                    let leaving = self.leaving(applied.deferred);
                    if let Some(mut changes) = applied.changes {
                        changes.held = leaving.iter().map(|span| span.place as u32).collect();
                        mended.changes = Some(changes);
                    }
                    batch = applied.traces.map_or(batch, Bytes::from);
                    if !leaving.is_empty() {
                        let (rest, taken) =
                            hold::take_out(&batch, number, leaving, &mut context.terms);
                        batch = rest.into();
                        mended.counts.links_held +=
                            taken.iter().map(|held| held.links).sum::<u64>();
                        held.extend(taken);
                    }
                }
                Err(reason) => failed(rule, reason, &context, &mut mended)?,
            }
            if mended.is_dropped || (batch.is_empty() && !held.is_empty()) {
                break;
            }
        }
        if !is_counted {
            // No rule was asked: it is looked at all the same.
            let scanned = self.scan.run(&batch, &Selector::none());
            scanned.map_err(|error| malformed(&batch, error))?;
            mended.counts = self.counted(&context);
        }
        mended.explanations = explaining.map(Explaining::end).unwrap_or_default();
        mended.held = held.len();
        mended.acknowledgements = context.terms.acknowledgements();
        if !mended.is_dropped {
            mended.counts.links_out = mended.counts.links_left();
            let is_left = held.is_empty() || !batch.is_empty();
            let is_told = mended.changes.is_some();
            mended.traces = (is_left && !is_told).then(|| untouched.unwrap_or(batch));
        }
        Ok(Passed { mended, held })
    }

    fn counted(&self, context: &RunContext<'_>) -> Counts {
        if context.is_held {
            Counts::of_held(&self.scan)
        } else {
            Counts::of_batch(&self.scan)
        }
    }

    /// Takes links out that are too many for a rule.
    fn thin_out(
        &mut self,
        rule: &LoadedRule,
        batch: &mut Bytes,
        tasks: Tasks,
        counts: &mut Counts,
    ) -> Result<(), ProcessError> {
        let mut nobodys = Counts::default();
        let counts = if tasks.contains(Tasks::MEND) {
            counts
        } else {
            &mut nobodys
        };
        let count_all = rule.plan.count_all_drops;
        let thinned = crowded::thin_out(batch, &self.scan, &rule.limits, count_all, counts);
        if let Some(thinned) = thinned {
            *batch = thinned;
            self.scan(batch, rule)?;
        }
        let links = self.scan.selected().iter().map(|span| span.links);
        if links.sum::<usize>() > crowded::MOST_IN_BATCH {
            let kind = ErrorKind::TooManyLinks;
            return Err(malformed(batch, WireError { kind, offset: 0 }));
        }
        Ok(())
    }

    /// The places of deferred spans in the batch that the rule was shown: its
    /// edits move their bytes, but leave their order as it is.
    fn leaving(&self, deferred: Vec<Deferred>) -> Vec<Leaving> {
        let selected = self.scan.selected();
        let leaving = deferred.into_iter().filter_map(|deferred| {
            let span = selected.get(deferred.span as usize)?;
            Some(Leaving {
                place: span.place as usize,
                links: span.links as u64,
                keys: deferred.keys,
            })
        });
        leaving.collect()
    }

    fn scan(&mut self, batch: &[u8], rule: &LoadedRule) -> Result<(), ProcessError> {
        let (selector, reads) = (&rule.selector, rule.reads.as_ref());
        let memory = rule.limits.memory;
        let scanned = (self.buffers).scan(&mut self.scan, batch, selector, memory, reads);
        scanned.map_err(|error| malformed(batch, error))
    }

    /// Shows a rule the batch that was scanned for it.
    fn apply(
        &mut self,
        rule: &LoadedRule,
        batch: &[u8],
        tasks: Tasks,
        context: &RunContext<'_>,
        is_told: bool,
    ) -> Result<Applied, FaultReason> {
        if self.scan.selected().is_empty() {
            return Ok(Applied::default());
        }
        let exhibit = Exhibit::new(
            batch,
            &self.scan,
            rule.limits.memory,
            rule.reads.as_ref(),
            &mut self.buffers,
        );
        let mut judge = Checking {
            rule,
            batch,
            scan: &self.scan,
            counts_systems: context.counts_systems,
            mender: &mut self.mender,
            applied: Applied::default(),
        };
        rule.run(
            tasks,
            &exhibit,
            &context.reach,
            &mut self.called,
            &mut judge,
        )?;
        let mut applied = judge.applied;
        if is_told {
            applied.changes = Some(self.mender.changes(batch, &self.scan));
        } else {
            applied.traces = self.mender.end(batch, &self.scan);
        }
        Ok(applied)
    }
}

/// Holds what a rule answers against the guarantees.
struct Checking<'a> {
    rule: &'a LoadedRule,
    batch: &'a [u8],
    scan: &'a Scan,
    counts_systems: bool,
    mender: &'a mut Mender,
    applied: Applied,
}

impl Judge for Checking<'_> {
    fn begin(&mut self) {
        self.mender.begin();
        self.applied = Applied::default();
    }

    fn remembered(&mut self, verdict: &Verdict) -> Result<(), FaultReason> {
        let checked = mend::check_tasks(Tasks::REMEMBER, verdict);
        checked.map_err(FaultReason::Verdict)
    }

    fn take(
        &mut self,
        portion: &Portion<'_>,
        tasks: Tasks,
        verdict: &Verdict,
    ) -> Result<(), FaultReason> {
        let Self { rule, applied, .. } = self;
        let subject = Subject {
            batch: self.batch,
            scan: self.scan,
            spans: portion.spans.clone(),
            tasks,
            limits: &rule.limits,
            type_attribute: &rule.plan.type_attribute,
            count_all_drops: rule.plan.count_all_drops,
            counts_systems: self.counts_systems,
        };
        if tasks.contains(Tasks::EXPLAIN) {
            let said = self.mender.explain(&subject, verdict);
            applied.said.extend(said.map_err(FaultReason::Verdict)?);
        }
        let deferred = self.mender.mend(&subject, verdict, &mut applied.counts);
        applied
            .deferred
            .extend(deferred.map_err(FaultReason::Verdict)?);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.mender.is_much_awaited(&self.rule.limits)
    }
}

impl RunContext<'_> {
    fn tasks(&self, number: usize, is_explained: bool) -> Tasks {
        let tasks = if number == self.first {
            self.first_tasks
        } else {
            self.tasks
        };
        if is_explained {
            tasks | Tasks::EXPLAIN
        } else {
            tasks
        }
    }
}

/// A rule failed on a batch.
fn failed(
    rule: &LoadedRule,
    reason: FaultReason,
    context: &RunContext<'_>,
    mended: &mut Mended,
) -> Result<(), ProcessError> {
    mended.counts.rule_faults += 1;
    let fault = rule.fault(reason);
    match rule.on_error {
        OnError::Reject if !context.is_held => return Err(ProcessError::Rejected(fault)),
        OnError::Pass | OnError::Reject => {}
        OnError::Drop => {
            mended.counts = std::mem::take(&mut mended.counts).without_links();
            mended.is_dropped = true;
        }
    }
    mended.faults.push(fault);
    Ok(())
}

fn malformed(batch: &[u8], error: WireError) -> ProcessError {
    ProcessError::Malformed {
        path: field_path(batch, error.offset),
        error,
    }
}
