//! From a batch and what the index knows of it to a verdict.

mod find;
mod repair;
mod scratch;
mod write;

use linkmend_rule::{Context, NoteKind, Producer, Tasks, Verdict};

use crate::answer::Answer;
use crate::asides;
use crate::batch::Batch;
use crate::candidates::{Doubt, MOST, Search};
use crate::choice;
use crate::config::Config;
use crate::explain;
use crate::links;
use crate::missing::Outcome;
use crate::producers::{Producers, Question, trace_id};
use crate::records::{Lack, Slot, SpanRecord};
use crate::role::Role;
use scratch::AtHand;
pub use scratch::Scratch;

/// Remote, and known to be so (OTLP flags, bits 8 and 9): what comes out of a
/// message always is (spec, trace/api.md, `IsRemote`).
const REMOTE: u32 = 0x300;

/// Decides for each span of a batch.
pub fn mend(
    config: &Config,
    tasks: Tasks,
    batch: &Batch,
    producers: &Producers,
    scratch: &mut Scratch<'static>,
) -> Verdict {
    let Scratch { written, span } = core::mem::take(scratch).again();
    let mut mending = Mending {
        config,
        batch,
        producers,
        answer: Answer::new(config, batch, written),
        may_wait: tasks.contains(Tasks::DEFER),
        at: span,
        counts: Counts::default(),
    };
    for span in &batch.spans {
        mending.mend(span, tasks);
    }
    let (verdict, written) = mending.answer.build();
    let span = mending.at;
    *scratch = Scratch { written, span }.again();
    verdict
}

/// What has to be known besides, before the spans of a batch can be decided on.
#[derive(Debug, Default)]
pub struct Besides {
    /// The consumers to remember now that is known who sent their messages: those
    /// of messages that went more ways than one. Nobody asks for others.
    pub consumers: Vec<Producer>,
    /// What else to ask the index, in order, each once.
    pub questions: Vec<Question>,
}

impl Besides {
    /// Of the spans of a batch.
    pub fn of(config: &Config, tasks: Tasks, batch: &Batch, producers: &Producers) -> Self {
        let mut besides = Self::default();
        for span in &batch.spans {
            if span.role == Role::Consumer && tasks.contains(Tasks::REMEMBER | Tasks::MEND) {
                besides.add_consumer(span, batch, producers);
            }
            besides.ask(config, span, batch, producers);
            if span.lack.is_some() && !tasks.contains(Tasks::REMEMBER) {
                let key = asides::parent(span.trace_id, span.span_id);
                besides.questions.push(Question::of(key));
            }
        }
        besides.questions.sort_unstable();
        besides.questions.dedup();
        besides
    }

    fn ask(&mut self, config: &Config, span: &SpanRecord, batch: &Batch, producers: &Producers) {
        let search = Search {
            span,
            skew: config.clock_skew,
            trace_id: 0,
            span_id: 0,
        };
        let broken = span.links.of(&batch.links).iter();
        let broken = broken.filter(|link| link.keys_are_wanted);
        let slots = span.slots.of(&batch.slots).iter();
        for slot in slots.chain(broken.map(|link| &link.slot)) {
            choice::questions(&search, producers, slot, batch, &mut self.questions);
        }
        if span.stands_in {
            let slots = span.slots.of(&batch.slots).iter();
            let keys = slots.flat_map(|slot| slot.keys.of(&batch.wanted));
            self.questions
                .extend(keys.map(|key| asides::received(*key)));
        }
    }

    fn add_consumer(&mut self, span: &SpanRecord, batch: &Batch, producers: &Producers) {
        let slots = span.slots.of(&batch.slots).iter();
        for slot in slots.filter(|slot| slot.grounds.client_assigned) {
            let keys = slot.keys.places();
            for place in keys.skip(usize::from(slot.grounds.offsets)) {
                let (known, _) = producers.of(place);
                let is_sent_on = |send: &Producer| trace_id(send) == span.trace_id;
                if (known.len() > 1 || known.iter().any(is_sent_on))
                    && let Some(key) = batch.wanted.get(place)
                {
                    self.consumers.push(asides::consumer(*key, span));
                }
            }
        }
    }
}

struct Mending<'b> {
    config: &'b Config,
    batch: &'b Batch,
    producers: &'b Producers,
    answer: Answer<'b>,
    /// A span may be kept back.
    may_wait: bool,
    // Of the span at hand:
    at: AtHand<'b>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    unresolved: usize,
    too_late: usize,
    ambiguous: usize,
}

