//! From a verdict to the mended batch: the guarantees are kept here.
//!
//! Nothing of what a rule answers reaches a batch unchecked, and what reaches
//! it can only be links and the dropped count: the splice has no other words.

mod attributes;
mod deferrals;
pub(crate) mod explanations;
mod notes;
mod span;
mod systems;

use linkmend_wire::{Patch, Scan, SpanLinks};

use crate::bindings::linkmend::rule::types::{Edit, Tasks, Verdict};
use crate::counts::Counts;
use crate::error::VerdictError;
use crate::limits::Limits;
use attributes::Attributes;
pub(crate) use deferrals::Deferred;
use span::{Links, SpanEditor};

/// What is needed to mend batch after batch, kept so that it need not be
/// allocated anew.
#[derive(Debug, Default)]
pub(crate) struct Mender {
    links: SpanLinks,
    span: Links,
    patches: Vec<Patch>,
    fresh: Vec<u8>,
}

/// A batch and who looks at it.
pub(crate) struct Subject<'a> {
    pub(crate) batch: &'a [u8],
    pub(crate) scan: &'a Scan,
    pub(crate) tasks: Tasks,
    pub(crate) limits: &'a Limits,
    /// The attribute that says why a link exists.
    pub(crate) type_attribute: &'a str,
    /// Whatever is dropped, the span tells of it.
    pub(crate) count_all_drops: bool,
    /// What is done is counted by messaging system, too.
    pub(crate) counts_systems: bool,
}

/// What a verdict comes to.
pub(crate) struct Outcome {
    /// The mended batch; `None` when it stays as it is.
    pub(crate) traces: Option<Vec<u8>>,
    /// The spans that are to be held, in their order. They are still in the
    /// batch.
    pub(crate) deferred: Vec<Deferred>,
}

impl Mender {
    /// About how many bytes it has room for.
    pub(crate) fn takes(&self) -> usize {
        self.fresh.capacity() + self.span.takes() + self.patches.capacity() * size_of::<Patch>()
    }

    /// Checks a verdict and does what it says. Counts only what is done.
    pub(crate) fn mend(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        counts: &mut Counts,
    ) -> Result<Outcome, VerdictError> {
        check_tasks(subject.tasks, verdict)?;
        let deferred = deferrals::read(subject, verdict)?;
        notes::count(subject, verdict, &deferred, counts)?;
        let traces = if verdict.edits.is_empty() {
            None
        } else {
            Some(self.apply(subject, verdict, &deferred, counts)?)
        };
        Ok(Outcome { traces, deferred })
    }

    fn apply(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        deferred: &[Deferred],
        counts: &mut Counts,
    ) -> Result<Vec<u8>, VerdictError> {
        let mut attributes = Attributes::encode(verdict, subject)?;
        self.patches.clear();
        self.fresh.clear();
        let sorted = sorted(&verdict.edits);
        let edits = sorted.as_deref().unwrap_or(&verdict.edits);
        for edits in edits.chunk_by(|a, b| a.span == b.span) {
            deferrals::check_unedited(deferred, edits)?;
            self.mend_span(subject, verdict, edits, &mut attributes, counts)?;
        }
        attributes.count_types(counts);
        let mut out = Vec::new();
        linkmend_wire::splice(
            subject.batch,
            subject.scan,
            &self.patches,
            &self.fresh,
            &mut out,
        );
        Ok(out)
    }

    fn mend_span(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        edits: &[Edit],
        attributes: &mut Attributes,
        counts: &mut Counts,
    ) -> Result<(), VerdictError> {
        let Some(number) = edits.first().map(|edit| edit.span) else {
            return Ok(());
        };
        let span = notes::selected(subject, number)?;
        // Of most that get a link it is the first one: the scan knows.
        if span.links == 0 {
            self.links.clear();
        } else {
            self.links.read(subject.batch, span.body());
        }
        let mut editor = SpanEditor {
            subject,
            verdict,
            number,
            links: &self.links,
            out: &mut self.span,
        };
        if subject.counts_systems {
            systems::count(subject, span, edits, attributes, counts);
        }
        editor.edit(edits, attributes, counts)?;
        let start = self.fresh.len();
        let rewrite = self.span.rewrite(self.links.dropped_links_count());
        self.links
            .rewrite(subject.batch, span.body(), rewrite, &mut self.fresh);
        if self.fresh.len() > subject.limits.growth.saturating_add(subject.batch.len()) {
            let limit = subject.limits.growth;
            return Err(VerdictError::TooMuchGrowth { limit });
        }
        self.patches.push(Patch {
            span: number as usize,
            body: start..self.fresh.len(),
        });
        Ok(())
    }
}

/// The edits in the order of their spans, when they are not in it already.
fn sorted(edits: &[Edit]) -> Option<Vec<Edit>> {
    if edits.is_sorted_by_key(|edit| edit.span) {
        return None;
    }
    let mut sorted = edits.to_vec();
    sorted.sort_by_key(|edit| edit.span);
    Some(sorted)
}

fn check_tasks(tasks: Tasks, verdict: &Verdict) -> Result<(), VerdictError> {
    if !tasks.contains(Tasks::MEND) && !verdict.edits.is_empty() {
        return Err(VerdictError::UnwantedEdits);
    }
    if !tasks.contains(Tasks::DEFER) && !verdict.deferrals.is_empty() {
        return Err(VerdictError::UnwantedDeferral);
    }
    Ok(())
}
