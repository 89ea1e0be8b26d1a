//! One instance of a component.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Store, Trap};

use super::limiter::Limiter;
use super::{Sandbox, TICK};
use crate::bindings::linkmend::rule::index::{Host, IndexError, Producer, Recalled};
use crate::bindings::linkmend::rule::types::{self, About, MessageKey, Plan, Tasks, Verdict};
use crate::bindings::{BatchRule, BatchRulePre};
use crate::error::{FaultReason, Stage};
use crate::index::MessageIndex;
use crate::limits::Limits;
use crate::runner::Runner;

/// What one call of `remember` or `recall` may bring.
const MOST_ENTRIES: usize = 1 << 20;

/// What the host keeps for an instance.
pub(super) struct HostState {
    limiter: Limiter,
    index: Arc<dyn MessageIndex>,
}

impl types::Host for HostState {}

impl Host for HostState {
    fn remember(&mut self, producers: Vec<Producer>, texts: Vec<u8>) -> Result<(), IndexError> {
        if producers.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        self.index.remember(&producers, &texts)
    }

    fn recall(&mut self, keys: Vec<MessageKey>) -> Result<Recalled, IndexError> {
        if keys.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        self.index.recall(&keys)
    }
}

/// What a rule is given: the message index, and nothing else.
pub(super) fn linker(sandbox: &Sandbox) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(&sandbox.engine);
    BatchRule::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// What instances of a component are made from.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) sandbox: Sandbox,
    pub(super) pre: BatchRulePre<HostState>,
    pub(super) limits: Limits,
    pub(super) index: Arc<dyn MessageIndex>,
}

/// One instance.
pub(super) struct Instance {
    store: Store<HostState>,
    rule: BatchRule,
    limits: Limits,
}

impl Template {
    pub(super) fn new(
        sandbox: &Sandbox,
        pre: InstancePre<HostState>,
        limits: Limits,
        index: Arc<dyn MessageIndex>,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            sandbox: sandbox.clone(),
            pre: BatchRulePre::new(pre)?,
            limits,
            index,
        })
    }

    /// An instance that is not configured yet.
    pub(super) fn instantiate(&self) -> Result<Instance, FaultReason> {
        let state = HostState {
            limiter: Limiter::new(self.limits),
            index: Arc::clone(&self.index),
        };
        let mut store = Store::new(&self.sandbox.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(self.limits.output);
        store.set_epoch_deadline(ticks(self.limits.init_time));
        match self.pre.instantiate(&mut store) {
            Ok(rule) => Ok(Instance {
                store,
                rule,
                limits: self.limits,
            }),
            Err(error) => Err(reason(
                &error,
                store.data(),
                &self.limits,
                Stage::Instantiate,
            )),
        }
    }

    /// An instance that is ready for batches.
    pub(super) fn configured(&self, config: &str) -> Result<Instance, FaultReason> {
        let mut instance = self.instantiate()?;
        match instance.configure(config)? {
            Ok(_plan) => Ok(instance),
            Err(text) => Err(FaultReason::Said(text)),
        }
    }
}

impl Instance {
    pub(super) fn describe(&mut self) -> Result<About, FaultReason> {
        self.store.set_epoch_deadline(ticks(self.limits.init_time));
        let about = self
            .rule
            .linkmend_rule_lifecycle()
            .call_describe(&mut self.store);
        about.map_err(|error| self.reason(&error, Stage::Describe))
    }

    pub(super) fn configure(&mut self, config: &str) -> Result<Result<Plan, String>, FaultReason> {
        self.store.set_epoch_deadline(ticks(self.limits.init_time));
        let lifecycle = self.rule.linkmend_rule_lifecycle();
        let plan = lifecycle.call_configure(&mut self.store, config);
        plan.map_err(|error| self.reason(&error, Stage::Configure))
    }

    fn reason(&self, error: &wasmtime::Error, stage: Stage) -> FaultReason {
        reason(error, self.store.data(), &self.limits, stage)
    }
}

impl Runner for Instance {
    fn process(&mut self, tasks: Tasks, traces: &[u8]) -> Result<Verdict, FaultReason> {
        self.store.data_mut().limiter.refused = None;
        self.store.set_epoch_deadline(ticks(self.limits.call_time));
        let batch = self.rule.linkmend_rule_batch();
        match batch.call_process(&mut self.store, tasks, traces) {
            Ok(answer) => answer.map_err(FaultReason::Said),
            Err(error) => Err(self.reason(&error, Stage::Process)),
        }
    }

    /// Linear memory only grows: an instance that took much for one large
    /// batch is given back, so that it does not keep it for good.
    fn is_fresh(&self) -> bool {
        self.store.data().limiter.memory <= self.limits.memory / 2
    }
}

/// The deadline of a call, in ticks. The tick that is under way counts for
/// nothing.
fn ticks(limit: Duration) -> u64 {
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX - 1) + 1
}

/// Why a call failed, in the words of the limits.
fn reason(
    error: &wasmtime::Error,
    state: &HostState,
    limits: &Limits,
    stage: Stage,
) -> FaultReason {
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::Interrupt) {
        let (name, limit) = match stage {
            Stage::Process => ("limits.call_time", limits.call_time),
            _ => ("limits.init_time", limits.init_time),
        };
        return FaultReason::Time { name, limit };
    }
    if trap == Some(&Trap::StackOverflow) {
        return FaultReason::Stack;
    }
    // Whatever it did after it was refused memory, this is why.
    if let Some(refused) = &state.limiter.refused {
        return refused.clone();
    }
    let text = format!("{:#}", error.root_cause());
    if text.contains("fuel allocated for hostcalls") {
        return FaultReason::Output {
            limit: limits.output,
        };
    }
    FaultReason::Trap(text)
}
