"""The recordings: what each is of, and what is needed to make it."""

import runner

WORKER, AUDIT = ("order-worker", "consume"), ("audit", "audit")
MAILER = ("mailer", "mail")


def recording(
    name, emitter, script, group, broker, instrumentation, client, messages, consumers=(WORKER,),
    environment=None, advice=None, **more,
):
    """traffic/SCRIPT, run with what requirements/GROUP.txt pins."""
    return runner.Recording(
        name, emitter, (script, group), instrumentation, client, broker, messages,
        consumers=consumers, advice=advice,
        environment={"ADVICE": advice or "", **(environment or {})}, **more,
    )


def contrib(name):
    return (f"opentelemetry-instrumentation-{name}",)


RABBIT = [
    recording(
        "pika", "pika, ids set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "set"},
        note="Fan-out to two services; one message is requeued once.",
    ),
    recording(
        "pika-noids", "pika, ids not set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "none"},
    ),
    recording(
        "advice-pika", "pika, ids not set", "pika_ids.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 34, (WORKER, AUDIT), environment={"IDS": "advice"},
        advice="set-the-message-id",
        note="What pika-noids sends, with a UUID as message_id.",
    ),
    recording(
        "pika-retry", "pika, retry by republishing", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 33, (WORKER, MAILER), environment={"MODE": "republish"},
        note="Every send of a message has the id of the first: tried again up to twice, then sent on to another service.",
    ),
    recording(
        "pika-delay", "pika, retry through a delay queue", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 33, (WORKER, MAILER), environment={"MODE": "delay"},
        note="Tried again through a queue from which the broker moves messages back by its dead-letter exchange.",
    ),
    recording(
        "pika-dead", "pika, dead letters", "pika_retry.py", "pika", "rabbitmq",
        contrib("pika"), ("pika",), 24, (WORKER, MAILER, ("undertaker", "bury")),
        environment={"MODE": "reject"},
        note="Rejected messages reach another service through a dead-letter exchange, the others are sent on.",
    ),
    recording(
        "aio-pika", "aio-pika, ids set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "set"},
    ),
    recording(
        "aio-pika-noids", "aio-pika, ids not set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "none"},
    ),
    recording(
        "advice-aio-pika", "aio-pika, ids not set", "aiopika_ids.py", "aiopika", "rabbitmq",
        contrib("aio-pika"), ("aio-pika",), 34, (WORKER, AUDIT), environment={"IDS": "advice"},
        advice="set-the-message-id",
        note="What aio-pika-noids sends, with a UUID as message_id.",
    ),
    recording(
        "celery", "Celery", "celery_app.py", "celery", "rabbitmq",
        contrib("celery"), ("celery",), 23,
        note="Three retries, under the ids of their tasks, and tasks called by tasks.",
    ),
    recording(
        "celery-links", "Celery, `use_span_links`", "celery_app.py", "celery", "rabbitmq",
        contrib("celery"), ("celery",), 23, environment={"LINKS": "on"},
        note="Three retries, under the ids of their tasks, and tasks called by tasks.",
    ),
]

TASKS = [
    recording(
        "rq", "rq", "rq_jobs.py", "rq", "redis",
        ("opentelemetry-instrumentation-rq",), ("rq",), 25, runs=("on",),
        received="^(consume|perform)", environment={"WORKER": "simple"},
        note="Jobs run in the worker; two retries of three jobs; the propagator can not be switched off.",
    ),
    recording(
        "rq-fork", "rq, a process for each job", "rq_jobs.py", "rq", "redis",
        ("opentelemetry-instrumentation-rq",), ("rq",), 25, runs=("on",),
        received="^consume", environment={"WORKER": "fork"},
        note="Spans of the worker (consume), and of the job's process (perform), which gets the context of the worker's span with the job; two retries of three jobs.",
    ),
    recording(
        "arq", "arq", "arq_jobs.py", "arq", "redis",
        ("opentelemetry-instrumentation-arq",), ("arq",), 23, sends="^(order|invoice)$",
        note="Two retries, under the id of the job, and jobs enqueued by jobs.",
    ),
    recording(
        "dramatiq", "dramatiq", "dramatiq_actors.py", "dramatiq", "redis",
        ("opentelemetry-instrumentor-dramatiq",), ("dramatiq",), 23, sends=r"^dramatiq\.producer",
        received=r"^dramatiq\.worker",
        note="Two retries, under the id of the message, and actors that call others.",
    ),
    recording(
        "remoulade", "Remoulade", "remoulade_actors.py", "remoulade", "rabbitmq",
        contrib("remoulade"), ("remoulade",), 23,
        note="Two retries, under the id of the message, and actors that call others.",
    ),
    recording(
        "taskiq", "taskiq", "taskiq_tasks.py", "taskiq", "redis",
        ("taskiq",), ("taskiq",), 23, sends="^send/",
        note="Two retries, under the id of the task, and tasks that call others.",
    ),
]

