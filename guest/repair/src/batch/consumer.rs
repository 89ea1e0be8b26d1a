//! The messages of a consumer: what leads to the producers of each.

use super::{Batch, Incoming};
use crate::columns::{Columns, Element, Names};
use crate::facts::{Fact, ID_FACTS, MessageFacts};
use crate::keys::Side;
use crate::records::{Lack, MessageName, Parent, Run, Slot, SpanRecord};
use crate::role::Role;
use crate::slots::{MAX_MESSAGES, for_each_message, names_several};
use crate::texts::put_value;
use crate::value::Value;

/// What a consumer lacks that came without anything to find its producers by.
/// One with a parent in another process got its context from there, and one
/// whose SDK does not say where its parent is may have.
pub(super) fn lack(incoming: &Incoming<'_, '_>, record: &SpanRecord) -> Option<Lack> {
    let facts = &incoming.span.message;
    let is_empty = facts.message_count().natural() == Some(0);
    let may_lack = matches!(record.parent, Parent::None | Parent::Local);
    if !may_lack || is_empty || record.slots.count() > 0 || facts.is_reply() {
        return None;
    }
    // A conversation is of many messages.
    let mut names = ID_FACTS.iter().filter(|fact| **fact != Fact::Conversation);
    let names_something = names.any(|fact| facts.has(*fact))
        || facts.traceparent().is_usable()
        || incoming.span.extra.iter().any(Value::is_usable);
    Some(if names_something {
        Lack::Incomplete
    } else {
        Lack::Unnamed
    })
}

impl Batch {
    /// Takes in the messages of a span, and answers how many were left out.
    pub(super) fn add_messages(&mut self, incoming: &Incoming<'_, '_>, naming: bool) -> u32 {
        let role = incoming.part.role;
        let is_consumer = role == Role::Consumer;
        let may_be_consumer = role == Role::None && !incoming.span.extra.is_empty();
        if !is_consumer && !may_be_consumer {
            return 0;
        }
        let mut columns = core::mem::take(&mut self.columns);
        self.read_columns(incoming, &mut columns);
        let span = incoming.span;
        let naming = naming
            || span.message.message_count().is_usable()
            || names_several(&span.message)
            || !columns.is_empty()
            || !span.events.is_empty();
        self.seen.clear();
        // Only columns are held against their number.
        let named = if is_consumer && !columns.is_empty() {
            count_messages(incoming)
        } else {
            0
        };
        let surplus = if is_consumer {
            self.add_named(incoming, &columns, named, naming)
        } else {
            0
        };
        self.add_unnamed(incoming, &columns, named);
        let surplus = surplus.max(columns.surplus as u32);
        self.columns = columns;
        surplus
    }

    fn read_columns(&mut self, incoming: &Incoming<'_, '_>, columns: &mut Columns) {
        let Incoming {
            config,
            origin,
            span,
            ..
        } = incoming;
        columns.clear();
        if incoming.part.role == Role::Consumer {
            columns.read_usual_headers(&config.extra, &span.message, &mut self.texts);
        }
        if span.extra.is_empty() {
            return;
        }
        columns.read_contexts(&config.extra, span.extra, &mut self.texts);
        for recipe in incoming.recipes(Role::Consumer) {
            let mut names = Names {
                texts: &mut self.texts,
                parts: &mut self.parts,
            };
            let (values, names) = (span.extra, Some(&mut names));
            columns.read_recipe(recipe, origin, values, &mut self.maker, names);
        }
    }

    /// Adds the messages that have ids. A column belongs to them, one by one,
    /// when it has as many elements as they are, `named`.
    fn add_named(
        &mut self,
        incoming: &Incoming<'_, '_>,
        columns: &Columns,
        named: usize,
        naming: bool,
    ) -> u32 {
        let environment = incoming.origin.environment;
        let is_one = is_one_record(incoming, named);
        let mut number = 0;
        for_each_named(incoming, |message| {
            if number < MAX_MESSAGES {
                let elements = columns.iter().filter_map(|column| {
                    if column.len() == named {
                        column.get(number)
                    } else if is_one && Columns::is_of_headers(column) {
                        column.last()
                    } else {
                        None
                    }
                });
                self.add_slot(environment, Some(message), elements.copied(), naming);
            }
            number += 1;
        });
        number.saturating_sub(MAX_MESSAGES) as u32
    }

