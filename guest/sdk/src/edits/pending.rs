//! What a rule asked for, before it is decided on.

use std::ops::Range;

use linkmend_wire::links::Context;

use crate::interface::DropReason;
use crate::verdict::AttributeValue;

/// The edits of one span, in the order in which they were asked for. The
/// memory is used for span after span.
#[derive(Debug, Default)]
pub(super) struct Pending {
    edits: Vec<Edit>,
    attributes: Vec<Attribute>,
    texts: String,
}

#[derive(Debug)]
pub(super) struct Edit {
    pub(super) action: Action,
    attributes: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Action {
    Link(Target),
    Replace(u32, Target),
    Drop(u32, DropReason),
    Annotate(u32),
}

/// A valid context.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    trace_state: Box<[u8]>,
    pub(super) flags: u32,
}

#[derive(Debug)]
struct Attribute {
    key: Range<usize>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Text(Range<usize>),
    Bool(bool),
    Int(i64),
    Double(f64),
}

impl Target {
    pub(super) fn of(context: Context<'_>) -> Self {
        // The host takes UTF-8 only; a trace state is ASCII (W3C Trace Context),
        // and a broken one is of no use to anybody.
        let is_text = std::str::from_utf8(context.trace_state).is_ok();
        let trace_state: &[u8] = if is_text { context.trace_state } else { &[] };
        Self {
            trace_id: context.trace_id,
            span_id: context.span_id,
            trace_state: trace_state.into(),
            flags: context.flags,
        }
    }

    pub(super) fn ids(&self) -> (u128, u64) {
        (self.trace_id, self.span_id)
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            trace_id: self.trace_id,
            span_id: self.span_id,
            trace_state: &self.trace_state,
            flags: self.flags,
        }
    }
}

impl Action {
    /// The original link that it is about.
    pub(super) fn original(&self) -> Option<u32> {
        match self {
            Self::Link(_) => None,
            Self::Replace(link, _) | Self::Drop(link, _) | Self::Annotate(link) => Some(*link),
        }
    }
}

impl Pending {
    pub(super) fn clear(&mut self) {
        self.edits.clear();
        self.attributes.clear();
        self.texts.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    pub(super) fn push(&mut self, action: Action) {
        let end = self.attributes.len();
        self.edits.push(Edit {
            action,
            attributes: end..end,
        });
    }

    /// Gives an attribute to the last edit. One without a key is left away.
    pub(super) fn push_attribute(&mut self, key: &str, value: AttributeValue<'_>) {
        if key.is_empty() {
            return;
        }
        let value = match value {
            AttributeValue::Text(text) => Value::Text(self.hold(text)),
            AttributeValue::Bool(value) => Value::Bool(value),
            AttributeValue::Int(value) => Value::Int(value),
            AttributeValue::Double(value) => Value::Double(value),
            // Of a verdict that is not this one.
            AttributeValue::TextId(_) => return,
        };
        let key = self.hold(key);
        self.attributes.push(Attribute { key, value });
        if let Some(edit) = self.edits.last_mut() {
            edit.attributes.end = self.attributes.len();
        }
    }

    fn hold(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }

    pub(super) fn edits(&self) -> &[Edit] {
        &self.edits
    }

    pub(super) fn attributes(
        &self,
        edit: &Edit,
    ) -> impl Iterator<Item = (&str, AttributeValue<'_>)> {
        let attributes = self.attributes.get(edit.attributes.clone());
        attributes.unwrap_or_default().iter().map(|attribute| {
            let value = match &attribute.value {
                Value::Text(range) => AttributeValue::Text(self.text(range)),
                Value::Bool(value) => AttributeValue::Bool(*value),
                Value::Int(value) => AttributeValue::Int(*value),
                Value::Double(value) => AttributeValue::Double(*value),
            };
            (self.text(&attribute.key), value)
        })
    }

    fn text(&self, range: &Range<usize>) -> &str {
        self.texts.get(range.clone()).unwrap_or_default()
    }
}
