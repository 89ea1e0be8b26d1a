//! What the rule knows of a span and of a link: the attributes that the
//! recipes read, under all their names.

use crate::checksum::checksum;
use crate::value::Value;

/// A fact that has had several names: the newest name that is set wins, since
/// emitters in transition set the old ones beside it
/// (`OTEL_SEMCONV_STABILITY_OPT_IN=messaging/dup`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Fact<'a> {
    /// The value.
    pub value: Value<'a>,
    /// The place of its name among the names, 0 the newest.
    name: u8,
}

impl<'a> Fact<'a> {
    /// Takes note of a value under the name in this place.
    #[allow(
        clippy::inline_always,
        reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
    )]
    #[inline(always)]
    pub fn offer(&mut self, name: u8, value: Value<'a>) {
        let better = name <= self.name || matches!(self.value, Value::Absent);
        if better && value.is_usable() {
            *self = Self { value, name };
        }
    }

    #[inline]
    fn inherit(&mut self, from: &Self) {
        if matches!(self.value, Value::Absent) {
            *self = *from;
        }
    }
}

/// The known attributes of a span or of a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct MessageFacts<'a> {
    /// What is done with the message: a fact for each name, since a word that
    /// nobody knows under the newest says nothing of the next.
    pub operation_type: Fact<'a>,
    /// `messaging.operation`
    pub operation: Fact<'a>,
    /// `messaging.operation.name`
    pub operation_name: Fact<'a>,
    /// `bullmq.queue.operation`, `celery.action`
    pub job_action: Fact<'a>,
    /// The method of a client span.
    pub method: Fact<'a>,
    /// The messaging system.
    pub system: Fact<'a>,
    /// The message id, or an array of them.
    pub id: Fact<'a>,
    /// An array of message ids.
    pub ids: Fact<'a>,
    /// Topic, queue, exchange.
    pub destination: Fact<'a>,
    /// Kafka's partition.
    pub partition: Fact<'a>,
    /// Kafka's offset.
    pub offset: Fact<'a>,
    /// Kafka's cluster.
    pub cluster: Fact<'a>,
    /// How many messages a batch has.
    pub message_count: Fact<'a>,
    /// The captured `traceparent` header, one or an array.
    pub traceparent: Fact<'a>,
    /// The captured `tracestate` header, one or an array.
    pub tracestate: Fact<'a>,
    /// `MassTransit`'s id.
    pub masstransit_id: Fact<'a>,
    /// `NServiceBus`' id.
    pub nservicebus_id: Fact<'a>,
    /// The source of a `CloudEvent`.
    pub event_source: Fact<'a>,
    /// The id of a `CloudEvent`.
    pub event_id: Fact<'a>,
    /// `BullMQ`'s queue.
    pub bullmq_queue: Fact<'a>,
    /// `BullMQ`'s job.
    pub bullmq_job: Fact<'a>,
    /// The task library that has attributes of its own on the span, and makes up
    /// the message ids itself.
    pub tasks: Option<TaskLibrary>,
    /// The job of a library that has one name for it on both sides, and the
    /// library (rq, arq, dramatiq).
    pub job: Fact<'a>,
    /// `queue_name` or `actor_name`: what tells dramatiq's `message_id` from
    /// anybody else's.
    pub actor: Fact<'a>,
    /// The conversation that the message is part of: named by both sides of
    /// `FastStream`, where it is new for each message.
    pub conversation: Fact<'a>,
    /// `messaging.destination_publish.name`: where the message was sent to.
    pub published_to: Fact<'a>,
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

        impl<'a> MessageFacts<'a> {
            /// Takes note of an attribute.
            #[allow(
                clippy::inline_always,
                reason = "what is returned through memory in a guest is stored in halves and loaded as a whole, which stalls"
            )]
            #[inline(always)]
            pub fn take(&mut self, name: Name, value: Value<'a>) {
                match name {
                    $(Name::$name => self.$fact.offer($place, value),)*
                }
            }
        }
    };
}

