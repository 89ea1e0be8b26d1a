//! The lines of advice. The first that fits counts.

use linkmend::Reason;

use crate::line::{Line, SQS, When};

/// By both names of the option.
macro_rules! capture {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "capture the header `traceparent` with the Java agent \
             (otel.instrumentation.messaging.experimental.capture-headers=traceparent up to 2.33, \
             then otel.instrumentation.common.messaging.headers.included)",
            $after
        )
    };
}

const JAVA: Option<&str> = Some("java");
const KAFKA: &[&str] = &["kafka"];
const RABBITMQ: &[&str] = &["rabbitmq"];

pub(crate) const LINES: &[Line] = &[
    Line {
        reason: Reason::Unresolved,
        systems: SQS,
        language: None,
        producers: When::OnlySns,
        text: "SNS gives its messages other ids than SQS does: record an id of your own on both \
               sides, and name it in `recipes`.",
        to_senders: None,
        followed: &["python/advice-botocore-sns-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: &[],
        language: None,
        producers: When::Absent,
        text: "Give the producer's file too: no producer of this system is in the inputs.",
        to_senders: Some(
            "Have the producer send its spans here too: none of this system was seen. If it sends \
             them to another linkmend, share the `index`.",
        ),
        followed: &["jvm/kafka-clients-lost", "python/celery-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: KAFKA,
        language: None,
        producers: When::JavaWithoutOffset,
        text: capture!(
            "The producers do not wait for the broker (acks=0), so that they never learn the \
             offset: set acks=1; or ",
            "."
        ),
        to_senders: None,
        followed: &[
            "jvm/advice-kafka-acks-1-lost",
            "jvm/advice-kafka-acks-0-headers-lost",
        ],
    },
    Line {
        reason: Reason::Unresolved,
        systems: KAFKA,
        language: None,
        producers: When::Nameless,
        text: "The producers' spans have no offset, and ended before it was known: put a PRODUCER \
               span of your own around each send, with `messaging.destination.name`, \
               `messaging.destination.partition.id` and `messaging.kafka.offset` of what the send \
               returned.",
        to_senders: None,
        followed: &[
            "javascript/advice-kafkajs-each-lost",
            "javascript/advice-kafkajs-batch-lost",
            "python/advice-aiokafka-lost",
            "python/advice-confluent-kafka-lost",
        ],
    },
    Line {
        reason: Reason::Unresolved,
        systems: KAFKA,
        language: None,
        producers: When::Present,
        text: "Give the producer's file too: the producers in the inputs name other records. One \
               that does not wait for the broker (acks=0, NoAck, NoResponse) never learns the \
               offset: let it wait.",
        to_senders: Some(
            "Have the producer send its spans here too: those that were seen name other records. \
             One that does not wait for the broker (acks=0, NoAck, NoResponse) never learns the \
             offset: let it wait.",
        ),
        followed: &["go/advice-franz-noack-lost", "go/advice-sarama-noack-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: SQS,
        language: None,
        producers: When::Present,
        text: "Give the producer's file too. If it is there, the messages were sent in a batch, \
               whose span names no id: record the ids of the answer as an array under \
               `messaging.message.id`, on a PRODUCER span of your own around the batch, or by the \
               instrumentation's hook for answers.",
        to_senders: Some(
            "Have the producer send its spans here too. If it does, the messages were sent in a \
             batch, whose span names no id: record the ids of the answer as an array under \
             `messaging.message.id`, on a PRODUCER span of your own around the batch, or by the \
             instrumentation's hook for answers.",
        ),
        followed: &[
            "jvm/advice-sqs-batches-lost",
            "javascript/advice-aws-sqs-hook-lost",
            "python/advice-botocore-sqs-batch",
        ],
    },
    Line {
        reason: Reason::Unresolved,
        systems: RABBITMQ,
        language: JAVA,
        producers: When::Nameless,
        text: capture!(
            "The message id is set, and only the consumers record it: ",
            ". That helps where the producer injects the context."
        ),
        to_senders: None,
        followed: &["jvm/advice-spring-amqp-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: RABBITMQ,
        language: None,
        producers: When::Nameless,
        text: "The producers' spans name no message id: set `message_id` in the properties of each \
               message, which pika, aio-pika and amqplib then record on both sides. Where the \
               producer's instrumentation does not record it, record an id of your own on both \
               sides, and name it in `recipes`.",
        to_senders: None,
        followed: &[
            "python/advice-aio-pika-lost",
            "python/advice-pika-lost",
            "javascript/advice-amqplib-noids-lost",
            "python/advice-oslo-messaging-lost",
        ],
    },
    Line {
        reason: Reason::Unresolved,
        systems: &["bullmq"],
        language: None,
        producers: When::Nameless,
        text: "The producers' spans name no job: set `jobId` when you add a job.",
        to_senders: None,
        followed: &["javascript/bullmq-appsignal-ids-off"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: &[],
        language: None,
        producers: When::Nameless,
        text: "The producers' spans name no message: put a PRODUCER span of your own around each \
               send, with the id that the consumer names, under the same attribute.",
        to_senders: None,
        followed: &["javascript/advice-bullmq-bulk-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        // BullMQ's own spans name no system.
        systems: &["", "bullmq"],
        language: None,
        producers: When::Present,
        text: "Give the producer's file too: the producers in the inputs name other messages. If \
               it is there, several were sent at once (BullMQ's addBulk): put a PRODUCER span of \
               your own around that, with all ids under the attributes that the consumer's span \
               has.",
        to_senders: Some(
            "Have the producer send its spans here too: those that were seen name other messages. \
             If it does, several were sent at once (BullMQ's addBulk): put a PRODUCER span of \
             your own around that, with all ids under the attributes that the consumer's span \
             has.",
        ),
        followed: &["javascript/advice-bullmq-bulk-lost"],
    },
    Line {
        reason: Reason::Unresolved,
        systems: &[],
        language: None,
        producers: When::Present,
        text: "Give the producer's file too: the producers in the inputs name other messages.",
        to_senders: Some(
            "Have the producer send its spans here too: those that were seen name other messages. \
             If it sends them to another linkmend, share the `index`.",
        ),
        followed: &["jvm/jms-lost", "python/pika-lost"],
    },
    // Settings of linkmend itself, and what data has to be like: tests of the rule
    // hold these, and no emitter is to be recorded anew.
    Line {
        reason: Reason::TooLate,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Correct the hosts' clocks, or raise `clock_skew`: the producer starts later after \
               its consumer than that allows.",
        to_senders: None,
        followed: &[],
    },
    Line {
        reason: Reason::TooMany,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Receive fewer messages at once: no more than 1,024 of one span are looked at.",
        to_senders: None,
        followed: &[],
    },
    Line {
        reason: Reason::Ambiguous,
        systems: KAFKA,
        language: None,
        producers: When::Always,
        text: "Several producers name one offset, for they do not wait for the broker (acks=0, \
               NoAck, NoResponse), which would tell them: let them wait.",
        to_senders: None,
        followed: &["go/advice-franz-noack-lost", "go/advice-sarama-noack-lost"],
    },
    Line {
        reason: Reason::Ambiguous,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Make message ids unique, or set `ambiguous: latest`: several producers of one id \
               are equally near, or there are too many of them.",
        to_senders: None,
        followed: &[],
    },
    Line {
        reason: Reason::NoRoom,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Raise `max_links`: the span has as many links as it may have.",
        to_senders: None,
        followed: &[],
    },
    Line {
        reason: Reason::Incomplete,
        systems: KAFKA,
        language: None,
        producers: When::Always,
        text: "Record `messaging.destination.name`, `messaging.destination.partition.id` and \
               `messaging.kafka.offset` on the consumer's span: they tell a record only together.",
        to_senders: None,
        followed: &["python/advice-kafka-python-lost"],
    },
    Line {
        reason: Reason::Incomplete,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Record where the message went, too (`messaging.destination.name`, or \
               `bullmq.queue.name`): the id is not unique on its own.",
        to_senders: None,
        followed: &["javascript/advice-bullmq-bulk-lost"],
    },
    Line {
        reason: Reason::Unnamed,
        systems: KAFKA,
        language: JAVA,
        producers: When::Always,
        text: capture!(
            "If the producer injects the context, ",
            ". Of batches, agent 2.33.1 then records it, 1.25.1 does not."
        ),
        to_senders: None,
        followed: &["jvm/advice-spring-kafka-batches-lost"],
    },
    Line {
        reason: Reason::Unnamed,
        systems: KAFKA,
        language: None,
        producers: When::Always,
        text: "Let the consumer's hook record partition and offset, and a PRODUCER span of your \
               own around each send too; or, if the producer injects the context, record the \
               header `traceparent` as `messaging.header.traceparent`.",
        to_senders: None,
        followed: &[
            "python/advice-kafka-python-lost",
            "python/advice-kafka-python-headers",
            "python/advice-confluent-kafka-headers",
        ],
    },
    Line {
        reason: Reason::Unnamed,
        systems: RABBITMQ,
        language: JAVA,
        producers: When::Always,
        text: capture!("If the producer injects the context, ", "."),
        to_senders: None,
        followed: &[
            "jvm/advice-rabbitmq-client-lost",
            "jvm/advice-spring-amqp-lost",
        ],
    },
    Line {
        reason: Reason::Unnamed,
        systems: RABBITMQ,
        language: None,
        producers: When::Always,
        text: "Set `message_id` in the properties of each message: pika, aio-pika and amqplib \
               record it on both sides.",
        to_senders: None,
        followed: &[
            "python/advice-pika-lost",
            "python/advice-aio-pika-lost",
            "javascript/advice-amqplib-noids-lost",
        ],
    },
    Line {
        reason: Reason::Unnamed,
        systems: SQS,
        language: None,
        producers: When::Always,
        text: "Record the ids of all messages that were received as an array under \
               `messaging.message.id`: by the instrumentation's hook for answers (responseHook, \
               otelaws.WithAttributeBuilder), on a CONSUMER span of your own, or in AWS Lambda for \
               Python on the span that is current.",
        to_senders: None,
        followed: &[
            "javascript/advice-aws-sqs-hook-lost",
            "go/advice-aws-sqs-off",
            "python/advice-lambda-lost",
            "javascript/advice-aws-lambda-off",
        ],
    },
    Line {
        reason: Reason::Unnamed,
        systems: &["nats"],
        language: JAVA,
        producers: When::Always,
        text: capture!(
            "If the producer injects the context, ",
            ". JetStream's own publish sends no header, Connection.publish does."
        ),
        to_senders: None,
        followed: &[
            "jvm/advice-nats-lost",
            "jvm/advice-nats-jetstream-core-lost",
        ],
    },
    Line {
        reason: Reason::Unnamed,
        systems: &[],
        language: JAVA,
        producers: When::Always,
        text: capture!("If the producer injects the context, ", "."),
        to_senders: None,
        followed: &["jvm/advice-spring-integration-lost"],
    },
    Line {
        reason: Reason::Unnamed,
        systems: &[],
        language: None,
        producers: When::Always,
        text: "Record the id of the message on the consumer's span, under the attribute that the \
               producer's span has it under; or an id of your own on both sides, named in \
               `recipes` (docs/emitters.md).",
        to_senders: None,
        followed: &[
            "python/advice-taskiq-lost",
            "python/advice-botocore-sns-lost",
        ],
    },
];
