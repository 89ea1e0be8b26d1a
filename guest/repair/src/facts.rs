//! What the rule knows of a span and of a link: the attributes that the
//! recipes read, under all their names.

use crate::checksum::checksum;
use crate::value::Value;

/// A fact that has had several names: the newest name that is set wins, since
/// emitters in transition set the old ones beside it
/// (`OTEL_SEMCONV_STABILITY_OPT_IN=messaging/dup`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Offered<'a> {
    /// The value.
    pub value: Value<'a>,
    /// The place of its name among the names, 0 the newest.
    name: u8,
}

impl<'a> Offered<'a> {
    /// Takes note of a value under the name in this place.
    #[inline]
    pub fn offer(&mut self, name: u8, value: Value<'a>) {
        let better = name <= self.name || matches!(self.value, Value::Absent);
        if better && value.is_usable() {
            *self = Self { value, name };
        }
    }
}

/// The facts that attributes can tell of a message, each with what reads it.
macro_rules! facts {
    ($($(#[$doc:meta])* $fact:ident, $read:ident;)*) => {
        /// What attributes can tell of a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fact {
            $($(#[$doc])* $fact,)*
        }

        /// How many facts there are.
        const FACTS: usize = [$(Fact::$fact,)*].len();

        impl<'a> MessageFacts<'a> {
            $(
                $(#[$doc])*
                #[inline]
                #[must_use]
                pub fn $read(&self) -> Value<'a> {
                    self.value(Fact::$fact)
                }
            )*
        }
    };
}

facts! {
    /// What is done with the message: a fact for each name, since a word that
    /// nobody knows under the newest says nothing of the next.
    OperationType, operation_type;
    /// `messaging.operation`
    Operation, operation;
    /// `messaging.operation.name`
    OperationName, operation_name;
    /// `bullmq.queue.operation`, `celery.action`
    JobAction, job_action;
    /// The method of a client span.
    Method, method;
    /// The messaging system.
    System, system;
    /// The message id, or an array of them.
    Id, id;
    /// An array of message ids.
    Ids, ids;
    /// Topic, queue, exchange.
    Destination, destination;
    /// Kafka's partition.
    Partition, partition;
    /// Kafka's offset.
    Offset, offset;
    /// Kafka's cluster.
    Cluster, cluster;
    /// How many messages a batch has.
    MessageCount, message_count;
    /// The captured `traceparent` header, one or an array.
    Traceparent, traceparent;
    /// The captured `tracestate` header, one or an array.
    Tracestate, tracestate;
    /// `MassTransit`'s id.
    MasstransitId, masstransit_id;
    /// `NServiceBus`' id.
    NservicebusId, nservicebus_id;
    /// The source of a `CloudEvent`.
    EventSource, event_source;
    /// The id of a `CloudEvent`.
    EventId, event_id;
    /// `BullMQ`'s queue.
    BullmqQueue, bullmq_queue;
    /// `BullMQ`'s job.
    BullmqJob, bullmq_job;
    /// The job of a library that has one name for it on both sides, and the
    /// library (rq, arq, dramatiq).
    Job, job;
    /// `queue_name` or `actor_name`: what tells dramatiq's `message_id` from
    /// anybody else's.
    Actor, actor;
    /// The conversation that the message is part of: named by both sides of
    /// `FastStream`, where it is new for each message.
    Conversation, conversation;
    /// `messaging.destination_publish.name`: where the message was sent to.
    PublishedTo, published_to;
}

impl Fact {
    const fn bit(self) -> u32 {
        1 << self as u8
    }

    const fn bits(facts: &[Self]) -> u32 {
        let (mut bits, mut rest) = (0, facts);
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        bits
    }
}

/// The facts that name a message.
pub const ID_FACTS: [Fact; 9] = [
    Fact::Id,
    Fact::Ids,
    Fact::Offset,
    Fact::MasstransitId,
    Fact::NservicebusId,
    Fact::EventId,
    Fact::BullmqJob,
    Fact::Job,
    Fact::Conversation,
];

/// What of a link holds for all messages of its span, and stands on that one.
const INHERITED: [Fact; 8] = [
    Fact::System,
    Fact::Destination,
    Fact::Partition,
    Fact::Cluster,
    Fact::EventSource,
    Fact::BullmqQueue,
    Fact::Actor,
    Fact::PublishedTo,
];

/// The known attributes of a span or of a link: the few that it has of those that there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct MessageFacts<'a> {
    /// Which facts are there: bits. What stands in the place of another one is of no
    /// account.
    present: u32,
    /// Which of them are arrays.
    arrays: u32,
    /// The places of their names among the names of the fact, 0 the newest.
    names: [u8; FACTS],
    values: [Value<'a>; FACTS],
    /// The task library that has attributes of its own on the span, and makes up
    /// the message ids itself.
    pub tasks: Option<TaskLibrary>,
}

/// A library whose tasks are messages, under ids that it gives itself: a task
/// that is tried again is sent again, under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskLibrary {
    /// Attributes of `celery.`
    Celery,
    /// Attributes of `remoulade.`
    Remoulade,
    /// Attributes of `taskiq.`
    Taskiq,
}

impl TaskLibrary {
    /// How keys name it.
    #[must_use]
    pub const fn family(self) -> &'static str {
        match self {
            Self::Celery => "celery",
            Self::Remoulade => "remoulade",
            Self::Taskiq => "taskiq",
        }
    }
}

/// A library whose jobs have an id of their own, by the place of its name in
/// [`MessageFacts::job`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobLibrary {
    /// `rq.job.id`
    Rq,
    /// `arq.job.id`
    Arq,
    /// `message_id` beside `actor_name` or `queue_name`.
    Dramatiq,
}

