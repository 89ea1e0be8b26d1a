"""The recordings: what each is of, and what is needed to make it."""

import dataclasses

WORKER, AUDIT = ("order-worker", "consume"), ("audit", "audit")
MAILER = ("mailer", "mail")


@dataclasses.dataclass(frozen=True)
class Recording:
    """A recording; its name is that of the emitter."""

    name: str
    emitter: str
    # traffic/SCRIPT, run with requirements/GROUP.txt.
    script: str
    group: str
    broker: str | None
    # Packages whose versions recordings.json tells.
    instrumentation: tuple[str, ...]
    client: tuple[str, ...]
    # How many times a message reaches an application, over all consumers.
    messages: int
    consumers: tuple[tuple[str, str], ...] = (WORKER,)
    runs: tuple[str, ...] = ("on", "off")
    variants: tuple[str, ...] = ("as-is", "lost", "zeroed")
    # Where the truth of the run with propagation comes from.
    truth: str = "context"
    # Spans that can be a send, by name, where they are not of kind PRODUCER.
    sends: str | None = None
    # Spans that are a receipt, by name, where others are children of the sender too.
    received: str | None = None
    # The section of docs/emitters.md that was followed.
    advice: str | None = None
    # What linkmend must be told for it, if anything: a file beside the recordings.
    config: str | None = None
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    note: str | None = None
    # How long messages may take.
    seconds: int = 30


def contrib(name):
    return (f"opentelemetry-instrumentation-{name}",)


RABBIT = [
    Recording(
        "pika", "pika, ids set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "set"},
        note="Fan-out to two services; one message is requeued once.",
    ),
    Recording(
        "pika-noids", "pika, ids not set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "none"},
    ),
    Recording(
        "advice-pika", "pika, ids not set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "advice"},
        advice="set-the-message-id",
        note="What pika-noids sends, with a UUID as message_id.",
    ),
    Recording(
        "pika-retry", "pika, retry by republishing", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 33, (WORKER, MAILER), environment={"MODE": "republish"},
        note="Every send of a message has the id of the first: tried again up to twice, then sent on to another service.",
    ),
    Recording(
        "pika-delay", "pika, retry through a delay queue", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 33, (WORKER, MAILER), environment={"MODE": "delay"},
        note="Tried again through a queue from which the broker moves messages back by its dead-letter exchange.",
    ),
    Recording(
        "pika-dead", "pika, dead letters", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 24, (WORKER, MAILER, ("undertaker", "bury")),
        environment={"MODE": "reject"},
        note="Rejected messages reach another service through a dead-letter exchange, the others are sent on.",
    ),
    Recording(
        "aio-pika", "aio-pika, ids set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "set"},
    ),
    Recording(
        "aio-pika-noids", "aio-pika, ids not set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "none"},
    ),
    Recording(
        "advice-aio-pika", "aio-pika, ids not set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "advice"},
        advice="set-the-message-id",
        note="What aio-pika-noids sends, with a UUID as message_id.",
    ),
    Recording(
        "celery", "Celery", "celery_app.py", "celery", "rabbitmq",
        contrib("celery"), ("celery",), 23,
        note="Three retries, under the ids of their tasks, and tasks called by tasks.",
    ),
    Recording(
        "celery-links", "Celery, `use_span_links`", "celery_app.py", "celery", "rabbitmq",
        contrib("celery"), ("celery",), 23, environment={"LINKS": "on"},
        note="Three retries, under the ids of their tasks, and tasks called by tasks.",
    ),
]

