//! Job queues of Ruby.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Republish, Shape,
    Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[SIDEKIQ, SIDEKIQ_NONE, ACTIVE_JOB, QUE, DELAYED_JOB];

const BY_JOB: Joinable = Joinable::By("queue and job id");

/// The scheduler pushes what is due, or failed before, under the same id.
const PUSHED_AGAIN: Traits = Traits {
    republish: Republish::Scheduler,
    ..Traits::NONE
};

const SIDEKIQ_PROCESS: Shape = Shape {
    name: "{destination} process",
    kind: Kind::Consumer,
    attributes: &[
        text("messaging.system", "sidekiq"),
        text("messaging.sidekiq.job_class", "{task}"),
        text("messaging.message_id", "{id}"),
        text("messaging.destination", "{destination}"),
        text("messaging.destination_kind", "queue"),
        text("messaging.operation", "process"),
    ],
};

const SIDEKIQ: Profile = Profile {
    name: "ruby-sidekiq",
    language: "Ruby",
    library: "Sidekiq",
    version: "opentelemetry-ruby-contrib 4d27934",
    conventions: "1.10",
    scopes: Sides::both("OpenTelemetry::Instrumentation::Sidekiq"),
    ids: Ids::Hex,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "sidekiq"),
            text("messaging.sidekiq.job_class", "{task}"),
            text("messaging.message_id", "{id}"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "queue"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: SIDEKIQ_PROCESS,
        correlation: Correlation::Links(&[]),
    })],
    traits: PUSHED_AGAIN,
    joinable: BY_JOB,
};

const SIDEKIQ_NONE: Profile = Profile {
    name: "ruby-sidekiq-none",
    library: "Sidekiq, `propagation_style: :none`",
    consume: &[Consume::Each(Consumer {
        shape: SIDEKIQ_PROCESS,
        correlation: Correlation::Nothing,
    })],
    ..SIDEKIQ
};

const ACTIVE_JOB: Profile = Profile {
    name: "ruby-active-job",
    library: "Active Job",
    conventions: "1.10 with ids of 1.17",
    scopes: Sides::both("OpenTelemetry::Instrumentation::ActiveJob"),
    ids: Ids::Uuid,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("code.namespace", "{task}"),
            text("messaging.system", "active_job"),
            text("messaging.destination", "{destination}"),
            text("messaging.message.id", "{id}"),
            text("messaging.operation", "publish"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("code.namespace", "{task}"),
                text("messaging.system", "active_job"),
                text("messaging.destination", "{destination}"),
                text("messaging.message.id", "{id}"),
                text("messaging.operation", "process"),
            ],
        },
        correlation: Correlation::Links(&[]),
    })],
    ..SIDEKIQ
};

const QUE: Profile = Profile {
    name: "ruby-que",
    library: "Que",
    scopes: Sides::both("OpenTelemetry::Instrumentation::Que"),
    ids: Ids::PerTable,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "que"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "queue"),
            text("messaging.operation", "publish"),
            integer("messaging.message_id", "{id}"),
            text("messaging.que.job_class", "{task}"),
            integer("messaging.que.priority", "100"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "que"),
                text("messaging.destination", "{destination}"),
                text("messaging.destination_kind", "queue"),
                text("messaging.operation", "process"),
                integer("messaging.message_id", "{id}"),
                text("messaging.que.job_class", "{task}"),
                integer("messaging.que.attempts", "0"),
            ],
        },
        correlation: Correlation::Links(&[]),
    })],
    traits: Traits::REDELIVERY,
    ..SIDEKIQ
};

const DELAYED_JOB: Profile = Profile {
    name: "ruby-delayed-job",
    library: "Delayed Job",
    scopes: Sides::both("OpenTelemetry::Instrumentation::DelayedJob"),
    ids: Ids::PerTable,
    produce: &[Produce::Each(Shape {
        name: "{destination} publish",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "delayed_job"),
            text("messaging.destination", "{destination}"),
            text("messaging.destination_kind", "queue"),
            text("messaging.delayed_job.name", "{task}"),
            text("messaging.operation", "publish"),
            text("messaging.message_id", "{id}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: Shape {
            name: "{destination} process",
            kind: Kind::Consumer,
            attributes: &[
                text("messaging.system", "delayed_job"),
                text("messaging.destination", "{destination}"),
                text("messaging.destination_kind", "queue"),
                text("messaging.delayed_job.name", "{task}"),
                integer("messaging.delayed_job.attempts", "0"),
                text("messaging.operation", "process"),
                text("messaging.message_id", "{id}"),
            ],
        },
        correlation: Correlation::Nothing,
    })],
    traits: Traits::REDELIVERY,
    ..SIDEKIQ
};