/// The attributes that can name a message, hold its context, or say that there
/// were messages: a span without any of them and without links is of no concern.
pub const KEY_ATTRIBUTES: &[&str] = &[
    "messaging.message.id",
    "messaging.message_id",
    "messaging.message.ids",
    "messaging.kafka.offset",
    "messaging.kafka.message.offset",
    "messaging.masstransit.message_id",
    "nservicebus.message_id",
    "cloudevents.event_id",
    "bullmq.job.id",
    "messaging.header.traceparent",
    "messaging.bullmq.job.opts.traceparent",
    "messaging.message.conversation_id",
    "rq.job.id",
    "arq.job.id",
    "actor_name",
    "messaging.batch.message_count",
];

/// The known names: what each is called on the wire, which fact it is, and
/// which of the names of that, 0 the newest.
macro_rules! names {
    ($($name:ident => $key:literal, $fact:ident, $place:literal;)*) => {
        /// A known name of an attribute.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is its key")]
        pub enum Name {
            $($name,)*
        }

        /// All known names, with their keys.
        pub const NAMES: &[(Name, &str)] = &[$((Name::$name, $key),)*];

        /// The fact that each name has a value of, and the place of the name among those of
        /// the fact.
        const FACT_OF: [(Fact, u8); NAMES.len()] = [$((Fact::$fact, $place),)*];
    };
}

