//! The recipes: what identifies a message, for each messaging system and
//! library.
//!
//! A key is the hash of a family, the environment and the parts that the
//! recipe names, see [`linkmend_rule::KeyBuilder`]; the table is the contract
//! with other rules.
//!
//! | messages of | family | parts after the environment |
//! |---|---|---|
//! | Kafka | `kafka` | cluster or nothing, topic, partition, offset |
//! | Kafka, where only the producer knows its cluster | `kafka-any-cluster` | nothing, topic, partition, offset |
//! | SQS, SNS, Pub/Sub, Service Bus, Event Hubs, Event Grid, `RabbitMQ`, `RocketMQ`, JMS | `sqs`, ... | id |
//! | Pulsar | `pulsar` | topic without `-partition-N`, id |
//! | Sidekiq, Active Job, Que, Resque, Delayed Job, `BullMQ` | `sidekiq`, ... | queue, id |
//! | Celery, Remoulade, taskiq | `celery`, `remoulade`, `taskiq` | id |
//! | `MassTransit`, `NServiceBus` | `masstransit`, `nservicebus` | id |
//! | rq, arq, dramatiq | `rq`, `arq`, `dramatiq` | id |
//! | `CloudEvents` | `cloudevents` | source, id |
//! | `FastStream` | `conversation` | conversation id |
//! | anything else | `generic` | system or `-`, then id, or destination and id |
//! | a custom recipe | `user` | name of the recipe, resource attributes of its scope, its attributes |
//!
//! Numbers are written in decimal, bytes in hex.

use linkmend_rule::{KeyBuilder, MessageKey};

use crate::checksum::checksum;
use crate::config::Recipe;
use crate::explain::spelling::{self, Spelled};
use crate::facts::{JobLibrary, MessageFacts};
use crate::system::System;
use crate::value::{Value, natural, put_decimal};

/// From which side of a message a key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Every key that a consumer may ask for.
    Producer,
    /// Every key that a producer may have left, the most exact first.
    Consumer,
}

/// What the keys of a message rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grounds {
    /// So many of them, the first, are places in a Kafka log.
    pub offsets: u8,
    /// The application makes up what the others are made of.
    pub client_assigned: bool,
    /// The consumer names its Kafka cluster.
    pub names_cluster: bool,
    /// Whoever receives the message may send it again under the same id.
    pub may_be_resent: bool,
}

/// Makes keys, one message after the other.
#[derive(Debug, Default)]
pub struct KeyMaker {
    /// Of the last message of a consumer, what tells whether its offset may be
    /// believed, see [`crate::asides`].
    pub asides: Vec<MessageKey>,
    builder: Builder,
    id: Vec<u8>,
    destination: Vec<u8>,
    number: Vec<u8>,
    system: Vec<u8>,
}

/// Makes keys; spells them too while somebody asks why.
#[derive(Debug, Default)]
struct Builder {
    keys: KeyBuilder,
    spelled: Option<Spelled>,
}

/// A place in a Kafka log.
struct Record<'a> {
    topic: &'a [u8],
    partition: u64,
    offset: u64,
}

impl KeyMaker {
    /// Spells all keys from now on, or no more.
    pub fn spell(&mut self, wanted: bool) {
        self.builder.spelled = wanted.then(Spelled::default);
    }

    /// How the keys were spelled that were made since it was asked for.
    pub fn spelled(&self) -> Option<&Spelled> {
        self.builder.spelled.as_ref()
    }

    /// A number for where a message is sent to or comes from; 0: that is not
    /// known. Of two destinations the same number is unlikely, and harmless.
    pub fn destination_hint(&mut self, facts: &MessageFacts<'_>) -> u16 {
        let destination = facts.destination().written(&mut self.destination);
        if destination.is_empty() {
            return 0;
        }
        (checksum(destination) % u64::from(u16::MAX)) as u16 + 1
    }

    /// A number for who consumes: service, span and destination have it in
    /// common on each delivery to one consumer. Equal numbers of two are
    /// unlikely, and no proof of anything.
    pub fn consumer_hint(service: u64, name: &[u8], destination: u16) -> u16 {
        let sum = service ^ checksum(name).rotate_left(7) ^ u64::from(destination);
        (sum % u64::from(u16::MAX)) as u16 + 1
    }

