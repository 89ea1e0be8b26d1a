//! Links that are repaired in place.

use linkmend_rule::{Context, DropReason};

use super::{Found, Mending};
use crate::config::{InvalidLinks, KeepLinks};
use crate::links::Fate;
use crate::records::{LinkRecord, Slot, SpanRecord};
use crate::role::Role;

impl<'b> Mending<'b> {
    /// Repairs links in place, and settles what becomes of those that are
    /// beyond it.
    pub(super) fn repair(&mut self, span: &'b SpanRecord) {
        let all = span.links.of(&self.batch.links);
        for link in all {
            let fate = if link.is_valid() {
                Fate::Keep
            } else {
                self.repaired(span, link, all.len() == 1)
                    .map_or_else(|| self.beyond_repair(link), Fate::Repair)
            };
            self.at.fates.push(fate);
        }
    }

    /// Repairs the link that will be the only one once the others are dropped
    /// and cut: a second run would.
    pub(super) fn repair_last(&mut self, span: &'b SpanRecord, max: usize) {
        let staying = |(_, fate): &(usize, &Fate<'_>)| fate.stays();
        let mut fates = self.at.fates.iter().enumerate().filter(staying);
        let (first, last) = (fates.next(), fates.next_back());
        let is_only = max == 1 || last.is_none();
        let kept = match self.config.keep_links {
            KeepLinks::First => first,
            KeepLinks::Last => last.or(first),
        };
        let Some((number, Fate::Tolerate)) = kept else {
            return;
        };
        let link = span.links.of(&self.batch.links).get(number);
        if is_only && let Some(link) = link.filter(|link| !link.slot.is_something()) {
            let context = self.repaired(span, link, true);
            if let (Some(context), Some(fate)) = (context, self.at.fates.get_mut(number)) {
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
        if span.role == Role::Settler || !span.has_ids() {
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
                self.miss(&found, link, slots);
                None
            }
            Found::Nothing | Found::TooLate | Found::Undecided(_) => None,
        }
    }

    /// Takes note of a message of a link without a producer, unless the span
    /// names the same message.
    fn miss(&mut self, found: &Found<'_>, link: &LinkRecord, slots: &[Slot]) {
        let keys = link.slot.keys.of(&self.batch.wanted);
        let known = |other: &Slot| {
            let others = other.keys.of(&self.batch.wanted);
            keys.iter().any(|key| others.contains(key))
        };
        if keys.is_empty() || slots.iter().any(known) {
            return;
        }
        // A link that is dropped takes its message with it: there is nobody who
        // could tell of it the next time.
        let stays = usize::from(matches!(self.beyond_repair(link), Fate::Tolerate));
        match found {
            Found::Undecided(_) => {
                self.counts.ambiguous += stays;
                return;
            }
            Found::TooLate => self.counts.too_late += stays,
            _ => self.counts.unresolved += stays,
        }
        self.at.pending.extend_from_slice(keys);
    }
}
