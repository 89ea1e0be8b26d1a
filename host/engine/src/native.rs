//! Rules without the sandbox.

use std::sync::Arc;

use crate::bindings::linkmend::rule::types::{About, Plan, Tasks, Verdict};
use crate::error::FaultReason;
use crate::index::MessageIndex;
use crate::limits::Limits;
use crate::rule::{MakeNative, NativeRule, OnError};
use crate::runner::{LoadedRule, Runner};

struct Native {
    rule: Box<dyn NativeRule>,
    index: Arc<dyn MessageIndex>,
}

impl Runner for Native {
    fn process(&mut self, tasks: Tasks, traces: &[u8]) -> Result<Verdict, FaultReason> {
        let answer = self.rule.process(tasks, traces, &*self.index);
        answer.map_err(FaultReason::said)
    }

    fn is_fresh(&self) -> bool {
        true
    }
}

pub(crate) fn load(
    about: About,
    plan: Plan,
    make: MakeNative,
    limits: Limits,
    on_error: OnError,
    index: Arc<dyn MessageIndex>,
) -> LoadedRule {
    let make = move || {
        let native = Native {
            rule: make(),
            index: Arc::clone(&index),
        };
        Ok(Box::new(native) as Box<dyn Runner>)
    };
    LoadedRule::new(about, plan, limits, on_error, Box::new(make))
}
