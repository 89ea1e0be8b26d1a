//! A loaded rule, and its instances.

use std::sync::Arc;
use std::time::Duration;

use linkmend_wire::Selector;
use linkmend_wire::located::Reads;
use parking_lot::Mutex;

use crate::blame::Blame;
use crate::clock::Clock;
use crate::error::{FaultReason, RuleFault};
use crate::exhibit::{Buffers, Exhibit, Portion, Shown};
use crate::index::MessageIndex;
use crate::interface::{About, Plan, SpanKinds, Tasks, Verdict};
use crate::limits::Limits;
use crate::policy::OnError;
use crate::scope::Scope;
use crate::usage::{RuleUsage, Usage};

/// One instance of a rule. Belongs to one thread at a time.
pub trait Runner: Send {
    /// Looks at one batch, and knows of the messages in this index.
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason>;

    /// What the last batch took, without what was spent waiting for the index: that is
    /// not the rule's time. Default: it has no clock, and whoever asks it takes the time.
    fn took(&self) -> Option<Duration> {
        None
    }

    /// It may be used again after a call that went well.
    fn is_fresh(&self) -> bool;
}

/// Who checks what a rule answers.
pub(crate) trait Judge {
    /// The batch is shown from its beginning on, perhaps once more.
    fn begin(&mut self);

    /// What the rule answers to a portion that it was to remember only.
    fn remembered(&mut self, verdict: &Verdict) -> Result<(), FaultReason>;

    /// What the rule answers to a portion.
    fn take(
        &mut self,
        portion: &Portion<'_>,
        tasks: Tasks,
        verdict: &Verdict,
    ) -> Result<(), FaultReason>;

    /// There is little room left for spans that are to be held.
    fn is_full(&self) -> bool;
}

/// How far a rule sees: it does not know of scopes, and is given the messages of
/// one alone.
pub(crate) struct Reach {
    pub(crate) index: Arc<dyn MessageIndex>,
    /// Where there are scopes.
    pub(crate) scope: Option<Scope>,
    /// What it is timed by.
    pub(crate) clock: Arc<dyn Clock>,
}

/// Makes instances of a rule.
pub type Make = Box<dyn Fn() -> Result<Box<dyn Runner>, FaultReason> + Send + Sync>;

/// A loaded rule, shared by all threads.
pub struct LoadedRule {
    pub(crate) name: String,
    pub(crate) about: About,
    pub(crate) plan: Plan,
    pub(crate) selector: Selector,
    /// What it is shown of spans, if that is fields.
    pub(crate) reads: Option<Reads>,
    pub(crate) limits: Limits,
    pub(crate) on_error: OnError,
    usage: Arc<Usage>,
    make: Make,
    /// Instances are kept between batches, since a fresh one pays for its
    /// memory in page faults. There are as many as threads ever met here.
    idle: Mutex<Vec<Box<dyn Runner>>>,
    blame: Blame,
}

impl LoadedRule {
    /// A rule that has been configured; `make` makes instances of it.
    #[must_use]
    pub fn new(about: About, plan: Plan, limits: Limits, on_error: OnError, make: Make) -> Self {
        Self {
            name: about.name.clone(),
            selector: selector(&plan),
            reads: None,
            about,
            plan,
            limits,
            on_error,
            usage: Arc::default(),
            make,
            idle: Mutex::default(),
            blame: Blame::new(),
        }
    }

    /// The rule, which is shown fields.
    #[must_use]
    pub fn of_fields(mut self) -> Self {
        self.reads = Some(Reads::new(&self.plan.reads));
        self
    }

    /// The rule, of which somebody else knows what it uses.
    #[must_use]
    pub fn with_usage(mut self, usage: Arc<Usage>) -> Self {
        self.usage = usage;
        self
    }

    /// What it used at most, so far.
    pub(crate) fn usage(&self) -> RuleUsage {
        self.usage.so_far()
    }

    /// A call with these tasks concerns the rule.
    pub(crate) fn is_asked(&self, tasks: Tasks) -> bool {
        tasks.contains(Tasks::MEND) || self.plan.uses_index
    }

    /// Takes an instance that is ready for batches.
    pub fn keep(&self, runner: Box<dyn Runner>) {
        self.idle.lock().push(runner);
    }

