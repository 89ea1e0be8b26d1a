//! What is kept of a batch between reading it and deciding: flat lists, used
//! again for the next batch.

use linkmend_rule::{KeyBuilder, MessageKey, Producer, Tasks, Text};

use crate::carried::{self, Carried};
use crate::facts::{LinkFacts, MessageFacts, SpanFacts};
use crate::keys::{KeyMaker, Side};
use crate::kind::{LinkType, by_ref_type};
use crate::records::{LinkRecord, MessageName, Run, Slot, SpanRecord};
use crate::role::{self, Part, Role};
use crate::slots::{MAX_MESSAGES, for_each_message, names_several};
use crate::system::System;
use crate::value::Value;

/// See the module.
#[derive(Debug, Default)]
pub struct Batch {
    /// The spans that may need mending.
    pub spans: Vec<SpanRecord>,
    /// Their messages.
    pub slots: Vec<Slot>,
    /// Their links.
    pub links: Vec<LinkRecord>,
    /// The keys to look up.
    pub wanted: Vec<MessageKey>,
    /// The keys of valid links.
    pub link_keys: Vec<MessageKey>,
    /// Texts of slots.
    pub texts: Vec<u8>,
    /// The producers to remember.
    pub producers: Vec<Producer>,
    /// Their trace states.
    pub producer_texts: Vec<u8>,
    keys: Vec<MessageKey>,
    carried: Vec<Option<(Carried, Run)>>,
    seen: Vec<(u64, u64)>,
    maker: KeyMaker,
    /// For digests of links.
    pub digests: KeyBuilder,
}

impl Batch {
    /// Forgets the batch before.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.slots.clear();
        self.links.clear();
        self.wanted.clear();
        self.link_keys.clear();
        self.texts.clear();
        self.producers.clear();
        self.producer_texts.clear();
    }

    /// Takes a span in, with its links in their order.
    #[inline]
    pub fn add<'a>(
        &mut self,
        tasks: Tasks,
        environment: &[u8],
        span: &SpanFacts<'a>,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) {
        // Nothing can point at a span without ids, and nothing is known of it.
        if span.trace_id == 0 || span.span_id == 0 {
            return;
        }
        let part = role::part(span);
        if part.role == Role::Producer && tasks.contains(Tasks::REMEMBER) {
            self.add_producer(environment, span, part);
        }
        if !tasks.contains(Tasks::MEND) {
            return;
        }
        let first_slot = self.slots.len();
        let mut surplus = 0;
        let mut links = links.peekable();
        if part.role == Role::Consumer {
            let naming = links.peek().is_some();
            surplus = self.add_messages(environment, &span.message, naming);
        }
        let slots = Run::since(first_slot, &self.slots);
        let first_link = self.links.len();
        for link in links {
            self.add_link(environment, &span.message, part, link);
        }
        let links = Run::since(first_link, &self.links);
        if slots.count() + links.count() > 0 {
            self.spans.push(record(span, part, slots, surplus, links));
        }
    }

    fn add_producer(&mut self, environment: &[u8], span: &SpanFacts<'_>, part: Part) {
        let system = span.message.system.value.text().unwrap_or_default();
        // What a failed send to Kafka knows of its offset is not to be trusted.
        if span.failed && System::named(system) == System::Kafka {
            return;
        }
        let rank = role::rank(part, span.kind);
        let mut trace_state = None;
        let mut count = 0;
        for_each_message(&span.message, |message| {
            count += 1;
            if count > MAX_MESSAGES {
                return;
            }
            self.keys.clear();
            self.maker
                .put_keys(message, environment, Side::Producer, &mut self.keys);
            for &key in &self.keys {
                let state = *trace_state
                    .get_or_insert_with(|| put_state(span.trace_state, &mut self.producer_texts));
                self.producers.push(producer(key, span, state, rank));
            }
        });
    }

    /// Takes in the messages of a consumer, and answers how many were left out.
    fn add_messages(&mut self, environment: &[u8], facts: &MessageFacts<'_>, naming: bool) -> u32 {
        let naming = naming || facts.message_count.value.is_usable() || names_several(facts);
        let headers = self.read_headers(facts);
        // Headers and ids belong together, one by one, when they are as many.
        let mut paired = true;
        if headers > 0 {
            let mut messages = 0;
            for_each_message(facts, |_| messages += 1);
            paired = headers == messages;
        }
        let mut number = 0;
        self.seen.clear();
        for_each_message(facts, |message| {
            let carried = self.carried.get(number).copied().flatten();
            number += 1;
            if number <= MAX_MESSAGES {
                self.add_slot(environment, message, carried.filter(|_| paired), naming);
            }
        });
        if !paired {
            for carried in self.carried.iter().take(MAX_MESSAGES) {
                self.slots.extend(carried.map(|_| Slot {
                    carried: *carried,
                    ..Slot::default()
                }));
            }
        }
        number.saturating_sub(MAX_MESSAGES) as u32
    }

    /// Reads the captured headers, and answers how many there are.
    fn read_headers(&mut self, facts: &MessageFacts<'_>) -> usize {
        self.carried.clear();
        let (parents, states) = (facts.traceparent.value, facts.tracestate.value);
        if !parents.is_usable() {
            return 0;
        }
        let carried = &mut self.carried;
        parents.for_each_element(|parent| {
            carried.push(carried::traceparent(parent).map(|context| (context, Run::default())));
        });
        let mut count = 0;
        states.for_each_element(|_| count += 1);
        if count == carried.len() {
            let mut places = carried.iter_mut();
            let texts = &mut self.texts;
            states.for_each_element(|state| {
                if let Some(Some((_, run))) = places.next() {
                    *run = put_text(state.text().unwrap_or_default(), texts);
                }
            });
        }
        self.carried.len()
    }

    fn add_slot(
        &mut self,
        environment: &[u8],
        message: &MessageFacts<'_>,
        carried: Option<(Carried, Run)>,
        naming: bool,
    ) {
        let first_key = self.wanted.len();
        let client_assigned =
            self.maker
                .put_keys(message, environment, Side::Consumer, &mut self.wanted);
        let keys = Run::since(first_key, &self.wanted);
        if let Some(key) = self.wanted.get(first_key) {
            // One message under two names, or named twice.
            let key = (key.high, key.low);
            match self.seen.binary_search(&key) {
                Ok(_) => {
                    self.wanted.truncate(first_key);
                    return;
                }
                Err(place) => self.seen.insert(place, key),
            }
        } else if carried.is_none() {
            return;
        }
        let name = if naming {
            self.name(message)
        } else {
            MessageName::Unnamed
        };
        self.slots.push(Slot {
            keys,
            carried,
            client_assigned,
            name,
        });
    }

    fn name(&mut self, message: &MessageFacts<'_>) -> MessageName {
        let ids = [
            &message.id,
            &message.masstransit_id,
            &message.nservicebus_id,
            &message.event_id,
            &message.bullmq_job,
        ];
        if let Some(id) = ids.into_iter().find(|fact| fact.value.is_scalar()) {
            return MessageName::Id(put_value(id.value, &mut self.texts));
        }
        match message.offset.value.natural() {
            Some(offset) => MessageName::Record {
                offset,
                partition: put_value(message.partition.value, &mut self.texts),
                topic: put_value(message.destination.value, &mut self.texts),
            },
            None => MessageName::Unnamed,
        }
    }

    fn add_link<'a>(
        &mut self,
        environment: &[u8],
        span: &MessageFacts<'a>,
        part: Part,
        mut link: LinkFacts<'a>,
    ) {
        // A settler is not mended: its keys are for comparing only.
        let keys_are_wanted = !link.is_valid() && part.role != Role::Settler;
        let mut slot = Slot::default();
        if keys_are_wanted {
            self.read_headers(&link.message);
            slot.carried = self.carried.first().copied().flatten();
        }
        if link.message.names_messages() {
            link.message.inherit(span);
            let keys = if keys_are_wanted {
                &mut self.wanted
            } else {
                &mut self.link_keys
            };
            let first = keys.len();
            slot.client_assigned =
                self.maker
                    .put_keys(&link.message, environment, Side::Consumer, keys);
            slot.keys = Run::since(first, keys);
        }
        self.links.push(LinkRecord {
            trace_id: link.trace_id,
            span_id: link.span_id,
            is_bare: link.attribute_count == 0 && !link.has_trace_state,
            attribute_count: link.attribute_count,
            digest: link.digest,
            type_digest: link.type_digest,
            is_marked: link.is_marked,
            own_type: by_ref_type(link.ref_type).or(link.is_retry.then_some(LinkType::RetryOf)),
            slot,
            keys_are_wanted,
        });
    }
}