TASKS = [
    Recording(
        "rq", "rq", "rq_jobs.py", "rq", "redis",
        ("opentelemetry-instrumentation-rq",), ("rq",), 25, runs=("on",), received="^consume",
        note="Two retries of three jobs, and jobs enqueued by jobs; the instrumentation's propagator can not be switched off.",
    ),
    Recording(
        "arq", "arq", "arq_jobs.py", "arq", "redis",
        ("opentelemetry-instrumentation-arq",), ("arq",), 23, sends="^(order|invoice)$",
        note="Two retries, under the id of the job, and jobs enqueued by jobs.",
    ),
    Recording(
        "dramatiq", "dramatiq", "dramatiq_actors.py", "dramatiq", "redis",
        ("opentelemetry-instrumentor-dramatiq",), ("dramatiq",), 23, sends=r"^dramatiq\.producer",
        received=r"^dramatiq\.worker",
        note="Two retries, under the id of the message, and actors that call others.",
    ),
    Recording(
        "remoulade", "Remoulade", "remoulade_actors.py", "remoulade", "rabbitmq",
        contrib("remoulade"), ("remoulade",), 23,
        note="Two retries, under the id of the message, and actors that call others.",
    ),
    Recording(
        "taskiq", "taskiq", "taskiq_tasks.py", "taskiq", "redis",
        ("taskiq",), ("taskiq",), 23,
        note="Two retries, under the id of the task, and tasks that call others.",
    ),
]

TASKS += [
    Recording(
        "advice-taskiq", "taskiq", "taskiq_tasks.py", "taskiq", "redis",
        ("taskiq",), ("taskiq",), 23, advice="a-recipe-of-your-own",
        note="A middleware records the id of the task on the consumer's span, as the producer's has it; no recipe is needed.",
    ),
]

CLOUD = [
    Recording(
        "boto3sqs", "boto3, SQS", "sqs_queues.py", "aws", "moto",
        contrib("boto3sqs"), ("boto3",), 19, environment={"INSTRUMENTATION": "boto3sqs"},
        note="Sent one by one and in batches, received up to ten at once, one message twice.",
    ),
    Recording(
        "botocore-sqs", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), truth="body",
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        note="The instrumentation sends no context; of a batch it records the first id.",
    ),
    Recording(
        "advice-botocore-sqs", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), truth="body",
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        advice="context-in-attributes",
        note="An own CONSUMER span has the ids of all messages that were received, as an array.",
    ),
]

CLOUD += [
    Recording(
        "botocore-sns", "botocore, SNS to SQS", "sns_topic.py", "aws", "moto",
        contrib("botocore") + contrib("boto3sqs"), ("boto3",), 26, (WORKER, AUDIT),
        note="Published by botocore, received by boto3 (SQS) in two services, raw delivery; the ids of the two differ.",
    ),
    Recording(
        "lambda", "AWS Lambda, events of SQS", "lambda_function.py", "aws", "moto",
        contrib("aws-lambda") + contrib("boto3sqs"), ("boto3",), 20,
        note="Events of one message and of several; sent through the instrumentation of boto3 (SQS).",
    ),
    Recording(
        "advice-lambda", "AWS Lambda, events of SQS", "lambda_function.py", "aws", "moto",
        contrib("aws-lambda") + contrib("boto3sqs"), ("boto3",), 20, advice="context-in-attributes",
        note="The handler records the ids of its messages, as an array, on the span that is current.",
    ),
]

CLOUD += [
    Recording(
        "advice-botocore-sqs-batch", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), truth="body",
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        advice="record-the-ids-of-a-batch",
        note="All ids of a batch on both sides: by a hook on the span that sends, on an own CONSUMER span.",
    ),
    Recording(
        "advice-botocore-sns", "botocore, SNS to SQS", "sns_topic.py", "aws", "moto",
        contrib("botocore") + contrib("boto3sqs"), ("boto3",), 26, (WORKER, AUDIT),
        advice="a-recipe-of-your-own", config="order-id.yaml",
        note="The number of the order on both sides: by a hook on the span that publishes, on the consumer's current span.",
    ),
]

TASKS += [
    Recording(
        "oslo-messaging", "oslo.messaging", "oslo_rpc.py", "oslo", "rabbitmq",
        contrib("oslo-messaging"), ("oslo-messaging",), 20,
        note="Calls, whose replies are messages too, casts and notifications; only the consumer of a notification records an id.",
    ),
]

OWN = [
    Recording(
        "own-spans", "an application's own spans", "own_spans.py", "pika", "rabbitmq",
        ("opentelemetry-sdk",), ("pika",), 20,
        note="By the semantic conventions, without instrumentation; arrays of ids (messaging.message.ids) on batches of both sides.",
    ),
]

OWN += [
    Recording(
        "advice-work-items", "work items in a table", "work_items.py", "pika", None,
        ("opentelemetry-sdk",), (), 18, runs=("on",), variants=("as-is",), truth="body",
        advice="context-in-attributes", config="job-context.yaml",
        note="The context of each item is in attributes of the job that takes several at once, and nowhere else.",
    ),
]

