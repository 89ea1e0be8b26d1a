#!/usr/bin/env python3
"""Makes before.jsonl: an aggregator whose links to partial results are broken."""

import sys
from pathlib import Path

from opentelemetry.trace import Link, SpanContext, SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import LOST, Story, received  # noqa: E402

story = Story(seed=5)
shards = [story.service(f"shard-{number}") for number in range(1, 5)]
gateway = story.service("gateway")


def answer(shard, search):
    """A shard searches and sends what it found."""
    message_id = story.message_id()
    name = f"{search}, shard {shard + 1}"
    with shards[shard].span("search index", attributes={"story.name": name}):
        attributes = {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "send",
            "messaging.destination.name": "results",
            "messaging.message.id": message_id,
            "story.name": name,
        }
        return message_id, shards[shard].record("results send", SpanKind.PRODUCER, attributes)


def aggregate(search, links):
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "process",
        "messaging.destination.name": "results",
        "messaging.batch.message_count": 4,
        "story.name": search,
    }
    gateway.record("results aggregate", SpanKind.CONSUMER, attributes, links, lasts=8)


def link(context, message_id, rank):
    return Link(context, {"messaging.message.id": message_id, "result.rank": rank})


for search in ("apple", "pear", "plum"):
    (a, first), (b, second), (c, third), (d, fourth) = (answer(shard, search) for shard in range(4))
    story.wait(10)
    if search == "apple":
        # Two contexts are gone, one of them but for the trace id.
        half = SpanContext(third.trace_id, 0, is_remote=True)
        aggregate(search, [link(received(first), a, 1), link(LOST, b, 2), link(half, c, 3), link(received(fourth), d, 4)])
    elif search == "pear":
        # A result came twice, and a link does not even name its message.
        good = [link(received(context), message_id, 1) for message_id, context in ((a, first), (b, second), (c, third))]
        aggregate(search, [good[0], Link(LOST, {"result.rank": 9}), good[1], good[0], good[2], link(LOST, d, 1), link(LOST, d, 1)])
    else:
        # All are gone, and one came from a shard that records no traces.
        aggregate(search, [link(LOST, message_id, 1) for message_id in (a, b, story.message_id(), c)])
    found = [first, second, third, fourth]

# The trend of the day has links alone: it is no consumer of messages.
gateway.record("daily trend", attributes={"story.name": "trend"}, links=[Link(received(context)) for context in found + found[:1]])

for service in (gateway, *shards):
    service.export()
story.write()
