//! Whether a component is a rule, and stays in its limits whatever it is shown.
//!
//! First what can be known without running it, then what it says of itself,
//! then the conformance traces: each in both field orders and with all tasks
//! that the host has.

mod conduct;
mod exercise;
mod loading;
mod report;
mod seen;
pub mod traces;

use linkmend::interface::Plan;

pub use report::{Check, Outcome, Report};

use crate::subject::Subject;

/// Checks a rule. `told` is told of each check as soon as it is made.
pub fn check(subject: &Subject, told: &mut dyn FnMut(&Check)) -> Report {
    let mut list = List {
        told,
        checks: Vec::new(),
    };
    let plan = loading::check(subject, &mut list);
    let exercised = plan.and_then(|plan| run(subject, &plan, &mut list));
    if exercised.is_none() {
        for id in conduct::IDS {
            let reason = "the rule was not run";
            list.push(Check::new(id, Outcome::Skipped, reason));
        }
    }
    let checks = list.checks;
    let limit = subject.limits.call_time.as_nanos();
    Report {
        rule: subject.name.clone(),
        ok: checks.iter().all(|check| check.outcome != Outcome::Failed),
        checks,
        longest_call_ns: exercised
            .as_ref()
            .map(|seen| u64::try_from(seen.longest.0.as_nanos()).unwrap_or(u64::MAX)),
        call_time_limit_ns: u64::try_from(limit).unwrap_or(u64::MAX),
        memory: exercised.map(|seen| seen.memory),
        memory_limit: subject.limits.memory,
        said: subject.heard.take(),
    }
}

fn run(subject: &Subject, plan: &Plan, list: &mut List<'_>) -> Option<seen::Seen> {
    let traces = traces::all(plan);
    match exercise::run(subject, &traces, list) {
        Ok(seen) => {
            conduct::check(&seen, &subject.limits, list);
            Some(seen)
        }
        Err(error) => {
            list.push(Check::failed("run", error.to_string()));
            None
        }
    }
}

/// The checks, as they are made.
struct List<'a> {
    told: &'a mut dyn FnMut(&Check),
    checks: Vec<Check>,
}

impl List<'_> {
    fn push(&mut self, check: Check) {
        (self.told)(&check);
        self.checks.push(check);
    }
}
