//! The join.

use xxhash_rust::xxh3::xxh3_128;

use crate::MESSAGE_ID;
use crate::bindings::exports::linkmend::rule::spans::{Span, Value};
use crate::bindings::linkmend::rule::index::{self, IndexError, Producer, Recalled};
use crate::bindings::linkmend::rule::types::{
    Action, Attribute, DropReason, Edit, MessageKey, SpanContext, Tasks, Text, ValueKind, Verdict,
};

const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;
/// Links a span may have.
const MAX_LINKS: usize = 128;
/// A link's context is remote, and this is known.
const IS_REMOTE: u32 = 0x300;

/// What a batch has for the index.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    producers: Vec<Producer>,
    texts: Vec<u8>,
    /// Numbers, and spans.
    consumers: Vec<(u32, &'a Span)>,
    wanted: Vec<MessageKey>,
}

impl<'a> Batch<'a> {
    pub(crate) fn of(tasks: Tasks, spans: &'a [Span]) -> Self {
        let mut batch = Self::default();
        let mut key = Key::default();
        let remembers = tasks & Tasks::REMEMBER == Tasks::REMEMBER;
        let mends = tasks & Tasks::MEND == Tasks::MEND;
        for (number, span) in (0..).zip(spans) {
            let Some(id) = message_id(span) else {
                continue;
            };
            if span.kind == PRODUCER && remembers {
                batch.add_producer(span, key.of(id));
            } else if span.kind == CONSUMER && mends {
                batch.wanted.push(key.of(id));
                batch.consumers.push((number, span));
            }
        }
        batch
    }

    fn add_producer(&mut self, span: &Span, key: MessageKey) {
        if (span.trace_id_high | span.trace_id_low) == 0 || span.span_id == 0 {
            return;
        }
        let trace_state = Text {
            offset: self.texts.len() as u32,
            length: span.trace_state.len() as u32,
        };
        self.texts.extend_from_slice(span.trace_state.as_bytes());
        self.producers.push(Producer {
            key,
            trace_id_high: span.trace_id_high,
            trace_id_low: span.trace_id_low,
            span_id: span.span_id,
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano,
            trace_state,
            flags: span.flags,
            hint: 0,
            rank: 0,
        });
    }

    pub(crate) fn join(&self) -> Result<Verdict, IndexError> {
        if !self.producers.is_empty() {
            index::remember(&self.producers, &self.texts)?;
        }
        let mut verdict = empty();
        if !self.wanted.is_empty() {
            let recalled = index::recall(&self.wanted)?;
            self.link(&recalled, &mut verdict);
        }
        Ok(verdict)
    }

    fn link(&self, recalled: &Recalled, verdict: &mut Verdict) {
        put_type(verdict);
        let mut producers = recalled.producers.as_slice();
        for ((number, span), count) in self.consumers.iter().zip(&recalled.counts) {
            let count = usize::from(*count).min(4);
            let (of_key, rest) = producers.split_at_checked(count).unwrap_or_default();
            producers = rest;
            if let Some(producer) = of_key.first() {
                link(*number, span, producer, &recalled.texts, verdict);
            }
        }
    }
}

fn message_id(span: &Span) -> Option<&str> {
    let attribute = span.attributes.iter().find(|it| it.key == MESSAGE_ID)?;
    match &attribute.value {
        Value::Text(id) if !id.is_empty() => Some(id),
        _ => None,
    }
}

fn link(number: u32, span: &Span, producer: &Producer, texts: &[u8], verdict: &mut Verdict) {
    let to = (
        producer.trace_id_high,
        producer.trace_id_low,
        producer.span_id,
    );
    let mut links = span.links.iter();
    if span.links.len() >= MAX_LINKS
        || links.any(|link| (link.trace_id_high, link.trace_id_low, link.span_id) == to)
    {
        return;
    }
    let start = producer.trace_state.offset as usize;
    let state = texts.get(start..start + producer.trace_state.length as usize);
    let trace_state = put_text(verdict, state.unwrap_or_default());
    verdict.edits.push(Edit {
        span: number,
        link: 0,
        action: Action::AddLink,
        reason: DropReason::Invalid,
        context: SpanContext {
            trace_id_high: producer.trace_id_high,
            trace_id_low: producer.trace_id_low,
            span_id: producer.span_id,
            trace_state,
            flags: producer.flags & 0xff | IS_REMOTE,
        },
        first_attribute: 0,
        attribute_count: 1,
    });
}

/// The one attribute that all links get.
fn put_type(verdict: &mut Verdict) {
    let key = put_text(verdict, b"link.type");
    let text = put_text(verdict, b"triggered_by");
    verdict.attributes.push(Attribute {
        key,
        kind: ValueKind::Text,
        text,
        bits: 0,
    });
}

fn put_text(verdict: &mut Verdict, text: &[u8]) -> Text {
    let offset = verdict.texts.len() as u32;
    verdict.texts.extend_from_slice(text);
    Text {
        offset,
        length: text.len() as u32,
    }
}

fn empty() -> Verdict {
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

/// Makes keys as `index.hash` says.
#[derive(Default)]
struct Key {
    parts: Vec<u8>,
}

impl Key {
    fn of(&mut self, id: &str) -> MessageKey {
        self.parts.clear();
        for part in ["message", id] {
            self.parts
                .extend_from_slice(&(part.len() as u32).to_le_bytes());
            self.parts.extend_from_slice(part.as_bytes());
        }
        let hash = xxh3_128(&self.parts);
        MessageKey {
            high: (hash >> 64) as u64,
            low: hash as u64,
        }
    }
}
