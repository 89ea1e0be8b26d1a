//! Kafka in Java: the producer records where its record was stored, so that
//! both sides name topic, partition and offset.

use crate::profile::{
    Attribute, Consume, Consumer, Correlation, Failure, Ids, Joinable, Kind, Produce, Profile,
    QUEUE, Remedy, Shape, Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[
    SINGLE,
    RECEIVE_TELEMETRY,
    BATCH,
    OLDER_BATCH,
    OLDER,
    UNACKNOWLEDGED,
    CAPTURED,
];

const SEND: Shape = Shape {
    name: "{destination} publish",
    kind: Kind::Producer,
    attributes: &[
        text("messaging.system", "kafka"),
        text("messaging.operation", "publish"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.client_id", "producer-1"),
        text("messaging.destination.partition.id", "{partition}"),
        integer("messaging.kafka.message.offset", "{offset}"),
        text("messaging.kafka.message.key", "customer-7"),
    ],
};

const PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "kafka"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.kafka.consumer.group", "billing"),
        text("messaging.client_id", "consumer-1"),
        text("messaging.destination.partition.id", "{partition}"),
        integer("messaging.kafka.message.offset", "{offset}"),
        integer("messaging.message.body.size", "311"),
    ],
};

const BATCH_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "kafka"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.kafka.consumer.group", "billing"),
        text("messaging.client_id", "consumer-1"),
        integer("messaging.batch.message_count", "{count}"),
    ],
};

const RECEIVE: Shape = Shape {
    name: "{destination} receive",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "kafka"),
        text("messaging.operation", "receive"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.kafka.consumer.group", "billing"),
        integer("messaging.batch.message_count", "{count}"),
    ],
};

const OFFSETS: &[Attribute] = &[
    text("messaging.destination.partition.id", "{partition}"),
    integer("messaging.kafka.message.offset", "{offset}"),
];

const BY_OFFSET: Joinable = Joinable::By("topic, partition and offset");

const SINGLE: Profile = Profile {
    name: "java-kafka",
    language: "Java",
    library: "Kafka clients, record by record",
    version: "opentelemetry-java-instrumentation 2.31.0",
    conventions: "1.25",
    scopes: Sides::both("io.opentelemetry.kafka-clients-0.11"),
    ids: Ids::Absent,
    destinations: QUEUE,
    produce: &[Produce::Each(SEND)],
    consume: &[Consume::Each(Consumer {
        shape: PROCESS,
        correlation: Correlation::Parent,
    })],
    traits: Traits {
        // The span of a failed send has neither partition nor offset.
        failure: Failure::Never,
        ..Traits::LOG
    },
    joinable: BY_OFFSET,
};

const RECEIVE_TELEMETRY: Profile = Profile {
    name: "java-kafka-receive-telemetry",
    library: "Kafka clients, receive telemetry",
    consume: &[Consume::Poll {
        poll: Consumer {
            shape: RECEIVE,
            correlation: Correlation::Unseen,
        },
        each: Consumer {
            shape: PROCESS,
            correlation: Correlation::Links(&[]),
        },
    }],
    ..SINGLE
};

const BATCH: Profile = Profile {
    name: "java-kafka-batch",
    library: "Spring Kafka, batch listener",
    scopes: Sides::of(
        "io.opentelemetry.kafka-clients-0.11",
        "io.opentelemetry.spring-kafka-2.7",
    ),
    consume: &[Consume::Batch(Consumer {
        shape: BATCH_PROCESS,
        correlation: Correlation::Links(OFFSETS),
    })],
    ..SINGLE
};

const OLDER_BATCH: Profile = Profile {
    name: "java-kafka-batch-older",
    library: "Spring Kafka, batch listener, older",
    version: "opentelemetry-java-instrumentation before offsets on links (PR 19504)",
    consume: &[Consume::Batch(Consumer {
        shape: BATCH_PROCESS,
        correlation: Correlation::Links(&[]),
    })],
    joinable: Joinable::Not {
        why: "the span of a batch, and its links, name no record",
        remedy: Remedy::CaptureHeaders,
    },
    ..BATCH
};

const OLDER: Profile = Profile {
    name: "java-kafka-older",
    library: "Kafka clients, 2022 to 2023",
    version: "opentelemetry-java-instrumentation 1.2x",
    conventions: "1.17 to 1.20",
    produce: &[Produce::Each(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.destination.kind", "topic"),
            integer("messaging.kafka.destination.partition", "{partition}"),
            integer("messaging.kafka.message.offset", "{offset}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "kafka"),
                text("messaging.operation", "process"),
                text("messaging.source.name", "{destination}"),
                text("messaging.source.kind", "topic"),
                text("messaging.kafka.consumer.group", "billing"),
                integer("messaging.kafka.source.partition", "{partition}"),
                integer("messaging.kafka.message.offset", "{offset}"),
                integer("messaging.message.payload_size_bytes", "311"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    ..SINGLE
};

const UNACKNOWLEDGED: Profile = Profile {
    name: "java-kafka-acks-0",
    library: "Kafka clients, `acks=0`",
    produce: &[Produce::Each(Shape {
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.client_id", "producer-1"),
            text("messaging.destination.partition.id", "{partition}"),
            integer("messaging.kafka.message.offset", "-1"),
        ],
        ..SEND
    })],
    joinable: Joinable::Not {
        why: "the producer does not wait for the offset, and records -1",
        remedy: Remedy::WaitForAcknowledgement,
    },
    ..SINGLE
};

const CAPTURED: Profile = Profile {
    name: "java-kafka-captured-headers",
    library: "Spring Kafka, batch listener, headers captured",
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            attributes: &[
                text("messaging.system", "kafka"),
                text("messaging.operation", "process"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.kafka.consumer.group", "billing"),
                integer("messaging.batch.message_count", "{count}"),
                crate::profile::texts("messaging.header.traceparent", "{traceparent}"),
            ],
            ..BATCH_PROCESS
        },
        correlation: Correlation::Links(&[]),
    })],
    joinable: Joinable::By("the context in the captured header"),
    ..OLDER_BATCH
};
