//! Calls of a rule, whatever interface it was built against.

use linkmend_wire::Selector;
use linkmend_wire::located::Located;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::host::HostState;
use super::interface::Interface;
use super::v0_1;
use crate::bindings::linkmend::rule::types::{About, Plan, Tasks, Verdict};
use crate::bindings::span_rule::exports::linkmend::rule::spans::Traces;
use crate::bindings::{BatchRule, field_rule, span_rule, v0_1 as old};

/// What a guest answers, or says is wrong; and around it what went wrong with
/// the call.
pub(super) type Answer<T> = wasmtime::Result<Result<T, String>>;

/// What a call shows to a rule.
pub(super) enum Sight<'a> {
    Bytes(&'a [u8]),
    Fields(Located<'a>),
    Records(Traces<'a>),
}

/// The exports of an instance.
pub(super) enum Exports {
    Field(field_rule::FieldRule),
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
            Interface::Field => Self::Field(field_rule::FieldRule::new(store, instance)?),
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
            Self::Field(rule) => rule.linkmend_rule_lifecycle().call_describe(store),
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
            Self::Field(rule) => rule.linkmend_rule_lifecycle().call_configure(store, config),
            Self::Batch(rule) => rule.linkmend_rule_lifecycle().call_configure(store, config),
            Self::Span(exports) => exports.configure(store, config),
            Self::Batch01(rule) => {
                let lifecycle = rule.linkmend_rule_lifecycle();
                Ok(lifecycle.call_configure(store, config)?.map(v0_1::plan))
            }
        }
    }

    /// The attributes that are read, of a rule that is shown records.
    pub(super) fn reads(&self) -> Option<&Selector> {
        match self {
            Self::Span(exports) => Some(&exports.reads),
            Self::Field(_) | Self::Batch(_) | Self::Batch01(_) => None,
        }
    }

    /// Shows a rule what it is made for: fields, bytes, or records.
    pub(super) fn process(
        &self,
        store: &mut Store<HostState>,
        tasks: Tasks,
        sight: Sight<'_>,
    ) -> Answer<Verdict> {
        match (self, sight) {
            (Self::Field(rule), Sight::Fields(Located { fields, values })) => rule
                .linkmend_rule_fields()
                .call_process(store, tasks, fields, values),
            (Self::Batch(rule), Sight::Bytes(traces)) => rule
                .linkmend_rule_batch()
                .call_process(store, tasks, traces),
            (Self::Batch01(rule), Sight::Bytes(traces)) => {
                let batch = rule.linkmend_rule_batch();
                let answer = batch.call_process(store, v0_1::tasks(tasks), traces)?;
                Ok(answer.map(v0_1::verdict))
            }
            (Self::Span(exports), Sight::Records(traces)) => {
                let spans = exports.rule.linkmend_rule_spans();
                spans.call_process(store, tasks, traces)
            }
            _ => Ok(Err("it was shown what it is not made for".into())),
        }
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
}

/// A last character `*` stands for any ending.
fn reads(keys: &[String]) -> Selector {
    keys.iter()
        .fold(Selector::none(), |reads, key| match key.strip_suffix('*') {
            Some(prefix) => reads.with_prefix(prefix),
            None => reads.with_key(key),
        })
}
