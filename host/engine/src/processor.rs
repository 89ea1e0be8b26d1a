//! A processor, as programs have it: rules in a sandbox, and the clock of the system.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use linkmend_core::index::MessageKey;
use linkmend_core::interface::{About, Plan};
use linkmend_core::{self as core, Asked, HoldStats, Mended, ProcessError, RuleUsage, Scope};

use crate::clock::SystemClock;
use crate::error::LoadError;
use crate::options::ProcessOptions;
use crate::rule::{Loader, Rule};

/// Mends batches. Shared by as many threads as there are.
pub struct Processor {
    core: core::Processor,
    clock: SystemClock,
    loader: Loader,
}

/// Held spans on their way out, a batch at a time: each is made when it is asked
/// for, so that no more than one has to be in memory beside the spans. What is
/// not asked for is lost.
#[must_use = "spans that are not asked for are lost"]
#[derive(Debug)]
pub struct Releasing(core::Releasing);

impl Releasing {
    /// Nothing comes any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next batch, mended by the processor that the spans are from; see
    /// [`Processor::release`].
    pub fn next(&mut self, processor: &Processor) -> Option<Mended> {
        self.0.next(&processor.core)
    }
}

impl Processor {
    /// One that a builder has put together.
    pub(crate) fn new(core: core::Processor, clock: SystemClock, loader: Loader) -> Self {
        Self {
            core,
            clock,
            loader,
        }
    }

    /// Mends a batch: an OTLP `TracesData`, or `ExportTraceServiceRequest`.
    ///
    /// With [`ProcessorBuilder::hold`](crate::ProcessorBuilder::hold), spans whose producers are not known yet
    /// are taken out of the batch and held back: see [`Self::release`].
    ///
    /// # Errors
    ///
    /// When the batch is not well-formed, or when a rule fails on it and its
    /// policy is [`crate::OnError::Reject`].
    pub fn process(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.process_with(batch, &ProcessOptions::default())
    }

    /// The same as [`Self::process`], at a time that may be another than now.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_at(&self, batch: Bytes, now: Instant) -> Result<Mended, ProcessError> {
        let options = ProcessOptions {
            now,
            ..ProcessOptions::default()
        };
        self.process_with(batch, &options)
    }

    /// The same as [`Self::process`], where more is to be said of it.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_with(
        &self,
        batch: Bytes,
        options: &ProcessOptions,
    ) -> Result<Mended, ProcessError> {
        self.core.process(batch, &options.by(&self.clock))
    }

    /// The same as [`Self::process_with`], but for [`Mended::overflow`]: what had to leave
    /// the hold comes a batch at a time, and is lost if it is not asked for.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_releasing(
        &self,
        batch: Bytes,
        options: &ProcessOptions,
    ) -> Result<(Mended, Releasing), ProcessError> {
        let options = options.by(&self.clock);
        let (mended, overflow) = self.core.process_releasing(batch, &options)?;
        Ok((mended, Releasing(overflow)))
    }

    /// The first reading of data that is read twice: remembers the producers
    /// of messages, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.core.remember(batch)
    }

    /// The second reading of data that is read twice.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.core.mend(batch)
    }

    /// The same as [`Self::mend`], and says of the spans that are asked for why
    /// they were or were not mended. A span that was asked for by its id is
    /// always explained, by the host where the rules say nothing.
    ///
    /// Takes longer; batches without such a span are mended as usual.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn explain(&self, batch: Bytes, asked: &Asked) -> Result<Mended, ProcessError> {
        self.core.explain(batch, asked)
    }

    /// Some rule remembers: reading data twice finds more.
    #[must_use]
    pub fn uses_index(&self) -> bool {
        self.core.uses_index()
    }

    /// The rules, in the order in which a batch passes them.
    #[must_use]
    pub fn rules(&self) -> Vec<About> {
        self.core.rules()
    }

    /// What the rules ask of the host, in the same order.
    #[must_use]
    pub fn plans(&self) -> Vec<Plan> {
        self.core.plans()
    }

    /// What each rule used at most, so far.
    #[must_use]
    pub fn rule_usage(&self) -> Vec<RuleUsage> {
        self.core.rule_usage()
    }

    /// Puts other rules in the place of those that are there, between two
    /// batches: what was remembered and what is held stays. A held span goes on
    /// with the rule that stands where the one stood that deferred it.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used; then all stays as it is.
    pub fn replace_rules(&self, rules: Vec<Rule>) -> Result<(), LoadError> {
        self.core.replace_rules(self.loader.load_all(rules)?);
        Ok(())
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
        self.core.release(self.clock.at(now))
    }

    /// The same as [`Self::release`], a batch at a time.
    pub fn releasing(&self, now: Instant) -> Releasing {
        Releasing(self.core.releasing(self.clock.at(now)))
    }

    /// When [`Self::release`] is to be called: an instant that has passed when
    /// spans are ready, the end of the time of the oldest, or `None` when no
    /// span is held. See [`HoldOptions::on_sooner`](crate::HoldOptions) for
    /// when this changes.
    #[must_use]
    pub fn next_release(&self) -> Option<Instant> {
        let next = self.core.next_release()?;
        Some(self.clock.back(next))
    }

    /// The keys that held spans wait for, each once, and of which scope they are
    /// where there are some: for an index that is shared, to be asked which of them
    /// another program has remembered in the meantime. With 20,000 held spans this
    /// takes a few milliseconds.
    #[must_use]
    pub fn awaited(&self) -> Vec<(Option<Scope>, MessageKey)> {
        self.core.awaited()
    }

    /// Producers of these keys are known now that another program has remembered, in
    /// an index that is shared: spans that wait for them are ready, and their rules
    /// will ask the index for them. Once for each time that something is new: a span
    /// is tried 16 times at most.
    pub fn wake(&self, keys: &[(Option<Scope>, MessageKey)]) {
        self.core.wake(keys);
    }

    /// All held spans, mended for the last time. From here on no span is held:
    /// [`Self::process`] gives all of them back at once.
    #[must_use]
    pub fn drain(&self) -> Vec<Mended> {
        self.core.drain()
    }

    /// The same as [`Self::drain`], a batch at a time.
    pub fn draining(&self) -> Releasing {
        Releasing(self.core.draining())
    }

    /// How many spans are held, and what became of those that were.
    #[must_use]
    pub fn hold_stats(&self) -> HoldStats {
        self.core.hold_stats()
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}
