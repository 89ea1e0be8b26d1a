//! Google Pub/Sub, and what the Azure SDKs send.

use crate::profile::{
    Attribute, Consume, Consumer, Correlation, Failure, Ids, Joinable, Kind, Produce, Profile,
    Remedy, Shape, Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[PUBSUB, PUBSUB_2, SERVICE_BUS, EVENT_HUBS];

const PUBSUB: Profile = Profile {
    name: "go-pubsub",
    language: "Go",
    library: "Pub/Sub",
    version: "cloud.google.com/go/pubsub 1",
    conventions: "1.24",
    scopes: Sides::both("cloud.google.com/go/pubsub"),
    ids: Ids::Digits,
    destinations: Sides::of("{queue}", "{queue}-billing"),
    produce: &[Produce::CreateThenSend {
        create: Shape {
            name: "{destination} create",
            kind: Kind::Producer,
            attributes: &[
                text("messaging.system", "gcp_pubsub"),
                text("messaging.operation", "create"),
                text("messaging.destination.name", "{destination}"),
                text("gcp.project_id", "shop"),
                integer("messaging.message.envelope.size", "342"),
                text("messaging.message.id", "{id}"),
            ],
        },
        send: Shape {
            name: "{destination} publish",
            kind: Kind::Client,
            attributes: &[
                text("messaging.system", "gcp_pubsub"),
                text("messaging.operation", "publish"),
                text("messaging.destination.name", "{destination}"),
                text("gcp.project_id", "shop"),
                integer("messaging.batch.message_count", "{count}"),
            ],
        },
        reverse: Some(REVERSE),
    }],
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: Shape {
                name: "{destination} subscribe",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "gcp_pubsub"),
                    text("messaging.operation", "receive"),
                    text("messaging.destination.name", "{destination}"),
                    text("gcp.project_id", "shop"),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::Parent,
        },
        inner: Consumer {
            shape: Shape {
                name: "{destination} process",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "gcp_pubsub"),
                    text("messaging.operation", "process"),
                    text("messaging.destination.name", "{destination}"),
                    text("gcp.project_id", "shop"),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::Inherited,
        },
    }],
    traits: Traits {
        // The attribute is set in any case, to what the answer says.
        failure: Failure::EmptyId,
        ..Traits::LOG
    },
    joinable: Joinable::By("message id of Pub/Sub"),
};

const REVERSE: &[Attribute] = &[text("messaging.operation.name", "publish")];

const PUBSUB_2: Profile = Profile {
    name: "go-pubsub-2",
    library: "Pub/Sub 2",
    version: "cloud.google.com/go/pubsub/v2",
    conventions: "1.27",
    scopes: Sides::both("cloud.google.com/go/pubsub/v2"),
    produce: &[Produce::CreateThenSend {
        create: Shape {
            name: "{destination} create",
            kind: Kind::Producer,
            attributes: &[
                text("messaging.system", "gcp_pubsub"),
                text("messaging.operation.type", "create"),
                text("messaging.operation.name", "create"),
                text("messaging.destination.name", "{destination}"),
                text("gcp.project_id", "shop"),
                text("messaging.message.id", "{id}"),
            ],
        },
        send: Shape {
            name: "{destination} publish",
            kind: Kind::Client,
            attributes: &[
                text("messaging.system", "gcp_pubsub"),
                text("messaging.operation.type", "publish"),
                text("messaging.operation.name", "publish"),
                text("messaging.destination.name", "{destination}"),
                text("gcp.project_id", "shop"),
                integer("messaging.batch.message_count", "{count}"),
            ],
        },
        reverse: Some(REVERSE),
    }],
    consume: &[Consume::Chain {
        outer: Consumer {
            shape: Shape {
                name: "{destination} subscribe",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "gcp_pubsub"),
                    text("messaging.operation.type", "receive"),
                    text("messaging.operation.name", "subscribe"),
                    text("messaging.destination.name", "{destination}"),
                    text("gcp.project_id", "shop"),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::Parent,
        },
        inner: Consumer {
            shape: Shape {
                name: "{destination} process",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "gcp_pubsub"),
                    text("messaging.operation.type", "process"),
                    text("messaging.operation.name", "process"),
                    text("messaging.destination.name", "{destination}"),
                    text("gcp.project_id", "shop"),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::Inherited,
        },
    }],
    ..PUBSUB
};

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
