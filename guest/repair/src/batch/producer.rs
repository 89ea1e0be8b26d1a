//! What is remembered of a producer.

use linkmend_rule::{MessageKey, Producer, Text};

use super::{Batch, Incoming};
use crate::facts::SpanFacts;
use crate::keys::Side;
use crate::role::{self, Role};
use crate::slots::{MAX_MESSAGES, for_each_message};
use crate::system::System;
use crate::texts::put_text;

/// The rank of a span that is no producer but by a custom recipe: that of one
/// that sends.
const CUSTOM_RANK: u8 = 1;

impl Batch {
    /// Takes note of the messages that a span produced.
    pub(super) fn add_producer(&mut self, incoming: &Incoming<'_, '_>) {
        self.keys.clear();
        if incoming.part.role == Role::Producer {
            self.put_message_keys(incoming);
        }
        if !incoming.config.recipes.is_empty() {
            self.put_custom_keys(incoming);
        }
        if self.keys.is_empty() {
            return;
        }
        let span = incoming.span;
        let rank = match incoming.part.role {
            Role::Producer => role::rank(incoming.part, span.kind),
            _ => CUSTOM_RANK,
        };
        let state = put_text(span.trace_state, &mut self.producer_texts);
        let state = Text {
            offset: state.start,
            length: state.count() as u32,
        };
        let hint = self.maker.destination_hint(&span.message);
        let producers = self.keys.iter();
        let producers = producers.map(|key| producer(*key, span, state, (hint, rank)));
        self.producers.extend(producers);
    }

    fn put_message_keys(&mut self, incoming: &Incoming<'_, '_>) {
        let span = incoming.span;
        let system = span.message.system().text().unwrap_or_default();
        // What a failed send to Kafka knows of its offset is not to be trusted.
        if span.failed && System::named(system) == System::Kafka {
            return;
        }
        let environment = incoming.origin.environment;
        let mut count = 0;
        let Self { maker, keys, .. } = self;
        let mut put = |message: &_| {
            count += 1;
            if count <= MAX_MESSAGES {
                maker.put_keys(message, environment, Side::Producer, keys);
            }
        };
        for_each_message(&span.message, &mut put);
        for event in span.events {
            let mut event = *event;
            event.inherit(&span.message);
            for_each_message(&event, &mut put);
        }
    }

    fn put_custom_keys(&mut self, incoming: &Incoming<'_, '_>) {
        self.columns.clear();
        for recipe in incoming.recipes(Role::Producer) {
            let (origin, values) = (incoming.origin, incoming.span.extra);
            self.columns
                .read_recipe(recipe, origin, values, &mut self.maker, None);
        }
        let columns = self.columns.iter().flatten();
        self.keys.extend(columns.filter_map(|element| element.key));
    }
}

fn producer(
    key: MessageKey,
    span: &SpanFacts<'_>,
    trace_state: Text,
    (hint, rank): (u16, u8),
) -> Producer {
    Producer {
        key,
        trace_id_high: (span.trace_id >> 64) as u64,
        trace_id_low: span.trace_id as u64,
        span_id: span.span_id,
        start: span.start,
        end: span.end,
        trace_state,
        flags: span.flags & 0xff,
        hint,
        rank,
    }
}
