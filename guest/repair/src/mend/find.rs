//! Who produced a message, and whether its consumer needs a link to that.

use linkmend_rule::{Context, Producer};

use super::{Found, Mending, REMOTE};
use crate::batch::Batch;
use crate::candidates::{Choice, Search};
use crate::carried::Carried;
use crate::choice;
use crate::config::Ambiguous;
use crate::missing::{Met, Need, Outcome};
use crate::producers::trace_id;
use crate::records::{Slot, SpanRecord};

impl<'b> Mending<'b> {
    /// Finds the producer of a message; `known` is what the link says already.
    pub(super) fn find(
        &self,
        span: &'b SpanRecord,
        slot: &'b Slot,
        known: (u128, u64),
    ) -> Found<'b> {
        let (trace_id, span_id) = known;
        let search = Search {
            span,
            skew: self.config.clock_skew,
            trace_id,
            span_id,
        };
        let choice = choice::choose(&search, self.producers, slot, self.batch);
        if let Some((carried, state)) = slot.carried {
            let agrees = (trace_id == 0 || trace_id == carried.trace_id)
                && (span_id == 0 || span_id == carried.span_id);
            let is_itself = (span.trace_id, span.span_id) == (carried.trace_id, carried.span_id);
            if agrees && !is_itself && !is_forwarded(&carried, &choice) {
                return Found::Target(carried_context(carried, state.of(&self.batch.texts)));
            }
        }
        match choice {
            Choice::None => Found::Nothing,
            Choice::TooLate => Found::TooLate,
            // What seems to have started after its consumer may be what another
            // receiver sent on. There is time to wait for a better one.
            Choice::One(producer, _)
                if self.may_wait && slot.grounds.may_be_resent && producer.start > span.limit =>
            {
                Found::TooLate
            }
            Choice::One(producer, _) => Found::Target(self.context(producer)),
            Choice::Several(several, doubt) => match (self.config.ambiguous, several) {
                (Ambiguous::Latest, [Some(latest), ..]) if latest.start <= span.limit => {
                    Found::Target(self.context(latest))
                }
                (Ambiguous::All, several) => Found::Targets(several),
                _ => Found::Undecided(doubt),
            },
        }
    }

    pub(super) fn context(&self, producer: &Producer) -> Context<'b> {
        Context {
            trace_id: trace_id(producer),
            span_id: producer.span_id,
            trace_state: self.producers.text(producer.trace_state),
            flags: producer.flags & 0xff | REMOTE,
        }
    }

    /// Adds the links to the producers of a message, unless the span has what
    /// serves for one.
    pub(super) fn find_missing(&mut self, span: &'b SpanRecord, slot: &'b Slot) -> Outcome {
        let need = Need {
            config: self.config,
            span,
            slot,
            keys: slot.keys.of(&self.batch.wanted),
        };
        if let Some(met) = need.met(&self.at.linked, self.producers) {
            return Outcome::Met(met);
        }
        match self.find(span, slot, (0, 0)) {
            Found::Nothing | Found::TooLate | Found::Undecided(_)
                if need.is_met_by_count(&self.at.linked) =>
            {
                Outcome::Met(Met::Count)
            }
            Found::Nothing => Outcome::Unresolved,
            Found::TooLate => Outcome::TooLate,
            Found::Undecided(doubt) => Outcome::Undecided(doubt),
            Found::Target(context) => self.want(&need, context),
            Found::Targets(several) => {
                let several = several.into_iter().flatten();
                let outcomes = several.map(|producer| self.want(&need, self.context(producer)));
                // One that is added says more than one that is not.
                let added = |outcome: &Outcome| matches!(outcome, Outcome::Added(_));
                outcomes.max_by_key(added).unwrap_or(Outcome::Unresolved)
            }
        }
    }

    fn want(&mut self, need: &Need<'b>, context: Context<'b>) -> Outcome {
        let target = (context.trace_id, context.span_id);
        if need.is_met_by_trace(target) {
            return Outcome::Met(Met::Trace(target));
        }
        if need.is_parent(target) {
            return Outcome::Met(Met::Parent(target));
        }
        // Two new links to one span differ by the message that they name.
        let Batch { texts, parts, .. } = self.batch;
        let name = need.slot.name;
        let is_same = |(other, slot): &(Context<'_>, &Slot)| {
            target == (other.trace_id, other.span_id) && slot.name.is_same(name, texts, parts)
        };
        if self.at.linked.is_target(target) || self.at.added.iter().any(is_same) {
            return Outcome::Met(Met::Link(target));
        }
        self.at.added.push((context, need.slot));
        Outcome::Added(target)
    }
}

/// A header may have come through a hop that handed it on without adding its
/// own. Who is named by the place of the record, or by an id of the broker, is
/// the nearest one.
fn is_forwarded(carried: &Carried, choice: &Choice<'_>) -> bool {
    match choice {
        Choice::One(producer, true) => trace_id(producer) != carried.trace_id,
        _ => false,
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
