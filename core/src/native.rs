//! Rules without the sandbox.

use std::sync::Arc;

use crate::error::FaultReason;
use crate::exhibit::Shown;
use crate::index::MessageIndex;
use crate::interface::{About, Plan, Tasks, Verdict, World};
use crate::limits::Limits;
use crate::policy::OnError;
use crate::runner::{LoadedRule, Runner};

/// Makes instances of one.
pub type MakeNative = Arc<dyn Fn() -> Box<dyn NativeRule> + Send + Sync>;

/// A rule that runs without the sandbox. For tests and measurements: whatever
/// it does wrong, it does to the host.
pub trait NativeRule: Send {
    /// Looks at the selected spans of one batch, as `process` of its world in
    /// `wit/`.
    ///
    /// # Errors
    ///
    /// A fault of the rule.
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &dyn MessageIndex,
    ) -> Result<Verdict, String>;
}

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

/// Such a rule, as a processor takes it.
#[must_use]
pub fn native(
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
