//! A processor, and how it is made.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::bindings::linkmend::rule::types::{About, Plan, Tasks};
use crate::counts::Counts;
use crate::error::{LoadError, LoadReason, ProcessError, RuleFault};
use crate::explain::{Asked, Explanation};
use crate::hold::{Hold, HoldOptions, Terms};
use crate::index::{MemoryIndex, MessageIndex, Room};
use crate::native;
use crate::rule::{Rule, Source};
use crate::rule_file::RuleFile;
use crate::runner::LoadedRule;
use crate::said::Listener;
use crate::sandbox::{self, CodeCache, Compiler, Sandbox};
use crate::scope::{Scope, Scoping};
use crate::usage::RuleUsage;
use crate::workspace::{Passed, Way, Workspace};

/// Mends batches. Shared by as many threads as there are.
pub struct Processor {
    rules: RwLock<Arc<[LoadedRule]>>,
    sandbox: Sandbox,
    pub(crate) index: Arc<dyn MessageIndex>,
    pub(crate) scoping: Option<Scoping>,
    pub(crate) counts_systems: bool,
    pub(crate) hold: Option<Arc<Hold>>,
    /// One for each thread that ever was in here at the same time.
    workspaces: Mutex<Vec<Workspace>>,
}

/// Makes a [`Processor`].
pub struct ProcessorBuilder {
    rules: Vec<Rule>,
    index: Option<Arc<dyn MessageIndex>>,
    compiler: Compiler,
    cache: Option<CodeCache>,
    hold: Option<HoldOptions>,
    scoping: Option<Scoping>,
    counts_systems: bool,
    listener: Option<Listener>,
}

/// Something of whoever waits for held spans. It is kept with each span of a
/// batch that is held, comes out with it ([`Mended::claims`]), and means nothing
/// here: when all copies of it are dropped, all spans of that batch have gone
/// their way.
pub type Claim = Arc<dyn Any + Send + Sync>;

/// How a batch is processed where spans are held.
#[derive(Clone)]
pub struct Passage {
    /// When it came. Default: now.
    pub now: Instant,
    /// How long its spans may be held, if that is less than
    /// [`HoldOptions::time`]. Default: that long.
    pub hold_at_most: Option<Duration>,
    /// Goes with its spans that are held. Default: nothing.
    pub claim: Option<Claim>,
    /// Whether a copy of what is held is wanted, see [`Mended::held_copy`].
    /// Default: no.
    pub copy_held: bool,
    /// Who sent it, beside what its resources say of that: see
    /// [`ProcessorBuilder::scopes`]. Default: nobody knows.
    pub scope: Scope,
}

impl Default for Passage {
    fn default() -> Self {
        Self {
            now: Instant::now(),
            hold_at_most: None,
            claim: None,
            copy_held: false,
            scope: Scope::NONE,
        }
    }
}

/// A batch that went through.
#[derive(Clone, Default)]
pub struct Mended {
    /// The batch. The very same bytes when nothing was to be done; `None` when
    /// all of its spans are held back, or when it was dropped.
    pub traces: Option<Bytes>,
    /// A rule failed and its policy is [`crate::OnError::Drop`].
    pub is_dropped: bool,
    /// How many spans are held back and not in `traces`.
    pub held: usize,
    /// The spans that are held back, as a batch of their own, if
    /// [`Passage::copy_held`] asks for it: to be kept where a crash does not
    /// reach it, and processed anew after one.
    pub held_copy: Option<Bytes>,
    /// [`Passage::claim`] of the batches that held spans in `traces` came with:
    /// one for each span that was held. Those of a batch that is dropped, too.
    pub claims: Vec<Claim>,
    /// Held spans that had to go to make room, mostly of other batches: batches
    /// to be sent on beside this one, whose figures are not in `counts`. The
    /// sender of this batch cannot send them again.
    pub overflow: Vec<Mended>,
    /// What was done.
    pub counts: Counts,
    /// What the calls of rules took, all together.
    pub rule_time: Duration,
    /// The rules that failed on it.
    pub faults: Vec<RuleFault>,
    /// Why spans were or were not mended, in their order in the batch. Only of
    /// spans that were asked for: see [`Processor::explain`].
    pub explanations: Vec<Explanation>,
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage")
            .field("now", &self.now)
            .field("hold_at_most", &self.hold_at_most)
            .field("claim", &self.claim.is_some())
            .field("copy_held", &self.copy_held)
            .field("scope", &self.scope)
            .finish()
    }
}

