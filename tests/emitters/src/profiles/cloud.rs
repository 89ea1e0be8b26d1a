//! What the Azure SDKs send.

use crate::profile::{
    Attribute, Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, Remedy,
    Shape, Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[SERVICE_BUS, EVENT_HUBS];

const NO_IDS: Joinable = Joinable::Not {
    why: "no message id is recorded on either side",
    remedy: Remedy::CustomRecipe,
};

const SERVICE_BUS: Profile = Profile {
    name: "azure-service-bus",
    language: ".NET, Python, Java",
    library: "Azure SDK, Service Bus",
    version: "Azure SDK",
    conventions: "1.17 and later",
    scopes: Sides::both("Azure.Messaging.ServiceBus"),
    ids: Ids::Uuid,
    destinations: Sides::both("{queue}"),
    produce: &[Produce::CreateThenSend {
        create: Shape {
            name: "ServiceBus.message",
            kind: Kind::Producer,
            attributes: &[
                text("az.namespace", "Microsoft.ServiceBus"),
                text("messaging.system", "servicebus"),
                text("messaging.destination.name", "{destination}"),
                text("server.address", "shop.servicebus.windows.net"),
            ],
        },
        send: Shape {
            name: "ServiceBus.send",
            kind: Kind::Client,
            attributes: &[
                text("az.namespace", "Microsoft.ServiceBus"),
                text("messaging.system", "servicebus"),
                text("messaging.operation", "publish"),
                text("messaging.destination.name", "{destination}"),
                integer("messaging.batch.message_count", "{count}"),
                text("server.address", "shop.servicebus.windows.net"),
            ],
        },
        reverse: None,
    }],
    consume: &[
        Consume::Batch(Consumer {
            shape: Shape {
                name: "ServiceBus.receive",
                kind: Kind::Client,
                attributes: &[
                    text("az.namespace", "Microsoft.ServiceBus"),
                    text("messaging.system", "servicebus"),
                    text("messaging.operation", "receive"),
                    text("messaging.destination.name", "{destination}"),
                    integer("messaging.batch.message_count", "{count}"),
                ],
            },
            correlation: Correlation::Links(ENQUEUED),
        }),
        Consume::Each(Consumer {
            shape: Shape {
                name: "ServiceBus.process",
                kind: Kind::Consumer,
                attributes: &[
                    text("az.namespace", "Microsoft.ServiceBus"),
                    text("messaging.system", "servicebus"),
                    text("messaging.operation", "process"),
                    text("messaging.destination.name", "{destination}"),
                ],
            },
            correlation: Correlation::Links(ENQUEUED),
        }),
    ],
    traits: Traits::REDELIVERY,
    joinable: NO_IDS,
};

const ENQUEUED: &[Attribute] = &[integer("enqueuedTime", "1760000000000")];

const EVENT_HUBS: Profile = Profile {
    name: "azure-event-hubs",
    library: "Azure SDK, Event Hubs",
    scopes: Sides::both("Azure.Messaging.EventHubs"),
    produce: &[Produce::CreateThenSend {
        create: Shape {
            name: "EventHubs.message",
            kind: Kind::Producer,
            attributes: &[
                text("az.namespace", "Microsoft.EventHub"),
                text("messaging.system", "eventhubs"),
                text("messaging.destination.name", "{destination}"),
                text("server.address", "shop.servicebus.windows.net"),
            ],
        },
        send: Shape {
            name: "EventHubs.send",
            kind: Kind::Client,
            attributes: &[
                text("az.namespace", "Microsoft.EventHub"),
                text("messaging.system", "eventhubs"),
                text("messaging.operation", "publish"),
                text("messaging.destination.name", "{destination}"),
                integer("messaging.batch.message_count", "{count}"),
            ],
        },
        reverse: None,
    }],
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            name: "EventHubs.process",
            kind: Kind::Consumer,
            attributes: &[
                text("az.namespace", "Microsoft.EventHub"),
                text("messaging.system", "eventhubs"),
                text("messaging.operation", "process"),
                text("messaging.destination.name", "{destination}"),
                text("messaging.eventhubs.consumer.group", "billing"),
                integer("messaging.batch.message_count", "{count}"),
            ],
        },
        correlation: Correlation::Links(ENQUEUED),
    })],
    traits: Traits::LOG,
    ..SERVICE_BUS
};
