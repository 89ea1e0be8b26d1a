#!/usr/bin/env python3
"""Makes before.jsonl: orders go through RabbitMQ and lose their headers."""

import sys
from pathlib import Path

from opentelemetry.trace import SpanKind, Status, StatusCode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import Story  # noqa: E402

story = Story(seed=1)
checkout = story.service("checkout")
fulfilment = story.service("fulfilment")


def sent(order, message_id):
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "send",
        "messaging.destination.name": "orders",
        "messaging.message.id": message_id,
        "story.name": f"order {order}",
    }


def processed(order, message_id):
    """The worker's instrumentation is older: the names are from before 1.17."""
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation": "process",
        "messaging.destination": "fulfil",
        "messaging.message_id": message_id,
        "story.name": f"order {order}",
    }


def publish(order, message_id):
    with checkout.span("POST /checkout", SpanKind.SERVER, {"story.name": f"order {order}"}):
        checkout.record("orders publish", SpanKind.PRODUCER, sent(order, message_id))


def process(order, message_id, fails=False):
    with fulfilment.span("fulfil process", SpanKind.CONSUMER, processed(order, message_id)) as span:
        fulfilment.record("INSERT shipments", SpanKind.CLIENT, {"db.system.name": "postgresql", "story.name": f"order {order}"})
        if fails:
            span.set_status(Status(StatusCode.ERROR, "connection lost"))


orders = dict(enumerate(story.message_ids(7), start=1))
for order, message_id in orders.items():
    publish(order, message_id)
story.wait(40)
for order, message_id in orders.items():
    process(order, message_id, fails=order == 5)
# The fifth is delivered again.
process(5, orders[5])
# One that a partner's system sent, which records no traces.
process(99, story.message_id())
# One order is paid at once, by a call: the context goes along with it.
with checkout.span("POST /checkout", SpanKind.SERVER, {"story.name": "order 8"}):
    message_id = story.message_id()
    with checkout.span("orders publish", SpanKind.PRODUCER, sent(8, message_id)):
        process(8, message_id)

fulfilment.export()
checkout.export()
story.write()
