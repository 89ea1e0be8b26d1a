//! Job queues of Ruby and JavaScript.

use crate::profile::{
    Consume, Consumer, Correlation, Ids, Joinable, Kind, Produce, Profile, QUEUE, Remedy,
    Republish, Shape, Sides, Traits, integer, text,
};

/// In the order of the matrix.
pub const PROFILES: &[Profile] = &[
    SIDEKIQ,
    SIDEKIQ_NONE,
    ACTIVE_JOB,
    QUE,
    DELAYED_JOB,
    BULLMQ,
    BULLMQ_OMIT_CONTEXT,
    BULLMQ_BULK,
    BULLMQ_APPSIGNAL,
    BULLMQ_APPSIGNAL_IDS,
];

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

const BULLMQ_PROCESS: Shape = Shape {
    name: "process {destination}",
    kind: Kind::Consumer,
    attributes: &[
        text("bullmq.queue.name", "{destination}"),
        text("bullmq.worker.id", "5f0c"),
        text("bullmq.job.name", "{task}"),
        text("bullmq.job.id", "{id}"),
    ],
};

const BULLMQ: Profile = Profile {
    name: "js-bullmq",
    language: "JavaScript",
    library: "BullMQ",
    version: "taskforcesh/bullmq 5",
    conventions: "its own",
    scopes: Sides::both("bullmq"),
    ids: Ids::PerQueue,
    destinations: QUEUE,
    produce: &[Produce::Each(Shape {
        name: "add {destination}.{task}",
        kind: Kind::Producer,
        attributes: &[
            text("bullmq.queue.name", "{destination}"),
            text("bullmq.queue.operation", "add"),
            text("bullmq.job.name", "{task}"),
            text("bullmq.job.id", "{id}"),
        ],
    })],
    consume: &[Consume::Each(Consumer {
        shape: BULLMQ_PROCESS,
        correlation: Correlation::Parent,
    })],
    traits: Traits::REDELIVERY,
    ..SIDEKIQ
};

const BULLMQ_OMIT_CONTEXT: Profile = Profile {
    name: "js-bullmq-omit-context",
    library: "BullMQ, `omitContext`",
    consume: &[Consume::Each(Consumer {
        shape: BULLMQ_PROCESS,
        correlation: Correlation::Nothing,
    })],
    ..BULLMQ
};

const BULLMQ_BULK: Profile = Profile {
    name: "js-bullmq-bulk",
    library: "BullMQ, `addBulk`",
    produce: &[Produce::Batch(Shape {
        name: "addBulk {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("bullmq.queue.name", "{destination}"),
            text("bullmq.queue.operation", "addBulk"),
            text("bullmq.job.bulk.names", "{task}"),
            integer("bullmq.job.bulk.count", "{count}"),
        ],
    })],
    joinable: Joinable::Not {
        why: "the span that adds several jobs has their names, but not their ids",
        remedy: Remedy::RecordIdsOfBatch,
    },
    ..BULLMQ
};

/// The id that Redis assigns is not known yet when the producer's attributes
/// are set. The options of a job stand on its consumer, and its context in them
/// (recorded with 0.9.0, examples/traces/bullmq).
const BULLMQ_APPSIGNAL: Profile = Profile {
    name: "js-bullmq-appsignal",
    library: "BullMQ (AppSignal)",
    version: "appsignal/opentelemetry-instrumentation-bullmq 0.9.0",
    conventions: "1.26 and later",
    scopes: Sides::both("@appsignal/opentelemetry-instrumentation-bullmq"),
    produce: &[Produce::Each(Shape {
        name: "Queue.add {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "bullmq"),
            text("messaging.operation.type", "send"),
            text("messaging.operation.name", "Queue.add"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.bullmq.job.name", "{task}"),
        ],
    })],
    consume: APPSIGNAL_WORKER,
    joinable: Joinable::By("the context in the options of the job"),
    ..BULLMQ
};

/// With ids of the application, and in flows.
const BULLMQ_APPSIGNAL_IDS: Profile = Profile {
    name: "js-bullmq-appsignal-ids",
    library: "BullMQ (AppSignal), `jobId` set",
    produce: &[Produce::Each(Shape {
        name: "Queue.add {destination}",
        kind: Kind::Producer,
        attributes: &[
            text("messaging.system", "bullmq"),
            text("messaging.operation.type", "send"),
            text("messaging.operation.name", "Queue.add"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.bullmq.job.name", "{task}"),
            text("messaging.message.id", "{id}"),
        ],
    })],
    joinable: BY_JOB,
    ..BULLMQ_APPSIGNAL
};

const APPSIGNAL_WORKER: &[Consume] = &[Consume::Each(Consumer {
    shape: Shape {
        name: "Worker.run {destination}",
        kind: Kind::Consumer,
        attributes: &[
            text("messaging.system", "bullmq"),
            text("messaging.client.id", "worker"),
            text("messaging.message.id", "{id}"),
            text("messaging.operation.type", "process"),
            text("messaging.operation.name", "Worker.run"),
            text("messaging.destination.name", "{destination}"),
            text("messaging.bullmq.job.name", "{task}"),
            text("messaging.bullmq.job.opts.traceparent", "{traceparent}"),
        ],
    },
    correlation: Correlation::Links(&[]),
})];
