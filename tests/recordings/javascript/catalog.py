"""What is recorded of JavaScript, in the order in which it is recorded."""

from runner import Recording

GROUPS = (("shop-worker", "worker"), ("shop-audit", "audit"))

KAFKAJS = {
    "instrumentation": ("@opentelemetry/instrumentation-kafkajs",),
    "client": ("kafkajs",),
    "broker": "kafka",
    "consumers": GROUPS,
}

AMQPLIB = {
    "instrumentation": ("@opentelemetry/instrumentation-amqplib",),
    "client": ("amqplib",),
    "broker": "rabbitmq",
    "consumers": GROUPS,
}

BULLMQ = {
    "instrumentation": ("bullmq-otel",),
    "client": ("bullmq",),
    "broker": "redis",
    "consumers": (("shop-worker", "worker"),),
}

APPSIGNAL = {**BULLMQ, "instrumentation": ("@appsignal/opentelemetry-instrumentation-bullmq",)}

SQS = {
    "instrumentation": ("@opentelemetry/instrumentation-aws-sdk",),
    "client": ("@aws-sdk/client-sqs",),
    "broker": "moto",
    "consumers": (("shop-worker", "worker"),),
}

LAMBDA = {
    **SQS,
    "instrumentation": (
        "@opentelemetry/instrumentation-aws-lambda",
        "@opentelemetry/instrumentation-aws-sdk",
    ),
}

CATALOG = [
    Recording(
        name="kafkajs-each",
        emitter="KafkaJS, `eachMessage`",
        program=("kafka.js", "each"),
        messages=58,
        note="two groups; one message is delivered again after an error",
        **KAFKAJS,
    ),
    Recording(
        name="kafkajs-batch",
        emitter="KafkaJS, `eachBatch`",
        program=("kafka.js", "batch"),
        messages=56,
        note="the receive span of a batch names none of its messages",
        **KAFKAJS,
    ),
    Recording(
        name="advice-kafkajs-each",
        emitter="KafkaJS, `eachMessage`",
        program=("kafka.js", "each", "advice"),
        messages=58,
        runs=("on",),
        bodies=True,
        sends="^place ",
        advice="record-the-offset",
        note="a PRODUCER span of the application around the send has what it returned",
        **KAFKAJS,
    ),
    Recording(
        name="advice-kafkajs-batch",
        emitter="KafkaJS, `eachBatch`",
        program=("kafka.js", "batch", "advice"),
        messages=56,
        runs=("on",),
        bodies=True,
        sends="^place ",
        advice="record-the-offset",
        note="a PRODUCER span of the application around the send has what it returned",
        **KAFKAJS,
    ),

    Recording(
        name="amqplib",
        emitter="amqplib, ids set",
        program=("amqp.js", "ids"),
        messages=33,
        note="a fanout exchange with two queues; one message is delivered again",
        **AMQPLIB,
    ),
    Recording(
        name="amqplib-noids",
        emitter="amqplib, ids not set",
        program=("amqp.js", "noids"),
        messages=33,
        **AMQPLIB,
    ),
    Recording(
        name="amqplib-links",
        emitter="amqplib, `useLinksForConsume`",
        program=("amqp.js", "ids", "links"),
        messages=33,
        **AMQPLIB,
    ),
    # What advises those that set no ids is the recording with ids.
    Recording(
        name="advice-amqplib-noids",
        emitter="amqplib, ids not set",
        program=("amqp.js", "ids"),
        messages=33,
        advice="set-the-message-id",
        **AMQPLIB,
    ),
    Recording(
        name="bullmq",
        emitter="BullMQ",
        program=("bull.js", "add"),
        messages=25,
        note="one job fails and is tried again",
        **BULLMQ,
    ),
    Recording(
        name="bullmq-bulk",
        emitter="BullMQ, `addBulk`",
        program=("bull.js", "bulk"),
        messages=57,
        **BULLMQ,
    ),
    Recording(
        name="bullmq-omit",
        emitter="BullMQ, `omitContext`",
        program=("bull.js", "omit"),
        messages=25,
        runs=("off",),
        **BULLMQ,
    ),
    Recording(
        name="advice-bullmq-bulk",
        emitter="BullMQ, `addBulk`",
        program=("bull.js", "bulk", "advice"),
        messages=57,
        advice="record-the-ids-of-a-batch",
        note="a PRODUCER span of the application around addBulk has the ids that it returned",
        runs=("on",),
        bodies=True,
        sends="^place orders$|^add orders|^add mail",
        **BULLMQ,
    ),
    Recording(
        name="bullmq-appsignal",
        emitter="BullMQ (AppSignal)",
        program=("bullas.js", "noids"),
        messages=29,
        **APPSIGNAL,
    ),
    Recording(
        name="bullmq-appsignal-ids",
        emitter="BullMQ (AppSignal), `jobId` set",
        program=("bullas.js", "ids"),
        messages=29,
        **APPSIGNAL,
    ),
    Recording(
        name="aws-sqs",
        emitter="AWS SDK, SQS",
        program=("sqs.js",),
        messages=41,
        note="batches are sent without ids; polls come back empty; one message comes again",
        **SQS,
    ),
    Recording(
        name="advice-aws-sqs",
        emitter="AWS SDK, SQS",
        program=("sqs.js", "advice"),
        messages=41,
        advice="context-in-attributes",
        note="spans of the application around receives and batches have all ids",
        runs=("off",),
        sends="send$|^place orders$",
        **SQS,
    ),
    Recording(
        name="aws-lambda",
        emitter="AWS Lambda, events of SQS",
        program=("lambda.js", "attributes"),
        messages=24,
        note="useGlobalPropagatorForSqsExtraction",
        **LAMBDA,
    ),
    Recording(
        name="advice-aws-lambda",
        emitter="AWS Lambda, events of SQS",
        program=("lambda.js", "header", "advice"),
        messages=24,
        advice="context-in-attributes",
        note="a CONSUMER span of the function has the ids of all messages",
        runs=("off",),
        **LAMBDA,
    ),
    Recording(
        name="pubsub",
        emitter="Pub/Sub",
        program=("pubsub.js",),
        instrumentation=("@google-cloud/pubsub",),
        client=("@google-cloud/pubsub",),
        broker="pubsub",
        messages=34,
        runs=("on",),
        consumers=GROUPS,
        note="settling spans are linked both ways; a message is refused once by each",
    ),
    Recording(
        name="pg-boss",
        emitter="pg-boss",
        program=("pgboss.js",),
        instrumentation=("pg-boss",),
        client=("pg-boss",),
        broker="postgres",
        messages=33,
        consumers=(("shop-worker", "worker"),),
        note="worked off singly, in batches and by fetch; one job fails and is tried again",
    ),
    Recording(
        name="nats-own",
        emitter="own spans by the conventions, NATS JetStream",
        program=("nats.js",),
        instrumentation=("@opentelemetry/api",),
        client=("@nats-io/jetstream",),
        broker="nats",
        messages=48,
        consumers=GROUPS,
    ),
]