impl fmt::Debug for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mended")
            .field("traces", &self.traces)
            .field("is_dropped", &self.is_dropped)
            .field("held", &self.held)
            .field("claims", &self.claims.len())
            .field("overflow", &self.overflow)
            .field("counts", &self.counts)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Processor {
    /// A processor without rules, to be given some.
    #[must_use]
    pub fn builder() -> ProcessorBuilder {
        ProcessorBuilder {
            rules: Vec::new(),
            index: None,
            compiler: Compiler::default(),
            cache: None,
            hold: None,
            scoping: None,
            counts_systems: false,
            listener: None,
        }
    }

    /// Mends a batch: an OTLP `TracesData`, or `ExportTraceServiceRequest`.
    ///
    /// With [`ProcessorBuilder::hold`], spans whose producers are not known yet
    /// are taken out of the batch and held back: see [`Self::release`].
    ///
    /// # Errors
    ///
    /// When the batch is not well-formed, or when a rule fails on it and its
    /// policy is [`crate::OnError::Reject`].
    pub fn process(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.process_at(batch, Instant::now())
    }

    /// The same as [`Self::process`], at a time that may be another than now.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_at(&self, batch: Bytes, now: Instant) -> Result<Mended, ProcessError> {
        let passage = Passage {
            now,
            ..Passage::default()
        };
        self.process_with(batch, &passage)
    }

    /// The same as [`Self::process`], where more is to be said of it.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn process_with(&self, batch: Bytes, passage: &Passage) -> Result<Mended, ProcessError> {
        match self.hold.as_ref().filter(|hold| hold.is_open()) {
            Some(hold) => self.process_or_hold(hold, batch, passage),
            None => self.run(batch, Tasks::REMEMBER | Tasks::MEND, None, passage.scope),
        }
    }

    /// The first reading of data that is read twice: remembers the producers
    /// of messages, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn remember(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::REMEMBER, None, Scope::NONE)
    }

    /// The second reading of data that is read twice.
    ///
    /// # Errors
    ///
    /// As [`Self::process`].
    pub fn mend(&self, batch: Bytes) -> Result<Mended, ProcessError> {
        self.run(batch, Tasks::MEND, None, Scope::NONE)
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
        self.run(batch, Tasks::MEND, Some(asked), Scope::NONE)
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
        rules.iter().map(|rule| rule.usage.so_far()).collect()
    }

    /// Puts other rules in the place of those that are there, between two
    /// batches: what was remembered and what is held stays. A held span goes on
    /// with the rule that stands where the one stood that deferred it.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used; then all stays as it is.
    pub fn replace_rules(&self, rules: Vec<Rule>) -> Result<(), LoadError> {
        let loaded = load_all(&self.sandbox, rules, &self.index)?;
        *self.rules.write() = loaded;
        Ok(())
    }

    /// The rules as they are now: a batch passes the same ones to its end.
    pub(crate) fn loaded(&self) -> Arc<[LoadedRule]> {
        Arc::clone(&self.rules.read())
    }

    fn run(
        &self,
        batch: Bytes,
        tasks: Tasks,
        asked: Option<&Asked>,
        scope: Scope,
    ) -> Result<Mended, ProcessError> {
        let rules = self.loaded();
        let way = |room: Option<&Arc<Room>>| Way {
            rules: &rules,
            first: 0,
            first_tasks: tasks,
            tasks,
            asked,
            terms: Terms::Each(Vec::new()),
            reach: self.reach(room),
            counts_systems: self.counts_systems,
            is_held: false,
        };
        Ok(self.pass_by_scope(batch, scope, way)?.mended)
    }

    pub(crate) fn pass(&self, way: Way<'_>, batch: Bytes) -> Result<Passed, ProcessError> {
        let mut workspace = self.workspaces.lock().pop().unwrap_or_default();
        let passed = workspace.run(way, batch);
        self.workspaces.lock().push(workspace);
        passed
    }
}

