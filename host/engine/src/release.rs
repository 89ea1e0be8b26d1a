//! A processor that holds spans back: what goes in, and what comes out again.

use std::time::Instant;

use bytes::Bytes;

use crate::bindings::linkmend::rule::types::Tasks;
use crate::error::ProcessError;
use crate::hold::{self, Held, HeldBatch, Hold, HoldStats, batches};
use crate::processor::{Mended, Passage, Processor};
use crate::workspace::Way;

impl Processor {
    /// Held spans that are to go on now: those that are ready, since a producer
    /// that they wait for was remembered, and those whose time is up. They are
    /// mended as far as that can be done, and put together into batches of
    /// bounded size, with their resources and scopes; one whose spans were all
    /// deferred again has no `traces`. To be called when
    /// [`Self::next_release`] says so, by one thread or by several.
    ///
    /// A span goes on with the rule that deferred it: rules before that one do
    /// not see it twice. One that is ready may be deferred once more, when it
    /// waits for other keys still; its time goes on from when it was deferred
    /// first, and after 16 tries it waits for the end of it. When that is up, or
    /// there is no room, it is mended for the last time, and goes on.
    ///
    /// A rule that fails on held spans takes the way of its
    /// [`OnError`](crate::OnError); what would be rejected goes on as it is,
    /// since there is no sender left.
    ///
    /// Producers that another program remembers, in an index that is shared,
    /// wake no span here; they are found when its time is up.
    #[must_use]
    pub fn release(&self, now: Instant) -> Vec<Mended> {
        let Some(hold) = &self.hold else {
            return Vec::new();
        };
        let (again, last) = hold.take(now);
        let mut released = Vec::new();
        for batch in batches(again) {
            self.try_again(hold, batch, &mut released);
        }
        self.let_go(last, &mut released);
        released
    }

    /// When [`Self::release`] is to be called: an instant that has passed when
    /// spans are ready, the end of the time of the oldest, or `None` when no
    /// span is held. See [`HoldOptions::on_sooner`](crate::HoldOptions) for
    /// when this changes.
    #[must_use]
    pub fn next_release(&self) -> Option<Instant> {
        self.hold.as_ref().and_then(|hold| hold.next_release())
    }

    /// All held spans, mended for the last time. From here on no span is held:
    /// [`Self::process`] gives all of them back at once.
    #[must_use]
    pub fn drain(&self) -> Vec<Mended> {
        let mut released = Vec::new();
        if let Some(hold) = &self.hold {
            self.let_go(hold.close(), &mut released);
        }
        released
    }

    /// How many spans are held, and what became of those that were.
    #[must_use]
    pub fn hold_stats(&self) -> HoldStats {
        self.hold
            .as_ref()
            .map(|hold| hold.stats())
            .unwrap_or_default()
    }

    pub(crate) fn process_or_hold(
        &self,
        hold: &Hold,
        batch: Bytes,
        passage: &Passage,
    ) -> Result<Mended, ProcessError> {
        let since = hold.begin();
        let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
        let rules = self.loaded();
        let way = Way {
            rules: &rules,
            first: 0,
            first_tasks: tasks,
            tasks,
            asked: None,
            terms: hold.terms(passage),
            counts_systems: self.counts_systems,
            is_held: false,
        };
        // Only here, when no rule can reject the batch any more: its sender
        // would send again what is held.
        let passed = self.pass(way, batch)?;
        let mut mended = passed.mended;
        if passage.copy_held && !passed.held.is_empty() {
            mended.held_copy = Some(hold::copy(&passed.held));
        }
        let surplus = hold.keep(passed.held, since, Some(passage.now));
        self.let_go(surplus, &mut mended.overflow);
        Ok(mended)
    }

    /// Shows a rule spans that it may defer once more.
    fn try_again(&self, hold: &Hold, batch: HeldBatch, released: &mut Vec<Mended>) {
        let since = hold.begin();
        let again = Tasks::MEND | Tasks::DEFER;
        let held = self.resubmit(batch, again, released);
        let surplus = hold.keep(held, since, None);
        self.let_go(surplus, released);
    }

    /// Shows rules spans that they are not to see again.
    fn let_go(&self, held: Vec<Held>, released: &mut Vec<Mended>) {
        for batch in batches(held) {
            // Nothing can be deferred.
            self.resubmit(batch, Tasks::MEND, released);
        }
    }

    /// Sends held spans on their way from the rule that deferred them: those
    /// that are deferred again.
    fn resubmit(
        &self,
        batch: HeldBatch,
        first_tasks: Tasks,
        released: &mut Vec<Mended>,
    ) -> Vec<Held> {
        let claims = batch.terms.claims();
        let rules = self.loaded();
        let way = Way {
            rules: &rules,
            first: batch.rule,
            first_tasks,
            tasks: first_tasks | Tasks::REMEMBER,
            asked: None,
            terms: batch.terms,
            counts_systems: self.counts_systems,
            is_held: true,
        };
        match self.pass(way, batch.traces.clone()) {
            Ok(passed) => {
                released.push(passed.mended);
                passed.held
            }
            // It was well-formed when it came, and cannot be rejected.
            Err(error) => {
                tracing::error!(%error, "held spans go on as they are");
                released.push(Mended {
                    traces: Some(batch.traces),
                    claims,
                    ..Mended::default()
                });
                Vec::new()
            }
        }
    }
}
