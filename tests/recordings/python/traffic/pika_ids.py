"""pika: orders fan out to two services, invoices go to one; with or without
message ids (IDS: set, none, or advice: a UUID each)."""

import json
import os
import time
import uuid

import support

support.set_up()

import pika
from opentelemetry.instrumentation.pika import PikaInstrumentor

PikaInstrumentor().instrument()

IDS = os.environ["IDS"]
EXCHANGE = "shop-" + IDS
QUEUES = {"consume": f"orders-{IDS}", "audit": f"audit-{IDS}"}
INVOICES = f"invoices-{IDS}"


def connect():
    return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP"])).channel()


def identity(number):
    return {"set": f"order-{number}", "advice": str(uuid.uuid4())}.get(IDS)


def produce():
    channel = connect()
    channel.exchange_declare(EXCHANGE, "fanout")

    def send(number, exchange, key):
        with support.sending("place order", order=number) as body:
            properties = pika.BasicProperties(message_id=identity(number))
            channel.basic_publish(exchange, key, json.dumps(body), properties)

    for number in range(10):
        send(number, EXCHANGE, "")
        time.sleep(0.02)
    # Several messages of one trace.
    with support.handling("nightly"):
        for number in range(10, 14):
            send(number, EXCHANGE, "")
    for number in range(20, 25):
        send(number, "", INVOICES)


def consume(queue):
    channel = connect()
    channel.queue_declare(queue)
    channel.exchange_declare(EXCHANGE, "fanout")
    channel.queue_bind(queue, EXCHANGE)
    channel.basic_qos(prefetch_count=4)
    requeued = set()

    def handle(ch, method, properties, data):
        body = json.loads(data)
        support.received(body)
        with support.handling("handle order"):
            if queue == QUEUES["consume"] and body["order"] == 3 and not requeued:
                requeued.add(3)
                ch.basic_nack(method.delivery_tag, requeue=True)
                return
            time.sleep(0.005)
        ch.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, handle)
    if queue == QUEUES["consume"]:
        channel.queue_declare(INVOICES)
        channel.basic_consume(INVOICES, handle)
    support.end_on_sigterm()
    support.ready()
    channel.start_consuming()


produce() if support.ROLE == "produce" else consume(QUEUES[support.ROLE])
