//! From a batch and what the index knows of it to a verdict.

use linkmend_rule::{Context, DropReason, MessageKey, NoteKind, Producer, Tasks, Verdict};

use crate::answer::{Answer, MAX_ATTRIBUTES};
use crate::batch::Batch;
use crate::carried::Carried;
use crate::config::{Ambiguous, Config, InvalidLinks};
use crate::kind::{Surroundings, link_type};
use crate::links::{self, Fate, Row};
use crate::missing::{Linked, Need};
use crate::producers::{Choice, Producers, Search, trace_id};
use crate::records::{LinkRecord, Slot, SpanRecord};
use crate::role::Role;

/// Remote, and known to be so (OTLP flags, bits 8 and 9): what comes out of a
/// message always is (spec, trace/api.md, `IsRemote`).
const REMOTE: u32 = 0x300;

/// Decides for each span of a batch.
pub fn mend(config: &Config, tasks: Tasks, batch: &Batch, producers: &Producers) -> Verdict {
    let mut mending = Mending {
        config,
        batch,
        producers,
        answer: Answer::new(config),
        fates: Vec::new(),
        added: Vec::new(),
        pending: Vec::new(),
        order: Vec::new(),
        linked: Linked::default(),
        counts: Counts::default(),
    };
    for span in &batch.spans {
        mending.mend(span, tasks.contains(Tasks::DEFER));
    }
    mending.answer.build()
}

struct Mending<'b> {
    config: &'b Config,
    batch: &'b Batch,
    producers: &'b Producers,
    answer: Answer<'b>,
    // Of the span at hand:
    fates: Vec<Fate<'b>>,
    added: Vec<(Context<'b>, &'b Slot)>,
    /// Keys that no producer is known of.
    pending: Vec<MessageKey>,
    order: Vec<Row>,
    linked: Linked,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    unresolved: usize,
    ambiguous: usize,
}

