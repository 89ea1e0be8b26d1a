#!/usr/bin/env python3
"""Makes before.jsonl: spans that work off many messages at once."""

import sys
from pathlib import Path

from opentelemetry.trace import Link, SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import LOST, Story, received  # noqa: E402

story = Story(seed=2)
uploads = story.service("uploads")
thumbnails = story.service("thumbnails")
meters = story.service("meters")
archive = story.service("archive")


def upload(album, count):
    """A request that sends a message for each of its pictures."""
    sent = []
    with uploads.span("POST /albums", SpanKind.SERVER, {"story.name": album}):
        for number in range(1, count + 1):
            message_id = story.message_id()
            attributes = {
                "messaging.system": "aws_sqs",
                "messaging.operation.type": "send",
                "messaging.destination.name": "pictures",
                "messaging.message.id": message_id,
                "story.name": f"{album} {number}",
            }
            sent.append((message_id, uploads.record("pictures send", SpanKind.PRODUCER, attributes)))
    return sent


def batch(service, queue, system, name, message_ids, links=()):
    """One span for all of the messages."""
    attributes = {
        "messaging.system": system,
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
        "messaging.batch.message_count": max(len(message_ids), len(links)),
        "story.name": name,
    }
    if message_ids:
        attributes["messaging.message.id"] = message_ids
    service.record(f"{queue} process", SpanKind.CONSUMER, attributes, links, lasts=50)


def named(context, message_id):
    return Link(context, {"messaging.message.id": message_id})


sea, snow, cake = upload("sea", 3), upload("snow", 4), upload("cake", 3)
story.wait(100)

# Six messages of three requests; the span has their ids and no link.
mixed = [message_id for message_id, _ in sea[:2] + snow[:2] + cake[:2]]
batch(thumbnails, "pictures", "aws_sqs", "all ids in an array", mixed)

# Four messages: two with their context, one whose context was lost, and one
# that is only in the array.
rest = sea[2:] + snow[2:] + cake[2:]
links = [
    named(received(rest[0][1]), rest[0][0]),
    named(LOST, rest[1][0]),
    named(received(rest[2][1]), rest[2][0]),
]
batch(thumbnails, "pictures", "aws_sqs", "ids on links, and one more", [message_id for message_id, _ in rest], links)

# A meter station sends its readings forty at a time, by one span.
stations = []
for number in range(1, 5):
    readings = story.message_ids(40)
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "send",
        "messaging.destination.name": "readings",
        "messaging.batch.message_count": 40,
        "messaging.message.id": readings,
        "story.name": f"station {number}",
    }
    stations.append((readings, meters.record("readings send", SpanKind.PRODUCER, attributes)))
story.wait(500)

# The archive takes all 160 at once: more than a span may have links.
batch(archive, "readings", "rabbitmq", "160 ids", [reading for readings, _ in stations for reading in readings])
# And once 140 of them, with a link for each, by an SDK without a limit.
links = [named(received(context), reading) for readings, context in stations for reading in readings[:35]]
batch(archive, "readings", "rabbitmq", "140 links", [], links)

for service in (archive, thumbnails, uploads, meters):
    service.export()
story.write()
