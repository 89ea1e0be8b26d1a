"""What is recorded of Go, in the order in which it is recorded."""

from runner import Recording

GROUPS = (("shop-worker", "worker"), ("shop-audit", "audit"))
WORKER = (("shop-worker", "worker"),)

SARAMA = {
    "instrumentation": ("github.com/dnwe/otelsarama",),
    "client": ("github.com/IBM/sarama",),
    "broker": "kfake",
    "consumers": GROUPS,
    "messages": 48,
}

FRANZ = {
    "instrumentation": ("github.com/twmb/franz-go/plugin/kotel",),
    "client": ("github.com/twmb/franz-go",),
    "broker": "kfake",
    "consumers": GROUPS,
    # Each is received by two spans.
    "messages": 112,
    "both": True,
}

PUBSUB = {
    "broker": "pubsub",
    "consumers": GROUPS,
    "messages": 35,
    "runs": ("on",),
    # Spans that receive by contexts, spans that process by bodies.
    "both": True,
    "note": "settling spans are linked both ways; each subscription refuses a message once",
}

SQS = {
    "instrumentation": (
        "go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws",
    ),
    "client": ("github.com/aws/aws-sdk-go-v2/service/sqs",),
    "broker": "moto",
    "consumers": WORKER,
    "messages": 41,
    "runs": ("off",),
    "environment": {"AWS_REGION": "eu-central-1"},
}

RIVER = {
    "instrumentation": ("github.com/riverqueue/rivercontrib/otelriver",),
    "client": ("github.com/riverqueue/river",),
    "broker": "postgres",
    "consumers": WORKER,
    "messages": 27,
}

OWN = {"instrumentation": ("go.opentelemetry.io/otel",)}

KAFKAGO = {
    **OWN,
    "client": ("github.com/segmentio/kafka-go",),
    "broker": "kfake",
    "consumers": GROUPS,
    "messages": 48,
}

CATALOG = [
    Recording(
        name="sarama",
        emitter="Sarama (dnwe/otelsarama)",
        program=("sarama",),
        **SARAMA,
    ),
    Recording(
        name="sarama-noack",
        emitter="Sarama (dnwe/otelsarama), `NoResponse`",
        program=("sarama", "noack"),
        note="the producer does not wait for offsets, and records 0",
        **SARAMA,
    ),
    Recording(
        name="franz",
        emitter="franz-go (kotel)",
        program=("franz",),
        **FRANZ,
    ),
    Recording(
        name="franz-links",
        emitter="franz-go (kotel), `LinkSpans`",
        program=("franz", "links"),
        **FRANZ,
    ),
    Recording(
        name="franz-noack",
        emitter="franz-go (kotel), `NoAck`",
        program=("franz", "noack"),
        note="the producer does not wait for offsets, and counts within the batch",
        **FRANZ,
    ),
    # What advises those that do not wait is to wait, and nothing else changes.
    Recording(
        name="advice-franz-noack",
        emitter="franz-go (kotel), `NoAck`",
        program=("franz",),
        advice="wait-for-the-acknowledgement",
        **FRANZ,
    ),
    Recording(
        name="advice-sarama-noack",
        emitter="Sarama (dnwe/otelsarama), `NoResponse`",
        program=("sarama",),
        advice="wait-for-the-acknowledgement",
        **SARAMA,
    ),
    Recording(
        name="pubsub",
        emitter="Pub/Sub",
        program=("pubsub1",),
        instrumentation=("cloud.google.com/go/pubsub",),
        client=("cloud.google.com/go/pubsub",),
        **PUBSUB,
    ),
    Recording(
        name="pubsub-v2",
        emitter="Pub/Sub 2",
        program=("pubsub2",),
        instrumentation=("cloud.google.com/go/pubsub/v2",),
        client=("cloud.google.com/go/pubsub/v2",),
        **PUBSUB,
    ),
    Recording(
        name="aws-sqs",
        emitter="AWS SDK 2, SQS",
        program=("sqs",),
        note="no id is recorded, and no context sent; polls come back empty",
        sends=r"^SQS\.SendMessage",
        **SQS,
    ),
    Recording(
        name="advice-aws-sqs",
        emitter="AWS SDK 2, SQS",
        program=("sqs", "advice"),
        advice="a-recipe-of-your-own",
        note="WithAttributeBuilder records the ids of all messages, and what was done with them",
        sends=r"^SQS\.SendMessage",
        **SQS,
    ),
    Recording(
        name="advice-aws-sqs-recipe",
        emitter="AWS SDK 2, SQS",
        program=("sqs", "recipe"),
        advice="a-recipe-of-your-own",
        config="advice-aws-sqs-recipe.yaml",
        note="spans of the application on both sides have the ids of orders; config has the recipe",
        sends="^place order",
        **SQS,
    ),
    Recording(
        name="river",
        emitter="River",
        program=("river",),
        note="the producer names no job; one job fails and is tried again",
        **RIVER,
    ),
    Recording(
        name="advice-river",
        emitter="River",
        program=("river", "advice"),
        advice="a-recipe-of-your-own",
        config="advice-river.yaml",
        note="a PRODUCER span of the application around inserts has ids; config has the recipe",
        bodies=True,
        sends="^(place|write)",
        **RIVER,
    ),
    Recording(
        name="asynq-own",
        emitter="own spans by the conventions, asynq",
        program=("asynq",),
        client=("github.com/hibiken/asynq",),
        broker="redis",
        consumers=WORKER,
        messages=25,
        note="one task fails and is tried again",
        **OWN,
    ),
    Recording(
        name="nats-own",
        emitter="own spans by the conventions, NATS",
        program=("nats",),
        client=("github.com/nats-io/nats.go",),
        broker="nats",
        consumers=GROUPS,
        messages=40,
        note="two queue groups; a third of the messages are requests with replies",
        **OWN,
    ),
    Recording(
        name="kafka-go-own",
        emitter="own spans by the conventions, kafka-go",
        program=("kafkago",),
        note="the producer records neither partition nor offset; batches have both on links",
        **KAFKAGO,
    ),
    Recording(
        name="advice-kafka-go-own",
        emitter="own spans by the conventions, kafka-go",
        program=("kafkago", "offsets"),
        advice="record-the-offset",
        note="the writer's Completion records partition and offset on the span of the send",
        **KAFKAGO,
    ),
    Recording(
        name="rabbitmq-own",
        emitter="own spans by the conventions, amqp091-go",
        program=("amqp",),
        client=("github.com/rabbitmq/amqp091-go",),
        broker="rabbitmq",
        consumers=GROUPS,
        messages=49,
        note="batches have ids on links; one message is delivered again",
        **OWN,
    ),
]
