//! What is remembered of consumers, see [`crate::asides`].

use super::{Batch, Incoming, record};
use crate::asides;
use crate::checksum::checksum;
use crate::facts::{JobLibrary, LinkFacts};
use crate::records::{LinkRecord, Parent, Run, Slot, SpanRecord};
use crate::role::Role;
use crate::system::System;

impl Batch {
    /// Takes note of a span of data that is read again later: nothing of it is
    /// mended now.
    pub(super) fn note_only<'a>(
        &mut self,
        mut incoming: Incoming<'_, 'a>,
        links: impl Iterator<Item = LinkFacts<'a>>,
    ) {
        let role = incoming.part.role;
        if role != Role::Consumer && (role != Role::None || incoming.span.extra.is_empty()) {
            self.note_arrival(&incoming, &record(&incoming));
            return;
        }
        let (slots, wanted, asides) = (self.slots.len(), self.wanted.len(), self.asides.len());
        let (first_link, link_keys) = (self.links.len(), self.link_keys.len());
        if may_be_noted(&incoming) {
            self.add_messages(&incoming, false);
        }
        let mut names_work = self.slots.len() > slots;
        if !incoming.part.is_spoken {
            for link in links {
                names_work |= self.add_link(&incoming, link);
            }
        }
        incoming.works_if(names_work);
        let mut record = SpanRecord {
            slots: Run::since(slots, &self.slots),
            links: Run::since(first_link, &self.links),
            ..record(&incoming)
        };
        if record.role == Role::Consumer {
            (record.destination, record.consumer) = self.hints(&incoming);
            self.note_consumer(&incoming, &record);
            self.note_messages(&record);
            if matches!(record.parent, Parent::Local | Parent::Unknown) {
                let key = asides::parent(record.trace_id, record.parent_span_id);
                self.note(asides::mark(key, 1));
            }
        } else {
            self.note_arrival(&incoming, &record);
        }
        self.links.truncate(first_link);
        self.link_keys.truncate(link_keys);
        self.slots.truncate(slots);
        self.wanted.truncate(wanted);
        self.asides.truncate(asides);
        self.before.truncate(wanted);
    }

    /// Takes note of what a consumer tells of others.
    pub(super) fn note_consumer(&mut self, incoming: &Incoming<'_, '_>, record: &SpanRecord) {
        self.note_arrival(incoming, record);
        for place in record.slots.places() {
            let Some(slot) = self.slots.get(place).copied() else {
                continue;
            };
            if is_job_of_rq(incoming) {
                self.note_consumed(record, &slot);
            }
            if slot.grounds.names_cluster
                && let Some(key) = slot.asides.of(&self.asides).last()
            {
                let cluster = incoming.span.message.cluster().text();
                let cluster = checksum(cluster.unwrap_or_default());
                self.note(asides::mark(*key, cluster));
            }
        }
    }

    /// Takes note of who consumed what, before anything is known of who sent it.
    /// Where that is known, see [`crate::mend::consumers`].
    fn note_messages(&mut self, record: &SpanRecord) {
        for place in record.slots.places() {
            if let Some(slot) = self.slots.get(place).copied()
                && slot.grounds.client_assigned
            {
                self.note_consumed(record, &slot);
            }
        }
    }

    fn note_consumed(&mut self, record: &SpanRecord, slot: &Slot) {
        let keys = slot.keys.places().skip(usize::from(slot.grounds.offsets));
        for place in keys {
            if let Some(key) = self.wanted.get(place) {
                self.producers.push(asides::consumer(*key, record));
            }
        }
    }

    /// A receiving span that goes on in a `process` span below it.
    pub(super) fn note_arrival(&mut self, incoming: &Incoming<'_, '_>, record: &SpanRecord) {
        let span = incoming.span;
        let receives = match record.role {
            Role::Consumer => record.is_poll || !incoming.part.is_spoken,
            // Go Pub/Sub 2: its span is INTERNAL, and has no operation.
            Role::None => span.message.id().is_usable() && span.name.ends_with(b" subscribe"),
            Role::Producer | Role::Settler => false,
        };
        if !receives {
            return;
        }
        let brought = if !incoming.part.is_spoken && self.has_all_links(record) {
            asides::ALL
        } else if record.parent == Parent::Remote {
            asides::ONE
        } else {
            return;
        };
        let key = asides::arrived(span.trace_id, span.span_id);
        self.producers.push(asides::mark(key, brought));
    }

    /// A link into another trace for each of its messages.
    fn has_all_links(&self, record: &SpanRecord) -> bool {
        let leads = |link: &&LinkRecord| {
            link.is_valid() && !link.is_settling() && link.trace_id != record.trace_id
        };
        let links = record.links.of(&self.links).iter().filter(leads).count() as u64;
        let messages = record.message_count.max(record.slots.count() as u64);
        messages > 0 && links >= messages
    }

    /// Remembers what many spans say alike once for those that come in a row.
    fn note(&mut self, mark: linkmend_rule::Producer) {
        let same = |other: &linkmend_rule::Producer| {
            other.key == mark.key && other.trace_id_low == mark.trace_id_low
        };
        let mut before = self.producers.iter().rev().take(4);
        if !before.any(same) {
            self.producers.push(mark);
        }
    }
}

/// Who received a job of rq, for those that work on it, see
/// [`crate::role::Part::stands_in`].
fn is_job_of_rq(incoming: &Incoming<'_, '_>) -> bool {
    !incoming.part.stands_in && incoming.span.message.job_library() == Some(JobLibrary::Rq)
}

/// Of other messages, what is known of their consumers tells nothing.
fn may_be_noted(incoming: &Incoming<'_, '_>) -> bool {
    let facts = &incoming.span.message;
    let names_cluster = facts.cluster().is_usable();
    let is_known = match System::named(facts.system().text().unwrap_or_default()) {
        System::Unique {
            client_assigned, ..
        } => !client_assigned,
        System::Pulsar | System::Jobs(_) => true,
        System::Kafka => !facts.id().is_usable(),
        System::Unnamed => facts.tasks.is_some(),
        System::Other => false,
    };
    let is_named_otherwise = facts.event_id().is_usable()
        || facts.conversation().is_usable()
        || !incoming.span.extra.is_empty();
    !is_known || names_cluster || is_named_otherwise || is_job_of_rq(incoming)
}