TASKS += [
    recording(
        "advice-taskiq", "taskiq", "taskiq_tasks.py", "taskiq", "redis",
        ("taskiq",), ("taskiq",), 23, sends="^send/", advice="a-recipe-of-your-own",
        note="A middleware records the id of the task on the consumer's span, as the producer's has it; no recipe is needed.",
    ),
]

CLOUD = [
    recording(
        "boto3sqs", "boto3, SQS", "sqs_queues.py", "aws", "moto",
        contrib("boto3sqs"), ("boto3",), 19, environment={"INSTRUMENTATION": "boto3sqs"},
        note="Sent one by one and in batches, received up to ten at once, one message twice.",
    ),
    recording(
        "botocore-sqs", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), bodies=True,
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        note="The instrumentation sends no context; of a batch it records the first id.",
    ),
    recording(
        "advice-botocore-sqs", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), bodies=True,
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        advice="context-in-attributes",
        note="An own CONSUMER span has the ids of all messages that were received, as an array.",
    ),
]

CLOUD += [
    recording(
        "botocore-sns", "botocore, SNS to SQS", "sns_topic.py", "aws", "moto",
        contrib("botocore") + contrib("boto3sqs"), ("boto3",), 26, (WORKER, AUDIT),
        note="Published by botocore, received by boto3 (SQS) in two services, raw delivery; the ids of the two differ.",
    ),
    recording(
        "lambda", "AWS Lambda, events of SQS", "lambda_function.py", "aws", "moto",
        contrib("aws-lambda") + contrib("boto3sqs"), ("boto3",), 20,
        note="Events of one message and of several; sent through the instrumentation of boto3 (SQS).",
    ),
    recording(
        "advice-lambda", "AWS Lambda, events of SQS", "lambda_function.py", "aws", "moto",
        contrib("aws-lambda") + contrib("boto3sqs"), ("boto3",), 20, advice="context-in-attributes",
        note="The handler records the ids of its messages, as an array, on the span that is current.",
    ),
]

CLOUD += [
    recording(
        "advice-botocore-sqs-batch", "botocore, SQS", "sqs_queues.py", "aws", "moto",
        contrib("botocore"), ("botocore",), 19, runs=("on",), variants=("as-is",), bodies=True,
        sends=r"SQS\.SendMessage", environment={"INSTRUMENTATION": "botocore"},
        advice="record-the-ids-of-a-batch",
        note="All ids of a batch on both sides: by a hook on the span that sends, on an own CONSUMER span.",
    ),
    recording(
        "advice-botocore-sns", "botocore, SNS to SQS", "sns_topic.py", "aws", "moto",
        contrib("botocore") + contrib("boto3sqs"), ("boto3",), 26, (WORKER, AUDIT),
        advice="a-recipe-of-your-own", config="order-id.yaml",
        note="The number of the order on both sides: by a hook on the span that publishes, on the consumer's current span.",
    ),
]

TASKS += [
    recording(
        "oslo-messaging", "oslo.messaging", "oslo_rpc.py", "oslo", "rabbitmq",
        contrib("oslo-messaging"), ("oslo.messaging",), 20,
        note="Calls, whose replies are messages too, casts and notifications; only the consumer of a notification records an id.",
    ),
    recording(
        "advice-oslo-messaging", "oslo.messaging", "oslo_rpc.py", "oslo", "rabbitmq",
        contrib("oslo-messaging"), ("oslo.messaging",), 20, bodies=True, sends="^send order$",
        advice="a-recipe-of-your-own", config="order-id.yaml",
        note="The number of the order on an own PRODUCER span around the send, and on the consumer's current span.",
    ),
]

OWN = [
    recording(
        "own-spans", "an application's own spans", "own_spans.py", "pika", "rabbitmq",
        ("opentelemetry-sdk",), ("pika",), 20,
        note="By the semantic conventions, without instrumentation; arrays of ids (messaging.message.ids) on batches of both sides.",
    ),
]

