//! Amazon SQS in Java.

use super::sqs::{BOTO3, MESSAGE_ID};
use crate::profile::{
    Consume, Consumer, Correlation, Joinable, Kind, Produce, Profile, Remedy, Shape, Sides,
    integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[JAVA_1, JAVA_2, JAVA_STABLE, JAVA_BATCH];

const JAVA_SEND: Shape = Shape {
    name: "{destination} publish",
    kind: Kind::Producer,
    attributes: &[
        text("messaging.system", "aws_sqs"),
        text("messaging.operation", "publish"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        text("rpc.system", "aws-api"),
        text("rpc.service", "AmazonSQS"),
        text("rpc.method", "SendMessage"),
        text(
            "aws.queue.url",
            "https://sqs.eu-west-1.amazonaws.com/1/{queue}",
        ),
    ],
};

const JAVA_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "aws_sqs"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", "{destination}"),
        text("messaging.message.id", "{id}"),
        text("rpc.system", "aws-api"),
        text("rpc.service", "AmazonSQS"),
        text("rpc.method", "ReceiveMessage"),
    ],
};

const JAVA_RECEIVE: Shape = Shape {
    name: "{destination} receive",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "aws_sqs"),
        text("messaging.operation", "receive"),
        text("messaging.destination.name", "{destination}"),
        integer("messaging.batch.message_count", "{count}"),
        text("rpc.system", "aws-api"),
        text("rpc.service", "AmazonSQS"),
        text("rpc.method", "ReceiveMessage"),
    ],
};

const JAVA_1: Profile = Profile {
    name: "java-aws-sdk-1-sqs",
    language: "Java",
    library: "AWS SDK 1, SQS",
    version: "opentelemetry-java-instrumentation 2.31.0",
    conventions: "1.25",
    scopes: Sides::both("io.opentelemetry.aws-sdk-1.11"),
    produce: &[Produce::Each(JAVA_SEND)],
    consume: &[Consume::Each(Consumer {
        shape: JAVA_PROCESS,
        correlation: Correlation::Parent,
    })],
    ..BOTO3
};

const JAVA_2: Profile = Profile {
    name: "java-aws-sdk-2-sqs",
    library: "AWS SDK 2, SQS, receive telemetry",
    scopes: Sides::both("io.opentelemetry.aws-sdk-2.2"),
    consume: &[Consume::Poll {
        poll: Consumer {
            shape: JAVA_RECEIVE,
            correlation: Correlation::Unseen,
        },
        each: Consumer {
            shape: JAVA_PROCESS,
            correlation: Correlation::Links(&[]),
        },
    }],
    ..JAVA_1
};

const JAVA_STABLE: Profile = Profile {
    name: "java-aws-sdk-2-sqs-stable",
    library: "AWS SDK 2, SQS, newest names",
    conventions: "1.28 and later",
    scopes: Sides::both("io.opentelemetry.aws-sdk-2.2"),
    produce: &[Produce::Each(Shape {
        name: "send {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "aws_sqs"),
            text("messaging.operation.type", "send"),
            text("messaging.operation.name", "send"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.message.id", "{id}"),
        ],
    })],
    consume: &[Consume::Poll {
        poll: Consumer {
            shape: Shape {
                name: "receive {destination}",
                kind: Kind::Client,
                attributes: &[
                    text("messaging.system", "aws_sqs"),
                    text("messaging.operation.type", "receive"),
                    text("messaging.operation.name", "receive"),
                    text("messaging.destination.name", "{destination}"),
                    integer("messaging.batch.message_count", "{count}"),
                ],
            },
            correlation: Correlation::Links(MESSAGE_ID),
        },
        each: Consumer {
            shape: Shape {
                name: "process {destination}",
                kind: Kind::Consumer,
                attributes: &[
                    text("messaging.system", "aws_sqs"),
                    text("messaging.operation.type", "process"),
                    text("messaging.operation.name", "process"),
                    text("messaging.destination.name", "{destination}"),
                    text("messaging.message.id", "{id}"),
                ],
            },
            correlation: Correlation::ParentAndLink(&[]),
        },
    }],
    ..JAVA_1
};

const JAVA_BATCH: Profile = Profile {
    name: "java-aws-sdk-2-sqs-send-batch",
    library: "AWS SDK 2, SQS, `SendMessageBatch`",
    scopes: Sides::both("io.opentelemetry.aws-sdk-2.2"),
    produce: &[Produce::Batch(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "aws_sqs"),
            text("messaging.operation", "publish"),
            text("messaging.destination.name", "{destination}"),
            text("rpc.system", "aws-api"),
            text("rpc.service", "AmazonSQS"),
            text("rpc.method", "SendMessageBatch"),
        ],
    })],
    joinable: Joinable::Not {
        why: "the span of a batch does not record the ids of its messages",
        remedy: Remedy::RecordIdsOfBatch,
    },
    ..JAVA_1
};
