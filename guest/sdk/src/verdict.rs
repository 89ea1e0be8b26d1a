//! Putting a verdict together.

pub use linkmend_wire::links::Context;

use crate::interface::{
    Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    SpanContext, Text, ValueKind, Verdict,
};

/// The value of an attribute of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AttributeValue<'a> {
    /// A string.
    Text(&'a str),
    /// A string that the verdict holds already.
    TextId(TextId),
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
}

/// A text that a verdict holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextId {
    offset: u32,
    length: u32,
}

/// Attributes that a verdict holds, to be put on links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    first: u32,
    count: u32,
}

impl Verdict {
    /// One that says nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            edits: Vec::new(),
            attributes: Vec::new(),
            notes: Vec::new(),
            deferrals: Vec::new(),
            keys: Vec::new(),
            texts: Vec::new(),
            explanations: Vec::new(),
        }
    }
}

/// Puts a verdict together.
#[derive(Debug)]
pub struct VerdictBuilder {
    verdict: Verdict,
}

/// Two attributes of a link and a trace state: a verdict that needs no more allocates once.
const ROOM_FOR_TEXTS: usize = 128;

impl Default for VerdictBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl VerdictBuilder {
    /// An empty verdict.
    #[must_use]
    pub fn new() -> Self {
        Self {
            verdict: Verdict::empty(),
        }
    }

    /// Holds a text, for several attributes.
    pub fn text(&mut self, text: &[u8]) -> TextId {
        let texts = &mut self.verdict.texts;
        if texts.capacity() == 0 {
            texts.reserve(ROOM_FOR_TEXTS);
        }
        let offset = texts.len() as u32;
        texts.extend_from_slice(text);
        TextId {
            offset,
            length: text.len() as u32,
        }
    }

    /// Holds attributes, for one link or for several.
    pub fn attributes(
        &mut self,
        attributes: &[(AttributeKey<'_>, AttributeValue<'_>)],
    ) -> Attributes {
        let first = self.verdict.attributes.len() as u32;
        for (key, value) in attributes {
            let key = match key {
                AttributeKey::Text(text) => self.text(text.as_bytes()),
                AttributeKey::TextId(id) => *id,
            };
            let attribute = self.attribute(key, *value);
            self.verdict.attributes.push(attribute);
        }
        Attributes {
            first,
            count: attributes.len() as u32,
        }
    }

    fn attribute(&mut self, key: TextId, value: AttributeValue<'_>) -> Attribute {
        let (kind, text, bits) = match value {
            AttributeValue::Text(text) => (ValueKind::Text, self.text(text.as_bytes()).range(), 0),
            AttributeValue::TextId(id) => (ValueKind::Text, id.range(), 0),
            AttributeValue::Bool(value) => (ValueKind::Boolean, NO_TEXT, u64::from(value)),
            AttributeValue::Int(value) => (ValueKind::Integer, NO_TEXT, value.cast_unsigned()),
            AttributeValue::Double(value) => (ValueKind::Double, NO_TEXT, value.to_bits()),
        };
        Attribute {
            key: key.range(),
            kind,
            text,
            bits,
        }
    }

    /// Appends a link to a span.
    pub fn add_link(&mut self, span: u32, context: Context<'_>, attributes: Attributes) {
        let context = self.context(context);
        self.push(span, 0, Action::AddLink, context, attributes);
    }

    /// Gives a link of a span another context, and more attributes.
    pub fn replace_context(
        &mut self,
        span: u32,
        link: u32,
        context: Context<'_>,
        attributes: Attributes,
    ) {
        let context = self.context(context);
        self.push(span, link, Action::ReplaceContext, context, attributes);
    }

    /// Gives a link of a span more attributes.
    pub fn add_attributes(&mut self, span: u32, link: u32, attributes: Attributes) {
        self.push(span, link, Action::AddAttributes, NO_CONTEXT, attributes);
    }

    /// Removes a link of a span.
    pub fn drop_link(&mut self, span: u32, link: u32, reason: DropReason) {
        self.push(
            span,
            link,
            Action::DropLink,
            NO_CONTEXT,
            Attributes::default(),
        );
        if let Some(edit) = self.verdict.edits.last_mut() {
            edit.reason = reason;
        }
    }

    /// Tells of something that could not be mended.
    pub fn note(&mut self, span: u32, kind: NoteKind, count: u32) {
        self.verdict.notes.push(Note { span, kind, count });
    }

    /// Keeps a span back until a producer of one of these keys is remembered.
    pub fn defer(&mut self, span: u32, keys: &[MessageKey]) {
        let first_key = self.verdict.keys.len() as u32;
        self.verdict.keys.extend_from_slice(keys);
        self.verdict.deferrals.push(Deferral {
            span,
            first_key,
            key_count: keys.len() as u32,
        });
    }

    /// Says why a span was or was not mended, in lines. For calls with
    /// [`crate::Tasks::EXPLAIN`].
    pub fn explain(&mut self, span: u32, text: &str) {
        let text = self.text(text.as_bytes()).range();
        self.verdict.explanations.push(Explanation { span, text });
    }

    /// The verdict.
    #[must_use]
    pub fn build(self) -> Verdict {
        self.verdict
    }

    fn context(&mut self, context: Context<'_>) -> SpanContext {
        SpanContext {
            trace_id_high: (context.trace_id >> 64) as u64,
            trace_id_low: context.trace_id as u64,
            span_id: context.span_id,
            trace_state: self.text(context.trace_state).range(),
            flags: context.flags,
        }
    }

    fn push(
        &mut self,
        span: u32,
        link: u32,
        action: Action,
        context: SpanContext,
        attributes: Attributes,
    ) {
        self.verdict.edits.push(Edit {
            span,
            link,
            action,
            reason: DropReason::Invalid,
            context,
            first_attribute: attributes.first,
            attribute_count: attributes.count,
        });
    }
}

/// The key of an attribute of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKey<'a> {
    /// A key.
    Text(&'a str),
    /// A key that the verdict holds already.
    TextId(TextId),
}

impl<'a> From<&'a str> for AttributeKey<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl TextId {
    fn range(self) -> Text {
        Text {
            offset: self.offset,
            length: self.length,
        }
    }
}

const NO_TEXT: Text = Text {
    offset: 0,
    length: 0,
};

const NO_CONTEXT: SpanContext = SpanContext {
    trace_id_high: 0,
    trace_id_low: 0,
    span_id: 0,
    trace_state: NO_TEXT,
    flags: 0,
};
