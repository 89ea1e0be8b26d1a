//! From the decisions on a span to edits.

use super::Mending;
use crate::answer::{Kind, MAX_ATTRIBUTES};
use crate::config::KeepLinks;
use crate::kind::{Leads, Surroundings, link_type};
use crate::links::{self, Fate};
use crate::records::{LinkRecord, OwnType, SpanRecord};

impl Mending<'_> {
    /// What decides over types, but for new links.
    pub(super) fn surroundings(&self, span: &SpanRecord) -> Surroundings {
        let all = span.links.of(&self.batch.links);
        let mut surroundings = Surroundings {
            part: span.part(),
            has_parent: span.parent_span_id != 0,
            is_batch: span.message_count >= 2 || self.has_several_messages(span),
            valid_links: 0,
            foreign_links: 0,
        };
        for (link, fate) in all.iter().zip(&self.at.fates) {
            // A link with words of its own says nothing of the others.
            if let Some((trace_id, _)) = links::target(link, fate)
                && link.said.is_none()
            {
                surroundings.count(trace_id != span.trace_id);
            }
        }
        surroundings
    }

    /// New links count like others.
    pub(super) fn count_added(&self, span: &SpanRecord, surroundings: &mut Surroundings) {
        for (context, _) in &self.at.added {
            surroundings.count(context.trace_id != span.trace_id);
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

    /// What a link is, when it does not say so and there is somebody to be told.
    fn kind(
        &self,
        span: &SpanRecord,
        link: &LinkRecord,
        surroundings: &Surroundings,
        target: (u128, u64),
    ) -> Option<Kind> {
        if self.config.type_attribute.is_empty() || link.type_digest.is_some() {
            return None;
        }
        Some(match link.own_type {
            Some(OwnType::Type(kind)) => Kind::Type(kind),
            Some(OwnType::Text(word)) => Kind::Text(word),
            None => {
                let leads = Leads {
                    elsewhere: target.0 != span.trace_id,
                    to_itself: target == (span.trace_id, span.span_id),
                    said: link.said,
                };
                Kind::Type(link_type(surroundings, leads))
            }
        })
    }

    pub(super) fn write_fates(&mut self, span: &SpanRecord, surroundings: &Surroundings) {
        let all = span.links.of(&self.batch.links);
        for ((number, link), fate) in (0..).zip(all).zip(&self.at.fates) {
            let Some(target) = links::target(link, fate) else {
                if let Fate::Drop(reason) = fate {
                    self.answer.builder.drop_link(span.number, number, *reason);
                }
                continue;
            };
            let room = MAX_ATTRIBUTES.saturating_sub(link.attribute_count);
            let kind = self.kind(span, link, surroundings, target);
            let kind = kind.filter(|_| room > 0);
            let room = room - u32::from(kind.is_some());
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

    pub(super) fn write_added(
        &mut self,
        span: &SpanRecord,
        surroundings: &Surroundings,
        room: usize,
    ) {
        let several = self.has_several_messages(span);
        let surplus = match self.config.keep_links {
            KeepLinks::First => 0,
            KeepLinks::Last => self.at.added.len().saturating_sub(room),
        };
        // Of a consumer it tells nothing where its links lead.
        let kind = link_type(surroundings, Leads::default());
        for (context, slot) in self.at.added.iter().skip(surplus).take(room) {
            let attributes = if several {
                self.answer.named(slot.name, kind)
            } else {
                self.answer.attributes(Some(Kind::Type(kind)), true)
            };
            self.answer.add_link(span.number, *context, attributes);
        }
    }
}
