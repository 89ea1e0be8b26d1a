//! A processor that holds spans back: what goes in, and what comes out again.

use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::clock::Instant;
use crate::error::ProcessError;
use crate::hold::{self, Batches, Held, HeldBatch, Hold, HoldStats, Terms};
use crate::index::{MessageKey, Room};
use crate::interface::Tasks;
use crate::mended::Mended;
use crate::options::ProcessOptions;
use crate::processor::Processor;
use crate::scope::Scope;
use crate::workspace::{Passed, RunContext};

/// Held spans on their way out, a batch at a time: each is made when it is asked
/// for, so that no more than one has to be in memory beside the spans. What is
/// not asked for is lost.
#[must_use = "spans that are not asked for are lost"]
pub struct Releasing {
    queue: VecDeque<(Batches, Turn)>,
}

/// What a rule may do with held spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Defer them once more.
    Again,
    /// Mend them as far as it can be done.
    Last,
}

impl Releasing {
    /// Nothing.
    pub fn none() -> Self {
        Self::new(Vec::new(), Vec::new())
    }

    fn new(again: Vec<Held>, last: Vec<Held>) -> Self {
        let mut releasing = Self {
            queue: VecDeque::new(),
        };
        releasing.add(again, Turn::Again);
        releasing.add(last, Turn::Last);
        releasing
    }

    fn add(&mut self, held: Vec<Held>, turn: Turn) {
        if !held.is_empty() {
            self.queue.push_back((Batches::new(held), turn));
        }
    }

    /// The next batch, mended by the processor that the spans are from; see
    /// [`Processor::release`].
    pub fn next(&mut self, processor: &Processor) -> Option<Mended> {
        loop {
            let (batches, turn) = self.queue.front_mut()?;
            let turn = *turn;
            match batches.next() {
                Some(batch) => return Some(self.pass(processor, batch, turn)),
                None => drop(self.queue.pop_front()),
            }
        }
    }

    fn pass(&mut self, processor: &Processor, batch: HeldBatch, turn: Turn) -> Mended {
        let hold = processor.hold.as_ref().filter(|_| turn == Turn::Again);
        let Some(hold) = hold else {
            // Nothing can be deferred.
            return processor.resubmit(batch, Tasks::MEND).mended;
        };
        let since = hold.begin();
        let passed = processor.resubmit(batch, Tasks::MEND | Tasks::DEFER);
        self.add(hold.keep(passed.held, since, None), Turn::Last);
        passed.mended
    }

    /// Nothing comes any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn all(mut self, processor: &Processor) -> Vec<Mended> {
        std::iter::from_fn(|| self.next(processor)).collect()
    }
}

impl fmt::Debug for Releasing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Releasing").finish_non_exhaustive()
    }
}

impl Processor {
    /// Mends a batch: an OTLP `TracesData`, or `ExportTraceServiceRequest`.
    ///
    /// With [`crate::ProcessorOptions::hold`], spans whose producers are not known yet
    /// are taken out of the batch and held back: see [`Self::release`].
    ///
    /// # Errors
    ///
    /// When the batch is not well-formed, or when a rule fails on it and its
    /// policy is [`crate::OnError::Reject`].
    pub fn process(&self, batch: Bytes, options: &ProcessOptions) -> Result<Mended, ProcessError> {
        let (mut mended, overflow) = self.process_releasing(batch, options)?;
        mended.overflow = overflow.all(self);
        Ok(mended)
    }

