//! Task queues of Python.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Republish, Shape,
    Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[CELERY, CELERY_LINKS, REMOULADE];

/// A task that is tried again is sent again, under its id, by the span of the
/// attempt that failed.
const RETRIED: Traits = Traits {
    republish: Republish::Retry,
    ..Traits::NONE
};

const RUN: Shape = Shape {
    name: "run/{task}",
    kind: Kind::Consumer,
    attributes: &[
        text("celery.action", "run"),
        text("celery.state", "SUCCESS"),
        text("celery.task_name", "{task}"),
        integer("celery.retries", "0"),
        text("messaging.message.id", "{id}"),
        text("messaging.destination", "{destination}"),
        text("messaging.conversation_id", "{id}"),
    ],
};

const CELERY: Profile = Profile {
    name: "python-celery",
    language: "Python",
    library: "Celery",
    version: "opentelemetry-python-contrib 466ae4c",
    conventions: "1.11 with ids of 1.17",
    scopes: Sides::both("opentelemetry.instrumentation.celery"),
    ids: Ids::Uuid,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "apply_async/{task}",
        kind: Kind::Producer,
        attributes: &[
            text("celery.action", "apply_async"),
            text("celery.task_name", "{task}"),
            text("messaging.message.id", "{id}"),
            text("messaging.destination_kind", "queue"),
            text("messaging.destination", "{destination}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: RUN,
        correlation: Correlation::Parent,
    })],
    traits: RETRIED,
    joinable: Joinable::By("task id"),
};

const CELERY_LINKS: Profile = Profile {
    name: "python-celery-links",
    library: "Celery, `use_span_links`",
    consume: &[Consume::Each(Consumer {
        shape: RUN,
        correlation: Correlation::Links(&[]),
    })],
    ..CELERY
};

const REMOULADE: Profile = Profile {
    name: "python-remoulade",
    library: "Remoulade",
    scopes: Sides::both("opentelemetry.instrumentation.remoulade"),
    produce: &[Produce::Each(Shape {
        name: "remoulade/send",
        kind: Kind::Producer,
        attributes: &[
            text("remoulade.action", "send"),
            text("remoulade.actor_name", "{task}"),
            text("messaging.message.id", "{id}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "remoulade/process",
            kind: Kind::Consumer,
            attributes: &[
                text("remoulade.action", "run"),
                text("remoulade.actor_name", "{task}"),
                integer("remoulade.retry_count", "0"),
                text("messaging.message.id", "{id}"),
            ],
        },
        correlation: Correlation::Parent,
    })],
    joinable: Joinable::By("message id of the library"),
    ..CELERY
};