// Sources: semconv 1.44.0 and its schema files back to 1.9.0.
names! {
    MessagingSystem => "messaging.system", System, 0;
    MessagingOperation => "messaging.operation", Operation, 0;
    MessagingMessageId => "messaging.message.id", Id, 0;
    MessagingMessageIdOld => "messaging.message_id", Id, 1;
    MessagingMessageIds => "messaging.message.ids", Ids, 0;
    MessagingDestinationName => "messaging.destination.name", Destination, 0;
    MessagingDestination => "messaging.destination", Destination, 1;
    MessagingSourceName => "messaging.source.name", Destination, 2;
    MessagingKafkaOffset => "messaging.kafka.offset", Offset, 0;
    MessagingKafkaMessageOffset => "messaging.kafka.message.offset", Offset, 1;
    MessagingOperationType => "messaging.operation.type", OperationType, 0;
    MessagingOperationName => "messaging.operation.name", OperationName, 0;
    MessagingDestinationPartitionId => "messaging.destination.partition.id", Partition, 0;
    MessagingKafkaDestinationPartition => "messaging.kafka.destination.partition", Partition, 1;
    MessagingKafkaSourcePartition => "messaging.kafka.source.partition", Partition, 2;
    MessagingKafkaPartition => "messaging.kafka.partition", Partition, 3;
    MessagingKafkaClusterId => "messaging.kafka.cluster.id", Cluster, 0;
    MessagingBatchMessageCount => "messaging.batch.message_count", MessageCount, 0;
    MessagingHeaderTraceparent => "messaging.header.traceparent", Traceparent, 0;
    MessagingBullmqJobOptsTraceparent => "messaging.bullmq.job.opts.traceparent", Traceparent, 1;
    MessagingHeaderTracestate => "messaging.header.tracestate", Tracestate, 0;
    MessagingBullmqJobOptsTracestate => "messaging.bullmq.job.opts.tracestate", Tracestate, 1;
    MessagingMasstransitMessageId => "messaging.masstransit.message_id", MasstransitId, 0;
    MessagingMessageConversationId => "messaging.message.conversation_id", Conversation, 0;
    MessagingDestinationPublishName => "messaging.destination_publish.name", PublishedTo, 0;
    NservicebusMessageId => "nservicebus.message_id", NservicebusId, 0;
    CloudeventsEventId => "cloudevents.event_id", EventId, 0;
    CloudeventsEventSource => "cloudevents.event_source", EventSource, 0;
    BullmqQueueOperation => "bullmq.queue.operation", JobAction, 0;
    CeleryAction => "celery.action", JobAction, 1;
    BullmqQueueName => "bullmq.queue.name", BullmqQueue, 0;
    BullmqJobId => "bullmq.job.id", BullmqJob, 0;
    RpcMethod => "rpc.method", Method, 0;
    AwsOperation => "aws.operation", Method, 1;
    RqJobId => "rq.job.id", Job, 0;
    ArqJobId => "arq.job.id", Job, 1;
    MessageId => "message_id", Job, 2;
    ActorName => "actor_name", Actor, 0;
}

/// The libraries that are known by the beginning of their attributes.
pub const TASK_LIBRARIES: &[(TaskLibrary, &str)] = &[
    (TaskLibrary::Celery, "celery."),
    (TaskLibrary::Remoulade, "remoulade."),
    (TaskLibrary::Taskiq, "taskiq."),
];

impl<'a> MessageFacts<'a> {
    /// Forgets all, for the next span.
    #[inline]
    pub fn clear(&mut self) {
        self.present = 0;
        self.tasks = None;
    }

    /// Takes note of an attribute.
    #[inline]
    pub fn take(&mut self, name: Name, value: Value<'a>) {
        let Some(&(fact, place)) = FACT_OF.get(name as usize) else {
            return;
        };
        let is_newer = self.present & fact.bit() == 0 || place <= self.name(fact);
        if is_newer && value.is_usable() {
            self.put(fact, place, value);
        }
    }

    /// Puts a value in the place of what is known.
    pub fn set(&mut self, fact: Fact, value: Value<'a>) {
        if value.is_usable() {
            self.put(fact, 0, value);
        } else {
            self.remove(fact);
        }
    }

    /// Forgets what is known.
    pub fn remove(&mut self, fact: Fact) {
        self.present &= !fact.bit();
    }

