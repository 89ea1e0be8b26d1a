//! Service buses of .NET, which give their messages ids of their own.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Shape, Sides,
    Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[MASSTRANSIT, MASSTRANSIT_LINK, NSERVICEBUS, NSERVICEBUS_LINK];

const RECEIVE: Shape = Shape {
    name: "{destination} receive",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "rabbitmq"),
        text("messaging.operation", "receive"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        text("messaging.message.conversation_id", "{conversation}"),
        text("messaging.masstransit.message_id", "{id}"),
        integer("messaging.message.body.size", "311"),
    ],
};

const PROCESS: Consumer = Consumer {
    shape: Shape {
        name: "{queue} process",
        kind: Kind::Consumer,
        attributes: &[
            text("messaging.operation", "process"),
            text("messaging.masstransit.message_id", "{id}"),
            text("messaging.masstransit.consumer_type", "{task}"),
        ],
    },
    correlation: Correlation::Inherited,
};

const MASSTRANSIT: Profile = Profile {
    name: "dotnet-masstransit",
    language: ".NET",
    library: "MassTransit",
    version: "MassTransit 8",
    conventions: "1.17",
    scopes: Sides::both("MassTransit"),
    ids: Ids::Uuid,
    // Sent to an exchange named after its type, received from a queue.
    destinations: Sides::of("Shop:{queue}", "{queue}"),
    produce: &[Produce::Each(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "rabbitmq"),
            text("messaging.operation", "send"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.masstransit.message_id", "{id}"),
            text("messaging.message.conversation_id", "{conversation}"),
            text(
                "messaging.masstransit.message_types",
                "urn:message:Shop:{queue}",
            ),
        ],
    })],
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: RECEIVE,
            correlation: Correlation::Parent,
        },
        inner: PROCESS,
    }],
    traits: Traits::LOG,
    joinable: Joinable::By("message id of MassTransit"),
};

const MASSTRANSIT_LINK: Profile = Profile {
    name: "dotnet-masstransit-link",
    library: "MassTransit, `MT-Activity-Propagation=Link`",
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: RECEIVE,
            correlation: Correlation::Links(&[]),
        },
        inner: PROCESS,
    }],
    ..MASSTRANSIT
};

const NSERVICEBUS_PROCESS: Shape = Shape {
    name: "process message",
    kind: Kind::Consumer,
    attributes: &[
        text("nservicebus.message_id", "{id}"),
        text("nservicebus.native_message_id", "{conversation}"),
        text("nservicebus.conversation_id", "{conversation}"),
        text("nservicebus.receive_address", "{destination}"),
        text("nservicebus.enclosed_message_types", "{task}"),
    ],
};

const NSERVICEBUS: Profile = Profile {
    name: "dotnet-nservicebus",
    library: "NServiceBus",
    version: "NServiceBus 8",
    conventions: "its own",
    scopes: Sides::both("NServiceBus.Core"),
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "send message",
        kind: Kind::Producer,
        attributes: &[
            text("nservicebus.message_id", "{id}"),
            text("nservicebus.conversation_id", "{conversation}"),
            text("nservicebus.enclosed_message_types", "{task}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: NSERVICEBUS_PROCESS,
        correlation: Correlation::Parent,
    })],
    joinable: Joinable::By("message id of NServiceBus"),
    ..MASSTRANSIT
};

const NSERVICEBUS_LINK: Profile = Profile {
    name: "dotnet-nservicebus-link",
    library: "NServiceBus, new traces",
    consume: &[Consume::Each(Consumer {
        shape: NSERVICEBUS_PROCESS,
        correlation: Correlation::Links(&[]),
    })],
    ..NSERVICEBUS
};
