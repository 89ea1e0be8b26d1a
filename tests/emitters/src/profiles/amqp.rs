//! `RabbitMQ` in .NET. The protocol has a message id, and the application sets it
//! or does not.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Remedy, Shape,
    Sides, Traits, integer, text, yes,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[DOTNET, DOTNET_WITHOUT_IDS];

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
