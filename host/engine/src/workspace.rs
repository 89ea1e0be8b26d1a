//! The way of a batch through the rules.

use bytes::Bytes;
use linkmend_wire::{Scan, Selector, WireError, field_path, subset};

use crate::bindings::linkmend::rule::types::Tasks;
use crate::counts::Counts;
use crate::error::{FaultReason, ProcessError};
use crate::explain::{Asked, Explaining, Said};
use crate::mend::{Mender, Subject, explanations};
use crate::processor::Mended;
use crate::rule::OnError;
use crate::runner::LoadedRule;

/// What is needed for batch after batch, kept so that it need not be allocated
/// anew. Belongs to one thread at a time.
#[derive(Default)]
pub(crate) struct Workspace {
    scan: Scan,
    subset: Vec<u8>,
    mender: Mender,
}

/// What a rule makes of a batch.
struct Applied {
    /// `None` when it stays as it is.
    traces: Option<Vec<u8>>,
    counts: Counts,
    /// What it says to people, when that is asked for.
    said: Said,
}

impl Workspace {
    pub(crate) fn run(
        &mut self,
        rules: &[LoadedRule],
        mut batch: Bytes,
        mut tasks: Tasks,
        asked: Option<&Asked>,
    ) -> Result<Mended, ProcessError> {
        let explaining = asked.map(|asked| Explaining::begin(&batch, asked));
        let explaining = explaining.transpose();
        let mut explaining = explaining
            .map_err(|error| malformed(&batch, error))?
            .flatten();
        if explaining.is_some() {
            tasks |= Tasks::EXPLAIN;
        }
        let mut mended = Mended {
            traces: None,
            counts: Counts::default(),
            faults: Vec::new(),
            explanations: Vec::new(),
        };
        let mut is_left = true;
        for rule in rules.iter().filter(|rule| rule.is_asked(tasks)) {
            self.scan(&batch, &rule.selector)?;
            if mended.counts.batches == 0 {
                mended.counts = Counts::of_batch(&self.scan);
            }
            let applied = self.apply(rule, &batch, tasks);
            if let Some(explaining) = &mut explaining {
                let outcome = applied.as_ref().map(|applied| &applied.said);
                explaining.take(rule, &batch, &self.scan, outcome);
            }
            match applied {
                Ok(applied) => {
                    rule.succeeded();
                    mended.counts += &applied.counts;
                    batch = applied.traces.map_or(batch, Bytes::from);
                }
                Err(reason) => is_left = failed(rule, reason, &mut mended)?,
            }
            if !is_left {
                break;
            }
        }
        if mended.counts.batches == 0 {
            // No rule was asked: it is looked at all the same.
            self.scan(&batch, &Selector::none())?;
            mended.counts = Counts::of_batch(&self.scan);
        }
        mended.explanations = explaining.map(Explaining::end).unwrap_or_default();
        if is_left {
            mended.counts.links_out = mended.counts.links_left();
            mended.traces = Some(batch);
        }
        Ok(mended)
    }

    fn scan(&mut self, batch: &[u8], selector: &Selector) -> Result<(), ProcessError> {
        let scanned = self.scan.run(batch, selector);
        scanned.map_err(|error| malformed(batch, error))
    }

    /// Shows a rule the batch that was scanned for it.
    fn apply(
        &mut self,
        rule: &LoadedRule,
        batch: &[u8],
        tasks: Tasks,
    ) -> Result<Applied, FaultReason> {
        let mut applied = Applied {
            traces: None,
            counts: Counts::default(),
            said: Said::new(),
        };
        if self.scan.selected().is_empty() {
            return Ok(applied);
        }
        let traces = if self.scan.all_selected() {
            batch
        } else {
            self.subset.clear();
            subset(batch, &self.scan, &mut self.subset);
            &self.subset
        };
        let verdict = rule.process(tasks, traces)?;
        let subject = Subject {
            batch,
            scan: &self.scan,
            tasks,
            limits: &rule.limits,
            type_attribute: &rule.plan.type_attribute,
            count_all_drops: rule.plan.count_all_drops,
        };
        if tasks.contains(Tasks::EXPLAIN) {
            let said = explanations::read(&subject, &verdict);
            applied.said = said.map_err(FaultReason::Verdict)?;
        }
        let mended = self.mender.mend(&subject, &verdict, &mut applied.counts);
        applied.traces = mended.map_err(FaultReason::Verdict)?;
        Ok(applied)
    }
}

/// A rule failed on a batch: whether the batch is left for the next.
fn failed(
    rule: &LoadedRule,
    reason: FaultReason,
    mended: &mut Mended,
) -> Result<bool, ProcessError> {
    mended.counts.rule_faults += 1;
    let fault = rule.failed(reason);
    match rule.on_error {
        OnError::Pass => {}
        OnError::Reject => return Err(ProcessError::Rejected(fault)),
        OnError::Drop => mended.counts = std::mem::take(&mut mended.counts).without_links(),
    }
    mended.faults.push(fault);
    Ok(rule.on_error == OnError::Pass)
}

fn malformed(batch: &[u8], error: WireError) -> ProcessError {
    ProcessError::Malformed {
        path: field_path(batch, error.offset),
        error,
    }
}
