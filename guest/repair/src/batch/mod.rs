//! What is kept of a batch between reading it and deciding: flat lists, used
//! again for the next batch.

mod consumer;
mod link;
mod notes;
mod producer;

use linkmend_rule::{MessageKey, Producer, Tasks};
use linkmend_wire::otlp::span_kind;

use crate::asides;
use crate::columns::Columns;
use crate::config::{Config, Parts, Recipe};
use crate::facts::{LinkFacts, Origin, SpanFacts};
use crate::keys::KeyMaker;
use crate::records::{LinkRecord, Parent, Run, Slot, SpanRecord};
use crate::role::{self, Part, Role};

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
    /// When the consumer of each had its message.
    pub before: Vec<u64>,
    /// Keys beside the messages, see [`crate::asides`].
    pub asides: Vec<MessageKey>,
    /// The keys of valid links.
    pub link_keys: Vec<MessageKey>,
    /// Texts of slots.
    pub texts: Vec<u8>,
    /// Parts of names of slots, in `texts`.
    pub parts: Vec<Run>,
    /// The producers to remember.
    pub producers: Vec<Producer>,
    /// Their trace states.
    pub producer_texts: Vec<u8>,
    /// Makes the keys, and spells them when that is asked for.
    pub maker: KeyMaker,
    keys: Vec<MessageKey>,
    seen: Vec<(u64, u64)>,
    columns: Columns,
}

/// A span that is being taken in.
struct Incoming<'s, 'a> {
    config: &'s Config,
    origin: &'s Origin<'s>,
    span: &'s SpanFacts<'a>,
    part: Part,
}

impl<'s> Incoming<'s, '_> {
    /// The custom recipes by which the span plays `role`.
    fn recipes(&self, role: Role) -> impl Iterator<Item = (u16, &'s Recipe, &'s Parts)> {
        let (kind, part) = (self.span.kind, self.part);
        let config = self.config;
        let recipes = config.recipes.iter().zip(&config.extra.recipes);
        let recipes = (0..).zip(recipes).filter(move |(_, (recipe, _))| {
            recipe.applies_to(kind) && role::by_recipe(recipe.role, part) == role
        });
        recipes.map(|(number, (recipe, parts))| (number, recipe, parts))
    }

    /// What a recipe or a carried context calls a consumer is one. When it
    /// began to wait is not known.
    fn works_if(&mut self, names_work: bool) {
        if self.part.role == Role::None && names_work {
            self.part.role = Role::Consumer;
            self.part.waits = true;
        }
    }
}

impl Batch {
    /// Forgets the batch before. Keys are spelled when somebody asks why.
    pub fn clear(&mut self, explain: bool) {
        self.spans.clear();
        self.slots.clear();
        self.links.clear();
        self.wanted.clear();
        self.before.clear();
        self.asides.clear();
        self.link_keys.clear();
        self.texts.clear();
        self.parts.clear();
        self.producers.clear();
        self.producer_texts.clear();
        self.maker.spell(explain);
    }