PUBSUB = [
    Recording(
        "pubsub", "google-cloud-pubsub", "pubsub_topics.py", "pubsub", "pubsub",
        ("google-cloud-pubsub",), ("google-cloud-pubsub",), 36, (WORKER, AUDIT), runs=("on",),
        received=" subscribe$",
        note="Spans of publish, create, subscribe, ack and modack link to each other; one message is nacked once.",
    ),
]


def faststream(over, broker, **more):
    name = "faststream-" + over + more.pop("suffix", "")
    emitter = f"FastStream, {broker}{more.pop('what', '')}"
    environment = {"OVER": over, **more.pop("environment", {})}
    return Recording(
        name, emitter, "faststream_apps.py", "faststream", over, ("faststream",), ("faststream",),
        runs=("on",), environment=environment, received=" (create|process)$", sends=" (create|publish)$",
        **more,
    )


FASTSTREAM = [
    faststream("rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, AUDIT)),
    faststream(
        "rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, MAILER), suffix="-chain",
        what=", answers sent on", environment={"CHAIN": "reply"}, truth="body",
        note="Each order is answered by a message to a third service, with the conversation id of the order; the context that it carries is that of the order's sender.",
    ),
    faststream(
        "rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, AUDIT), suffix="-ids",
        what=", ids set", environment={"IDS": "set"}, advice="set-the-message-id",
        note="The consumer records the id, the producer does not.",
    ),
    faststream("redis", "Redis", messages=33, consumers=(WORKER, AUDIT), note="Streams, with groups."),
    faststream("nats", "NATS", messages=33, consumers=(WORKER, AUDIT)),
    faststream(
        "kafka", "Kafka", messages=33, consumers=(WORKER, AUDIT),
        note="One of the two services takes batches, which link to what they are made of.",
    ),
]

KAFKA = [
    Recording(
        "kafka-python", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT),
    ),
    Recording(
        "advice-kafka-python", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT),
        variants=("as-is", "lost"), truth="body", sends=" publish$", runs=("on",),
        advice="record-the-offset",
        note="An own PRODUCER span around the send, and the consumer's hook, record partition and offset.",
    ),
    Recording(
        "confluent-kafka", "confluent-kafka", "confluent_kafka_topics.py", "kafka", "kafka",
        contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        note="One group polls records one by one, another consumes up to four at once.",
    ),
    Recording(
        "advice-confluent-kafka", "confluent-kafka", "confluent_kafka_topics.py", "kafka", "kafka",
        contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        truth="body", sends=" publish$", runs=("on",), advice="record-the-offset",
        note="An own PRODUCER span that ends with the delivery callback records partition and offset; batches have the ids of their records as an array.",
    ),
    Recording(
        "aiokafka", "aiokafka", "aiokafka_topics.py", "kafka", "kafka",
        contrib("aiokafka"), ("aiokafka",), 36, (WORKER, AUDIT),
        note="One group gets records one by one, another many at once (spans for the poll, the topic and each record).",
    ),
    Recording(
        "advice-aiokafka", "aiokafka", "aiokafka_topics.py", "kafka", "kafka",
        contrib("aiokafka"), ("aiokafka",), 36, (WORKER, AUDIT),
        truth="body", sends=" publish$", runs=("on",), advice="record-the-offset",
        note="An own PRODUCER span around the send records partition and offset.",
    ),
]

KAFKA += [
    Recording(
        "advice-kafka-python-headers", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT), runs=("on",),
        variants=("as-is",), truth="body", advice="capture-headers",
        note="The consumers propagate nothing; their hook records the header that the producer sent.",
    ),
    Recording(
        "advice-confluent-kafka-headers", "confluent-kafka", "confluent_kafka_topics.py", "kafka",
        "kafka", contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        runs=("on",), variants=("as-is",), truth="body", advice="capture-headers",
        note="The consumers propagate nothing; the headers of all records of a batch are on its span, as an array.",
    ),
]

CATALOG = RABBIT + TASKS + CLOUD + OWN + PUBSUB + FASTSTREAM + KAFKA