OWN += [
    recording(
        "advice-work-items", "work items in a table", "work_items.py", "pika", None,
        ("opentelemetry-sdk",), (), 18, runs=("on",), variants=("as-is",), bodies=True,
        advice="context-in-attributes", config="job-context.yaml",
        note="The context of each item is in attributes of the job that takes several at once, and nowhere else.",
    ),
]

PUBSUB = [
    recording(
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
    return recording(
        name, emitter, "faststream_apps.py", "faststream", over, ("faststream",), ("faststream",),
        runs=("on",), environment=environment, received=" (create|process)$", sends=" (create|publish)$",
        **more,
    )


FASTSTREAM = [
    faststream("rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, AUDIT)),
    faststream(
        "rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, MAILER), suffix="-chain",
        what=", answers sent on", environment={"CHAIN": "reply"}, bodies=True,
        note="Each order is answered by a message to a third service, with the conversation id of the order; the context that it carries is that of the order's sender.",
    ),
    faststream(
        "rabbitmq", "RabbitMQ", messages=33, consumers=(WORKER, AUDIT), suffix="-ids",
        what=", ids set", environment={"IDS": "set"}, advice="set-the-message-id",
        note="The consumer records the id, the producer does not.",
    ),
    faststream("redis", "Redis", messages=33, consumers=(WORKER, AUDIT), note="Streams, with groups."),
    faststream(
        "redis", "Redis", messages=33, consumers=(WORKER, AUDIT), suffix="-shared",
        what=", correlation ids shared", environment={"SHARED": "on"},
        note="The application gives all messages of a customer one correlation id: it names no message.",
    ),
    faststream("nats", "NATS", messages=33, consumers=(WORKER, AUDIT)),
    faststream(
        "kafka", "Kafka", messages=33, consumers=(WORKER, AUDIT),
        note="One of the two services takes batches, which link to what they are made of.",
    ),
]

KAFKA = [
    recording(
        "kafka-python", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT),
    ),
    recording(
        "advice-kafka-python", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT),
        variants=("as-is", "lost"), bodies=True, sends=" publish$", runs=("on",),
        advice="record-the-offset",
        note="An own PRODUCER span around the send, and the consumer's hook, record partition and offset.",
    ),
    recording(
        "confluent-kafka", "confluent-kafka", "confluent_kafka_topics.py", "kafka", "kafka",
        contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        note="One group polls records one by one, another consumes up to four at once.",
    ),
    recording(
        "advice-confluent-kafka", "confluent-kafka", "confluent_kafka_topics.py", "kafka", "kafka",
        contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        bodies=True, sends=" publish$", runs=("on",), advice="record-the-offset",
        note="An own PRODUCER span that ends with the delivery callback records partition and offset; batches have the ids of their records as an array.",
    ),
    recording(
        "aiokafka", "aiokafka", "aiokafka_topics.py", "kafka", "kafka",
        contrib("aiokafka"), ("aiokafka",), 36, (WORKER, AUDIT),
        note="One group gets records one by one, another many at once (spans for the poll, the topic and each record).",
    ),
    recording(
        "advice-aiokafka", "aiokafka", "aiokafka_topics.py", "kafka", "kafka",
        contrib("aiokafka"), ("aiokafka",), 36, (WORKER, AUDIT),
        bodies=True, sends=" publish$", runs=("on",), advice="record-the-offset",
        note="An own PRODUCER span around the send records partition and offset.",
    ),
]

KAFKA += [
    recording(
        "advice-kafka-python-headers", "kafka-python", "kafka_python.py", "kafka", "kafka",
        contrib("kafka-python"), ("kafka-python",), 36, (WORKER, AUDIT), runs=("on",),
        variants=("as-is",), bodies=True, advice="capture-headers",
        note="The consumers propagate nothing; their hook records the header that the producer sent.",
    ),
    recording(
        "advice-confluent-kafka-headers", "confluent-kafka", "confluent_kafka_topics.py", "kafka",
        "kafka", contrib("confluent-kafka"), ("confluent-kafka",), 36, (WORKER, AUDIT),
        runs=("on",), variants=("as-is",), bodies=True, advice="capture-headers",
        note="The consumers propagate nothing; the headers of all records of a batch are on its span, as an array.",
    ),
]

CATALOG = RABBIT + TASKS + CLOUD + OWN + PUBSUB + FASTSTREAM + KAFKA