    /// Takes a span in, with its links in their order.
    #[inline]
    pub fn add<'a>(
        &mut self,
        config: &Config,
        tasks: Tasks,
        origin: &Origin<'_>,
        span: &SpanFacts<'a>,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) {
        let mut incoming = Incoming {
            config,
            origin,
            span,
            part: role::part(span),
        };
        let explain = tasks.contains(Tasks::EXPLAIN);
        // Nothing can point at a span without ids, and what becomes of its
        // messages nobody could find: it has links at the most.
        if span.trace_id == 0 || span.span_id == 0 {
            incoming.part.role = Role::None;
            let first = self.links.len();
            for link in links {
                self.add_link(&incoming, link);
            }
            let links = Run::since(first, &self.links);
            let record = record(&incoming);
            self.before.resize(self.wanted.len(), record.limit);
            if tasks.contains(Tasks::MEND) && (explain || links.count() > 0) {
                self.spans.push(SpanRecord { links, ..record });
            }
            return;
        }
        let first = self.producers.len();
        if tasks.contains(Tasks::REMEMBER) || explain {
            self.add_producer(&incoming);
        }
        let produced = Run::since(first, &self.producers);
        if tasks.contains(Tasks::MEND) {
            let record = self.record(incoming, tasks, links);
            if explain || record.may_need_mending() {
                self.spans.push(SpanRecord { produced, ..record });
            }
        } else if tasks.contains(Tasks::REMEMBER) {
            self.note_only(incoming, links);
        }
    }

    #[inline]
    fn record<'a>(
        &mut self,
        mut incoming: Incoming<'_, 'a>,
        tasks: Tasks,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) -> SpanRecord {
        let mut links = links.peekable();
        let first_slot = self.slots.len();
        let surplus = self.add_messages(&incoming, links.peek().is_some());
        let slots = Run::since(first_slot, &self.slots);
        let first_link = self.links.len();
        let mut names_work = slots.count() > 0;
        for link in links {
            names_work |= self.add_link(&incoming, link);
        }
        incoming.works_if(names_work);
        let links = Run::since(first_link, &self.links);
        let mut record = SpanRecord {
            slots,
            surplus,
            links,
            ..record(&incoming)
        };
        if record.role == Role::Consumer {
            (record.destination, record.consumer) = self.hints(&incoming);
            record.lack = consumer::lack(&incoming, &record);
            if tasks.contains(Tasks::REMEMBER) {
                self.note_consumer(&incoming, &record);
            }
            self.ask_of_parent(&mut record);
        } else if tasks.contains(Tasks::REMEMBER) {
            self.note_arrival(&incoming, &record);
        }
        self.before.resize(self.wanted.len(), record.limit);
        record
    }

    /// What a consumer lacks it may have through its parent. Asked with the
    /// messages: nearly every consumer below another span asks it.
    fn ask_of_parent(&mut self, record: &mut SpanRecord) {
        let may_lack = record.lack.is_some() || record.slots.count() > 0;
        if record.parent == Parent::Local && record.links.count() == 0 && may_lack {
            let first = self.wanted.len();
            let key = asides::arrived(record.trace_id, record.parent_span_id);
            self.wanted.push(key);
            record.arrived = Run::since(first, &self.wanted);
        }
    }

    /// Where the messages of a consumer come from, and who it is.
    fn hints(&mut self, incoming: &Incoming<'_, '_>) -> (u16, u16) {
        let Incoming { span, origin, .. } = incoming;
        let destination = self.maker.destination_hint(&span.message);
        let consumer = KeyMaker::consumer_hint(origin.service, span.name, destination);
        (destination, consumer)
    }
}

/// OTLP flags: it is known whether the parent is remote (bit 8), and it is (bit 9).
const REMOTE_IS_KNOWN: u32 = 0x100;
const REMOTE: u32 = 0x200;

fn parent(span: &SpanFacts<'_>) -> Parent {
    if span.parent_span_id == 0 {
        Parent::None
    } else if span.flags & REMOTE_IS_KNOWN == 0 {
        Parent::Unknown
    } else if span.flags & REMOTE == 0 {
        Parent::Local
    } else {
        Parent::Remote
    }
}

#[inline]
fn record(incoming: &Incoming<'_, '_>) -> SpanRecord {
    let Incoming { span, part, .. } = incoming;
    // A poll starts before the messages that end it are sent; of a span that
    // has links for other reasons nothing is known but its end.
    let limit = match part.role {
        Role::Consumer if !part.waits => span.start,
        _ => span.end.max(span.start),
    };
    // The span of a poll ends with the poll. Others that receive go on while the
    // message is processed, and what is sent meanwhile is sent on.
    let is_poll = part.waits && span.kind == span_kind::CLIENT;
    SpanRecord {
        number: span.number,
        role: part.role,
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        start: span.start,
        limit,
        effects_after: if is_poll { limit } else { span.start },
        message_count: span.message.message_count().natural().unwrap_or(0),
        slots: Run::default(),
        surplus: 0,
        destination: 0,
        consumer: 0,
        is_poll: part.waits,
        creates: part.creates,
        stands_in: part.stands_in,
        lack: None,
        parent: parent(span),
        arrived: Run::default(),
        links: Run::default(),
        produced: Run::default(),
    }
}
