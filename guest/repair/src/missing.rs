//! When a consumer needs a link to the producer of a message, and when it has
//! what serves for one.

use linkmend_rule::{MessageKey, Producer};

use crate::asides;
use crate::batch::Batch;
use crate::candidates::{Doubt, Fit, Search};
use crate::config::Config;
use crate::links::{self, Fate, Row};
use crate::producers::{Producers, trace_id};
use crate::records::{Parent, Slot, SpanRecord};

/// What became of a message of a consumer.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// The consumer has what serves for a link.
    Met(Met),
    /// A link to this span is missing, and is made.
    Added(Target),
    /// No producer is known.
    Unresolved,
    /// Those that are known started too late.
    TooLate,
    /// There are several, and no way to choose.
    Undecided(Doubt),
}

/// What serves for a link.
#[derive(Debug, Clone, Copy)]
pub enum Met {
    /// A link that names the message.
    LinkForMessage,
    /// As many links as messages.
    Count,
    /// A link to this producer of it.
    Link(Target),
    /// This producer of it is the parent.
    Parent(Target),
    /// This producer of it is in the trace of the consumer.
    Trace(Target),
    /// The parent came from another process, with the message.
    RemoteParent,
    /// The parent is a consumer whose own parent came with the message.
    ParentOfParent,
    /// Another span received the message.
    Receiver,
}

/// A trace id and a span id.
pub type Target = (u128, u64);

/// What the links of a consumer lead to, once they are repaired.
#[derive(Debug, Default)]
pub struct Linked {
    targets: Vec<Row>,
    keys: Vec<Row>,
    /// Links that do not say which message they are for, into other traces. A
    /// link into the trace of the consumer does not lead to a producer in
    /// another one, and a producer in the same one needs no link.
    anonymous: u64,
}

impl Linked {
    /// Reads the links of a span.
    pub fn read(&mut self, batch: &Batch, span: &SpanRecord, fates: &[Fate<'_>]) {
        self.targets.clear();
        self.keys.clear();
        self.anonymous = 0;
        for (link, fate) in span.links.of(&batch.links).iter().zip(fates) {
            let Some(target) = links::target(link, fate) else {
                continue;
            };
            // Who settles a message did not send it.
            if link.is_settling() {
                continue;
            }
            self.targets.push(target_row(target));
            let keys = links::keys(batch, link);
            self.keys.extend(keys.iter().map(|&key| key_row(key)));
            if keys.is_empty() && target.0 != span.trace_id {
                self.anonymous += 1;
            }
        }
        self.targets.sort_unstable();
        self.keys.sort_unstable();
    }

    /// A link leads there.
    pub fn is_target(&self, target: Target) -> bool {
        self.targets.binary_search(&target_row(target)).is_ok()
    }

    /// A link leads into that trace.
    fn leads_into(&self, trace_id: u128) -> bool {
        let first = target_row((trace_id, 0));
        let place = self.targets.partition_point(|row| *row < first);
        let next = self.targets.get(place);
        next.is_some_and(|next| next.iter().take(2).eq(first.iter().take(2)))
    }

    fn is_linked(&self, key: MessageKey) -> bool {
        self.keys.binary_search(&key_row(key)).is_ok()
    }

    /// A link is for the same message, whoever its producer is.
    fn names(&self, need: &Need<'_>) -> bool {
        need.keys.iter().any(|&key| self.is_linked(key))
    }

    /// There are as many links as messages.
    fn suffices(&self, need: &Need<'_>) -> bool {
        self.anonymous >= need.messages()
    }
}

fn target_row((trace_id, span_id): Target) -> Row {
    let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
    [high, low, span_id, 0, 0, 0]
}

fn key_row(key: MessageKey) -> Row {
    [key.high, key.low, 0, 0, 0, 0]
}

/// A message of a consumer.
#[derive(Debug, Clone, Copy)]
pub struct Need<'b> {
    /// The configuration.
    pub config: &'b Config,
    /// The consumer.
    pub span: &'b SpanRecord,
    /// The message.
    pub slot: &'b Slot,
    /// Its keys.
    pub keys: &'b [MessageKey],
}