/// What is known of a message.
enum Found<'b> {
    Nothing,
    Target(Context<'b>),
    /// Several, and the configuration wants all.
    Targets([Option<&'b Producer>; 4]),
    /// Several, and the configuration wants none.
    Undecided,
}

impl<'b> Mending<'b> {
    fn mend(&mut self, span: &'b SpanRecord, may_defer: bool) {
        self.fates.clear();
        self.added.clear();
        self.pending.clear();
        self.counts = Counts::default();
        let max = self.config.max_links as usize;

        self.repair(span);
        links::drop_duplicates(self.batch, span, &mut self.fates, &mut self.order);
        self.repair_last(span, max);
        let staying = self.fates.iter().filter(|fate| fate.stays()).count();
        // A span without room wants nothing: what could not be added the first
        // time is not asked for again.
        if staying < max && span.slots.count() > 0 {
            self.linked.read(self.batch, span, &self.fates);
            for slot in span.slots.of(&self.batch.slots) {
                self.find_missing(span, slot);
            }
            self.counts.unresolved += span.surplus as usize;
        }
        if may_defer && !self.pending.is_empty() {
            self.answer.defer(span.number, &self.pending);
            return;
        }
        let surroundings = self.surroundings(span);
        let left = links::cut(&mut self.fates, max);
        let room = max - left;
        self.write_fates(span, &surroundings);
        self.write_added(span, &surroundings, room);
        let no_room = self.added.len().saturating_sub(room);
        let counts = &self.counts;
        let number = span.number;
        self.answer
            .note(number, NoteKind::Unresolved, counts.unresolved);
        self.answer
            .note(number, NoteKind::Ambiguous, counts.ambiguous);
        self.answer.note(number, NoteKind::NoRoom, no_room);
    }

    /// Repairs links in place, and settles what becomes of those that are
    /// beyond it.
    fn repair(&mut self, span: &'b SpanRecord) {
        let all = span.links.of(&self.batch.links);
        for link in all {
            let fate = if link.is_valid() {
                Fate::Keep
            } else {
                self.repaired(span, link, all.len() == 1)
                    .map_or_else(|| self.beyond_repair(link), Fate::Repair)
            };
            self.fates.push(fate);
        }
    }

    /// Repairs the link that will be the only one once the others are dropped
    /// and cut: a second run would.
    fn repair_last(&mut self, span: &'b SpanRecord, max: usize) {
        let fates = self.fates.iter().enumerate();
        let mut staying = fates.filter(|(_, fate)| fate.stays());
        let Some((number, Fate::Tolerate)) = staying.next() else {
            return;
        };
        let is_only = max == 1 || staying.next().is_none();
        let link = span.links.of(&self.batch.links).get(number);
        if is_only && let Some(link) = link.filter(|link| !link.slot.is_something()) {
            let context = self.repaired(span, link, true);
            if let (Some(context), Some(fate)) = (context, self.fates.get_mut(number)) {
                *fate = Fate::Repair(context);
            }
        }
    }

    fn beyond_repair(&self, link: &LinkRecord) -> Fate<'static> {
        match self.config.invalid_links {
            InvalidLinks::Drop => Fate::Drop(DropReason::Invalid),
            InvalidLinks::DropBare if link.is_bare => Fate::Drop(DropReason::Invalid),
            InvalidLinks::DropBare | InvalidLinks::Keep => Fate::Tolerate,
        }
    }

    /// The context that an invalid link should have had.
    fn repaired(
        &mut self,
        span: &'b SpanRecord,
        link: &'b LinkRecord,
        is_only: bool,
    ) -> Option<Context<'b>> {
        if span.role == Role::Settler {
            return None;
        }
        let slots = span.slots.of(&self.batch.slots);
        let own = link.slot.is_something();
        let slot = match slots {
            _ if own => &link.slot,
            // The only link of a span for one message is the link to that
            // message. Whatever is not found is told of by the slot itself.
            [slot] if is_only && span.message_count < 2 => slot,
            _ => return None,
        };
        match self.find(span, slot, (link.trace_id, link.span_id)) {
            Found::Target(context) => Some(context),
            Found::Targets(several) => {
                let latest = several.into_iter().flatten().next()?;
                Some(self.context(latest))
            }
            found if own && span.role == Role::Consumer => {
                self.miss(&found, &link.slot, slots);
                None
            }
            Found::Nothing | Found::Undecided => None,
        }
    }

    /// Takes note of a message of a link without a producer, unless the span
    /// names the same message.
    fn miss(&mut self, found: &Found<'_>, slot: &Slot, slots: &[Slot]) {
        let keys = slot.keys.of(&self.batch.wanted);
        let known = |other: &Slot| {
            let others = other.keys.of(&self.batch.wanted);
            keys.iter().any(|key| others.contains(key))
        };
        if keys.is_empty() || slots.iter().any(known) {
            return;
        }
        if matches!(found, Found::Undecided) {
            self.counts.ambiguous += 1;
        } else {
            self.counts.unresolved += 1;
            self.pending.extend_from_slice(keys);
        }
    }

    /// Finds the producer of a message; `known` is what the link says already.
    fn find(&self, span: &'b SpanRecord, slot: &'b Slot, known: (u128, u64)) -> Found<'b> {
        let (trace_id, span_id) = known;
        if let Some((carried, state)) = slot.carried {
            let agrees = (trace_id == 0 || trace_id == carried.trace_id)
                && (span_id == 0 || span_id == carried.span_id);
            let is_itself = (span.trace_id, span.span_id) == (carried.trace_id, carried.span_id);
            if agrees && !is_itself {
                return Found::Target(carried_context(carried, state.of(&self.batch.texts)));
            }
        }
        let search = Search {
            span,
            skew: self.config.clock_skew,
            trace_id,
            span_id,
        };
        let choice = self
            .producers
            .choose(slot.keys, slot.client_assigned, &search);
        match choice {
            Choice::None => Found::Nothing,
            Choice::One(producer) => Found::Target(self.context(producer)),
            Choice::Several(several) => match (self.config.ambiguous, several) {
                (Ambiguous::Latest, [Some(latest), ..]) => Found::Target(self.context(latest)),
                (Ambiguous::All, several) => Found::Targets(several),
                _ => Found::Undecided,
            },
        }
    }

    fn context(&self, producer: &Producer) -> Context<'b> {
        Context {
            trace_id: trace_id(producer),
            span_id: producer.span_id,
            trace_state: self.producers.text(producer.trace_state),
            flags: producer.flags & 0xff | REMOTE,
        }
    }

    /// Adds the links to the producers of a message, unless the span has what
    /// serves for one.
    fn find_missing(&mut self, span: &'b SpanRecord, slot: &'b Slot) {
        let need = Need {
            config: self.config,
            span,
            slot,
            keys: slot.keys.of(&self.batch.wanted),
        };
        if self.linked.serves(&need) || need.is_met_by_known(&self.linked, self.producers) {
            return;
        }
        match self.find(span, slot, (0, 0)) {
            Found::Nothing => {
                self.counts.unresolved += 1;
                self.pending.extend_from_slice(need.keys);
            }
            Found::Undecided => self.counts.ambiguous += 1,
            Found::Target(context) => self.want(&need, context),
            Found::Targets(several) => {
                for producer in several.into_iter().flatten() {
                    self.want(&need, self.context(producer));
                }
            }
        }
    }

    fn want(&mut self, need: &Need<'b>, context: Context<'b>) {
        let target = (context.trace_id, context.span_id);
        if need.is_met_by_trace(target) || need.is_parent(target) {
            return;
        }
        // Two new links to one span differ by the message that they name.
        let texts = &self.batch.texts;
        let name = need.slot.name.read(texts);
        let is_same = |(other, slot): &(Context<'_>, &Slot)| {
            target == (other.trace_id, other.span_id) && slot.name.read(texts) == name
        };
        if !self.linked.is_target(target) && !self.added.iter().any(is_same) {
            self.added.push((context, need.slot));
        }
    }

    /// What decides over types: counted before the cut, so that they do not
    /// depend on the limit.
    fn surroundings(&self, span: &SpanRecord) -> Surroundings {
        let all = span.links.of(&self.batch.links);
        let targets = all
            .iter()
            .zip(&self.fates)
            .filter_map(|(link, fate)| links::target(link, fate));
        let added = self.added.iter().map(|(context, _)| context.trace_id);
        let (mut valid_links, mut foreign_links) = (0, 0);
        for trace_id in targets.map(|(trace_id, _)| trace_id).chain(added) {
            valid_links += 1;
            foreign_links += usize::from(trace_id != span.trace_id);
        }
        Surroundings {
            role: span.role,
            has_parent: span.parent_span_id != 0,
            is_batch: span.message_count >= 2 || self.has_several_messages(span),
            valid_links,
            foreign_links,
        }
    }

    /// The span and its links are for more than one message.
    fn has_several_messages(&self, span: &SpanRecord) -> bool {
        let slots = span.slots.of(&self.batch.slots);
        let mut of_links = span
            .links
            .of(&self.batch.links)
            .iter()
            .map(|link| links::keys(self.batch, link))
            .filter(|keys| !keys.is_empty());
        match slots {
            [] => {
                let first = of_links.next().and_then(<[_]>::first);
                of_links.any(|keys| keys.first() != first)
            }
            [slot] => {
                let own = slot.keys.of(&self.batch.wanted);
                of_links.any(|keys| !keys.iter().any(|key| own.contains(key)))
            }
            _ => true,
        }
    }

    fn write_fates(&mut self, span: &SpanRecord, surroundings: &Surroundings) {
        let all = span.links.of(&self.batch.links);
        for ((number, link), fate) in (0..).zip(all).zip(&self.fates) {
            let Some((trace_id, _)) = links::target(link, fate) else {
                if let Fate::Drop(reason) = fate {
                    self.answer.builder.drop_link(span.number, number, *reason);
                }
                continue;
            };
            let room = MAX_ATTRIBUTES.saturating_sub(link.attribute_count);
            let kind = link.own_type.unwrap_or_else(|| {
                let leads_elsewhere = trace_id != span.trace_id;
                link_type(surroundings, leads_elsewhere)
            });
            let types = !self.config.type_attribute.is_empty() && link.type_digest.is_none();
            let kind = (types && room > 0).then_some(kind);
            let room = room - u32::from(kind.is_some() && room > 0);
            if let Fate::Repair(context) = *fate {
                let attributes = self.answer.attributes(kind, !link.is_marked && room > 0);
                self.answer
                    .replace(span.number, number, context, attributes);
            } else if kind.is_some() {
                let attributes = self.answer.attributes(kind, false);
                self.answer
                    .builder
                    .add_attributes(span.number, number, attributes);
            }
        }
    }

    fn write_added(&mut self, span: &SpanRecord, surroundings: &Surroundings, room: usize) {
        let several = self.has_several_messages(span);
        for (context, slot) in self.added.iter().take(room) {
            let kind = link_type(surroundings, context.trace_id != span.trace_id);
            let attributes = if several {
                self.answer.named(slot.name, kind, self.batch)
            } else {
                self.answer.attributes(Some(kind), true)
            };
            self.answer.add_link(span.number, *context, attributes);
        }
    }
}

fn carried_context(carried: Carried, trace_state: &[u8]) -> Context<'_> {
    Context {
        trace_id: carried.trace_id,
        span_id: carried.span_id,
        trace_state,
        flags: carried.flags & 0xff | REMOTE,
    }
}
