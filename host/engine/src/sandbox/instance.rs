//! One instance of a component.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Store, Trap};

use super::limiter::Limiter;
use super::{Sandbox, TICK};
use crate::bindings::BatchRule;
use crate::bindings::linkmend::rule::index::{Host, IndexError, Producer, Recalled};
use crate::bindings::linkmend::rule::types::{self, About, MessageKey, Plan, Tasks, Verdict};
use crate::error::{FaultReason, Stage, clip};
use crate::index::{MessageIndex, message_key};
use crate::limits::Limits;
use crate::runner::Runner;

/// What one call of `remember` or `recall` may bring.
const MOST_ENTRIES: usize = 1 << 20;

/// How many keys are looked up before the size of the answer is looked at: a
/// key that is asked for again and again has a large one.
const KEYS_AT_ONCE: usize = 16_384;

/// What the host keeps for an instance.
pub(super) struct HostState {
    limiter: Limiter,
    index: Arc<dyn MessageIndex>,
    /// What the index may hand to the guest in one call, in bytes.
    most_recalled: usize,
}

impl types::Host for HostState {}

impl Host for HostState {
    fn remember(&mut self, producers: Vec<Producer>, texts: Vec<u8>) -> Result<(), IndexError> {
        if producers.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        self.index.remember(&producers, &texts)
    }

    fn hash(&mut self, messages: Vec<Vec<String>>) -> Vec<MessageKey> {
        let mut buffer = Vec::new();
        let keys = messages.iter();
        keys.map(|parts| message_key(parts, &mut buffer)).collect()
    }

    fn recall(&mut self, keys: Vec<MessageKey>) -> Result<Recalled, IndexError> {
        if keys.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        let mut parts = keys.chunks(KEYS_AT_ONCE);
        let mut all = self.index.recall(parts.next().unwrap_or_default())?;
        self.check_size(&all)?;
        for keys in parts {
            append(&mut all, &self.index.recall(keys)?)?;
            self.check_size(&all)?;
        }
        Ok(all)
    }
}

impl HostState {
    fn check_size(&self, recalled: &Recalled) -> Result<(), IndexError> {
        let producers = size_of_val(recalled.producers.as_slice());
        if producers + recalled.texts.len() > self.most_recalled {
            return Err(IndexError::TooMany);
        }
        Ok(())
    }
}

fn append(all: &mut Recalled, part: &Recalled) -> Result<(), IndexError> {
    let before = u32::try_from(all.texts.len()).map_err(|_| IndexError::TooMany)?;
    all.counts.extend_from_slice(&part.counts);
    all.texts.extend_from_slice(&part.texts);
    all.producers.reserve(part.producers.len());
    for producer in &part.producers {
        let mut producer = *producer;
        let offset = producer.trace_state.offset.checked_add(before);
        producer.trace_state.offset = offset.ok_or(IndexError::TooMany)?;
        all.producers.push(producer);
    }
    Ok(())
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
    pub(super) pre: InstancePre<HostState>,
    pub(super) limits: Limits,
    pub(super) index: Arc<dyn MessageIndex>,
}

/// One instance.
pub(super) struct Instance {
    store: Store<HostState>,
    rule: BatchRule,
    limits: Limits,
    /// Its linear memory when it was configured, in bytes.
    memory_at_first: usize,
}

impl Template {
    pub(super) fn new(
        sandbox: &Sandbox,
        pre: InstancePre<HostState>,
        limits: Limits,
        index: Arc<dyn MessageIndex>,
    ) -> Self {
        Self {
            sandbox: sandbox.clone(),
            pre,
            limits,
            index,
        }
    }

    /// An instance that is not configured yet.
    pub(super) fn instantiate(&self) -> Result<Instance, FaultReason> {
        let state = HostState {
            limiter: Limiter::new(self.limits),
            index: Arc::clone(&self.index),
            most_recalled: self.limits.output,
        };
        let mut store = Store::new(&self.sandbox.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(self.limits.output);
        store.set_epoch_deadline(ticks(self.limits.init_time));
        let instance = match self.pre.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => {
                let stage = Stage::Instantiate;
                return Err(reason(&error, store.data(), &self.limits, stage));
            }
        };
        // The types of the exports are compared here, not before.
        match BatchRule::new(&mut store, &instance) {
            Ok(rule) => Ok(Instance {
                memory_at_first: store.data().limiter.memory,
                store,
                rule,
                limits: self.limits,
            }),
            Err(error) => Err(FaultReason::Interface(format!("{error:#}"))),
        }
    }

    /// An instance that is ready for batches.
    pub(super) fn configured(&self, config: &str) -> Result<Instance, FaultReason> {
        let mut instance = self.instantiate()?;
        match instance.configure(config)? {
            Ok(_plan) => Ok(instance),
            Err(text) => Err(FaultReason::Said(clip(text))),
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
        self.memory_at_first = self.store.data().limiter.memory;
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
            Ok(answer) => answer.map_err(|text| FaultReason::Said(clip(text))),
            Err(error) => Err(self.reason(&error, Stage::Process)),
        }
    }

    /// Linear memory only grows: an instance that took much for one large
    /// batch is given back, so that it does not keep it for good.
    fn is_fresh(&self) -> bool {
        let memory = self.store.data().limiter.memory;
        let grown = memory.saturating_sub(self.memory_at_first);
        grown <= self.limits.memory / 2
    }
}

/// The deadline of a call, in ticks. The tick that is under way counts for
/// nothing.
fn ticks(limit: Duration) -> u64 {
    // wasmtime adds it to the ticks that were.
    const LONGEST: u64 = u64::MAX / 2;
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(LONGEST).min(LONGEST) + 1
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
    FaultReason::Trap(clip(text.replacen("wasm trap: ", "", 1)))
}
