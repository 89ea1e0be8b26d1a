//! Calls of a rule, whatever interface it was built against.

use linkmend_core::interface::{About, Plan, Tasks, Verdict};
use linkmend_core::records::reads;
use linkmend_wire::Selector;
use linkmend_wire::located::Located;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::bindings::span_rule::exports::linkmend::rule::spans::Traces;
use crate::bindings::{BatchRule, field_rule, span_rule, v0_1 as old};
use crate::host::HostState;
use crate::words::{v0_1, v0_2};
use crate::worlds::Interface;

/// What a guest answers, or says is wrong; and around it what went wrong with
/// the call.
pub(crate) type Answer<T> = wasmtime::Result<Result<T, String>>;

/// What a call shows to a rule.
pub(crate) enum Sight<'a> {
    Bytes(&'a [u8]),
    Fields(Located<'a>),
    Records(Traces<'a>),
}

/// The exports of an instance.
pub(crate) enum Exports {
    Field(field_rule::FieldRule),
    Batch(BatchRule),
    Span(Box<SpanExports>),
    Batch01(old::BatchRule),
}

pub(crate) struct SpanExports {
    rule: span_rule::SpanRule,
    /// The attributes that it asked for.
    reads: Selector,
}

impl Exports {
    /// Finds the exports, and compares their types with those of the interface.
    pub(crate) fn of(
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

    pub(crate) fn describe(&self, store: &mut Store<HostState>) -> wasmtime::Result<About> {
        let about = match self {
            Self::Field(rule) => rule.linkmend_rule_lifecycle().call_describe(store),
            Self::Batch(rule) => rule.linkmend_rule_lifecycle().call_describe(store),
            Self::Span(exports) => exports.rule.linkmend_rule_lifecycle().call_describe(store),
            Self::Batch01(rule) => {
                let about = rule.linkmend_rule_lifecycle().call_describe(store)?;
                return Ok(v0_1::about(about));
            }
        };
        about.map(v0_2::about)
    }

    pub(crate) fn configure(&mut self, store: &mut Store<HostState>, config: &str) -> Answer<Plan> {
        let plan = match self {
            Self::Field(rule) => rule.linkmend_rule_lifecycle().call_configure(store, config),
            Self::Batch(rule) => rule.linkmend_rule_lifecycle().call_configure(store, config),
            Self::Span(exports) => return exports.configure(store, config),
            Self::Batch01(rule) => {
                let lifecycle = rule.linkmend_rule_lifecycle();
                return Ok(lifecycle.call_configure(store, config)?.map(v0_1::plan));
            }
        };
        Ok(plan?.map(v0_2::plan))
    }

    /// The attributes that are read, of a rule that is shown records.
    pub(crate) fn reads(&self) -> Option<&Selector> {
        match self {
            Self::Span(exports) => Some(&exports.reads),
            Self::Field(_) | Self::Batch(_) | Self::Batch01(_) => None,
        }
    }

    /// Shows a rule what it is made for: fields, bytes, or records.
    pub(crate) fn process(
        &self,
        store: &mut Store<HostState>,
        tasks: Tasks,
        sight: Sight<'_>,
    ) -> Answer<Verdict> {
        let ours = v0_2::tasks(tasks);
        let answer = match (self, sight) {
            (Self::Field(rule), Sight::Fields(Located { fields, values })) => rule
                .linkmend_rule_fields()
                .call_process(store, ours, fields, values)?,
            (Self::Batch(rule), Sight::Bytes(traces)) => rule
                .linkmend_rule_batch()
                .call_process(store, ours, traces)?,
            (Self::Batch01(rule), Sight::Bytes(traces)) => {
                let batch = rule.linkmend_rule_batch();
                let answer = batch.call_process(store, v0_1::tasks(tasks), traces)?;
                return Ok(answer.map(v0_1::verdict));
            }
            (Self::Span(exports), Sight::Records(traces)) => {
                let spans = exports.rule.linkmend_rule_spans();
                spans.call_process(store, ours, traces)?
            }
            _ => Err("it was shown what it is not made for".into()),
        };
        Ok(answer.map(v0_2::verdict))
    }
}

impl SpanExports {
    fn configure(&mut self, store: &mut Store<HostState>, config: &str) -> Answer<Plan> {
        let lifecycle = self.rule.linkmend_rule_lifecycle();
        let plan = lifecycle.call_configure(store, config)?.map(v0_2::plan);
        if let Ok(plan) = &plan {
            self.reads = reads(&plan.reads);
        }
        Ok(plan)
    }
}