    /// The same as [`Self::process`], but for [`Mended::overflow`]: what had to leave
    /// the hold comes a batch at a time.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_releasing(
        &self,
        batch: Bytes,
        options: &ProcessOptions,
    ) -> Result<(Mended, Releasing), ProcessError> {
        let came = options.tell_changes.then(|| batch.clone());
        let hold = self.hold.as_ref().filter(|hold| hold.is_open());
        let (mended, overflow) = if let Some(hold) = hold {
            self.process_or_hold(hold, batch, options)?
        } else {
            let tasks = Tasks::REMEMBER | Tasks::MEND;
            let mended = self.run(batch, tasks, None, Some(options))?;
            (mended, Releasing::none())
        };
        let mended = match came {
            Some(came) => mended.told_as_changes(&came),
            None => mended,
        };
        Ok((mended, overflow))
    }

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
    /// Producers that another program remembers, in an index that is shared, wake
    /// spans here when somebody says so: see [`Self::wake`].
    #[must_use]
    pub fn release(&self, now: Instant) -> Vec<Mended> {
        self.releasing(now).all(self)
    }

    /// The same as [`Self::release`], a batch at a time.
    pub fn releasing(&self, now: Instant) -> Releasing {
        let taken = self.hold.as_ref().map(|hold| hold.take(now));
        let (again, last) = taken.unwrap_or_default();
        Releasing::new(again, last)
    }

    /// When [`Self::release`] is to be called: an instant that has passed when
    /// spans are ready, the end of the time of the oldest, or `None` when no
    /// span is held. See [`HoldOptions::on_sooner`](crate::HoldOptions) for
    /// when this changes.
    #[must_use]
    pub fn next_release(&self) -> Option<Instant> {
        self.hold.as_ref().and_then(|hold| hold.next_release())
    }

    /// The keys that held spans wait for, each once, and of which scope they are
    /// where there are some: for an index that is shared, to be asked which of them
    /// another program has remembered in the meantime. With 20,000 held spans this
    /// takes a few milliseconds.
    #[must_use]
    pub fn awaited(&self) -> Vec<(Option<Scope>, MessageKey)> {
        let hold = self.hold.as_ref();
        hold.map(|hold| hold.awaited()).unwrap_or_default()
    }

    /// Producers of these keys are known now that another program has remembered, in
    /// an index that is shared: spans that wait for them are ready, and their rules
    /// will ask the index for them. Once for each time that something is new: a span
    /// is tried 16 times at most.
    pub fn wake(&self, keys: &[(Option<Scope>, MessageKey)]) {
        if let Some(hold) = self.hold.as_ref().filter(|_| !keys.is_empty()) {
            hold.known_elsewhere(keys);
        }
    }

    /// All held spans, mended for the last time. From here on no span is held:
    /// [`Self::process`] gives all of them back at once.
    #[must_use]
    pub fn drain(&self) -> Vec<Mended> {
        self.draining().all(self)
    }

    /// The same as [`Self::drain`], a batch at a time.
    pub fn draining(&self) -> Releasing {
        let all = self.hold.as_ref().map(|hold| hold.close());
        Releasing::new(Vec::new(), all.unwrap_or_default())
    }

    /// How many spans are held, and what became of those that were.
    #[must_use]
    pub fn hold_stats(&self) -> HoldStats {
        self.hold
            .as_ref()
            .map(|hold| hold.stats())
            .unwrap_or_default()
    }

    fn process_or_hold(
        &self,
        hold: &Hold,
        batch: Bytes,
        options: &ProcessOptions,
    ) -> Result<(Mended, Releasing), ProcessError> {
        let since = hold.begin();
        let rules = self.loaded();
        let context = |room: Option<&Arc<Room>>| {
            let may_hold = self.may_hold(room);
            let mut tasks = Tasks::REMEMBER | Tasks::MEND;
            if may_hold {
                tasks |= Tasks::DEFER;
            }
            RunContext {
                rules: &rules,
                first: 0,
                first_tasks: tasks,
                tasks,
                asked: None,
                terms: if may_hold {
                    hold.terms(options, room)
                } else {
                    Terms::Each(Vec::new())
                },
                reach: self.reach(room),
                counts_systems: self.counts_systems,
                tells_changes: self.tells_changes(options, &rules),
                is_held: false,
            }
        };
        // Only here, when no rule can reject the batch any more: its sender
        // would send again what is held.
        let passed = self.pass_by_scope(batch, options.scope, context)?;
        let mut mended = passed.mended;
        if options.copy_held && !passed.held.is_empty() {
            mended.held_copy = Some(hold::copy(&passed.held));
        }
        let surplus = hold.keep(passed.held, since, Some(options.now));
        Ok((mended, Releasing::new(Vec::new(), surplus)))
    }

    /// Sends held spans on their way from the rule that deferred them, some of
    /// which may be deferred again.
    fn resubmit(&self, batch: HeldBatch, first_tasks: Tasks) -> Passed {
        let acknowledgements = batch.terms.acknowledgements();
        let rules = self.loaded();
        let room = batch.terms.room();
        let scope = room.map(|room| room.scope);
        let reach = self.reach(room);
        let context = RunContext {
            rules: &rules,
            first: batch.rule,
            first_tasks,
            tasks: first_tasks | Tasks::REMEMBER,
            asked: None,
            terms: batch.terms,
            reach,
            counts_systems: self.counts_systems,
            tells_changes: false,
            is_held: true,
        };
        // It was well-formed when it came, and cannot be rejected.
        let mut passed = self
            .pass(context, batch.traces.clone())
            .unwrap_or_else(|error| {
                tracing::error!(%error, "held spans go on as they are");
                Passed {
                    mended: Mended {
                        traces: Some(batch.traces),
                        acknowledgements,
                        ..Mended::default()
                    },
                    held: Vec::new(),
                }
            });
        passed.mended.scope = scope;
        passed
    }
}
