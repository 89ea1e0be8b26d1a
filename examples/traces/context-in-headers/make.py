#!/usr/bin/env python3
"""Makes before.jsonl: Kafka records whose headers were captured as attributes."""

import sys
from pathlib import Path

from opentelemetry.trace import SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import Story, traceparent  # noqa: E402

story = Story(seed=6)
sensors = story.service("sensors")
alarms = story.service("alarms")
store = story.service("store")


def send(number):
    """The producer never learns the offset of its record."""
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.destination.name": "measurements",
        "story.name": f"measurement {number}",
    }
    with sensors.span("POST /measurements", SpanKind.SERVER, {"story.name": f"measurement {number}"}):
        return traceparent(sensors.record("measurements send", SpanKind.PRODUCER, attributes))


def received(name, **attributes):
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "measurements",
        "messaging.destination.partition.id": "0",
        "story.name": name,
        **attributes,
    }


headers = [send(number) for number in range(1, 9)]
story.wait(30)

# One record a span; captured headers are arrays, for a header may repeat.
for number in range(1, 5):
    attributes = received(f"alarm {number}")
    attributes |= {"messaging.kafka.offset": 100 + number, "messaging.header.traceparent": [headers[number - 1]]}
    if number == 2:
        attributes["messaging.header.tracestate"] = ["shop=blue,region=eu"]
    alarms.record("measurements process", SpanKind.CONSUMER, attributes)
# Headers that are none: an unknown version, a trace id of zeros, rubbish.
for number, header in enumerate(("ff" + headers[0][2:], "00-" + "0" * 32 + headers[0][35:], "none"), start=5):
    attributes = received(f"bad header {number}")
    attributes |= {"messaging.kafka.offset": 100 + number, "messaging.header.traceparent": [header]}
    alarms.record("measurements process", SpanKind.CONSUMER, attributes)

# A whole poll in one span.
attributes = received("all at once")
attributes |= {"messaging.batch.message_count": 8, "messaging.header.traceparent": headers}
store.record("measurements process", SpanKind.CONSUMER, attributes, lasts=20)

for service in (alarms, store, sensors):
    service.export()
story.write()
