//! Amazon SQS, but for Java: the service gives every message an id, and the question is
//! which spans record it.

use crate::profile::{
    Attribute, Consume, Consumer, Correlation, Failure, Ids, Joinable, Kind, Produce, Profile,
    QUEUE, Remedy, Shape, Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[BOTO3, BOTOCORE, JS, JS_LAMBDA, GO];

const BY_ID: Joinable = Joinable::By("message id of SQS");
/// What links carry, where they carry ids.
pub const MESSAGE_ID: &[Attribute] = &[text("messaging.message.id", "{id}")];
const TRAITS: Traits = Traits {
    // The answer names the id: a send that fails has none.
    failure: Failure::NoId,
    ..Traits::REDELIVERY
};

/// What others begin with, too.
pub const BOTO3: Profile = Profile {
    name: "python-boto3sqs",
    language: "Python",
    library: "boto3, SQS",
    version: "opentelemetry-python-contrib 466ae4c",
    conventions: "1.11 with ids of 1.17",
    scopes: Sides::both("opentelemetry.instrumentation.boto3sqs"),
    ids: Ids::Uuid,
    destinations: QUEUE,
    // A batch has a span for each of its entries.
    produce: &[Produce::Each(Shape {
        name: "{destination} send",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "aws.sqs"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "queue"),
            text(
                "messaging.url",
                "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
            ),
            text("messaging.message.id", "{id}"),
        ],
    })],
    consume: &[Consume::Poll {
        poll: Consumer {
            shape: Shape {
                name: "{destination} receive",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "aws.sqs"),
                    text("messaging.operation", "receive"),
                    text("messaging.destination", "{destination}"),
                    text("messaging.destination_kind", "queue"),
                    text(
                        "messaging.url",
                        "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
                    ),
                ],
            },
            correlation: Correlation::Unseen,
        },
        each: Consumer {
            shape: Shape {
                name: "{destination} process",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "aws.sqs"),
                    text("messaging.operation", "process"),
                    text("messaging.destination", "{destination}"),
                    text("messaging.destination_kind", "queue"),
                    text(
                        "messaging.url",
                        "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
                    ),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::Links(&[]),
        },
    }],
    traits: TRAITS,
    joinable: BY_ID,
};

const BOTOCORE: Profile = Profile {
    name: "python-botocore-sqs",
    library: "botocore, SQS",
    conventions: "1.11 with ids of 1.17",
    scopes: Sides::both("opentelemetry.instrumentation.botocore.sqs"),
    produce: &[Produce::Each(Shape {
        name: "SQS.SendMessage",
        kind: Kind::Client,
        attributes: &[
            text("rpc.system", "aws-api"),
            text("rpc.service", "SQS"),
            text("rpc.method", "SendMessage"),
            text("aws.region", "eu-west-1"),
            text("messaging.system", "aws.sqs"),
            text("messaging.destination", "{destination}"),
            text(
                "aws.queue_url",
                "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
            ),
            text("messaging.message.id", "{id}"),
        ],
    })],
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            name: "SQS.ReceiveMessage",
            kind: Kind::Client,
            attributes: &[
                text("rpc.system", "aws-api"),
                text("rpc.service", "SQS"),
                text("rpc.method", "ReceiveMessage"),
                text("aws.region", "eu-west-1"),
                text("messaging.system", "aws.sqs"),
                text("messaging.destination", "{destination}"),
                text(
                    "aws.queue_url",
                    "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
                ),
                text("messaging.message.id", "{id}"),
            ],
        },
        correlation: Correlation::Nothing,
    })],
    joinable: Joinable::Not {
        why: "a receive span has the id of the first of its messages only",
        remedy: Remedy::ContextInAttributes,
    },
    ..BOTO3
};

