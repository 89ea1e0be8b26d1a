//! A loaded rule: its instances, and when it is left alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend_wire::Selector;
use parking_lot::Mutex;

use crate::bindings::linkmend::rule::types::{About, Plan, SpanKinds, Tasks, Verdict};
use crate::error::{FaultReason, RuleFault};
use crate::limits::Limits;
use crate::rule::OnError;
use crate::usage::Usage;

/// One instance of a rule. Belongs to one thread at a time.
pub(crate) trait Runner: Send {
    /// Looks at one batch.
    fn process(&mut self, tasks: Tasks, traces: &[u8]) -> Result<Verdict, FaultReason>;

    /// It may be used again after a call that went well.
    fn is_fresh(&self) -> bool;
}

type Make = Box<dyn Fn() -> Result<Box<dyn Runner>, FaultReason> + Send + Sync>;

/// A loaded rule, shared by all threads.
pub(crate) struct LoadedRule {
    pub(crate) name: String,
    pub(crate) about: About,
    pub(crate) plan: Plan,
    pub(crate) selector: Selector,
    pub(crate) limits: Limits,
    pub(crate) on_error: OnError,
    pub(crate) usage: Arc<Usage>,
    make: Make,
    /// Instances are kept between batches, since a fresh one pays for its
    /// memory in page faults. There are as many as threads ever met here.
    idle: Mutex<Vec<Box<dyn Runner>>>,
    circuit: Mutex<Circuit>,
}

impl LoadedRule {
    pub(crate) fn new(
        about: About,
        plan: Plan,
        limits: Limits,
        on_error: OnError,
        make: Make,
    ) -> Self {
        Self {
            name: about.name.clone(),
            selector: selector(&plan),
            about,
            plan,
            limits,
            on_error,
            usage: Arc::default(),
            make,
            idle: Mutex::default(),
            circuit: Mutex::default(),
        }
    }

    /// A call with these tasks concerns the rule.
    pub(crate) fn is_asked(&self, tasks: Tasks) -> bool {
        tasks.contains(Tasks::MEND) || self.plan.uses_index
    }

    pub(crate) fn keep(&self, runner: Box<dyn Runner>) {
        self.idle.lock().push(runner);
    }

    /// Lets an instance look at a batch. One that fails is not used again.
    pub(crate) fn process(&self, tasks: Tasks, traces: &[u8]) -> Result<Verdict, FaultReason> {
        self.circuit.lock().ask(Instant::now())?;
        let idle = self.idle.lock().pop();
        let mut runner = match idle {
            Some(runner) => runner,
            None => (self.make)()?,
        };
        let verdict = runner.process(tasks, traces)?;
        if runner.is_fresh() {
            self.keep(runner);
        }
        Ok(verdict)
    }

    /// A batch went well.
    pub(crate) fn succeeded(&self) {
        self.circuit.lock().faults = 0;
    }

    /// A batch went wrong.
    pub(crate) fn failed(&self, reason: FaultReason) -> RuleFault {
        if !matches!(reason, FaultReason::Circuit { .. }) {
            self.circuit.lock().fail(Instant::now());
        }
        RuleFault {
            rule: self.name.clone(),
            reason,
        }
    }
}

/// Leaves a rule alone that fails time after time: each failure may cost up to
/// the time limit, and the batches behind it wait.
#[derive(Debug, Default)]
struct Circuit {
    /// In a row.
    faults: u32,
    closed_again: Option<Instant>,
}

impl Circuit {
    /// So many failures in a row are tried again at once.
    const PATIENCE: u32 = 5;
    const FIRST_WAIT: Duration = Duration::from_millis(100);
    const LONGEST_WAIT: Duration = Duration::from_secs(30);

    fn ask(&self, now: Instant) -> Result<(), FaultReason> {
        let wait = self
            .closed_again
            .map(|then| then.saturating_duration_since(now));
        match wait {
            Some(wait) if !wait.is_zero() && self.faults >= Self::PATIENCE => {
                Err(FaultReason::Circuit {
                    faults: self.faults,
                    wait,
                })
            }
            _ => Ok(()),
        }
    }

    fn fail(&mut self, now: Instant) {
        self.faults = self.faults.saturating_add(1);
        if self.faults >= Self::PATIENCE {
            let doublings = (self.faults - Self::PATIENCE).min(16);
            let wait = Self::FIRST_WAIT.saturating_mul(1 << doublings);
            self.closed_again = now.checked_add(wait.min(Self::LONGEST_WAIT));
        }
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