// Sources: semconv 1.44.0 and its schema files back to 1.9.0.
names! {
    MessagingSystem => "messaging.system", system, 0;
    MessagingOperation => "messaging.operation", operation, 0;
    MessagingMessageId => "messaging.message.id", id, 0;
    MessagingMessageIdOld => "messaging.message_id", id, 1;
    MessagingMessageIds => "messaging.message.ids", ids, 0;
    MessagingDestinationName => "messaging.destination.name", destination, 0;
    MessagingDestination => "messaging.destination", destination, 1;
    MessagingSourceName => "messaging.source.name", destination, 2;
    MessagingKafkaOffset => "messaging.kafka.offset", offset, 0;
    MessagingKafkaMessageOffset => "messaging.kafka.message.offset", offset, 1;
    MessagingOperationType => "messaging.operation.type", operation_type, 0;
    MessagingOperationName => "messaging.operation.name", operation_name, 0;
    MessagingDestinationPartitionId => "messaging.destination.partition.id", partition, 0;
    MessagingKafkaDestinationPartition => "messaging.kafka.destination.partition", partition, 1;
    MessagingKafkaSourcePartition => "messaging.kafka.source.partition", partition, 2;
    MessagingKafkaPartition => "messaging.kafka.partition", partition, 3;
    MessagingKafkaClusterId => "messaging.kafka.cluster.id", cluster, 0;
    MessagingBatchMessageCount => "messaging.batch.message_count", message_count, 0;
    MessagingHeaderTraceparent => "messaging.header.traceparent", traceparent, 0;
    MessagingBullmqJobOptsTraceparent => "messaging.bullmq.job.opts.traceparent", traceparent, 1;
    MessagingHeaderTracestate => "messaging.header.tracestate", tracestate, 0;
    MessagingBullmqJobOptsTracestate => "messaging.bullmq.job.opts.tracestate", tracestate, 1;
    MessagingMasstransitMessageId => "messaging.masstransit.message_id", masstransit_id, 0;
    MessagingMessageConversationId => "messaging.message.conversation_id", conversation, 0;
    MessagingDestinationPublishName => "messaging.destination_publish.name", published_to, 0;
    NservicebusMessageId => "nservicebus.message_id", nservicebus_id, 0;
    CloudeventsEventId => "cloudevents.event_id", event_id, 0;
    CloudeventsEventSource => "cloudevents.event_source", event_source, 0;
    BullmqQueueOperation => "bullmq.queue.operation", job_action, 0;
    CeleryAction => "celery.action", job_action, 1;
    BullmqQueueName => "bullmq.queue.name", bullmq_queue, 0;
    BullmqJobId => "bullmq.job.id", bullmq_job, 0;
    RpcMethod => "rpc.method", method, 0;
    AwsOperation => "aws.operation", method, 1;
    RqJobId => "rq.job.id", job, 0;
    ArqJobId => "arq.job.id", job, 1;
    MessageId => "message_id", job, 2;
    ActorName => "actor_name", actor, 0;
}

/// The libraries that are known by the beginning of their attributes.
pub const TASK_LIBRARIES: &[(TaskLibrary, &str)] = &[
    (TaskLibrary::Celery, "celery."),
    (TaskLibrary::Remoulade, "remoulade."),
    (TaskLibrary::Taskiq, "taskiq."),
];

impl<'a> MessageFacts<'a> {
    /// The library whose job is named.
    #[inline]
    #[must_use]
    pub fn job_library(&self) -> Option<JobLibrary> {
        if !self.job.value.is_usable() {
            return None;
        }
        match self.job.name {
            0 => Some(JobLibrary::Rq),
            1 => Some(JobLibrary::Arq),
            _ => self.actor.value.is_usable().then_some(JobLibrary::Dramatiq),
        }
    }

    /// The destination is where the reply to a request goes: nobody expects
    /// a link there. (NATS; `(temporary)` is what older Java agents write.)
    #[inline]
    #[must_use]
    pub fn is_reply(&self) -> bool {
        let destination = self.destination.value.text().unwrap_or_default();
        destination.starts_with(b"_INBOX.") || destination == b"(temporary)"
    }

    /// Fills what a link leaves out from its span: per-message data stands on
    /// the link, what is equal for all messages on the span (semconv, "batch
    /// messaging operations"). What names one message is never filled in.
    pub fn inherit(&mut self, span: &Self) {
        self.system.inherit(&span.system);
        self.destination.inherit(&span.destination);
        self.partition.inherit(&span.partition);
        self.cluster.inherit(&span.cluster);
        self.event_source.inherit(&span.event_source);
        self.bullmq_queue.inherit(&span.bullmq_queue);
        self.actor.inherit(&span.actor);
        self.published_to.inherit(&span.published_to);
        self.tasks = self.tasks.or(span.tasks);
    }

    /// There is something that names a message.
    #[inline]
    #[must_use]
    pub fn names_messages(&self) -> bool {
        self.id_facts().iter().any(|fact| fact.value.is_usable())
    }

    /// The facts that name a message.
    #[inline]
    #[must_use]
    pub fn id_facts(&self) -> [&Fact<'a>; 9] {
        [
            &self.id,
            &self.ids,
            &self.offset,
            &self.masstransit_id,
            &self.nservicebus_id,
            &self.event_id,
            &self.bullmq_job,
            &self.job,
            &self.conversation,
        ]
    }

    /// The same, to be changed.
    pub fn id_facts_mut(&mut self) -> [&mut Fact<'a>; 9] {
        [
            &mut self.id,
            &mut self.ids,
            &mut self.offset,
            &mut self.masstransit_id,
            &mut self.nservicebus_id,
            &mut self.event_id,
            &mut self.bullmq_job,
            &mut self.job,
            &mut self.conversation,
        ]
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
    pub alias: Fact<'a>,
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