    /// Adds the messages of columns that belong to no message with an id.
    /// Columns of the same length belong to the same messages.
    fn add_unnamed(&mut self, incoming: &Incoming<'_, '_>, columns: &Columns, named: usize) {
        let is_consumer = incoming.part.role == Role::Consumer;
        let own = incoming.span.trace_id;
        for (number, first) in columns.iter().enumerate() {
            let count = first.len();
            let mut before = columns.iter().take(number);
            let is_taken =
                named == 1 && is_one_record(incoming, named) && Columns::is_of_headers(first);
            if count == named || is_taken || before.any(|column| column.len() == count) {
                continue;
            }
            for place in 0..count {
                let elements = columns.iter().filter(|column| column.len() == count);
                let elements = elements.filter_map(|column| column.get(place)).copied();
                // A span may tell its own context: that makes no consumer of it.
                let elements = elements.filter(|element| {
                    let trace_id = element.carried.map(|(carried, _)| carried.trace_id);
                    is_consumer || trace_id != Some(own)
                });
                self.add_slot(incoming.origin.environment, None, elements, true);
            }
        }
    }

    fn add_slot(
        &mut self,
        environment: &[u8],
        message: Option<&MessageFacts<'_>>,
        elements: impl Iterator<Item = Element>,
        naming: bool,
    ) {
        let first_key = self.wanted.len();
        let mut slot = Slot::default();
        if let Some(message) = message {
            let side = Side::Consumer;
            let wanted = &mut self.wanted;
            slot.grounds = self.maker.put_keys(message, environment, side, wanted);
            let first_aside = self.asides.len();
            self.asides.extend_from_slice(&self.maker.asides);
            slot.asides = Run::since(first_aside, &self.asides);
        }
        for element in elements {
            slot.carried = slot.carried.or(element.carried);
            slot.grounds.client_assigned |= element.key.is_some();
            self.wanted.extend(element.key);
            if slot.name == MessageName::Unnamed {
                slot.name = element.name;
            }
        }
        slot.keys = Run::since(first_key, &self.wanted);
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
        } else if slot.carried.is_none() {
            return;
        }
        if naming && let Some(message) = message {
            let name = self.name(message);
            if name != MessageName::Unnamed {
                slot.name = name;
            }
        }
        self.slots.push(slot);
    }

    fn name(&mut self, message: &MessageFacts<'_>) -> MessageName {
        let ids = [
            message.id(),
            message.masstransit_id(),
            message.nservicebus_id(),
            message.event_id(),
            message.bullmq_job(),
        ];
        if let Some(id) = ids.into_iter().find(Value::is_scalar) {
            return MessageName::Id(put_value(id, &mut self.texts));
        }
        match message.offset().natural() {
            Some(offset) => MessageName::Record {
                offset,
                partition: put_value(message.partition(), &mut self.texts),
                topic: put_value(message.destination(), &mut self.texts),
            },
            None => MessageName::Unnamed,
        }
    }
}

/// The span is for one message, which it names. If an array of headers stands on
/// it, each hop that the message came through added its own: the last one is
/// the context that it came with.
fn is_one_record(incoming: &Incoming<'_, '_>, named: usize) -> bool {
    let count = incoming.span.message.message_count().natural();
    named == 1 && count.is_none_or(|count| count < 2) && incoming.span.events.is_empty()
}

/// Calls `each` with the messages that the attributes of a span and of its
/// events name.
#[inline]
fn for_each_named(incoming: &Incoming<'_, '_>, mut each: impl FnMut(&MessageFacts<'_>)) {
    let span = incoming.span;
    for_each_message(&span.message, |message| each(message));
    for event in span.events {
        let mut event = *event;
        event.inherit(&span.message);
        for_each_message(&event, |message| each(message));
    }
}

fn count_messages(incoming: &Incoming<'_, '_>) -> usize {
    let mut count = 0;
    for_each_named(incoming, |_| count += 1);
    count
}
