//! Pulsar and `RocketMQ`, by the Java agent.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Shape, Sides,
    Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[PULSAR, PULSAR_RECEIVE_TELEMETRY, ROCKETMQ, ROCKETMQ_JOINED];

const JMS: Profile = Profile {
    name: "java-jms",
    language: "Java",
    library: "JMS",
    version: "opentelemetry-java-instrumentation 2.31.0",
    conventions: "1.25",
    scopes: Sides::both("io.opentelemetry.jms-1.1"),
    ids: Ids::Jms,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "jms"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: JMS_PROCESS,
        correlation: Correlation::Parent,
    })],
    traits: Traits::REDELIVERY,
    joinable: Joinable::By("message id of the provider"),
};

const JMS_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "jms"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
    ],
};

const PULSAR_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "pulsar"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        integer("messaging.message.body.size", "311"),
    ],
};

const PULSAR: Profile = Profile {
    name: "java-pulsar",
    library: "Pulsar",
    scopes: Sides::both("io.opentelemetry.pulsar-2.8"),
    ids: Ids::Ledger,
    destinations: Sides::of(
        "persistent://public/default/{queue}",
        "persistent://public/default/{queue}-partition-{partition}",
    ),
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "pulsar"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
            text("messaging.pulsar.message.type", "normal"),
            integer("messaging.message.body.size", "311"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: PULSAR_PROCESS,
        correlation: Correlation::Parent,
    })],
    traits: Traits::LOG,
    joinable: Joinable::By("topic and message id of the broker"),
    ..JMS
};

const PULSAR_RECEIVE_TELEMETRY: Profile = Profile {
    name: "java-pulsar-receive-telemetry",
    library: "Pulsar, receive telemetry",
    consume: &[
        Consume::Wait(Consumer {
            shape: Shape {
                name: "{destination} receive",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "pulsar"),
                    text("messaging.operation", "receive"),
                    text("messaging.destination.name", "{destination}"),
                    text("messaging.message.id", "{id}"),
                    integer("messaging.message.body.size", "311"),
                ],
            },
            correlation: Correlation::Links(&[]),
        }),
        Consume::Each(Consumer {
            shape: PULSAR_PROCESS,
            correlation: Correlation::Links(&[]),
        }),
    ],
    ..PULSAR
};

const ROCKETMQ: Profile = Profile {
    name: "java-rocketmq",
    library: "RocketMQ",
    scopes: Sides::both("io.opentelemetry.rocketmq-client-4.8"),
    ids: Ids::Capitals,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rocketmq"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
            text("messaging.rocketmq.message.tag", "created"),
        ],
    })],
    consume: &[
        Consume::Each(Consumer {
            shape: ROCKETMQ_PROCESS,
            correlation: Correlation::Parent,
        }),
        // A batch has a span without messages, and one in it for each.
        Consume::Poll {
            poll: Consumer {
                shape: Shape {
                    name: "multiple_sources receive",
                    kind: Kind::Consumer,
                    attributes: &[
                        text("messaging.system", "rocketmq"),
                        text("messaging.operation", "receive"),
                    ],
                },
                correlation: Correlation::Unseen,
            },
            each: Consumer {
                shape: ROCKETMQ_PROCESS,
                correlation: Correlation::Links(&[]),
            },
        },
    ],
    joinable: Joinable::By("message id of RocketMQ"),
    ..JMS
};

const ROCKETMQ_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "rocketmq"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        text("messaging.rocketmq.message.tag", "created"),
        integer("messaging.message.body.size", "311"),
    ],
};

const ROCKETMQ_JOINED: Profile = Profile {
    name: "java-rocketmq-batch-older",
    library: "RocketMQ, batches, older",
    version: "opentelemetry-java-instrumentation 1.x",
    conventions: "1.21",
    produce: &[Produce::Batch(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rocketmq"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{ids}"),
        ],
    })],
    joinable: Joinable::By("message ids of RocketMQ, several in one attribute"),
    ..ROCKETMQ
};
