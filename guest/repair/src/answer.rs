//! Edits, and the attributes that they put on links.

use linkmend_rule::{
    AttributeKey, AttributeValue, Attributes, Context, MessageKey, NoteKind, TextId, Verdict,
    VerdictBuilder,
};

use crate::batch::Batch;
use crate::config::Config;
use crate::kind::LinkType;
use crate::records::{MessageName, Run};
use crate::room::again;

/// How many attributes a link may have (OTLP, `AttributePerLinkCountLimit`).
pub const MAX_ATTRIBUTES: u32 = 128;

/// What a link is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A type.
    Type(LinkType),
    /// A word of a vendor's, in [`Batch::texts`].
    Text(Run),
}

/// A verdict in the making. Words and sets of attributes that many links have
/// in common stand in it once.
#[derive(Debug)]
pub struct Answer<'b> {
    /// What it becomes.
    pub builder: VerdictBuilder,
    config: &'b Config,
    batch: &'b Batch,
    written: Written<'b>,
}

/// What of a verdict stands in it already.
#[derive(Debug, Default)]
pub struct Written<'b> {
    words: Vec<(&'b str, TextId)>,
    shared: Vec<((Option<Kind>, bool), Attributes)>,
    /// The attributes of the link at hand.
    list: Vec<Pair>,
}

impl Written<'_> {
    /// None, in the same room.
    pub fn again<'c>(mut self) -> Written<'c> {
        self.shared.clear();
        self.list.clear();
        Written {
            words: again(self.words),
            shared: self.shared,
            list: self.list,
        }
    }
}

/// An attribute.
type Pair = (AttributeKey<'static>, AttributeValue<'static>);

impl<'b> Answer<'b> {
    /// An empty one.
    pub fn new(config: &'b Config, batch: &'b Batch, written: Written<'b>) -> Self {
        Self {
            builder: VerdictBuilder::new(),
            config,
            batch,
            written,
        }
    }

    /// The verdict, and what was needed for it.
    pub fn build(self) -> (Verdict, Written<'b>) {
        (self.builder.build(), self.written)
    }

    fn word(&mut self, word: &'b str) -> TextId {
        if let Some((_, id)) = self.written.words.iter().find(|(known, _)| *known == word) {
            return *id;
        }
        let id = self.builder.text(word.as_bytes());
        self.written.words.push((word, id));
        id
    }

    fn text(&mut self, text: Run) -> AttributeValue<'static> {
        let text = text.of(&self.batch.texts);
        AttributeValue::TextId(self.builder.text(text))
    }

    fn put(&mut self, key: &'b str, value: AttributeValue<'static>) {
        let key = AttributeKey::TextId(self.word(key));
        self.written.list.push((key, value));
    }

    fn put_kind(&mut self, kind: Kind) {
        let config = self.config;
        if config.type_attribute.is_empty() {
            return;
        }
        let value = match kind {
            Kind::Type(kind) => AttributeValue::TextId(self.word(config.type_text(kind))),
            Kind::Text(word) => self.text(word),
        };
        self.put(&config.type_attribute, value);
    }

    fn put_mark(&mut self) {
        let key = &self.config.provenance_attribute;
        if !key.is_empty() {
            self.put(key, AttributeValue::Bool(true));
        }
    }

    /// The attributes that say what a link is, and that linkmend made it.
    pub fn attributes(&mut self, kind: Option<Kind>, marked: bool) -> Attributes {
        let wanted = (kind, marked);
        if let Some((_, attributes)) = self
            .written
            .shared
            .iter()
            .find(|(known, _)| *known == wanted)
        {
            return *attributes;
        }
        self.written.list.clear();
        if let Some(kind) = kind {
            self.put_kind(kind);
        }
        if marked {
            self.put_mark();
        }
        let attributes = self.builder.attributes(&self.written.list);
        // Words of vendors are as many as there are links.
        if !matches!(kind, Some(Kind::Text(_))) {
            self.written.shared.push((wanted, attributes));
        }
        attributes
    }

    /// The attributes of a new link for the message `name`.
    pub fn named(&mut self, name: MessageName, kind: LinkType) -> Attributes {
        self.written.list.clear();
        match name {
            MessageName::Unnamed => return self.attributes(Some(Kind::Type(kind)), true),
            MessageName::Id(id) => {
                let id = self.text(id);
                self.put("messaging.message.id", id);
            }
            MessageName::Record {
                offset,
                partition,
                topic,
            } => {
                let (topic, partition) = (self.text(topic), self.text(partition));
                self.put("messaging.destination.name", topic);
                self.put("messaging.destination.partition.id", partition);
                let offset = AttributeValue::Int(offset.cast_signed());
                self.put("messaging.kafka.offset", offset);
            }
            MessageName::Recipe { recipe, parts } => self.put_recipe(recipe, parts),
        }
        self.put_kind(Kind::Type(kind));
        self.put_mark();
        self.builder.attributes(&self.written.list)
    }

    fn put_recipe(&mut self, recipe: u16, parts: Run) {
        let (config, batch) = (self.config, self.batch);
        let Some(recipe) = config.recipes.get(usize::from(recipe)) else {
            return;
        };
        for (name, part) in recipe.attributes.iter().zip(parts.of(&batch.parts)) {
            let part = self.text(*part);
            self.put(name, part);
        }
    }

    /// A link to append.
    pub fn add_link(&mut self, span: u32, context: Context<'_>, attributes: Attributes) {
        self.builder.add_link(span, readable(context), attributes);
    }

    /// A link that gets another context.
    pub fn replace(&mut self, span: u32, link: u32, context: Context<'_>, attributes: Attributes) {
        let context = readable(context);
        self.builder
            .replace_context(span, link, context, attributes);
    }

    /// Something that could not be mended.
    pub fn note(&mut self, span: u32, kind: NoteKind, count: usize) {
        if count > 0 {
            self.builder.note(span, kind, count as u32);
        }
    }

    /// A span to keep back.
    pub fn defer(&mut self, span: u32, keys: &[MessageKey]) {
        self.builder.defer(span, keys);
    }
}

/// A trace state that is not UTF-8 is none.
fn readable(context: Context<'_>) -> Context<'_> {
    match core::str::from_utf8(context.trace_state) {
        Ok(_) => context,
        Err(_) => Context {
            trace_state: &[],
            ..context
        },
    }
}
