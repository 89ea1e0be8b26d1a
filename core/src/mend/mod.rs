//! From a verdict to the mended batch: the guarantees are kept here.
//!
//! Nothing of what a rule answers reaches a batch unchecked, and what reaches
//! it can only be links and the dropped count: the splice has no other words.

mod attributes;
mod deferrals;
mod explanations;
mod notes;
mod span;
mod subject;
mod systems;

use linkmend_wire::{Patch, Scan, SpanLinks};

use crate::changes::{self, Changes};
use crate::counts::Counts;
use crate::error::VerdictError;
use crate::explain::Said;
use crate::interface::{Edit, Tasks, Verdict};
use crate::limits::Limits;
use attributes::Attributes;
pub(crate) use deferrals::Deferred;
use span::{Links, SpanEditor};
pub(crate) use subject::Subject;

/// What is needed to mend batch after batch, kept so that it need not be
/// allocated anew.
#[derive(Debug, Default)]
pub(crate) struct Mender {
    links: SpanLinks,
    span: Links,
    patches: Vec<Patch>,
    fresh: Vec<u8>,
    /// How much of the edited spans stands in front of what is new, in bytes.
    kept: usize,
    /// What held spans wait for and what is said of spans, of all portions so
    /// far, in bytes.
    awaited: usize,
    said: usize,
}

impl Mender {
    /// About how many bytes it has room for.
    pub(crate) fn takes(&self) -> usize {
        self.fresh.capacity() + self.span.takes() + self.patches.capacity() * size_of::<Patch>()
    }

    /// Begins with the first portion of a batch.
    pub(crate) fn begin(&mut self) {
        self.patches.clear();
        self.fresh.clear();
        self.kept = 0;
        self.awaited = 0;
        self.said = 0;
    }

    /// Checks a verdict and does what it says. Counts only what is done. Answers
    /// which spans are to be held, in their order; they stay in the batch.
    pub(crate) fn mend(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        counts: &mut Counts,
    ) -> Result<Vec<Deferred>, VerdictError> {
        check_tasks(subject.tasks, verdict)?;
        let mut deferred = deferrals::read(subject, verdict, &mut self.awaited)?;
        notes::count(subject, verdict, &deferred, counts)?;
        if !verdict.edits.is_empty() {
            self.edit(subject, verdict, &deferred, counts)?;
        }
        for deferred in &mut deferred {
            deferred.span += subject.spans.start as u32;
        }
        Ok(deferred)
    }

    /// What the rule says to people.
    pub(crate) fn explain(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
    ) -> Result<Said, VerdictError> {
        explanations::read(subject, verdict, &mut self.said)
    }

    /// Much of the room for what is held is taken.
    pub(crate) fn is_much_awaited(&self, limits: &Limits) -> bool {
        self.awaited > limits.output / 2
    }

    /// The mended batch; `None` when it stays as it is.
    pub(crate) fn end(&self, batch: &[u8], scan: &Scan) -> Option<Vec<u8>> {
        if self.patches.is_empty() {
            return None;
        }
        let mut out = Vec::new();
        linkmend_wire::splice(batch, scan, &self.patches, &self.fresh, &mut out);
        Some(out)
    }

    /// What changes, in place of the mended batch.
    pub(crate) fn changes(&self, batch: &[u8], scan: &Scan) -> Changes {
        let mut changes = Changes::default();
        for patch in &self.patches {
            let Some(span) = scan.selected().get(patch.span) else {
                continue;
            };
            let fresh = self.fresh.get(patch.body.clone()).unwrap_or_default();
            // Of most that get a link it is the first one, and all that is new.
            if span.links == 0 {
                changes.add(span.place as usize, [fresh].into_iter());
            } else {
                let kept = batch.get(patch.kept.clone()).unwrap_or_default();
                let links = changes::links_of(kept).chain(changes::links_of(fresh));
                changes.add(span.place as usize, links);
            }
        }
        changes
    }

    fn edit(
        &mut self,
        subject: &Subject<'_>,
        verdict: &Verdict,
        deferred: &[Deferred],
        counts: &mut Counts,
    ) -> Result<(), VerdictError> {
        let mut attributes = Attributes::encode(verdict, subject)?;
        let sorted = sorted(&verdict.edits);
        let edits = sorted.as_deref().unwrap_or(&verdict.edits);
        for edits in edits.chunk_by(|a, b| a.span == b.span) {
            deferrals::check_unedited(deferred, edits)?;
            self.mend_span(subject, verdict, edits, &mut attributes, counts)?;
        }
        attributes.count_types(counts);
        Ok(())
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
        let span = subject.selected(number)?;
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
        let kept = self
            .links
            .rewrite(subject.batch, span.body(), rewrite, &mut self.fresh);
        self.kept += kept.len();
        if self.fresh.len() + self.kept > subject.limits.growth.saturating_add(subject.batch.len())
        {
            let limit = subject.limits.growth;
            return Err(VerdictError::TooMuchGrowth { limit });
        }
        self.patches.push(Patch {
            span: subject.spans.start + number as usize,
            kept,
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

/// Nothing that was not asked for.
pub(crate) fn check_tasks(tasks: Tasks, verdict: &Verdict) -> Result<(), VerdictError> {
    if !tasks.contains(Tasks::MEND) && !verdict.edits.is_empty() {
        return Err(VerdictError::UnwantedEdits);
    }
    if !tasks.contains(Tasks::DEFER) && !verdict.deferrals.is_empty() {
        return Err(VerdictError::UnwantedDeferral);
    }
    Ok(())
}
