//! Rules of a closure, and verdicts put together by hand.

use std::sync::Arc;

use linkmend::index::MessageIndex;
use linkmend::interface::{
    About, Action, Attribute, DropReason, Edit, Plan, Selector, SpanContext, SpanKinds, Tasks,
    Text, ValueKind, Verdict,
};
use linkmend::{NativeRule, Rule, Shown, World};

/// Selects nothing and uses nothing.
#[must_use]
pub fn plan() -> Plan {
    Plan {
        selector: Selector {
            kinds: SpanKinds::empty(),
            attribute_keys: Vec::new(),
            attribute_prefixes: Vec::new(),
            with_links: false,
        },
        uses_index: false,
        type_attribute: String::new(),
        count_all_drops: false,
        reads: Vec::new(),
    }
}

/// Selects spans of every kind that has a number.
#[must_use]
pub fn all_spans() -> Plan {
    let mut plan = plan();
    plan.selector.kinds = SpanKinds::all();
    plan
}

/// A native rule of a function of the tasks and the selected spans.
#[must_use]
pub fn rule<F>(name: &str, plan: Plan, process: F) -> Rule
where
    F: Fn(Tasks, &[u8]) -> Result<Verdict, String> + Send + Sync + 'static,
{
    rule_with_index(name, plan, move |tasks, traces, _| process(tasks, traces))
}

/// A native rule of a function of the tasks, the selected spans and the index.
#[must_use]
pub fn rule_with_index<F>(name: &str, plan: Plan, process: F) -> Rule
where
    F: Fn(Tasks, &[u8], &dyn MessageIndex) -> Result<Verdict, String> + Send + Sync + 'static,
{
    let about = About {
        name: name.into(),
        version: "1.0.0".into(),
        summary: "Made for a test.".into(),
    };
    let process = Arc::new(process);
    Rule::native(about, plan, World::Batch, move || {
        Box::new(Closure(Arc::clone(&process)))
    })
}

struct Closure<F>(Arc<F>);

impl<F> NativeRule for Closure<F>
where
    F: Fn(Tasks, &[u8], &dyn MessageIndex) -> Result<Verdict, String> + Send + Sync,
{
    fn process(
        &mut self,
        tasks: Tasks,
        shown: Shown<'_>,
        index: &dyn MessageIndex,
    ) -> Result<Verdict, String> {
        let Shown::Traces(traces) = shown else {
            return Err("it was shown fields".into());
        };
        (self.0)(tasks, traces, index)
    }
}

/// A verdict that says nothing.
#[must_use]
pub fn nothing() -> Verdict {
    Verdict {
        edits: Vec::new(),
        attributes: Vec::new(),
        notes: Vec::new(),
        deferrals: Vec::new(),
        keys: Vec::new(),
        texts: Vec::new(),
        explanations: Vec::new(),
    }
}

/// A verdict of edits alone.
#[must_use]
pub fn edits(edits: Vec<Edit>) -> Verdict {
    Verdict { edits, ..nothing() }
}

/// No text.
pub const NO_TEXT: Text = Text {
    offset: 0,
    length: 0,
};

/// An edit that does nothing good until it is filled in: its context is
/// invalid.
#[must_use]
pub fn edit(span: u32, link: u32, action: Action) -> Edit {
    Edit {
        span,
        link,
        action,
        reason: DropReason::Invalid,
        context: context(0),
        first_attribute: 0,
        attribute_count: 0,
    }
}

/// Adds a link to [`crate::otlp::span`] number `to`.
#[must_use]
pub fn add(span: u32, to: u64) -> Edit {
    Edit {
        context: context(to),
        ..edit(span, 0, Action::AddLink)
    }
}

/// Lets a link point at [`crate::otlp::span`] number `to`.
#[must_use]
pub fn replace(span: u32, link: u32, to: u64) -> Edit {
    Edit {
        context: context(to),
        ..edit(span, link, Action::ReplaceContext)
    }
}

/// Drops a link.
#[must_use]
pub fn drop_link(span: u32, link: u32, reason: DropReason) -> Edit {
    Edit {
        reason,
        ..edit(span, link, Action::DropLink)
    }
}

/// Adds attributes to a link.
#[must_use]
pub fn add_attributes(span: u32, link: u32, first: u32, count: u32) -> Edit {
    with_attributes(edit(span, link, Action::AddAttributes), first, count)
}

/// The same edit, with attributes.
#[must_use]
pub fn with_attributes(edit: Edit, first_attribute: u32, attribute_count: u32) -> Edit {
    Edit {
        first_attribute,
        attribute_count,
        ..edit
    }
}

/// The context of [`crate::otlp::span`] number `number`; of 0 it is invalid.
#[must_use]
pub fn context(number: u64) -> SpanContext {
    SpanContext {
        trace_id_high: number,
        trace_id_low: number,
        span_id: number,
        trace_state: NO_TEXT,
        flags: 0x101,
    }
}

/// Adds a text attribute to a verdict, and says which number it has.
pub fn push_text(verdict: &mut Verdict, key: &str, value: &str) -> u32 {
    let mut push = |text: &str| {
        let offset = verdict.texts.len() as u32;
        verdict.texts.extend_from_slice(text.as_bytes());
        Text {
            offset,
            length: text.len() as u32,
        }
    };
    let attribute = Attribute {
        key: push(key),
        kind: ValueKind::Text,
        text: push(value),
        bits: 0,
    };
    verdict.attributes.push(attribute);
    verdict.attributes.len() as u32 - 1
}
