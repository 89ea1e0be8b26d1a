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
    # The section of docs/emitters.md that was followed.
    advice: str | None = None
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
        ("opentelemetry-instrumentation-rq",), ("rq",), 25, runs=("on",),
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

CATALOG = RABBIT + TASKS
