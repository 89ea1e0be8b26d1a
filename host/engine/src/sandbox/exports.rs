//! Calls of a rule, whatever interface it was built against.

use linkmend_wire::Selector;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::host::HostState;
use super::interface::Interface;
use super::records::Records;
use super::{parts, v0_1};
use crate::bindings::linkmend::rule::types::{About, Plan, Tasks, Verdict};
use crate::bindings::{BatchRule, span_rule, v0_1 as old};
use crate::error::FaultReason;

/// What a guest answers, or says is wrong; and around it what went wrong with
/// the call.
pub(super) type Answer<T> = wasmtime::Result<Result<T, String>>;

/// Why a call for a batch brought no verdict.
pub(super) enum Failure {
    /// The call went wrong.
    Call(wasmtime::Error),
    /// The rule said so, or what it said is refused.
    Answer(FaultReason),
}

/// The exports of an instance.
pub(super) enum Exports {
    Batch(BatchRule),
    Span(Box<SpanExports>),
    Batch01(old::BatchRule),
}

pub(super) struct SpanExports {
    rule: span_rule::SpanRule,
    /// The attributes that it asked for.
    reads: Selector,
}

impl Exports {
    /// Finds the exports, and compares their types with those of the interface.
    pub(super) fn of(
        interface: Interface,
        store: &mut Store<HostState>,
        instance: &Instance,
    ) -> wasmtime::Result<Self> {
        Ok(match interface {
            Interface::Batch => Self::Batch(BatchRule::new(store, instance)?),
            Interface::Span => Self::Span(Box::new(SpanExports {
                rule: span_rule::SpanRule::new(store, instance)?,
                reads: Selector::none(),
            })),
            Interface::Batch01 => Self::Batch01(old::BatchRule::new(store, instance)?),
        })
    }

    pub(super) fn describe(&self, store: &mut Store<HostState>) -> wasmtime::Result<About> {
        match self {
            Self::Batch(rule) => rule.linkmend_rule_lifecycle().call_describe(store),
            Self::Span(exports) => exports.rule.linkmend_rule_lifecycle().call_describe(store),
            Self::Batch01(rule) => {
                let about = rule.linkmend_rule_lifecycle().call_describe(store)?;
                Ok(v0_1::about(about))
            }
        }
    }

    pub(super) fn configure(&mut self, store: &mut Store<HostState>, config: &str) -> Answer<Plan> {
        match self {
            Self::Batch(rule) => rule.linkmend_rule_lifecycle().call_configure(store, config),
            Self::Span(exports) => exports.configure(store, config),
            Self::Batch01(rule) => {
                let lifecycle = rule.linkmend_rule_lifecycle();
                Ok(lifecycle.call_configure(store, config)?.map(v0_1::plan))
            }
        }
    }

    pub(super) fn process(
        &self,
        store: &mut Store<HostState>,
        tasks: Tasks,
        traces: &[u8],
        most_output: usize,
    ) -> Result<Verdict, Failure> {
        let answer = match self {
            Self::Batch(rule) => rule
                .linkmend_rule_batch()
                .call_process(store, tasks, traces),
            Self::Span(exports) => return exports.process(store, tasks, traces, most_output),
            Self::Batch01(rule) => {
                let batch = rule.linkmend_rule_batch();
                let answer = batch.call_process(store, v0_1::tasks(tasks), traces);
                answer.map(|answer| answer.map(v0_1::verdict))
            }
        };
        settle(answer)
    }
}

impl SpanExports {
    fn configure(&mut self, store: &mut Store<HostState>, config: &str) -> Answer<Plan> {
        let lifecycle = self.rule.linkmend_rule_lifecycle();
        let plan = lifecycle.call_configure(store, config)?;
        if let Ok(plan) = &plan {
            self.reads = reads(&plan.reads);
        }
        Ok(plan)
    }

    fn process(
        &self,
        store: &mut Store<HostState>,
        tasks: Tasks,
        traces: &[u8],
        most_output: usize,
    ) -> Result<Verdict, Failure> {
        let records = Records::read(traces, &self.reads);
        let spans = self.rule.linkmend_rule_spans();
        parts::process(&records, tasks, most_output, |tasks, traces| {
            settle(spans.call_process(&mut *store, tasks, traces))
        })
    }
}

fn settle(answer: Answer<Verdict>) -> Result<Verdict, Failure> {
    match answer {
        Ok(Ok(verdict)) => Ok(verdict),
        Ok(Err(text)) => Err(Failure::Answer(FaultReason::said(text))),
        Err(error) => Err(Failure::Call(error)),
    }
}

/// A last character `*` stands for any ending.
fn reads(keys: &[String]) -> Selector {
    keys.iter()
        .fold(Selector::none(), |reads, key| match key.strip_suffix('*') {
            Some(prefix) => reads.with_prefix(prefix),
            None => reads.with_key(key),
        })
}
