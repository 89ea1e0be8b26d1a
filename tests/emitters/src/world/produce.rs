//! Messages are sent.

use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::Message;
use super::build::{Builder, MICROSECOND, MILLISECOND, SECOND, other};
use crate::context::SpanContext;
use crate::profile::{Attribute, Failure, Ids, Kind, Produce, Shape};
use crate::template::{View, key_text, key_value};

impl Builder<'_> {
    /// Some requests come in, and each sends some messages.
    pub fn produce_all(&mut self) {
        let mut now = self.site.begin;
        for _ in 0..self.random.between(3, 7) {
            now += self.random.between(1, 40) * SECOND / 4;
            self.publish(now);
        }
    }

    fn publish(&mut self, now: u64) {
        let service = self.site.producer;
        let mut request = other(service, "POST /orders", Kind::Server);
        request.attributes = vec![
            key_text("http.request.method", "POST"),
            key_text("http.route", "/orders"),
            key_value("http.response.status_code", Value::IntValue(202)),
        ];
        (request.start, request.length) = (now, 80 * MILLISECOND);
        let request = self.emit(request, false);
        let parent = self.context(request);
        if self.random.chance(50) {
            let mut insert = other(service, "INSERT orders", Kind::Client);
            insert.attributes = vec![key_text("db.system.name", "postgresql")];
            (insert.parent, insert.start) = (Some(parent), now + MILLISECOND);
            self.emit(insert, false);
        }
        let Some(&produce) = self.random.pick(self.profile.produce) else {
            return;
        };
        let now = now + 8 * MILLISECOND;
        match produce {
            Produce::Each(shape) => self.send_each(&shape, parent, now, false),
            Produce::Nested(shape) => self.send_each(&shape, parent, now, true),
            Produce::Batch(shape) => self.send_batch(&shape, parent, now),
            Produce::CreateThenSend {
                create,
                send,
                reverse,
            } => {
                self.create_then_send(&create, &send, reverse, parent, now);
            }
        }
    }

    /// A message that is not sent yet.
    fn message(&mut self, queue: &str) -> Message {
        let partition = self.random.below(3);
        let offset = self.next_offset(queue, partition);
        let id = self.id(queue, offset, partition);
        Message {
            queue: queue.to_owned(),
            id,
            partition,
            offset,
            cluster: format!("cluster-{}", self.site.name),
            conversation: self.uuid(),
            sent: 0,
            creation: SpanContext::default(),
        }
    }

    fn next_offset(&mut self, queue: &str, partition: u64) -> u64 {
        let place = (queue.to_owned(), partition);
        let known = self.offsets.iter_mut().find(|(other, _)| *other == place);
        if let Some((_, offset)) = known {
            *offset += 1;
            return *offset;
        }
        // 0 is an offset, and all topics begin with it.
        self.offsets.push((place, 0));
        0
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.random.number(), self.random.number());
        let head = format!(
            "{:08x}-{:04x}-4{:03x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff
        );
        format!(
            "{head}-{:04x}-{:012x}",
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    fn id(&mut self, queue: &str, offset: u64, partition: u64) -> Option<String> {
        self.jobs += 1;
        Some(match self.profile.ids {
            Ids::Absent => return None,
            Ids::Uuid => self.uuid(),
            Ids::Offset => offset.to_string(),
            // Sums over the queue's partitions have no gaps, as offsets have none.
            Ids::PerQueue => {
                let of_queue = self.offsets.iter().filter(|((other, _), _)| other == queue);
                of_queue.map(|(_, last)| last + 1).sum::<u64>().to_string()
            }
            Ids::PerTable => self.jobs.to_string(),
            Ids::Hex => format!(
                "{:016x}{:08x}",
                self.random.number(),
                self.random.number() >> 32
            ),
            Ids::Capitals => format!("{:016X}{:016X}", self.random.number(), self.random.number()),
            Ids::Jms => format!("ID:mq-{}-41231-1:1:1:1:{}", self.random.number(), self.jobs),
            Ids::Ledger => format!("{}:{offset}:{partition}", self.random.below(100_000)),
            Ids::Digits => format!("{:017}", self.random.below(100_000_000_000_000_000)),
        })
    }

    fn queue(&mut self) -> String {
        let queue = self.random.pick(&self.site.queues);
        queue.cloned().unwrap_or_default()
    }

    fn send_each(&mut self, shape: &Shape, parent: SpanContext, mut now: u64, is_nested: bool) {
        for _ in 0..self.random.between(1, 4) {
            let queue = self.queue();
            let mut message = self.message(&queue);
            let fails = self.send_fails(&mut message);
            now += self.random.between(50, 3_000) * MICROSECOND;
            let number = self.send(shape, &message, self.site.producer, parent, now);
            let mut creation = self.context(number);
            if is_nested {
                let inner = self.send(
                    shape,
                    &message,
                    self.site.producer,
                    creation,
                    now + 40 * MICROSECOND,
                );
                creation = self.context(inner);
            }
            if fails {
                self.fail(number);
                continue;
            }
            message.creation = creation;
            message.sent = now + MILLISECOND;
            self.sent.push(message);
        }
    }

    fn send_fails(&mut self, message: &mut Message) -> bool {
        let failure = self.profile.traits.failure;
        if failure == Failure::Never || !self.random.chance(12) {
            return false;
        }
        message.id = (failure == Failure::EmptyId).then(String::new);
        true
    }

    /// A span that sends a message, and its number.
    pub fn send(
        &mut self,
        shape: &Shape,
        message: &Message,
        service: usize,
        parent: SpanContext,
        start: u64,
    ) -> usize {
        let mut send = self.draft(shape, std::slice::from_ref(message), true, service);
        send.parent = parent.is_valid().then_some(parent);
        (send.start, send.length) = (start, MILLISECOND);
        self.emit(send, true)
    }

    fn send_batch(&mut self, shape: &Shape, parent: SpanContext, now: u64) {
        let queue = self.queue();
        let count = self.random.between(2, 5);
        let mut messages: Vec<_> = (0..count).map(|_| self.message(&queue)).collect();
        let mut send = self.draft(shape, &messages, true, self.site.producer);
        (send.parent, send.start) = (Some(parent), now);
        let number = self.emit(send, true);
        let creation = self.context(number);
        for message in &mut messages {
            (message.creation, message.sent) = (creation, now + MILLISECOND);
        }
        self.sent.append(&mut messages);
    }

    fn create_then_send(
        &mut self,
        create: &Shape,
        send: &Shape,
        reverse: Option<&'static [Attribute]>,
        parent: SpanContext,
        mut now: u64,
    ) {
        let queue = self.queue();
        let mut messages = Vec::new();
        let mut created = Vec::new();
        for _ in 0..self.random.between(1, 4) {
            let mut message = self.message(&queue);
            let fails = self.send_fails(&mut message);
            now += self.random.between(20, 400) * MICROSECOND;
            let number = self.send(create, &message, self.site.producer, parent, now);
            if fails {
                self.fail(number);
            }
            created.push(number);
            (message.creation, message.sent) = (self.context(number), now + 4 * MILLISECOND);
            messages.push((message, fails));
        }
        let all: Vec<_> = messages
            .iter()
            .map(|(message, _)| message.clone())
            .collect();
        let mut sending = self.draft(send, &all, true, self.site.producer);
        (sending.parent, sending.start) = (Some(parent), now + MILLISECOND);
        let sending = self.emit(sending, true);
        self.link_back(sending, &created, reverse, &all);
        let arrived = messages.into_iter().filter(|(_, fails)| !fails);
        self.sent.extend(arrived.map(|(message, _)| message));
    }

    /// Links from the span that sends to those that created, and back.
    fn link_back(
        &mut self,
        sending: usize,
        created: &[usize],
        reverse: Option<&'static [Attribute]>,
        messages: &[Message],
    ) {
        let view = View {
            messages,
            destination: self.profile.destinations.producer,
        };
        let back = self.context(sending);
        for &number in created {
            let link = self.context(number).link();
            if let Some(emitted) = self.world.spans.get_mut(sending) {
                emitted.span.links.push(link);
            }
            let emitted = self.world.spans.get_mut(number);
            if let (Some(attributes), Some(emitted)) = (reverse, emitted) {
                let mut link = back.link();
                link.attributes = view.attributes(attributes);
                emitted.span.links.push(link);
            }
        }
    }
}
