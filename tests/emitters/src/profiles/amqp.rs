//! AMQP 0.9.1, mostly `RabbitMQ`. The protocol has a message id, and the
//! application sets it or does not.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Remedy, Shape,
    Sides, Traits, integer, text, yes,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[
    PIKA,
    PIKA_WITHOUT_IDS,
    AIO_PIKA,
    AIO_PIKA_WITHOUT_IDS,
    AMQPLIB,
    AMQPLIB_LINKS,
    AMQPLIB_WITHOUT_IDS,
    DOTNET,
    DOTNET_WITHOUT_IDS,
    JAVA,
    SPRING,
];

const BY_ID: Joinable = Joinable::By("message id that the application sets");
const WITHOUT_IDS: Joinable = Joinable::Not {
    why: "the application sets no `message_id`, and AMQP makes none up",
    remedy: Remedy::SetMessageId,
};
const PIKA: Profile = Profile {
    name: "python-pika",
    language: "Python",
    library: "pika, ids set",
    version: "opentelemetry-python-contrib 466ae4c",
    conventions: "1.11 with ids of 1.17",
    scopes: Sides::both("opentelemetry.instrumentation.pika"),
    ids: Ids::Uuid,
    destinations: QUEUE,
    // Both `BlockingChannel.basic_publish` and the method that it calls are
    // wrapped: the context of the inner one is injected last.
    produce: &[Produce::Nested(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rabbitmq"),
            yes("messaging.temp_destination"),
            text("messaging.message.id", "{id}"),
            text("messaging.conversation_id", "{conversation}"),
            text("messaging.destination", "{destination}"),
            text("net.peer.name", "mq"),
            integer("net.peer.port", "5672"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "rabbitmq"),
                text("messaging.operation", "receive"),
                text("messaging.message.id", "{id}"),
                text("messaging.conversation_id", "{conversation}"),
                text("messaging.destination", "{destination}"),
                text("net.peer.name", "mq"),
                integer("net.peer.port", "5672"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    traits: Traits::REDELIVERY,
    joinable: BY_ID,
};

const PIKA_WITHOUT_IDS: Profile = Profile {
    name: "python-pika-no-ids",
    library: "pika, ids not set",
    ids: Ids::Absent,
    joinable: WITHOUT_IDS,
    ..PIKA
};

const AIO_PIKA: Profile = Profile {
    name: "python-aio-pika",
    library: "aio-pika, ids set",
    scopes: Sides::both("opentelemetry.instrumentation.aio_pika"),
    destinations: Sides::of("shop,{queue}", "shop"),
    produce: &[Produce::Each(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rabbitmq"),
            yes("messaging.temp_destination"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
            text("messaging.message.conversation_id", "{conversation}"),
            text("net.peer.name", "mq"),
            integer("net.peer.port", "5672"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "rabbitmq"),
                text("messaging.operation", "receive"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.message.id", "{id}"),
                text("messaging.message.conversation_id", "{conversation}"),
                text("net.peer.name", "mq"),
                integer("net.peer.port", "5672"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    ..PIKA
};

const AIO_PIKA_WITHOUT_IDS: Profile = Profile {
    name: "python-aio-pika-no-ids",
    library: "aio-pika, ids not set",
    ids: Ids::Absent,
    joinable: WITHOUT_IDS,
    ..AIO_PIKA
};

const AMQPLIB_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "rabbitmq"),
        text("messaging.operation", "process"),
        text("messaging.destination", "shop"),
        text("messaging.destination_kind", "topic"),
        text("messaging.rabbitmq.routing_key", "{queue}.created"),
        text("messaging.message_id", "{id}"),
        text("messaging.conversation_id", "{conversation}"),
    ],
};

const AMQPLIB: Profile = Profile {
    name: "js-amqplib",
    language: "JavaScript",
    library: "amqplib, ids set",
    version: "opentelemetry-js-contrib fd4d8ae",
    conventions: "1.7",
    scopes: Sides::both("@opentelemetry/instrumentation-amqplib"),
    destinations: Sides::of("shop", "{queue}"),
    produce: &[Produce::Each(Shape {
        name: "publish {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rabbitmq"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "topic"),
            text("messaging.rabbitmq.routing_key", "{queue}.created"),
            text("messaging.message_id", "{id}"),
            text("messaging.conversation_id", "{conversation}"),
            text("messaging.protocol", "AMQP"),
            text("messaging.protocol_version", "0.9.1"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: AMQPLIB_PROCESS,
        correlation: Correlation::Parent,
    })],
    ..PIKA
};

const AMQPLIB_LINKS: Profile = Profile {
    name: "js-amqplib-links",
    library: "amqplib, `useLinksForConsume`",
    consume: &[Consume::Each(Consumer {
        shape: AMQPLIB_PROCESS,
        correlation: Correlation::Links(&[]),
    })],
    ..AMQPLIB
};

const AMQPLIB_WITHOUT_IDS: Profile = Profile {
    name: "js-amqplib-no-ids",
    library: "amqplib, ids not set",
    ids: Ids::Absent,
    joinable: WITHOUT_IDS,
    ..AMQPLIB
};

const DOTNET: Profile = Profile {
    name: "dotnet-rabbitmq-client",
    language: ".NET",
    library: "RabbitMQ.Client 7, ids set",
    version: "RabbitMQ.Client 7",
    conventions: "1.27",
    scopes: Sides::of("RabbitMQ.Client.Publisher", "RabbitMQ.Client.Subscriber"),
    destinations: Sides::both("shop"),
    produce: &[Produce::Each(Shape {
        name: "basic.publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rabbitmq"),
            text("messaging.operation.type", "send"),
            text("messaging.operation.name", "publish"),
            text("messaging.destination.name", "{destination}"),
            text(
                "messaging.rabbitmq.destination.routing_key",
                "{queue}.created",
            ),
            text("messaging.message.id", "{id}"),
            text("messaging.message.conversation_id", "{conversation}"),
            integer("messaging.message.body.size", "311"),
            text("network.protocol.name", "amqp"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "basic.deliver",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "rabbitmq"),
                text("messaging.operation.type", "process"),
                text("messaging.operation.name", "deliver"),
                text("messaging.destination.name", "{destination}"),
                text(
                    "messaging.rabbitmq.destination.routing_key",
                    "{queue}.created",
                ),
                integer("messaging.rabbitmq.delivery_tag", "1"),
                text("messaging.message.id", "{id}"),
                text("messaging.message.conversation_id", "{conversation}"),
                integer("messaging.message.body.size", "311"),
            ],
        },
        correlation: Correlation::Links(&[]),
    })],
    ..PIKA
};

const DOTNET_WITHOUT_IDS: Profile = Profile {
    name: "dotnet-rabbitmq-client-no-ids",
    library: "RabbitMQ.Client 7, ids not set",
    ids: Ids::Absent,
    joinable: WITHOUT_IDS,
    ..DOTNET
};

const JAVA_PUBLISH: Shape = Shape {
    name: "shop publish",
    kind: Kind::Producer,
    attributes: &[
        text("messaging.system", "rabbitmq"),
        text("messaging.operation", "publish"),
        text("messaging.destination.name", "shop"),
        text(
            "messaging.rabbitmq.destination.routing_key",
            "{queue}.created",
        ),
        integer("messaging.message.body.size", "311"),
    ],
};

const JAVA: Profile = Profile {
    name: "java-rabbitmq",
    language: "Java",
    library: "RabbitMQ Java client",
    version: "opentelemetry-java-instrumentation 2.31.0",
    conventions: "1.25",
    scopes: Sides::both("io.opentelemetry.rabbitmq-2.7"),
    destinations: Sides::of("shop", "{queue}"),
    produce: &[Produce::Each(JAVA_PUBLISH)],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "rabbitmq"),
                text("messaging.operation", "process"),
                text("messaging.destination.name", "shop"),
                text(
                    "messaging.rabbitmq.destination.routing_key",
                    "{queue}.created",
                ),
                integer("messaging.message.body.size", "311"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    joinable: Joinable::Not {
        why: "no message id is recorded, even where the application sets one",
        remedy: Remedy::CaptureHeaders,
    },
    ..PIKA
};

const SPRING: Profile = Profile {
    name: "java-spring-rabbit",
    library: "Spring AMQP",
    scopes: Sides::of(
        "io.opentelemetry.rabbitmq-2.7",
        "io.opentelemetry.spring-rabbit-1.0",
    ),
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "rabbitmq"),
                text("messaging.operation", "process"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.message.id", "{id}"),
                integer("messaging.message.body.size", "311"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    joinable: Joinable::Not {
        why: "only the consumer records a message id",
        remedy: Remedy::CaptureHeaders,
    },
    ..JAVA
};
