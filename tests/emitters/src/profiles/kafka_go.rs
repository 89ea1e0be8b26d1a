//! Kafka in Go: two libraries know where their records were stored, and one
//! does not.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Remedy, Shape,
    Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[SARAMA, KOTEL, KOTEL_LINKS, KOTEL_UNACKNOWLEDGED, AUTO];

const SARAMA: Profile = Profile {
    name: "go-otelsarama",
    language: "Go",
    library: "Sarama (dnwe/otelsarama)",
    version: "dnwe/otelsarama",
    conventions: "1.19",
    scopes: Sides::both("github.com/dnwe/otelsarama"),
    // "42" names a record in one partition, and others in all others.
    ids: Ids::Offset,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "publish"),
            text("messaging.destination.kind", "topic"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
            integer("messaging.kafka.destination.partition", "{partition}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "kafka"),
                text("messaging.operation", "receive"),
                text("messaging.destination.kind", "topic"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.message.id", "{id}"),
                integer("messaging.kafka.source.partition", "{partition}"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    traits: Traits::LOG,
    joinable: Joinable::By("topic, partition and the offset that is the message id"),
};

const RECEIVE: Shape = Shape {
    name: "{destination} receive",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "kafka"),
        text("messaging.operation", "receive"),
        text("messaging.source.kind", "topic"),
        text("messaging.source.name", "{destination}"),
        text("messaging.kafka.consumer.group", "billing"),
        integer("messaging.kafka.source.partition", "{partition}"),
        integer("messaging.kafka.message.offset", "{offset}"),
    ],
};

const PROCESS: Consumer = Consumer {
    shape: Shape {
        name: "{destination} process",
        kind: Kind::Consumer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "process"),
            text("messaging.source.kind", "topic"),
            text("messaging.source.name", "{destination}"),
            text("messaging.kafka.consumer.group", "billing"),
            integer("messaging.kafka.source.partition", "{partition}"),
            integer("messaging.kafka.message.offset", "{offset}"),
        ],
    },
    correlation: Correlation::Inherited,
};

const KOTEL: Profile = Profile {
    name: "go-franz-kotel",
    library: "franz-go (kotel)",
    version: "twmb/franz-go plugin/kotel",
    conventions: "1.18",
    scopes: Sides::both("github.com/twmb/franz-go/plugin/kotel"),
    ids: Ids::Absent,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "publish"),
            text("messaging.destination.kind", "topic"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.kafka.message.key", "customer-7"),
            integer("messaging.kafka.destination.partition", "{partition}"),
            integer("messaging.kafka.message.offset", "{offset}"),
        ],
    })],
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: RECEIVE,
            correlation: Correlation::Parent,
        },
        inner: PROCESS,
    }],
    joinable: Joinable::By("topic, partition and offset"),
    ..SARAMA
};

const KOTEL_LINKS: Profile = Profile {
    name: "go-franz-kotel-links",
    library: "franz-go (kotel), `LinkSpans`",
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: RECEIVE,
            correlation: Correlation::Links(&[]),
        },
        inner: PROCESS,
    }],
    ..KOTEL
};

const KOTEL_UNACKNOWLEDGED: Profile = Profile {
    name: "go-franz-kotel-no-ack",
    library: "franz-go (kotel), `NoAck`",
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "publish"),
            text("messaging.destination.kind", "topic"),
            text("messaging.destination.name", "{destination}"),
            integer("messaging.kafka.destination.partition", "{partition}"),
            integer("messaging.kafka.message.offset", "-1"),
        ],
    })],
    joinable: Joinable::Not {
        why: "the producer does not wait for the offset, and records -1",
        remedy: Remedy::WaitForAcknowledgement,
    },
    ..KOTEL
};

const AUTO: Profile = Profile {
    name: "go-auto-kafka-go",
    library: "kafka-go (automatic)",
    version: "opentelemetry-go-instrumentation",
    conventions: "1.26",
    scopes: Sides::both("go.opentelemetry.io/auto/github.com/segmentio/kafka-go"),
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation.type", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.kafka.message.key", "customer-7"),
            integer("messaging.batch.message_count", "1"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "kafka"),
                text("messaging.operation.type", "receive"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.consumer.group.name", "billing"),
                text("messaging.destination.partition.id", "{partition}"),
                integer("messaging.kafka.message.offset", "{offset}"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    joinable: Joinable::Not {
        why: "the producer records neither partition nor offset",
        remedy: Remedy::RecordOffset,
    },
    ..KOTEL
};
