//! One instance of a component.

use std::sync::Arc;
use std::time::Duration;

use linkmend_core::index::{MessageIndex, Nothing};
use linkmend_core::interface::{About, Plan, Tasks, Verdict};
use linkmend_core::records::Records;
use linkmend_core::{FaultReason, Limits, Runner, Shown, Usage, clip, in_parts};
use wasmtime::component::InstancePre;
use wasmtime::{Store, Trap};

use crate::clock::{Clock, Overrun};
use crate::error::Stage;
use crate::exports::{Exports, Sight};
use crate::host::HostState;
use crate::said::Teller;
use crate::sandbox::Sandbox;
use crate::worlds::Interface;
use crate::{records, trap};

/// What instances of a component are made from.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) sandbox: Sandbox,
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) limits: Limits,
    pub(crate) interface: Interface,
    pub(crate) usage: Arc<Usage>,
    pub(crate) teller: Teller,
}

/// One instance.
pub(crate) struct Instance {
    store: Store<HostState>,
    exports: Exports,
    limits: Limits,
    usage: Arc<Usage>,
    /// What another one like it is made from, and its configuration.
    template: Template,
    config: Arc<str>,
    /// Its linear memory when it was configured, in bytes.
    memory_at_first: usize,
    /// What the calls for the last batch took, without waiting for the index.
    took: Duration,
}

impl Template {
    /// An instance that is not configured yet.
    pub(crate) fn instantiate(&self) -> Result<Instance, FaultReason> {
        let state = HostState::new(self.limits, Arc::new(Nothing));
        let mut store = Store::new(self.sandbox.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(self.limits.output);
        store.epoch_deadline_callback(|mut context| Ok(context.data_mut().go_on()));
        begin(&mut store, self.limits.init_time);
        let instance = self.pre.instantiate(&mut store);
        self.teller.tell(&mut store.data_mut().said);
        let instance = match instance {
            Ok(instance) => instance,
            Err(error) => {
                let stage = Stage::Instantiate;
                return Err(reason(&error, store.data(), &self.limits, stage));
            }
        };
        // The types of the exports are compared here, not before.
        match Exports::of(self.interface, &mut store, &instance) {
            Ok(exports) => Ok(Instance {
                memory_at_first: store.data().limiter.memory,
                store,
                exports,
                limits: self.limits,
                usage: Arc::clone(&self.usage),
                template: self.clone(),
                config: "".into(),
                took: Duration::ZERO,
            }),
            Err(error) => Err(FaultReason::Interface(format!("{error:#}"))),
        }
    }

    /// An instance that is ready for batches.
    pub(crate) fn configured(&self, config: &str) -> Result<Instance, FaultReason> {
        let mut instance = self.instantiate()?;
        match instance.configure(config)? {
            Ok(_plan) => Ok(instance),
            Err(text) => Err(FaultReason::said(text)),
        }
    }
}

impl Instance {
    pub(crate) fn describe(&mut self) -> Result<About, FaultReason> {
        begin(&mut self.store, self.limits.init_time);
        let about = self.exports.describe(&mut self.store);
        self.tell();
        about.map_err(|error| self.reason(&error, Stage::Describe))
    }

    pub(crate) fn configure(&mut self, config: &str) -> Result<Result<Plan, String>, FaultReason> {
        self.config = config.into();
        begin(&mut self.store, self.limits.init_time);
        let plan = self.exports.configure(&mut self.store, config);
        self.tell();
        self.memory_at_first = self.store.data().limiter.memory;
        self.usage.saw_memory(self.memory_at_first);
        plan.map_err(|error| self.reason(&error, Stage::Configure))
    }

    /// One call, under the limits of one.
    fn call(
        &mut self,
        tasks: Tasks,
        sight: Sight<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        let state = self.store.data_mut();
        state.limiter.refused = None;
        state.limiter.shown = match sight {
            Sight::Bytes(traces) => Shown::Traces(traces).weight(),
            Sight::Fields(located) => Shown::Fields(located).weight(),
            Sight::Records(_) => 0,
        };
        // Between calls it has none of them: one that is idle keeps nothing.
        let own = std::mem::replace(&mut state.index, Arc::clone(index));
        begin(&mut self.store, self.limits.call_time);
        let answer = self.exports.process(&mut self.store, tasks, sight);
        self.tell();
        self.store.data_mut().index = own;
        let clock = self.store.data().clock;
        let lasted = clock.lasted();
        self.took += lasted;
        self.usage.saw_call(lasted, || clock.ran());
        self.usage.saw_memory(self.store.data().limiter.memory);
        // The clock may have had no time to look at it.
        if answer.is_ok() && clock.overrun_after(lasted) == Some(Overrun::Ran) {
            let (name, limit) = (CALL_TIME, self.limits.call_time);
            let place = String::new();
            return Err(FaultReason::Time { name, limit, place });
        }
        match answer {
            Ok(Ok(verdict)) => Ok(verdict),
            Ok(Err(text)) => Err(FaultReason::said(text)),
            Err(error) => Err(self.reason(&error, Stage::Process)),
        }
    }

    /// What it said in the call that has ended, for whoever listens.
    fn tell(&mut self) {
        self.template.teller.tell(&mut self.store.data_mut().said);
    }

    fn reason(&self, error: &wasmtime::Error, stage: Stage) -> FaultReason {
        reason(error, self.store.data(), &self.limits, stage)
    }
}

impl Runner for Instance {
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        self.took = Duration::ZERO;
        let traces = match shown {
            Shown::Fields(located) => return self.call(tasks, Sight::Fields(located), index),
            Shown::Traces(traces) => traces,
        };
        let Some(reads) = self.exports.reads() else {
            return self.call(tasks, Sight::Bytes(traces), index);
        };
        let read = Records::read(traces, reads);
        let output = self.limits.output;
        records::with(&read, |origins, spans| {
            in_parts(spans.len(), tasks, output, |tasks, part| {
                // What one part left behind must not be what the next one lacks.
                if !self.is_fresh() {
                    let took = self.took;
                    *self = self.template.configured(&self.config)?;
                    self.took = took;
                }
                let spans = spans.get(part).unwrap_or_default();
                records::part(origins, spans, |traces| {
                    self.call(tasks, Sight::Records(traces), index)
                })
            })
        })
    }

    fn took(&self) -> Option<Duration> {
        Some(self.took)
    }

    /// Linear memory only grows: an instance that took much for one large
    /// batch is given back, so that it does not keep it for good.
    fn is_fresh(&self) -> bool {
        let memory = self.store.data().limiter.memory;
        let grown = memory.saturating_sub(self.memory_at_first);
        grown <= self.limits.memory / 2
    }
}

/// Begins a call that may run this long. At every tick it is looked at.
fn begin(store: &mut Store<HostState>, limit: Duration) {
    let state = store.data_mut();
    state.clock = Clock::start(limit);
    state.overrun = None;
    state.said.begin();
    store.set_epoch_deadline(1);
}

const CALL_TIME: &str = "limits.call_time";

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
            Stage::Process => (CALL_TIME, limits.call_time),
            _ => ("limits.init_time", limits.init_time),
        };
        return match state.overrun {
            Some(Overrun::Waited { waited, ran }) => FaultReason::Starved {
                waited,
                ran,
                name,
                limit,
            },
            _ => FaultReason::Time {
                name,
                limit,
                place: trap::place(error),
            },
        };
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
    let text = text.replacen("wasm trap: ", "", 1);
    FaultReason::Trap(clip(trap::told(error, &text, &state.said)))
}
