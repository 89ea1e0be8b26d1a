//! From a batch and what the index knows of it to a verdict.

mod find;
mod repair;
mod write;

use linkmend_rule::{Context, MessageKey, NoteKind, Producer, Tasks, Verdict};

use crate::answer::Answer;
use crate::batch::Batch;
use crate::config::Config;
use crate::explain;
use crate::links::{self, Fate, Row};
use crate::missing::{Linked, Outcome};
use crate::producers::Producers;
use crate::records::{Lack, Slot, SpanRecord};

/// Remote, and known to be so (OTLP flags, bits 8 and 9): what comes out of a
/// message always is (spec, trace/api.md, `IsRemote`).
const REMOTE: u32 = 0x300;

/// Decides for each span of a batch.
pub fn mend(config: &Config, tasks: Tasks, batch: &Batch, producers: &Producers) -> Verdict {
    let mut mending = Mending {
        config,
        batch,
        producers,
        answer: Answer::new(config, batch),
        fates: Vec::new(),
        added: Vec::new(),
        outcomes: Vec::new(),
        pending: Vec::new(),
        order: Vec::new(),
        linked: Linked::default(),
        counts: Counts::default(),
    };
    for span in &batch.spans {
        mending.mend(span, tasks);
    }
    if tasks.contains(Tasks::EXPLAIN) {
        for span in &batch.nameless {
            let builder = &mut mending.answer.builder;
            builder.explain(*span, explain::NAMELESS);
        }
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
    /// What became of its messages, one by one.
    outcomes: Vec<Outcome>,
    /// Keys that no producer is known of.
    pending: Vec<MessageKey>,
    order: Vec<Row>,
    linked: Linked,
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
    Targets([Option<&'b Producer>; 4]),
    /// Several, and the configuration wants none.
    Undecided,
}

impl<'b> Mending<'b> {
    fn mend(&mut self, span: &'b SpanRecord, tasks: Tasks) {
        self.fates.clear();
        self.added.clear();
        self.outcomes.clear();
        self.pending.clear();
        self.counts = Counts::default();
        let max = self.config.max_links as usize;

        self.repair(span);
        links::drop_duplicates(self.batch, span, &mut self.fates, &mut self.order);
        // Before what is missing is looked for: a link that is merged into
        // another one shows nothing any more.
        if self.config.merge_links && self.staying() > max {
            let keep = self.config.keep_links;
            links::merge(self.batch, span, &mut self.fates, &mut self.order, keep);
        }
        self.repair_last(span, max);
        let staying = self.staying();
        // A span without room wants nothing: what could not be added the first
        // time is not asked for again.
        if staying < max && span.slots.count() > 0 {
            self.add_missing(span);
        }
        if tasks.contains(Tasks::DEFER) && !self.pending.is_empty() {
            self.answer.defer(span.number, &self.pending);
            return;
        }
        let surroundings = self.surroundings(span);
        if self.config.merge_links && self.staying() + self.added.len() > max {
            self.merge_added();
        }
        let left = links::cut(&mut self.fates, max, self.config.keep_links);
        let room = max - left;
        self.write_fates(span, &surroundings);
        self.write_added(span, &surroundings, room);
        self.note(span, room);
        if tasks.contains(Tasks::EXPLAIN) {
            let text = explain::story(&self.told(span, room));
            self.answer.builder.explain(span.number, &text);
        }
    }

    fn staying(&self) -> usize {
        self.fates.iter().filter(|fate| fate.stays()).count()
    }

    fn add_missing(&mut self, span: &'b SpanRecord) {
        self.linked.read(self.batch, span, &self.fates);
        for slot in span.slots.of(&self.batch.slots) {
            let outcome = self.find_missing(span, slot);
            match outcome {
                Outcome::Unresolved => self.counts.unresolved += 1,
                Outcome::TooLate => self.counts.too_late += 1,
                Outcome::Undecided => self.counts.ambiguous += 1,
                Outcome::Met(_) | Outcome::Added(_) => {}
            }
            if matches!(outcome, Outcome::Unresolved | Outcome::TooLate) {
                let keys = slot.keys.of(&self.batch.wanted);
                self.pending.extend_from_slice(keys);
            }
            self.outcomes.push(outcome);
        }
    }

    /// Leaves one new link to each span. Those that the span came with say what
    /// they say.
    fn merge_added(&mut self) {
        let mut kept: Vec<(Context<'_>, &Slot)> = Vec::new();
        for (context, slot) in self.added.drain(..) {
            let target = (context.trace_id, context.span_id);
            let is_target =
                |(other, _): &(Context<'_>, &Slot)| target == (other.trace_id, other.span_id);
            if !kept.iter().any(is_target) {
                kept.push((context, slot));
            }
        }
        self.added = kept;
    }

    /// Tells of what could not be mended.
    fn note(&mut self, span: &SpanRecord, room: usize) {
        let counts = &self.counts;
        let lacks = |lack| usize::from(span.lack == Some(lack));
        let wants_room = self.added.len().saturating_sub(room);
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

    fn told<'s>(&'s self, span: &'s SpanRecord, room: usize) -> explain::Told<'s> {
        explain::Told {
            config: self.config,
            batch: self.batch,
            producers: self.producers,
            span,
            fates: &self.fates,
            outcomes: &self.outcomes,
            added: self.added.len(),
            room,
        }
    }
}
