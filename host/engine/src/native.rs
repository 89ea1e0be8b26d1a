//! Rules without the sandbox.

use std::sync::Arc;

use crate::bindings::linkmend::rule::types::{About, Plan, Tasks, Verdict};
use crate::error::FaultReason;
use crate::exhibit::Shown;
use crate::index::MessageIndex;
use crate::inspect::World;
use crate::limits::Limits;
use crate::rule::{MakeNative, NativeRule, OnError};
use crate::runner::{LoadedRule, Runner};

struct Native(Box<dyn NativeRule>);

impl Runner for Native {
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &Arc<dyn MessageIndex>,
    ) -> Result<Verdict, FaultReason> {
        let answer = self.0.process(tasks, shown, &**index);
        answer.map_err(FaultReason::said)
    }

    fn is_fresh(&self) -> bool {
        true
    }
}

pub(crate) fn load(
    about: About,
    plan: Plan,
    world: World,
    make: MakeNative,
    limits: Limits,
    on_error: OnError,
) -> LoadedRule {
    let make = move || Ok(Box::new(Native(make())) as Box<dyn Runner>);
    let rule = LoadedRule::new(about, plan, limits, on_error, Box::new(make));
    if world == World::Field {
        rule.of_fields()
    } else {
        rule
    }
}