impl Need<'_> {
    /// What the consumer has that serves for a link, before one producer is
    /// chosen. A context that came with the message is asked first.
    pub fn met(&self, linked: &Linked, producers: &Producers) -> Option<Met> {
        if let Some(met) = self.is_met_by_parent(producers) {
            return Some(met);
        }
        if linked.names(self) {
            return Some(Met::LinkForMessage);
        }
        if let Some(met) = self.is_met_by_receiver(producers) {
            return Some(met);
        }
        self.is_met_by_known(linked, producers)
    }

    /// Links that do not say which message they are for stand for those whose
    /// producer nobody knows.
    pub fn is_met_by_count(&self, linked: &Linked) -> bool {
        linked.suffices(self)
    }

    /// One of the known producers of the message, not only the one that would
    /// be chosen, is the parent, or a link leads to it, or into its trace.
    fn is_met_by_known(&self, linked: &Linked, producers: &Producers) -> Option<Met> {
        let carried = self.slot.carried;
        let carried = carried.map(|(carried, _)| (carried.trace_id, carried.span_id));
        let search = Search {
            span: self.span,
            skew: self.config.clock_skew,
            trace_id: 0,
            span_id: 0,
        };
        let is_sender = |producer: &&_| !matches!(search.fit(producer), Fit::Effect | Fit::Itself);
        let known = producers
            .all(self.slot.keys)
            .filter(is_sender)
            .map(|producer| (trace_id(producer), producer.span_id));
        carried.into_iter().chain(known).find_map(|target| {
            // Of several messages each has a link of its own.
            let is_for_it = self.messages() == 1 || linked.suffices(self);
            let is_linked =
                is_for_it && target.0 != self.span.trace_id && linked.leads_into(target.0);
            if is_linked || linked.is_target(target) {
                Some(Met::Link(target))
            } else {
                self.is_parent(target).then_some(Met::Parent(target))
            }
        })
    }

    /// A span for one message whose parent is remote, or is a consumer with a
    /// remote parent, has its context from there (semconv, "consumer spans":
    /// for a single message the creation context may be the parent).
    fn is_met_by_parent(&self, producers: &Producers) -> Option<Met> {
        if self.config.link_to_parent {
            return None;
        }
        let is_one = self.messages() == 1;
        match self.span.parent {
            Parent::Remote if is_one => Some(Met::RemoteParent),
            Parent::Local => {
                let mut brought = producers.all(self.span.arrived);
                let is_enough = |mark: &Producer| is_one || mark.trace_id_low == asides::ALL;
                brought.any(is_enough).then_some(Met::ParentOfParent)
            }
            Parent::None | Parent::Unknown | Parent::Remote => None,
        }
    }

    /// Another span received the message, for this one to work on.
    fn is_met_by_receiver(&self, producers: &Producers) -> Option<Met> {
        if !self.span.stands_in {
            return None;
        }
        let mut questions = self.keys.iter().map(|key| asides::received(*key));
        let is_received = questions.any(|question| !producers.aside(question).is_empty());
        is_received.then_some(Met::Receiver)
    }

    fn messages(&self) -> u64 {
        self.span.message_count.max(self.span.slots.count() as u64)
    }

    /// The target is the parent, and that is enough.
    pub fn is_parent(&self, target: Target) -> bool {
        !self.config.link_to_parent && self.leads_to_parent(target)
    }

    /// The target is in the trace of the consumer, and that is enough: the
    /// context did arrive, if not here then with an ancestor or a sibling.
    /// Who wants links to parents wants them in the same trace.
    pub fn is_met_by_trace(&self, target: Target) -> bool {
        self.config.same_trace_satisfies
            && target.0 == self.span.trace_id
            && !self.leads_to_parent(target)
    }

    fn leads_to_parent(&self, (trace_id, span_id): Target) -> bool {
        trace_id == self.span.trace_id && span_id == self.span.parent_span_id
    }
}