    /// Shows a batch to the rule, and its answers to a judge. An instance that
    /// fails, or whose answer is refused, is not used again; and when it had seen
    /// other batches before, it is their fault as well: this one is shown to a
    /// fresh instance then. What the calls took is put into `took`.
    pub(crate) fn run(
        &self,
        tasks: Tasks,
        exhibit: &Exhibit<'_>,
        reach: &Reach,
        took: &mut Option<Duration>,
        judge: &mut impl Judge,
    ) -> Result<(), FaultReason> {
        let whole = exhibit.whole();
        let suspect = self.blame.suspect(tasks, exhibit.batch(), reach.scope);
        let start = reach.clock.now();
        self.blame.ask(suspect, start)?;
        let mut showing = Showing {
            rule: self,
            reach,
            tasks,
            judge,
            took: Duration::ZERO,
        };
        let mut show = |runner| {
            if exhibit.is_small() {
                showing.whole(runner, &whole)
            } else {
                showing.in_portions(runner, exhibit)
            }
        };
        let used = self.idle.lock().pop();
        let is_used = used.is_some();
        let mut shown = show(used.map_or_else(|| (self.make)(), Ok));
        if is_used && shown.is_err() {
            shown = show((self.make)());
        }
        let is_too_much = matches!(shown, Err(FaultReason::Memory { .. }));
        if is_too_much && exhibit.is_small() && exhibit.is_divisible() {
            shown = showing.in_portions((self.make)(), exhibit);
        }
        let all = showing.took;
        *took = Some(all);
        match shown {
            Ok(runner) => {
                self.blame.succeeded(suspect, start);
                if runner.is_fresh() {
                    self.keep(runner);
                }
                Ok(())
            }
            Err(reason) => {
                if reason.is_blamed() {
                    self.blame.failed(suspect, all, reach.clock.now());
                }
                Err(reason)
            }
        }
    }

    /// A fault of this rule.
    pub(crate) fn fault(&self, reason: FaultReason) -> RuleFault {
        RuleFault {
            rule: self.name.clone(),
            reason,
        }
    }
}

/// How a rule is shown a batch.
struct Showing<'a, J> {
    rule: &'a LoadedRule,
    reach: &'a Reach,
    tasks: Tasks,
    judge: &'a mut J,
    took: Duration,
}

type Made = Result<Box<dyn Runner>, FaultReason>;

impl<J: Judge> Showing<'_, J> {
    /// In one call. Answers with the instance, when all went well.
    fn whole(&mut self, runner: Made, whole: &Portion<'_>) -> Made {
        let mut runner = runner?;
        self.judge.begin();
        let verdict = self.call(&mut runner, self.tasks, whole)?;
        self.judge.take(whole, self.tasks, &verdict)?;
        Ok(runner)
    }

    /// In several calls. All of it is remembered before the first portion is
    /// mended.
    fn in_portions(&mut self, runner: Made, exhibit: &Exhibit<'_>) -> Made {
        let mut runner = runner?;
        let mut tasks = self.tasks;
        let mut buffers = Buffers::default();
        self.judge.begin();
        if tasks.contains(Tasks::REMEMBER | Tasks::MEND) {
            tasks &= !Tasks::REMEMBER;
            let mut first = 0;
            while let Some(portion) = exhibit.portion(first, &mut buffers) {
                let verdict = self.call(&mut runner, Tasks::REMEMBER, &portion)?;
                self.judge.remembered(&verdict)?;
                first = portion.spans.end;
            }
        }
        let mut first = 0;
        while let Some(portion) = exhibit.portion(first, &mut buffers) {
            if self.judge.is_full() {
                tasks &= !Tasks::DEFER;
            }
            let verdict = self.call(&mut runner, tasks, &portion)?;
            self.judge.take(&portion, tasks, &verdict)?;
            first = portion.spans.end;
        }
        Ok(runner)
    }

    /// What one portion left behind in an instance must not be what the next one
    /// lacks.
    fn call(
        &mut self,
        runner: &mut Box<dyn Runner>,
        tasks: Tasks,
        portion: &Portion<'_>,
    ) -> Result<Verdict, FaultReason> {
        if !runner.is_fresh() {
            *runner = (self.rule.make)()?;
        }
        let clock = &self.reach.clock;
        let start = runner.took().is_none().then(|| clock.now());
        let verdict = runner.process(tasks, portion.shown, &self.reach.index);
        let timed = start.map(|start| clock.now().saturating_duration_since(start));
        self.took += timed.or_else(|| runner.took()).unwrap_or_default();
        verdict
    }
}

impl std::fmt::Debug for LoadedRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedRule")
            .field("about", &self.about)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

/// Which spans a rule with this plan is shown, as the walk over a batch wants it.
#[must_use]
pub fn selector(plan: &Plan) -> Selector {
    let wanted = &plan.selector;
    let kinds = [
        SpanKinds::UNSPECIFIED,
        SpanKinds::INTERNAL,
        SpanKinds::SERVER,
        SpanKinds::CLIENT,
        SpanKinds::PRODUCER,
        SpanKinds::CONSUMER,
    ];
    let mut selector = Selector::none();
    for (number, kind) in (0..).zip(kinds) {
        if wanted.kinds.contains(kind) {
            selector = selector.with_kind(number);
        }
    }
    if wanted.with_links {
        selector = selector.with_links();
    }
    for key in &wanted.attribute_keys {
        selector = selector.with_key(key);
    }
    for prefix in &wanted.attribute_prefixes {
        selector = selector.with_prefix(prefix);
    }
    selector
}
