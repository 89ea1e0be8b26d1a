//! What a rule costs: nanoseconds a span and spans a second, the native walk
//! and the sandbox apart, and what it adds over the built-in rule.
//!
//! The native walk is what the host does for a batch beside the calls of the
//! rule: scan, select, check, splice. Batches go through as in a pipeline, each
//! once: what it has to be remembered is remembered and looked up in one call.

mod arm;
mod engine;
mod error;
mod load;
mod method;

use std::sync::Arc;

use bytes::Bytes;
use linkmend::{LoadError, Processor, Rule};
use linkmend_wire::Scan;
use serde::Serialize;

pub use arm::{Arm, ArmError, Pass};
pub use engine::Engine;
pub use error::BenchError;
pub use load::Load;
pub use method::{Times, measure, once};

use crate::subject::Subject;

/// The figures of a rule on one load. As JSON it has these keys.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The sort of traffic, or the file.
    pub load: String,
    /// `ascending` or `descending`, of generated batches; else `null`.
    pub order: Option<&'static str>,
    /// Spans in a round.
    pub spans: u64,
    /// Batches in a round.
    pub batches: usize,
    /// The mean size of a span.
    pub bytes_per_span: u64,
    /// How many spans the rule is shown.
    pub selected: u64,
    /// The rule alone.
    pub rule: Cost,
    /// The built-in rule alone; `null` when it is the rule that is measured.
    pub builtin: Option<Cost>,
    /// The built-in rule, then the rule.
    pub both: Option<Cost>,
    /// What the rule adds over the built-in rule, in nanoseconds a span: `both`
    /// less `builtin`.
    pub added_ns_per_span: Option<f64>,
}

/// What an arm costs. Medians over the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    /// All of it, in nanoseconds a span.
    pub ns_per_span: f64,
    /// Scan, select, check and splice.
    pub native_ns_per_span: f64,
    /// The calls of the rules.
    pub sandbox_ns_per_span: f64,
    /// So many spans go through in a second, on one thread.
    pub spans_per_second: f64,
}

/// Measures rules.
pub struct Bench<'a> {
    subject: &'a Subject,
    rounds: usize,
}

impl<'a> Bench<'a> {
    /// Of a rule, with so many rounds that count.
    #[must_use]
    pub fn new(subject: &'a Subject, rounds: usize) -> Self {
        Self { subject, rounds }
    }

    /// Measures it on a load. `builtin_config` is the configuration of the
    /// built-in rule, a JSON object.
    ///
    /// # Errors
    ///
    /// When a rule cannot be loaded, or fails on a batch.
    pub fn measure(&self, load: &Load, builtin_config: &str) -> Result<Figures, BenchError> {
        let builtin = || {
            Rule::builtin()
                .with_config(builtin_config)
                .with_limits(self.subject.limits)
        };
        let rule = match &self.subject.config {
            None if self.subject.is_builtin() => builtin(),
            _ => self.subject.rule(),
        };
        let mut alone = self.engine(vec![rule.clone()])?;
        let selected = selected(alone.processor(), load)?;
        let mut others = Vec::new();
        if !self.subject.is_builtin() {
            others.push(self.engine(vec![builtin()])?);
            others.push(self.engine(vec![builtin(), rule])?);
        }
        let mut arms: Vec<&mut dyn Arm> = vec![&mut alone];
        arms.extend(others.iter_mut().map(|arm| arm as &mut dyn Arm));
        let times = measure(&mut arms, load, self.rounds, |_, _| Ok::<_, BenchError>(()))?;
        Ok(figures(load, selected, &times))
    }

    fn engine(&self, rules: Vec<Rule>) -> Result<Engine, LoadError> {
        let index = Arc::default();
        let processor = self.subject.processor_of(rules, &index, None)?;
        Ok(Engine::of(processor, index))
    }
}

/// How many spans of a load the first rule is shown.
fn selected(processor: &Processor, load: &Load) -> Result<u64, BenchError> {
    let plan = processor.plans().into_iter().next();
    let Some(plan) = plan else { return Ok(0) };
    let selector = linkmend::interface::selector(&plan);
    let mut scan = Scan::new();
    let mut count = |batch: &Bytes| {
        scan.run(batch, &selector)
            .map_err(|error| BenchError::Arm(error.to_string().into()))?;
        Ok(scan.selected().len() as u64)
    };
    load.batches.iter().map(&mut count).sum()
}

fn figures(load: &Load, selected: u64, times: &[Times]) -> Figures {
    let mut costs = times.iter().map(|times| cost(*times, load.spans));
    let nothing = Times {
        total: f64::NAN,
        rule: f64::NAN,
    };
    let rule = costs.next().unwrap_or_else(|| cost(nothing, load.spans));
    let (builtin, both) = (costs.next(), costs.next());
    let added = both.zip(builtin);
    Figures {
        load: load.name.clone(),
        order: load.order,
        spans: load.spans,
        batches: load.batches.len(),
        bytes_per_span: load.bytes_per_span(),
        selected,
        rule,
        builtin,
        both,
        added_ns_per_span: added.map(|(both, builtin)| both.ns_per_span - builtin.ns_per_span),
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to nanoseconds"
)]
fn cost(times: Times, spans: u64) -> Cost {
    let spans = spans as f64;
    Cost {
        ns_per_span: times.total / spans,
        native_ns_per_span: (times.total - times.rule) / spans,
        sandbox_ns_per_span: times.rule / spans,
        spans_per_second: spans * 1e9 / times.total,
    }
}
