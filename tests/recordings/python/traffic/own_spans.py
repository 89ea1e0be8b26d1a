"""An application's own spans by the semantic conventions, over RabbitMQ, with
no instrumentation: spans of kind PRODUCER for each send and one for a batch,
spans of kind CONSUMER for batches, with the ids of all messages as an array."""

import json
import os
import time
import uuid

import support

support.set_up()

import pika
from opentelemetry import propagate, trace

QUEUE = f"own-orders-{os.environ['PROPAGATION']}"
AT_ONCE = 5


def connect():
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP"])).channel()
    channel.queue_declare(QUEUE)
    return channel


def span(operation, kind, links=(), **more):
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": QUEUE,
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
    }
    attributes |= {"messaging." + name.replace("__", "."): value for name, value in more.items()}
    return support.tracer().start_as_current_span(
        f"{operation} {QUEUE}", kind=kind, links=links, attributes=attributes
    )


def publish(channel, identity, body):
    headers = {}
    propagate.inject(headers)
    properties = pika.BasicProperties(message_id=identity, headers=headers)
    channel.basic_publish("", QUEUE, json.dumps(body), properties)


def produce():
    channel = connect()
    for number in range(12):
        identity = str(uuid.uuid4())
        with support.sending("place order", order=number) as body:
            with span("send", trace.SpanKind.PRODUCER, message__id=identity):
                publish(channel, identity, body)
        time.sleep(0.01)
    for _ in range(2):
        ids = [str(uuid.uuid4()) for _ in range(4)]
        with support.sending("place orders") as body:
            more = {"message__ids": ids, "batch__message_count": len(ids)}
            with span("send", trace.SpanKind.PRODUCER, **more):
                for identity in ids:
                    publish(channel, identity, body)


def linked(properties):
    context = propagate.extract(properties.headers or {})
    producer = trace.get_current_span(context).get_span_context()
    return [trace.Link(producer)] if producer.is_valid else []


def consume():
    channel = connect()
    support.end_on_sigterm()
    support.ready()
    while True:
        got = []
        for method, properties, data in channel.consume(QUEUE, inactivity_timeout=0.3):
            if method:
                got.append((method, properties, json.loads(data)))
            if not method or len(got) == AT_ONCE:
                break
        if got:
            handle(channel, got)


def handle(channel, got):
    ids = [properties.message_id for _, properties, _ in got]
    links = [link for _, properties, _ in got for link in linked(properties)]
    more = {"message__ids": ids, "batch__message_count": len(ids)}
    with span("process", trace.SpanKind.CONSUMER, links, **more):
        for method, _, body in got:
            support.received(body)
            with support.handling("handle order"):
                time.sleep(0.002)
            channel.basic_ack(method.delivery_tag)


produce() if support.ROLE == "produce" else consume()