fn record(span: &SpanFacts<'_>, part: Part, slots: Run, surplus: u32, links: Run) -> SpanRecord {
    // A poll starts before the messages that end it are sent; of a span that
    // has links for other reasons nothing is known but its end.
    let limit = match part.role {
        Role::Consumer if !part.waits => span.start,
        _ => span.end.max(span.start),
    };
    SpanRecord {
        number: span.number,
        role: part.role,
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        start: span.start,
        limit,
        message_count: span.message.message_count.value.natural().unwrap_or(0),
        slots,
        surplus,
        links,
    }
}

fn producer(key: MessageKey, span: &SpanFacts<'_>, trace_state: Text, rank: u8) -> Producer {
    Producer {
        key,
        trace_id_high: (span.trace_id >> 64) as u64,
        trace_id_low: span.trace_id as u64,
        span_id: span.span_id,
        start: span.start,
        end: span.end,
        trace_state,
        flags: span.flags & 0xff,
        rank,
    }
}

fn put_state(state: &[u8], texts: &mut Vec<u8>) -> Text {
    let run = put_text(state, texts);
    Text {
        offset: run.start,
        length: run.count() as u32,
    }
}

/// Texts that go into links must be UTF-8; others are left out.
fn put_text(text: &[u8], texts: &mut Vec<u8>) -> Run {
    let start = texts.len();
    if core::str::from_utf8(text).is_ok() {
        texts.extend_from_slice(text);
    }
    Run::since(start, texts)
}

fn put_value(value: Value<'_>, texts: &mut Vec<u8>) -> Run {
    let mut made = Vec::new();
    put_text(value.written(&mut made), texts)
}
