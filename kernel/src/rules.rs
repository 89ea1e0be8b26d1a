//! Rules that the host runs, each in instances of its own.

use std::sync::{Arc, Mutex, PoisonError};

use linkmend_core::index::MessageIndex;
use linkmend_core::interface::{Tasks, Verdict};
use linkmend_core::{FaultReason, Limits, Runner, Shown, clip};

use crate::host::Host;
use crate::numbers::Numbers;
use crate::verdict;

/// What the rule that runs now knows of messages.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Option<Arc<dyn MessageIndex>>>>);

impl Running {
    /// `None` when no rule runs.
    pub(crate) fn index(&self) -> Option<Arc<dyn MessageIndex>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, index: Option<Arc<dyn MessageIndex>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = index;
    }
}

/// A rule of the host.
#[derive(Clone)]
pub(crate) struct HostedRule {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) number: u32,
    pub(crate) limits: Limits,
    pub(crate) running: Running,
}

/// An instance of one.
struct Instance {
    rule: HostedRule,
    handle: u32,
    is_fresh: bool,
}

impl HostedRule {
    /// Makes an instance.
    pub(crate) fn instance(&self) -> Result<Box<dyn Runner>, FaultReason> {
        let answer = self.host.rule_new(self.number);
        let mut numbers = Numbers(&answer);
        match numbers.u32() {
            0 => Ok(Box::new(Instance {
                rule: self.clone(),
                handle: numbers.u32(),
                is_fresh: true,
            })),
            kind => Err(self.fault(kind, numbers.0, "limits.init_time")),
        }
    }

    /// How a rule failed, in the words of the core.
    fn fault(&self, kind: u32, text: &[u8], time: &'static str) -> FaultReason {
        let text = clip(String::from_utf8_lossy(text).into_owned());
        let limits = &self.limits;
        let limit = match time {
            "limits.init_time" => limits.init_time,
            _ => limits.call_time,
        };
        match kind {
            2 => FaultReason::Interface(text),
            3 => FaultReason::Time {
                name: time,
                limit,
                place: text,
            },
            4 => FaultReason::Memory {
                limit: limits.memory,
            },
            5 => FaultReason::Table {
                limit: limits.table_elements,
            },
            6 => FaultReason::Stack,
            7 => FaultReason::Output {
                limit: limits.output,
            },
            8 => FaultReason::Said(text),
            9 => FaultReason::Starved {
                waited: limit,
                ran: std::time::Duration::ZERO,
                name: time,
                limit,
            },
            _ => FaultReason::Trap(text),
        }
    }
}

impl Runner for Instance {
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        let (shown, values): (&[u8], &[u8]) = match shown {
            Shown::Traces(traces) => (traces, &[]),
            Shown::Fields(located) => (located.fields, located.values),
        };
        let rule = &self.rule;
        rule.running.set(Some(Arc::clone(index)));
        let tasks = u32::from(tasks.bits());
        let answer = rule.host.rule_call(self.handle, tasks, shown, values);
        rule.running.set(None);
        let mut numbers = Numbers(&answer);
        let (kind, flags) = (numbers.u32(), numbers.u32());
        self.is_fresh = flags & 1 == 1;
        match kind {
            0 => verdict::read(numbers.0).ok_or_else(|| {
                FaultReason::Interface("a list of its answer is not what it is to be".into())
            }),
            kind => Err(rule.fault(kind, numbers.0, "limits.call_time")),
        }
    }

    fn is_fresh(&self) -> bool {
        self.is_fresh
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.rule.host.rule_drop(self.handle);
    }
}