const JS: Profile = Profile {
    name: "js-aws-sdk-sqs",
    language: "JavaScript",
    library: "AWS SDK, SQS",
    version: "opentelemetry-js-contrib fd4d8ae",
    conventions: "1.7 with ids of 1.17",
    scopes: Sides::both("@opentelemetry/instrumentation-aws-sdk"),
    produce: &[
        Produce::Each(JS_SEND),
        Produce::Batch(Shape {
            name: "{destination} send",
            kind: Kind::Producer,
            attributes: &[
                text("messaging.system", "aws_sqs"),
                text("messaging.destination.name", "{destination}"),
                text("rpc.system", "aws-api"),
                text("rpc.service", "SQS"),
                text("rpc.method", "SendMessageBatch"),
            ],
        }),
    ],
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            name: "{destination} receive",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "aws_sqs"),
                text("messaging.operation.type", "receive"),
                text("messaging.destination.name", "{destination}"),
                integer("messaging.batch.message_count", "{count}"),
                text("rpc.system", "aws-api"),
                text("rpc.service", "SQS"),
                text("rpc.method", "ReceiveMessage"),
            ],
        },
        correlation: Correlation::Links(MESSAGE_ID),
    })],
    joinable: Joinable::Not {
        why: "a message has its id on the link only, and no link without a context; batches are \
              sent without ids",
        remedy: Remedy::ContextInAttributes,
    },
    ..BOTO3
};

const JS_SEND: Shape = Shape {
    name: "{destination} send",
    kind: Kind::Producer,
    attributes: &[
        text("messaging.system", "aws_sqs"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        text("rpc.system", "aws-api"),
        text("rpc.service", "SQS"),
        text("rpc.method", "SendMessage"),
    ],
};

const JS_LAMBDA: Profile = Profile {
    name: "js-aws-lambda-sqs",
    library: "AWS Lambda, events of SQS",
    scopes: Sides::of(
        "@opentelemetry/instrumentation-aws-sdk",
        "@opentelemetry/instrumentation-aws-lambda",
    ),
    produce: &[Produce::Each(JS_SEND)],
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            name: "process {destination}",
            kind: Kind::Consumer,
            attributes: &[
                text("faas.trigger", "pubsub"),
                text("messaging.system", "aws_sqs"),
                text("messaging.operation.type", "process"),
                text("messaging.destination.name", "{destination}"),
                integer("messaging.batch.message_count", "{count}"),
            ],
        },
        correlation: Correlation::Links(MESSAGE_ID),
    })],
    joinable: Joinable::Not {
        why: "a message has its id on the link only, and no link without a context",
        remedy: Remedy::ContextInAttributes,
    },
    ..JS
};

const GO: Profile = Profile {
    name: "go-otelaws-sqs",
    language: "Go",
    library: "AWS SDK 2, SQS",
    version: "opentelemetry-go-contrib b91281a",
    conventions: "1.26",
    scopes: Sides::both(
        "go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws",
    ),
    produce: &[Produce::Each(Shape {
        name: "SQS.SendMessage",
        kind: Kind::Client,
        attributes: &[
            text("rpc.system", "aws-api"),
            text("rpc.service", "SQS"),
            text("rpc.method", "SendMessage"),
            text("aws.region", "eu-west-1"),
            text("messaging.system", "aws_sqs"),
            text(
                "server.address",
                "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
            ),
        ],
    })],
    consume: &[Consume::Batch(Consumer {
        shape: Shape {
            name: "SQS.ReceiveMessage",
            kind: Kind::Client,
            attributes: &[
                text("rpc.system", "aws-api"),
                text("rpc.service", "SQS"),
                text("rpc.method", "ReceiveMessage"),
                text("aws.region", "eu-west-1"),
                text("messaging.system", "aws_sqs"),
                text(
                    "server.address",
                    "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
                ),
            ],
        },
        correlation: Correlation::Nothing,
    })],
    joinable: Joinable::Not {
        why: "no message id is recorded, and no trace context is sent with a message",
        remedy: Remedy::CustomRecipe,
    },
    ..BOTO3
};