/// What is known of a message.
enum Found<'b> {
    Nothing,
    /// Producers, none of which can be it for its time.
    TooLate,
    Target(Context<'b>),
    /// Several, and the configuration wants all.
    Targets([Option<&'b Producer>; MOST]),
    /// Several, and the configuration wants none.
    Undecided(Doubt),
}

impl<'b> Mending<'b> {
    fn mend(&mut self, span: &'b SpanRecord, tasks: Tasks) {
        self.at.clear();
        self.counts = Counts::default();
        let max = self.config.max_links as usize;

        self.repair(span);
        links::drop_duplicates(self.batch, span, &mut self.at.fates, &mut self.at.order);
        // Before what is missing is looked for: a link that is merged into
        // another one shows nothing any more.
        if self.config.merge_links && self.staying() > max {
            let keep = self.config.keep_links;
            links::merge(
                self.batch,
                span,
                &mut self.at.fates,
                &mut self.at.order,
                keep,
            );
        }
        self.repair_last(span, max);
        // Counted before the cut: types do not depend on the limit.
        let mut surroundings = self.surroundings(span);
        let left = links::cut(&mut self.at.fates, max, self.config.keep_links);
        let room = max - left;
        // Held against what goes out, so that the next time says the same.
        if span.slots.count() > 0 {
            self.add_missing(span);
        }
        // A span without room wants nothing: what could not be added the first
        // time is not counted again.
        if room == 0 {
            self.at.added.clear();
        }
        if self.may_wait && room > 0 && !self.at.pending.is_empty() {
            self.answer.defer(span.number, &self.at.pending);
            return;
        }
        if self.config.merge_links && left + self.at.added.len() > max {
            self.merge_added();
        }
        self.count_added(span, &mut surroundings);
        self.write_fates(span, &surroundings);
        self.write_added(span, &surroundings, room);
        self.note(span, tasks, room);
        if tasks.contains(Tasks::EXPLAIN) {
            let text = explain::story(&self.told(span, tasks, room));
            self.answer.builder.explain(span.number, &text);
        }
    }

    fn staying(&self) -> usize {
        self.at.fates.iter().filter(|fate| fate.stays()).count()
    }

    fn add_missing(&mut self, span: &'b SpanRecord) {
        self.at.linked.read(self.batch, span, &self.at.fates);
        for slot in span.slots.of(&self.batch.slots) {
            let outcome = self.find_missing(span, slot);
            match outcome {
                Outcome::Unresolved => self.counts.unresolved += 1,
                Outcome::TooLate => self.counts.too_late += 1,
                Outcome::Undecided(_) => self.counts.ambiguous += 1,
                Outcome::Met(_) | Outcome::Added(_) => {}
            }
            // Who sent it on may yet tell that it had consumed it.
            let may_change = matches!(
                outcome,
                Outcome::Unresolved | Outcome::TooLate | Outcome::Undecided(Doubt::ReusedId)
            );
            if may_change {
                let keys = slot.keys.of(&self.batch.wanted);
                self.at.pending.extend_from_slice(keys);
            }
            self.at.outcomes.push(outcome);
        }
    }

    /// Leaves one new link to each span. Those that the span came with say what
    /// they say.
    fn merge_added(&mut self) {
        let mut kept: Vec<(Context<'_>, &Slot)> = Vec::new();
        for (context, slot) in self.at.added.drain(..) {
            let target = (context.trace_id, context.span_id);
            let is_target =
                |(other, _): &(Context<'_>, &Slot)| target == (other.trace_id, other.span_id);
            if !kept.iter().any(is_target) {
                kept.push((context, slot));
            }
        }
        self.at.added = kept;
    }

    /// Tells of what could not be mended: of messages, by what goes out.
    fn note(&mut self, span: &SpanRecord, tasks: Tasks, room: usize) {
        let lack = self.lack(span, tasks);
        let missing = span.message_count.max(1) as usize;
        let counts = &self.counts;
        let lacks = |which| if lack == Some(which) { missing } else { 0 };
        let wants_room = self.at.added.len().saturating_sub(room);
        for (kind, count) in [
            (NoteKind::Unresolved, counts.unresolved),
            (NoteKind::TooLate, counts.too_late),
            (NoteKind::TooMany, span.surplus as usize),
            (NoteKind::Ambiguous, counts.ambiguous),
            (NoteKind::NoRoom, wants_room),
            (NoteKind::Incomplete, lacks(Lack::Incomplete)),
            (NoteKind::Unnamed, lacks(Lack::Unnamed)),
        ] {
            self.answer.note(span.number, kind, count);
        }
    }

    /// What the span lacks, when neither a link nor its parent leads to where
    /// its messages came from.
    fn lack(&self, span: &SpanRecord, tasks: Tasks) -> Option<Lack> {
        let lack = span.lack?;
        let links = span.links.of(&self.batch.links).iter().zip(&self.at.fates);
        let mut leading = links.filter(|(link, fate)| {
            let target = links::target(link, fate);
            !link.is_settling() && target.is_some_and(|target| target.0 != span.trace_id)
        });
        let by_parent = self.producers.all(span.arrived).next().is_some();
        // The spans below tell of the messages. They come after it: only who reads
        // data twice knows whether there are any. A poll that does not say how
        // many messages it got may have got none.
        let below = asides::parent(span.trace_id, span.span_id);
        let has_children = !self.producers.aside(Question::of(below)).is_empty();
        let is_once = tasks.contains(Tasks::REMEMBER);
        let by_children = has_children || span.is_poll && (is_once || span.message_count == 0);
        let is_led = leading.next().is_some() || by_parent || by_children;
        (!is_led).then_some(lack)
    }

    fn told<'s>(&'s self, span: &'s SpanRecord, tasks: Tasks, room: usize) -> explain::Told<'s> {
        explain::Told {
            config: self.config,
            batch: self.batch,
            producers: self.producers,
            span,
            fates: &self.at.fates,
            lack: self.lack(span, tasks),
            outcomes: &self.at.outcomes,
            added: self.at.added.len(),
            room,
        }
    }
}
