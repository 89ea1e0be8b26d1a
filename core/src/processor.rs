//! A processor: rules, and what they share.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::error::ProcessError;
use crate::explain::Asked;
use crate::hold::{Hold, HoldOptions, Terms, watch};
use crate::index::{MessageIndex, Room};
use crate::interface::{About, Plan, Tasks};
use crate::mended::Mended;
use crate::options::ProcessOptions;
use crate::runner::LoadedRule;
use crate::scope::Scope;
use crate::scoping::Scoping;
use crate::usage::RuleUsage;
use crate::workspace::{Passed, RunContext, Workspace};

/// Mends batches. Shared by as many threads as there are.
pub struct Processor {
    rules: RwLock<Arc<[LoadedRule]>>,
    pub(crate) index: Arc<dyn MessageIndex>,
    pub(crate) scoping: Option<Scoping>,
    pub(crate) counts_systems: bool,
    pub(crate) hold: Option<Arc<Hold>>,
    pub(crate) clock: Arc<dyn Clock>,
    /// One for each thread that ever was in here at the same time.
    #[allow(
        clippy::vec_box,
        reason = "each is taken out and put back for every batch, and is more than a kilobyte"
    )]
    workspaces: Mutex<Vec<Box<Workspace>>>,
}

/// What a processor is beside its rules.
#[derive(Clone)]
pub struct ProcessorOptions {
    /// What rules are timed by. Whoever says when a batch came goes by the same one.
    pub clock: Arc<dyn Clock>,
    /// The message index that the rules share.
    pub index: Arc<dyn MessageIndex>,
    /// Tells senders apart, each with messages of its own, in place of `index`.
    pub scoping: Option<Scoping>,
    /// Holds spans back whose producers are not known yet. Whoever asks for this has to call
    /// [`Processor::release`] time and again.
    pub hold: Option<HoldOptions>,
    /// Counts what is done by messaging system, too: see
    /// [`Counts::systems`](crate::Counts).
    pub count_systems: bool,
}

impl fmt::Debug for ProcessorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessorOptions")
            .field("clock", &self.clock)
            .field("scoping", &self.scoping)
            .field("hold", &self.hold)
            .field("count_systems", &self.count_systems)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processor")
            .field("rules", &self.loaded())
            .finish_non_exhaustive()
    }
}

impl Processor {
    /// One with these rules, in the order in which a batch passes them.
    #[must_use]
    pub fn new(options: ProcessorOptions, rules: Vec<LoadedRule>) -> Self {
        let hold = options.hold.and_then(Hold::new);
        let index = match &hold {
            Some(hold) => watch(hold, options.index, None),
            None => options.index,
        };
        Self {
            rules: RwLock::new(rules.into()),
            index,
            scoping: options.scoping,
            counts_systems: options.count_systems,
            hold,
            clock: options.clock,
            workspaces: Mutex::default(),
        }
    }

    /// The first reading of data that is read twice: remembers the producers
    /// of messages, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::REMEMBER, None, None)
    }

    /// The second reading of data that is read twice.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::MEND, None, None)
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
        self.run(batch, Tasks::MEND, Some(asked), None)
    }

    /// Some rule remembers: reading data twice finds more.
    #[must_use]
    pub fn uses_index(&self) -> bool {
        self.loaded().iter().any(|rule| rule.plan.uses_index)
    }

    /// The rules, in the order in which a batch passes them.
    #[must_use]
    pub fn rules(&self) -> Vec<About> {
        self.loaded()
            .iter()
            .map(|rule| rule.about.clone())
            .collect()
    }

    /// What the rules ask of the host, in the same order.
    #[must_use]
    pub fn plans(&self) -> Vec<Plan> {
        self.loaded().iter().map(|rule| rule.plan.clone()).collect()
    }

    /// What each rule used at most, so far.
    #[must_use]
    pub fn rule_usage(&self) -> Vec<RuleUsage> {
        let rules = self.loaded();
        rules.iter().map(LoadedRule::usage).collect()
    }

    /// Puts other rules in the place of those that are there, between two
    /// batches: what was remembered and what is held stays. A held span goes on
    /// with the rule that stands where the one stood that deferred it.
    pub fn replace_rules(&self, rules: Vec<LoadedRule>) {
        *self.rules.write() = rules.into();
    }

    /// The rules as they are now: a batch passes the same ones to its end.
    pub(crate) fn loaded(&self) -> Arc<[LoadedRule]> {
        Arc::clone(&self.rules.read())
    }

    pub(crate) fn run(
        &self,
        batch: Bytes,
        tasks: Tasks,
        asked: Option<&Asked>,
        options: Option<&ProcessOptions>,
    ) -> Result<Mended, ProcessError> {
        let rules = self.loaded();
        let tells_changes = options.is_some_and(|options| self.tells_changes(options, &rules));
        let scope = options.map_or(Scope::NONE, |options| options.scope);
        let context = |room: Option<&Arc<Room>>| RunContext {
            rules: &rules,
            first: 0,
            first_tasks: tasks,
            tasks,
            asked,
            terms: Terms::Each(Vec::new()),
            reach: self.reach(room),
            counts_systems: self.counts_systems,
            tells_changes,
            is_held: false,
        };
        Ok(self.pass_by_scope(batch, scope, context)?.mended)
    }

    /// What becomes of a batch is told right where it is edited: of one rule, that is; what
    /// several do, or to parts of it, is told by what comes out.
    pub(crate) fn tells_changes(&self, options: &ProcessOptions, rules: &[LoadedRule]) -> bool {
        options.tell_changes && rules.len() == 1 && self.scoping.is_none()
    }

    pub(crate) fn pass(
        &self,
        context: RunContext<'_>,
        batch: Bytes,
    ) -> Result<Passed, ProcessError> {
        let mut workspace = self.workspaces.lock().pop().unwrap_or_default();
        let passed = workspace.run(context, batch);
        self.workspaces.lock().push(workspace);
        passed
    }
}
