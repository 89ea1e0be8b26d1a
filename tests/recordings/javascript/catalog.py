"""What is recorded of JavaScript, in the order in which it is recorded."""

from runner import Recording

GROUPS = (("shop-worker", "worker"), ("shop-audit", "audit"))

KAFKAJS = {
    "instrumentation": ("@opentelemetry/instrumentation-kafkajs",),
    "client": ("kafkajs",),
    "broker": "kafka",
    "consumers": GROUPS,
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
]