    /// The key of a custom recipe.
    pub fn custom_key(
        &mut self,
        recipe: &Recipe,
        environment: &[u8],
        scope: &[Value<'_>],
        parts: &[Value<'_>],
    ) -> MessageKey {
        let keys = &mut self.builder.keys;
        keys.start("user")
            .part(environment)
            .part(recipe.name.as_bytes());
        for value in scope.iter().chain(parts) {
            keys.part(value.written(&mut self.id));
        }
        let key = keys.finish();
        if let Some(spelled) = &mut self.builder.spelled {
            spelled.insert(key, spelling::of_recipe(recipe, environment, scope, parts));
        }
        key
    }

    /// Appends the keys of the message that `facts` names (scalars only; an
    /// array names nothing here) to `keys`, and answers what they rest on.
    pub fn put_keys(
        &mut self,
        facts: &MessageFacts<'_>,
        environment: &[u8],
        side: Side,
        keys: &mut Vec<MessageKey>,
    ) -> Grounds {
        let system = System::named(facts.system().text().unwrap_or_default());
        let first = keys.len();
        self.asides.clear();
        self.put_kafka(facts, system, environment, side, keys);
        let offsets = (keys.len() - first) as u8;
        let mut client_assigned = self.put_library_ids(facts, environment, keys);
        if facts.id().is_scalar() {
            client_assigned |= self.put_id(facts, system, environment, keys);
        }
        client_assigned |= self.put_conversation(facts, environment, side, keys);
        Grounds {
            offsets,
            client_assigned,
            names_cluster: facts.cluster().text().is_some(),
            may_be_resent: client_assigned
                || facts.tasks.is_some()
                || facts.job_library().is_some(),
        }
    }

    /// A conversation is no message, but where each message begins one
    /// (`FastStream`, which says `messaging.destination_publish.name` on its
    /// consumers) it names it.
    fn put_conversation(
        &mut self,
        facts: &MessageFacts<'_>,
        environment: &[u8],
        side: Side,
        keys: &mut Vec<MessageKey>,
    ) -> bool {
        if !facts.conversation().is_scalar() {
            return false;
        }
        let is_named_otherwise =
            facts.masstransit_id().is_usable() || facts.nservicebus_id().is_usable();
        // Its producers name nothing else.
        let is_asked = match side {
            Side::Producer => !facts.id().is_usable(),
            Side::Consumer => facts.published_to().is_usable(),
        };
        if is_named_otherwise || !is_asked {
            return false;
        }
        let id = facts.conversation().written(&mut self.id);
        put(&mut self.builder, "conversation", &[environment, id], keys);
        true
    }

    /// The recipes of libraries that name their messages themselves, whatever
    /// carries them.
    fn put_library_ids(
        &mut self,
        facts: &MessageFacts<'_>,
        environment: &[u8],
        keys: &mut Vec<MessageKey>,
    ) -> bool {
        let mut client_assigned = false;
        if facts.bullmq_job().is_scalar() && facts.bullmq_queue().is_scalar() {
            let queue = facts.bullmq_queue().written(&mut self.destination);
            let job = facts.bullmq_job().written(&mut self.id);
            put(
                &mut self.builder,
                "bullmq",
                &[environment, queue, job],
                keys,
            );
        }
        if facts.masstransit_id().is_scalar() {
            let id = facts.masstransit_id().written(&mut self.id);
            put(&mut self.builder, "masstransit", &[environment, id], keys);
        }
        if facts.nservicebus_id().is_scalar() {
            let id = facts.nservicebus_id().written(&mut self.id);
            put(&mut self.builder, "nservicebus", &[environment, id], keys);
        }
        if let Some(library) = facts.job_library().filter(|_| facts.job().is_scalar()) {
            let id = facts.job().written(&mut self.id);
            let family = match library {
                JobLibrary::Rq => "rq",
                JobLibrary::Arq => "arq",
                JobLibrary::Dramatiq => "dramatiq",
            };
            put(&mut self.builder, family, &[environment, id], keys);
        }
        if facts.event_id().is_scalar() && facts.event_source().is_scalar() {
            let source = facts.event_source().written(&mut self.destination);
            let id = facts.event_id().written(&mut self.id);
            put(
                &mut self.builder,
                "cloudevents",
                &[environment, source, id],
                keys,
            );
            client_assigned = true;
        }
        client_assigned
    }

    /// The recipes that read the message id. The generic one is for messages
    /// that no other knows.
    fn put_id(
        &mut self,
        facts: &MessageFacts<'_>,
        system: System,
        environment: &[u8],
        keys: &mut Vec<MessageKey>,
    ) -> bool {
        let builder = &mut self.builder;
        let id = facts.id().written(&mut self.id);
        let destination = facts.destination().written(&mut self.destination);
        if let Some(library) = facts.tasks {
            put(builder, library.family(), &[environment, id], keys);
        }
        match system {
            System::Unique {
                name,
                client_assigned,
            } => {
                put(builder, name, &[environment, id], keys);
                return client_assigned;
            }
            System::Pulsar if !destination.is_empty() => {
                let topic = without_partition(destination);
                put(builder, "pulsar", &[environment, topic, id], keys);
                return false;
            }
            System::Jobs(name) if !destination.is_empty() => {
                put(builder, name, &[environment, destination, id], keys);
                return false;
            }
            // A bare offset collides with those of all other partitions, and
            // one with its partition is a key already.
            System::Kafka if is_digits(id) || split_record(id).is_some() => return false,
            _ if facts.tasks.is_some() => return false,
            _ => {}
        }
        self.system.clear();
        self.system
            .extend_from_slice(facts.system().text().unwrap_or(b"-"));
        self.system.make_ascii_lowercase();
        if id.len() >= LONG_ID && !is_digits(id) {
            put(builder, "generic", &[environment, &self.system, id], keys);
        } else if !destination.is_empty() {
            let parts = [environment, &self.system, destination, id];
            put(builder, "generic", &parts, keys);
        }
        true
    }

    fn put_kafka(
        &mut self,
        facts: &MessageFacts<'_>,
        system: System,
        environment: &[u8],
        side: Side,
        keys: &mut Vec<MessageKey>,
    ) {
        let topic = facts.destination().written(&mut self.destination);
        let record = by_offset(facts, topic).or_else(|| match system {
            System::Kafka => by_id(facts, facts.id().written(&mut self.id), topic),
            _ => None,
        });
        let Some(record) = record else {
            return;
        };
        self.number.clear();
        put_decimal(record.partition, false, &mut self.number);
        let split = self.number.len();
        put_decimal(record.offset, false, &mut self.number);
        let (partition, offset) = self.number.split_at(split);
        let place = [environment, record.topic, partition, offset];
        let cluster = facts.cluster().text().unwrap_or_default();
        let builder = &mut self.builder;
        put_place(builder, cluster, place, side, keys);
        if side == Side::Producer {
            return;
        }
        if (1..SMALL_OFFSET).contains(&record.offset) {
            let first = [environment, record.topic, partition, b"0"];
            put_place(builder, cluster, first, side, &mut self.asides);
        }
        if !cluster.is_empty() {
            let parts = [environment, record.topic];
            put(builder, "kafka-clusters", &parts, &mut self.asides);
        }
    }
}

/// Who does not wait for the acknowledgement counts its records from 0 in each
/// batch. A batch has not often more.
const SMALL_OFFSET: u64 = 1024;

/// Appends the keys of a place in a Kafka log. Who does not know its cluster
/// finds, and is found, whatever the other side knows; two that know theirs
/// must agree.
fn put_place(
    builder: &mut Builder,
    cluster: &[u8],
    place: [&[u8]; 4],
    side: Side,
    keys: &mut Vec<MessageKey>,
) {
    put_record(builder, "kafka", cluster, place, keys);
    match (side, cluster.is_empty()) {
        (Side::Producer, true) => {}
        (Side::Producer, false) | (Side::Consumer, true) => {
            put_record(builder, "kafka-any-cluster", b"", place, keys);
        }
        (Side::Consumer, false) => put_record(builder, "kafka", b"", place, keys),
    }
}

fn put_record(
    builder: &mut Builder,
    family: &'static str,
    cluster: &[u8],
    [environment, topic, partition, offset]: [&[u8]; 4],
    keys: &mut Vec<MessageKey>,
) {
    let parts = [environment, cluster, topic, partition, offset];
    put(builder, family, &parts, keys);
}

/// Shorter ids, and numbers, are not taken to be unique in a whole system.
const LONG_ID: usize = 16;

/// Not inlined: a dozen copies are 8 kB of the component.
#[inline(never)]
fn put(builder: &mut Builder, family: &'static str, parts: &[&[u8]], keys: &mut Vec<MessageKey>) {
    builder.keys.start(family);
    for part in parts {
        builder.keys.part(part);
    }
    let key = builder.keys.finish();
    if let Some(spelled) = &mut builder.spelled {
        spelled.insert(key, spelling::of_family(family, parts));
    }
    keys.push(key);
}

/// Topic, partition and offset as attributes. A producer that does not wait
/// for the acknowledgement has the offset -1.
#[inline]
fn by_offset<'a>(facts: &MessageFacts<'_>, topic: &'a [u8]) -> Option<Record<'a>> {
    Some(Record {
        topic: Some(topic).filter(|topic| !topic.is_empty())?,
        offset: facts.offset().natural()?,
        partition: facts.partition().natural()?,
    })
}

/// `topic.partition.offset` in the id (confluent-kafka and aiokafka on
/// Python), or the bare offset (otelsarama).
fn by_id<'a>(facts: &MessageFacts<'_>, id: &'a [u8], topic: &'a [u8]) -> Option<Record<'a>> {
    if let Some(offset) = natural(id) {
        return Some(Record {
            topic: Some(topic).filter(|topic| !topic.is_empty())?,
            partition: facts.partition().natural()?,
            offset,
        });
    }
    let record = split_record(id)?;
    (topic.is_empty() || topic == record.topic).then_some(record)
}

fn split_record(id: &[u8]) -> Option<Record<'_>> {
    let mut parts = id.rsplitn(3, |&byte| byte == b'.');
    let offset = natural(parts.next()?)?;
    let partition = natural(parts.next()?)?;
    let topic = parts.next().filter(|topic| !topic.is_empty())?;
    Some(Record {
        topic,
        partition,
        offset,
    })
}

fn is_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// The topic of a partition: a consumer may name `orders-partition-3` where
/// the producer names `orders`.
fn without_partition(topic: &[u8]) -> &[u8] {
    let digits = topic.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let stem = topic.len() - digits.count();
    match topic.split_at_checked(stem) {
        Some((stem, number)) if !number.is_empty() => {
            stem.strip_suffix(b"-partition-").unwrap_or(topic)
        }
        _ => topic,
    }
}
