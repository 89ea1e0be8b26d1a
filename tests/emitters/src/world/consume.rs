//! Messages are delivered.

use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::build::{Builder, MILLISECOND, SECOND, other};
use super::{Delivery, Message};
use crate::context::SpanContext;
use crate::profile::{Consume, Consumer, Correlation, Kind, Produce, Republish, Shape};
use crate::template::{View, key_text, key_value};

/// How often a message is tried at most. The index keeps four producers of a
/// message.
const ATTEMPTS: u64 = 3;

impl Builder<'_> {
    /// Every group of consumers gets every message of the environment.
    pub fn consume_all(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        for service in self.site.consumers.clone() {
            for queue in self.site.queues.clone() {
                let of_queue = sent.iter().filter(|message| message.queue == queue);
                let messages: Vec<_> = of_queue.cloned().collect();
                self.drain(service, &messages);
            }
        }
    }

    fn drain(&mut self, service: usize, mut messages: &[Message]) {
        while !messages.is_empty() {
            let Some(&consume) = self.random.pick(self.profile.consume) else {
                return;
            };
            let most = match consume {
                Consume::Each(_) | Consume::Wait(_) | Consume::Chain { .. } => 1,
                _ => self.random.between(1, 5) as usize,
            };
            let (now, later) = messages.split_at(most.min(messages.len()));
            self.deliver(service, &consume, now);
            if self.profile.traits.redelivery && self.random.chance(20) {
                self.redeliver(service, &consume, now);
            }
            messages = later;
        }
    }

    /// The same messages again, a while later.
    fn redeliver(&mut self, service: usize, consume: &Consume, messages: &[Message]) {
        let mut again = messages.to_vec();
        for message in &mut again {
            message.sent += 30 * SECOND;
        }
        self.deliver(service, consume, &again);
    }

    fn deliver(&mut self, service: usize, consume: &Consume, messages: &[Message]) {
        let sent = messages
            .iter()
            .map(|message| message.sent)
            .max()
            .unwrap_or(0);
        let dwell = [
            5 * MILLISECOND,
            200 * MILLISECOND,
            20 * SECOND,
            600 * SECOND,
        ];
        let most = self.random.pick(&dwell).copied().unwrap_or(SECOND);
        let now = sent + self.random.between(2 * MILLISECOND, most);
        match consume {
            Consume::Each(each) => {
                for message in messages {
                    self.work(service, each, message, None, now, 1);
                }
            }
            Consume::Batch(batch) => {
                let number = self.consumer(service, batch, messages, None, now, 20 * MILLISECOND);
                self.add_child(service, number, now);
            }
            Consume::Poll { poll, each } => self.poll(service, poll, each, messages, now),
            Consume::Wait(wait) => {
                let start = self.start_of_wait(messages, now);
                self.consumer(service, wait, messages, None, start, now - start);
            }
            Consume::Gather { all, each } => {
                let number = self.consumer(service, all, messages, None, now, SECOND);
                let ambient = Some(self.context(number));
                for message in messages {
                    let about = std::slice::from_ref(message);
                    let one = self.consumer(service, each, about, ambient, now, MILLISECOND);
                    let link = self.context(one).link();
                    if let Some(emitted) = self.world.spans.get_mut(number) {
                        emitted.span.links.push(link);
                    }
                }
            }
            Consume::Chain { outer, inner } => {
                for message in messages {
                    let about = std::slice::from_ref(message);
                    let number = self.consumer(service, outer, about, None, now, SECOND);
                    let ambient = Some(self.context(number));
                    self.work(service, inner, message, ambient, now + MILLISECOND, 1);
                }
            }
        }
    }

    /// A poll that may have begun before there was a message, and what is done
    /// with them.
    fn poll(
        &mut self,
        service: usize,
        poll: &Consumer,
        each: &Consumer,
        messages: &[Message],
        now: u64,
    ) {
        let start = self.start_of_wait(messages, now);
        let end = now + MILLISECOND;
        let number = self.consumer(service, poll, messages, None, start, end - start);
        let ambient = Some(self.context(number));
        for (place, message) in (1..).zip(messages) {
            self.work(
                service,
                each,
                message,
                ambient,
                end + place * 3 * MILLISECOND,
                1,
            );
        }
    }

    /// Before there was a message, now and then.
    fn start_of_wait(&mut self, messages: &[Message], now: u64) -> u64 {
        let first = messages.iter().map(|message| message.sent).min();
        if self.random.chance(40) {
            first.unwrap_or(now) - self.random.between(1, 15) * SECOND
        } else {
            now
        }
    }

    /// The span that does the work of a message, and what comes of it.
    fn work(
        &mut self,
        service: usize,
        each: &Consumer,
        message: &Message,
        ambient: Option<SpanContext>,
        now: u64,
        attempt: u64,
    ) {
        let about = std::slice::from_ref(message);
        let length = 30 * MILLISECOND;
        let number = self.consumer(service, each, about, ambient, now, length);
        self.add_child(service, number, now);
        match self.profile.traits.republish {
            Republish::Never => {}
            Republish::Retry => {
                if attempt < ATTEMPTS && self.random.chance(35) {
                    self.fail(number);
                    let parent = self.context(number);
                    self.republish(service, each, message, parent, now + length / 2, attempt);
                }
            }
            Republish::Scheduler => {
                if attempt < ATTEMPTS && self.random.chance(35) {
                    self.fail(number);
                    let due = now + self.random.between(15, 60) * SECOND;
                    self.republish(service, each, message, SpanContext::default(), due, attempt);
                }
            }
        }
    }

    /// The message is sent again, under its id, and delivered.
    fn republish(
        &mut self,
        service: usize,
        each: &Consumer,
        message: &Message,
        parent: SpanContext,
        now: u64,
        attempt: u64,
    ) {
        let Some(shape) = self.profile.produce.first().map(sending) else {
            return;
        };
        let number = self.send(&shape, message, service, parent, now);
        let mut again = message.clone();
        (again.creation, again.sent) = (self.context(number), now + MILLISECOND);
        let then = now + self.random.between(30, 9_000) * MILLISECOND;
        self.work(service, each, &again, None, then, attempt + 1);
    }

    /// A span on the consumer's side, and its number.
    fn consumer(
        &mut self,
        service: usize,
        consumer: &Consumer,
        messages: &[Message],
        ambient: Option<SpanContext>,
        start: u64,
        length: u64,
    ) -> usize {
        let creation = messages.first().map(|message| message.creation);
        let mut draft = self.draft(&consumer.shape, messages, false, service);
        draft.parent = if consumer.correlation.has_parent() {
            creation
        } else {
            ambient
        };
        (draft.start, draft.length) = (start, length);
        let number = self.emit(draft, false);
        let destination = self.profile.destinations.consumer;
        let attributes = consumer.correlation.link_attributes();
        if let Some(emitted) = self.world.spans.get_mut(number) {
            emitted.has_remote_parent = consumer.correlation.has_parent();
            let is_named = consumer.shape.identity().next().is_some();
            for message in messages {
                let link = attributes.map(|attributes| {
                    let view = View {
                        messages: std::slice::from_ref(message),
                        destination,
                    };
                    let mut link = message.creation.link();
                    link.attributes = view.attributes(attributes);
                    emitted.span.links.push(link);
                    emitted.span.links.len() - 1
                });
                let names =
                    attributes.is_some_and(|all| all.iter().any(crate::profile::Attribute::names));
                if consumer.correlation != Correlation::Unseen {
                    emitted.deliveries.push(Delivery {
                        creation: message.creation,
                        link,
                        is_named_by_link: names && !is_named,
                        is_nameless: false,
                    });
                }
            }
        }
        number
    }

    /// The work itself: it stays with its parent, whatever becomes of that.
    fn add_child(&mut self, service: usize, number: usize, start: u64) {
        if self.random.chance(60) {
            return;
        }
        let mut update = other(service, "UPDATE orders", Kind::Client);
        update.parent = Some(self.context(number));
        (update.start, update.length) = (start + MILLISECOND, MILLISECOND);
        update.attributes = vec![
            key_text("db.system.name", "postgresql"),
            key_text("db.operation.name", "UPDATE"),
            key_value("db.response.returned_rows", Value::IntValue(1)),
        ];
        self.emit(update, false);
    }
}

fn sending(produce: &Produce) -> Shape {
    match produce {
        Produce::Each(shape) | Produce::Nested(shape) | Produce::Batch(shape) => *shape,
        Produce::CreateThenSend { create, .. } => *create,
    }
}
