"""What the programs for Kafka's clients share: topics and the traffic."""

import json
import os

import support

SERVERS = os.environ["KAFKA"]
SUFFIX = f"-{support.ADVICE}" if support.ADVICE else ""
# Each run has topics and groups of its own.
OWN = {"on": "", "off": "-quiet"}[os.environ["PROPAGATION"]] + SUFFIX


def topics(client):
    return [f"{client}-{name}{OWN}" for name in ("orders", "invoices")]


def where(topic, partition, offset):
    """The attributes that name a record."""
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.offset": offset,
    }


def traceparent(headers):
    """The header that carries the context, as the consumer got it."""
    return next((value.decode() for name, value in headers if name == "traceparent"), "")


def traffic(orders, invoices):
    """What is sent: (topic, trace or None, number)."""
    for number in range(10):
        yield orders, None, number
    for number in range(10, 15):
        yield orders, "nightly", number
    for number in range(20, 26):
        yield invoices, None, number


def key(number):
    """Keys spread the records over both partitions."""
    return str(number).encode()


def encoded(body):
    return json.dumps(body).encode()