    /// The value of a fact.
    #[inline]
    #[must_use]
    pub fn value(&self, fact: Fact) -> Value<'a> {
        match self.values.get(fact as usize) {
            Some(value) if self.has(fact) => *value,
            _ => Value::Absent,
        }
    }

    /// The fact is known, and [usable](Value::is_usable).
    #[inline]
    #[must_use]
    pub fn has(&self, fact: Fact) -> bool {
        self.present & fact.bit() != 0
    }

    #[inline]
    fn put(&mut self, fact: Fact, name: u8, value: Value<'a>) {
        let (place, bit) = (fact as usize, fact.bit());
        if let (Some(known), Some(known_name)) =
            (self.values.get_mut(place), self.names.get_mut(place))
        {
            (*known, *known_name) = (value, name);
        }
        self.present |= bit;
        if value.is_array() {
            self.arrays |= bit;
        } else {
            self.arrays &= !bit;
        }
    }

    fn name(&self, fact: Fact) -> u8 {
        self.names.get(fact as usize).copied().unwrap_or_default()
    }

    /// The library whose job is named.
    #[inline]
    #[must_use]
    pub fn job_library(&self) -> Option<JobLibrary> {
        if !self.has(Fact::Job) {
            return None;
        }
        match self.name(Fact::Job) {
            0 => Some(JobLibrary::Rq),
            1 => Some(JobLibrary::Arq),
            _ => self.has(Fact::Actor).then_some(JobLibrary::Dramatiq),
        }
    }

    /// The destination is where the reply to a request goes: nobody expects
    /// a link there. (NATS; `(temporary)` is what older Java agents write.)
    #[inline]
    #[must_use]
    pub fn is_reply(&self) -> bool {
        let destination = self.destination().text().unwrap_or_default();
        destination.starts_with(b"_INBOX.") || destination == b"(temporary)"
    }

    /// Fills what a link leaves out from its span: per-message data stands on
    /// the link, what is equal for all messages on the span (semconv, "batch
    /// messaging operations"). What names one message is never filled in.
    pub fn inherit(&mut self, span: &Self) {
        for fact in INHERITED {
            if !self.has(fact) && span.has(fact) {
                self.put(fact, span.name(fact), span.value(fact));
            }
        }
        self.tasks = self.tasks.or(span.tasks);
    }

    /// There is something that names a message.
    #[inline]
    #[must_use]
    pub fn names_messages(&self) -> bool {
        self.present & const { Fact::bits(&ID_FACTS) } != 0
    }

    /// Something that names a message is an array.
    #[inline]
    #[must_use]
    pub fn names_in_arrays(&self) -> bool {
        self.present & self.arrays & const { Fact::bits(&ID_FACTS) } != 0
    }
}

/// Where spans come from: what of their resource counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The deployment environment; empty: none.
    pub environment: &'a [u8],
    /// Stands for `service.name`, see [`Self::set_service`]; 0: there is none.
    pub service: u64,
    /// The attributes that the configuration names, see [`crate::config::Extra`].
    pub extra: &'a [Value<'a>],
}

impl Origin<'_> {
    /// Takes note of `service.name`. Of each span it is asked whether it comes
    /// from the same service as another one, so a number is kept.
    pub fn set_service(&mut self, name: &[u8]) {
        self.service = checksum(name);
    }
}

/// What the rule knows of a span.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpanFacts<'a> {
    /// Its place in the batch, which edits name it by.
    pub number: u32,
    /// 0: invalid.
    pub trace_id: u128,
    /// 0: invalid.
    pub span_id: u64,
    /// 0: a root span.
    pub parent_span_id: u64,
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// The name.
    pub name: &'a [u8],
    /// The number of its kind.
    pub kind: u64,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub end: u64,
    /// The status is an error.
    pub failed: bool,
    /// OTLP flags.
    pub flags: u32,
    /// The known attributes.
    pub message: MessageFacts<'a>,
    /// The attributes that the configuration names, see [`crate::config::Extra`].
    pub extra: &'a [Value<'a>],
    /// The known attributes of its events, where these are asked for.
    pub events: &'a [MessageFacts<'a>],
}

/// What the rule knows of a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkFacts<'a> {
    /// 0: invalid.
    pub trace_id: u128,
    /// 0: invalid.
    pub span_id: u64,
    /// The link has a trace state.
    pub has_trace_state: bool,
    /// How many attributes it has.
    pub attribute_count: u32,
    /// A sum of the digests of its attributes, but for those that linkmend
    /// adds itself: equal sets have equal sums, in any order.
    pub digest: u64,
    /// The digest of the attribute that says why the link exists; `None`: it
    /// has none.
    pub type_digest: Option<u64>,
    /// The link carries linkmend's mark.
    pub is_marked: bool,
    /// `opentracing.ref_type`
    pub ref_type: Value<'a>,
    /// What a vendor's attribute says that it is, where that is asked for.
    pub alias: Offered<'a>,
    /// `retry.attempt` or `retry.of` is there.
    pub is_retry: bool,
    /// The known attributes.
    pub message: MessageFacts<'a>,
    /// The attributes that the configuration names, see [`crate::config::Extra`].
    pub extra: &'a [Value<'a>],
}

impl LinkFacts<'_> {
    /// Both ids are valid.
    #[inline]
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}
