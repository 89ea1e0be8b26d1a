//! Rules that the host runs, each in instances of its own.

use std::sync::{Arc, Mutex, PoisonError};

use linkmend_core::index::MessageIndex;
use linkmend_core::interface::{Tasks, Verdict};
use linkmend_core::records::Records;
use linkmend_core::wire::Selector;
use linkmend_core::wire::located::Located;
use linkmend_core::{FaultReason, Limits, Runner, Shown, clip, in_parts};

use crate::host::Host;
use crate::numbers::Numbers;
use crate::{image, verdict};

/// What the rule that runs now knows of messages.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Option<Asked>>>);

/// The index of a rule, and how much of it one call may take, in bytes.
type Asked = (Arc<dyn MessageIndex>, usize);

impl Running {
    /// `None` when no rule runs.
    pub(crate) fn index(&self) -> Option<Asked> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, index: Option<Asked>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = index;
    }
}

/// A rule of the host.
#[derive(Clone)]
pub(crate) struct HostedRule {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) number: u32,
    pub(crate) limits: Limits,
    /// The attributes that are read, of a rule that is shown records.
    pub(crate) reads: Option<Arc<Selector>>,
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
        Ok(Box::new(Instance {
            rule: self.clone(),
            handle: self.handle()?,
            is_fresh: true,
        }))
    }

    fn handle(&self) -> Result<u32, FaultReason> {
        let answer = self.host.rule_new(self.number);
        let mut numbers = Numbers(&answer);
        match numbers.u32() {
            0 => Ok(numbers.u32()),
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

impl Instance {
    /// One call.
    fn call(
        &mut self,
        tasks: Tasks,
        shown: &[u8],
        values: &[u8],
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        let rule = &self.rule;
        let asked = (Arc::clone(index), rule.limits.output);
        rule.running.set(Some(asked));
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

    /// Makes another one where this one has grown too much: what one call left behind must
    /// not be what the next one lacks.
    fn refresh(&mut self) -> Result<(), FaultReason> {
        if !self.is_fresh {
            let handle = self.rule.handle()?;
            self.rule.host.rule_drop(self.handle);
            self.handle = handle;
            self.is_fresh = true;
        }
        Ok(())
    }
}

impl Runner for Instance {
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        let traces = match shown {
            Shown::Fields(Located { fields, values }) => {
                return self.call(tasks, fields, values, index);
            }
            Shown::Traces(traces) => traces,
        };
        let Some(reads) = self.rule.reads.clone() else {
            return self.call(tasks, traces, &[], index);
        };
        let records = Records::read(traces, &reads);
        let output = self.rule.limits.output;
        in_parts(records.spans.len(), tasks, output, |tasks, part| {
            self.refresh()?;
            self.call(tasks, &image::of(&records, part), &[], index)
        })
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
