//! Kafka in .NET and Ruby: the producers do not record where their records were
//! stored.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Remedy, Shape,
    Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[DOTNET, RDKAFKA, RUBY_KAFKA, RACECAR];

const NO_OFFSET: Joinable = Joinable::Not {
    why: "the producer does not record the offset",
    remedy: Remedy::RecordOffset,
};

const PYTHON: Profile = Profile {
    name: "python-kafka-python",
    language: "Python",
    library: "kafka-python",
    version: "opentelemetry-python-contrib 466ae4c",
    conventions: "1.11",
    scopes: Sides::both("opentelemetry.instrumentation.kafka"),
    ids: Ids::Absent,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.destination", "{destination}"),
            integer("messaging.kafka.partition", "{partition}"),
            text("messaging.url", "[\"kafka:9092\"]"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "kafka"),
                text("messaging.destination", "{destination}"),
                integer("messaging.kafka.partition", "{partition}"),
                text("messaging.url", "[\"kafka:9092\"]"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    traits: Traits::LOG,
    joinable: Joinable::Not {
        why: "neither side records the offset",
        remedy: Remedy::RecordOffset,
    },
};

const DOTNET: Profile = Profile {
    name: "dotnet-confluent-kafka",
    language: ".NET",
    library: "Confluent.Kafka",
    version: "opentelemetry-dotnet-contrib",
    conventions: "1.27",
    scopes: Sides::both("OpenTelemetry.Instrumentation.ConfluentKafka"),
    produce: &[Produce::Each(Shape {
        name: "send {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation.name", "send"),
            text("messaging.operation.type", "send"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.destination.partition.id", "{partition}"),
            text("messaging.client.id", "rdkafka#producer-1"),
        ],
    })],
    consume: &[
        Consume::Each(Consumer {
            shape: Shape {
                name: "poll {destination}",
                kind: Kind::Client,
                attributes: &[
                    text("messaging.system", "kafka"),
                    text("messaging.operation.name", "poll"),
                    text("messaging.operation.type", "receive"),
                    text("messaging.destination.name", "{destination}"),
                    text("messaging.destination.partition.id", "{partition}"),
                    integer("messaging.kafka.offset", "{offset}"),
                    text("messaging.consumer.group.name", "billing"),
                ],
            },
            correlation: Correlation::Links(&[]),
        }),
        Consume::Each(Consumer {
            shape: Shape {
                name: "process {destination}",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "kafka"),
                    text("messaging.operation.name", "process"),
                    text("messaging.operation.type", "process"),
                    text("messaging.destination.name", "{destination}"),
                    text("messaging.destination.partition.id", "{partition}"),
                    integer("messaging.kafka.offset", "{offset}"),
                    text("messaging.consumer.group.name", "billing"),
                ],
            },
            correlation: Correlation::Links(&[]),
        }),
    ],
    joinable: NO_OFFSET,
    ..PYTHON
};

const RUBY_PROCESS: Consumer = Consumer {
    shape: Shape {
        name: "{destination} process",
        kind: Kind::Consumer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.operation", "process"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "topic"),
            text("messaging.kafka.message_key", "customer-7"),
            integer("messaging.kafka.partition", "{partition}"),
            integer("messaging.kafka.offset", "{offset}"),
        ],
    },
    correlation: Correlation::Links(&[]),
};

const RDKAFKA: Profile = Profile {
    name: "ruby-rdkafka",
    language: "Ruby",
    library: "rdkafka",
    version: "opentelemetry-ruby-contrib 4d27934",
    conventions: "1.10",
    scopes: Sides::both("OpenTelemetry::Instrumentation::Rdkafka"),
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "kafka"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "topic"),
            text("messaging.kafka.message_key", "customer-7"),
        ],
    })],
    consume: &[
        Consume::Each(RUBY_PROCESS),
        Consume::Batch(Consumer {
            shape: Shape {
                name: "batch process",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "kafka"),
                    text("messaging.operation", "process"),
                    text("messaging.destination_kind", "topic"),
                    integer("messaging.kafka.message_count", "{count}"),
                ],
            },
            correlation: Correlation::Links(&[]),
        }),
    ],
    joinable: NO_OFFSET,
    ..PYTHON
};

const RUBY_KAFKA: Profile = Profile {
    name: "ruby-kafka",
    library: "ruby-kafka",
    scopes: Sides::both("OpenTelemetry::Instrumentation::RubyKafka"),
    consume: &[Consume::Each(RUBY_PROCESS)],
    ..RDKAFKA
};

const RACECAR: Profile = Profile {
    name: "ruby-racecar",
    library: "Racecar",
    scopes: Sides::both("OpenTelemetry::Instrumentation::Racecar"),
    consume: &[Consume::Each(RUBY_PROCESS)],
    ..RDKAFKA
};