impl ProcessorBuilder {
    /// Adds a rule behind those that are there: each sees the edits of the
    /// ones before it.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The message index that the rules share. Default: a new [`MemoryIndex`].
    #[must_use]
    pub fn index(mut self, index: Arc<dyn MessageIndex>) -> Self {
        self.index = Some(index);
        self
    }

    /// Tells senders apart: messages of one scope are not seen in another one, and
    /// no scope takes the room of others in the index and in the hold. In place of
    /// [`Self::index`]. Default: all are of one.
    #[must_use]
    pub fn scopes(mut self, scoping: Scoping) -> Self {
        self.scoping = Some(scoping);
        self
    }

    /// What compiles the rules. The default does it in this process, whatever
    /// time and memory it takes: where rules are not trusted, give a
    /// [`Compiler::command`].
    #[must_use]
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// Where compiled rules are kept. Default: nowhere.
    #[must_use]
    pub fn code_cache(mut self, cache: CodeCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Holds spans back whose producers are not known yet. Whoever asks for
    /// this has to call [`Processor::release`] time and again. Default: none
    /// are held.
    #[must_use]
    pub fn hold(mut self, options: HoldOptions) -> Self {
        self.hold = Some(options);
        self
    }

    /// Counts what is done by messaging system, too: see
    /// [`Counts::systems`](crate::Counts). It costs one more look at the
    /// attributes of each span that is edited. Default: no.
    #[must_use]
    pub fn count_systems(mut self) -> Self {
        self.counts_systems = true;
        self
    }

    /// Whoever wants to know what rules say: what they print, and what their
    /// languages print for them when they fail. It is told of what is said while
    /// rules are loaded, too. Default: nobody.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Compiles and configures the rules.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used.
    pub fn build(self) -> Result<Processor, LoadError> {
        let index = self
            .index
            .unwrap_or_else(|| Arc::new(MemoryIndex::default()));
        let hold = self.hold.and_then(Hold::new);
        let index = match &hold {
            Some(hold) => hold.watch(index, None),
            None => index,
        };
        let sandbox = Sandbox::new(self.compiler, self.cache, self.listener);
        let sandbox = sandbox.map_err(|reason| LoadError {
            rule: "(all)".into(),
            number: None,
            reason,
        })?;
        let rules = load_all(&sandbox, self.rules, &index)?;
        Ok(Processor {
            rules: RwLock::new(rules),
            sandbox,
            index,
            scoping: self.scoping,
            counts_systems: self.counts_systems,
            hold,
            workspaces: Mutex::default(),
        })
    }
}

fn load_all(
    sandbox: &Sandbox,
    rules: Vec<Rule>,
    index: &Arc<dyn MessageIndex>,
) -> Result<Arc<[LoadedRule]>, LoadError> {
    let rules = (0..).zip(rules);
    rules
        .map(|(number, rule)| load(sandbox, number, rule, index))
        .collect()
}

fn load(
    sandbox: &Sandbox,
    number: usize,
    rule: Rule,
    index: &Arc<dyn MessageIndex>,
) -> Result<LoadedRule, LoadError> {
    let Rule {
        source,
        config,
        limits,
        on_error,
    } = rule;
    let index = Arc::clone(index);
    let (name, loaded) = match source {
        Source::Native {
            about,
            plan,
            world,
            make,
        } => {
            return Ok(native::load(about, plan, world, make, limits, on_error));
        }
        Source::Component { name, bytes } => {
            let loaded = sandbox::load(sandbox, &bytes, &config, limits, on_error, index);
            (name, loaded)
        }
        Source::File(path) => {
            let most = sandbox.compiler().limits().file_size;
            let loaded = match RuleFile::read(&path, most) {
                Ok(file) => sandbox::load(sandbox, &file.bytes, &config, limits, on_error, index),
                Err(error) => Err(LoadReason::Read { error }),
            };
            (path.display().to_string(), loaded)
        }
    };
    loaded.map_err(|reason| LoadError {
        rule: name,
        number: Some(number),
        reason,
    })
}
