"""google-cloud-pubsub with its own OpenTelemetry support: two topics, orders
fan out to two subscriptions, one message is nacked once."""

import json
import time

import support

support.set_up()

from google.api_core.exceptions import AlreadyExists
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.types import PublisherOptions, SubscriberOptions

PROJECT, ORDERS, INVOICES = "shop", "orders", "invoices"
SUBSCRIPTIONS = {"consume": [("work", ORDERS), ("bill", INVOICES)], "audit": [("audit", ORDERS)]}


def create(client, **request):
    method = client.create_topic if "topic" not in request else client.create_subscription
    try:
        method(request=request)
    except AlreadyExists:
        pass


def produce():
    options = PublisherOptions(enable_open_telemetry_tracing=True)
    publisher = pubsub_v1.PublisherClient(publisher_options=options)

    def send(number, topic):
        with support.sending("place order", order=number) as body:
            return publisher.publish(publisher.topic_path(PROJECT, topic), json.dumps(body).encode())

    for number in range(10):
        send(number, ORDERS)
        time.sleep(0.03)
    with support.handling("nightly"):
        # Published by one request.
        sent = [send(number, ORDERS) for number in range(10, 15)]
    sent += [send(number, INVOICES) for number in range(20, 25)]
    for future in sent:
        future.result(10)


def consume():
    publisher = pubsub_v1.PublisherClient()
    options = SubscriberOptions(enable_open_telemetry_tracing=True)
    subscriber = pubsub_v1.SubscriberClient(subscriber_options=options)
    refused = set()

    def handle(message):
        body = json.loads(message.data)
        # No span is the current one here.
        support.counted()
        with support.handling("handle order"):
            time.sleep(0.005)
        if support.ROLE == "consume" and body["order"] == 3 and not refused:
            refused.add(3)
            message.nack()
        else:
            message.ack()

    pulls = []
    for name, topic in SUBSCRIPTIONS[support.ROLE]:
        path = subscriber.subscription_path(PROJECT, name)
        create(publisher, name=publisher.topic_path(PROJECT, topic))
        create(subscriber, name=path, topic=publisher.topic_path(PROJECT, topic))
        pulls.append(subscriber.subscribe(path, handle))
    support.end_on_sigterm()
    support.ready()
    try:
        while True:
            time.sleep(0.1)
    finally:
        for pull in pulls:
            pull.cancel()
            pull.result(10)
        subscriber.close()


produce() if support.ROLE == "produce" else consume()
