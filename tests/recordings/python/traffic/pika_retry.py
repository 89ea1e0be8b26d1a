"""pika: three ways to try again, each under the message id of the first send.

MODE republish: the worker sends the message to its own queue again;
     delay:     it sends it to a queue without consumers, from which the broker
                moves it back after a while (dead-letter exchange);
     reject:    it rejects it, and the broker moves it to a queue of dead letters,
                which another service reads.
What came through is sent on to a third queue under the same id.
"""

import json
import os
import time
import uuid

import support

support.set_up()

import pika
from opentelemetry.instrumentation.pika import PikaInstrumentor

PikaInstrumentor().instrument()

MODE = os.environ["MODE"]
ORDERS, DELAYED, DEAD, MAILS = (f"{MODE}-{n}" for n in ("orders", "delayed", "dead", "mails"))
ORDER_COUNT = 12


def connect():
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP"])).channel()
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DEAD}
    channel.queue_declare(ORDERS, arguments=dead if MODE == "reject" else None)
    back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": ORDERS}
    channel.queue_declare(DELAYED, arguments={**back, "x-message-ttl": 150})
    for queue in (DEAD, MAILS):
        channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    return channel


def send(channel, name, queue, identity, **what):
    with support.sending(name, **what) as body:
        properties = pika.BasicProperties(message_id=identity)
        channel.basic_publish("", queue, json.dumps(body), properties)


def produce():
    channel = connect()
    for number in range(ORDER_COUNT):
        send(channel, "place order", ORDERS, str(uuid.uuid4()), order=number, attempt=1)
        time.sleep(0.01)


def fails(order, attempt):
    """Every second order fails once, every fourth twice."""
    return attempt <= (order % 4 == 3) + (order % 2 == 1)


def work(channel, method, properties, data):
    body = json.loads(data)
    support.received(body)
    what = {"order": body["order"], "attempt": body["attempt"] + 1}
    with support.handling("handle order"):
        time.sleep(0.005)
        if not fails(body["order"], body["attempt"]):
            send(channel, "send mail", MAILS, properties.message_id, **what)
        elif MODE == "reject":
            channel.basic_reject(method.delivery_tag, requeue=False)
            return
        else:
            queue = ORDERS if MODE == "republish" else DELAYED
            send(channel, "try again", queue, properties.message_id, **what)
    channel.basic_ack(method.delivery_tag)


def note(channel, method, properties, data):
    support.received(json.loads(data))
    with support.handling("note"):
        time.sleep(0.002)
    channel.basic_ack(method.delivery_tag)


def consume(queue, handle):
    channel = connect()
    channel.basic_consume(queue, handle)
    support.end_on_sigterm()
    support.ready()
    channel.start_consuming()


if support.ROLE == "produce":
    produce()
elif support.ROLE == "consume":
    consume(ORDERS, work)
else:
    consume({"mail": MAILS, "bury": DEAD}[support.ROLE], note)
