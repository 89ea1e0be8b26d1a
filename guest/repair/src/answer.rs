//! Edits, and the attributes that they put on links.

use linkmend_rule::{
    AttributeKey, AttributeValue, Attributes, Context, MessageKey, NoteKind, TextId, Verdict,
    VerdictBuilder,
};

use crate::batch::Batch;
use crate::config::Config;
use crate::kind::LinkType;
use crate::records::MessageName;

/// How many attributes a link may have (OTLP, `AttributePerLinkCountLimit`).
pub const MAX_ATTRIBUTES: u32 = 128;

/// A verdict in the making. Words and sets of attributes that many links have
/// in common stand in it once.
#[derive(Debug)]
pub struct Answer<'b> {
    /// What it becomes.
    pub builder: VerdictBuilder,
    config: &'b Config,
    words: Vec<(&'b str, TextId)>,
    shared: Vec<((Option<LinkType>, bool), Attributes)>,
}

impl<'b> Answer<'b> {
    /// An empty one.
    pub fn new(config: &'b Config) -> Self {
        Self {
            builder: VerdictBuilder::new(),
            config,
            words: Vec::new(),
            shared: Vec::new(),
        }
    }

    /// The verdict.
    pub fn build(self) -> Verdict {
        self.builder.build()
    }

    fn word(&mut self, word: &'b str) -> TextId {
        if let Some((_, id)) = self.words.iter().find(|(known, _)| *known == word) {
            return *id;
        }
        let id = self.builder.text(word.as_bytes());
        self.words.push((word, id));
        id
    }

    fn type_attribute(
        &mut self,
        kind: LinkType,
    ) -> Option<(AttributeKey<'static>, AttributeValue<'static>)> {
        let key = self.config.type_attribute.as_str();
        (!key.is_empty()).then(|| {
            let key = AttributeKey::TextId(self.word(key));
            (key, AttributeValue::TextId(self.word(kind.as_str())))
        })
    }

    fn mark(&mut self) -> Option<(AttributeKey<'static>, AttributeValue<'static>)> {
        let key = self.config.provenance_attribute.as_str();
        (!key.is_empty()).then(|| {
            let key = AttributeKey::TextId(self.word(key));
            (key, AttributeValue::Bool(true))
        })
    }

    /// The attributes that say what a link is, and that linkmend made it.
    pub fn attributes(&mut self, kind: Option<LinkType>, marked: bool) -> Attributes {
        let wanted = (kind, marked);
        if let Some((_, attributes)) = self.shared.iter().find(|(known, _)| *known == wanted) {
            return *attributes;
        }
        let mut list = Vec::new();
        list.extend(kind.and_then(|kind| self.type_attribute(kind)));
        list.extend(marked.then(|| self.mark()).flatten());
        let attributes = self.builder.attributes(&list);
        self.shared.push((wanted, attributes));
        attributes
    }

    /// The attributes of a new link for the message `name`.
    pub fn named(&mut self, name: MessageName, kind: LinkType, batch: &Batch) -> Attributes {
        let kind_and_mark = [self.type_attribute(kind), self.mark()];
        let mut list = [NOTHING; 5];
        let mut put = {
            let mut places = list.iter_mut();
            move |attribute| {
                if let Some(place) = places.next() {
                    *place = attribute;
                }
            }
        };
        let mut count = 0;
        match name {
            MessageName::Unnamed => return self.attributes(Some(kind), true),
            MessageName::Id(id) => {
                let id = self.builder.text(id.of(&batch.texts));
                let key = AttributeKey::TextId(self.word("messaging.message.id"));
                put((key, AttributeValue::TextId(id)));
                count += 1;
            }
            MessageName::Record {
                offset,
                partition,
                topic,
            } => {
                let topic = self.builder.text(topic.of(&batch.texts));
                let partition = self.builder.text(partition.of(&batch.texts));
                let key = AttributeKey::TextId(self.word("messaging.destination.name"));
                put((key, AttributeValue::TextId(topic)));
                let key = AttributeKey::TextId(self.word("messaging.destination.partition.id"));
                put((key, AttributeValue::TextId(partition)));
                let key = AttributeKey::TextId(self.word("messaging.kafka.offset"));
                put((key, AttributeValue::Int(offset.cast_signed())));
                count += 3;
            }
        }
        for attribute in kind_and_mark.into_iter().flatten() {
            put(attribute);
            count += 1;
        }
        self.builder
            .attributes(list.get(..count).unwrap_or_default())
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

const NOTHING: (AttributeKey<'static>, AttributeValue<'static>) =
    (AttributeKey::Text(""), AttributeValue::Bool(false));

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
