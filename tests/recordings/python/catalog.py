"""The recordings: what each is of, and what is needed to make it."""

import dataclasses

WORKER, AUDIT = ("order-worker", "consume"), ("audit", "audit")


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
]

CATALOG = RABBIT
