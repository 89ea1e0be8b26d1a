"""oslo.messaging over RabbitMQ: calls, casts and notifications. The messages of
one request have its id in common, as those of OpenStack's services have.

ADVICE: an own span of kind PRODUCER around each send has the number of the
order, and so has the consumer's current span.
"""

import contextlib
import os
import time
import uuid

import support

support.set_up()

import oslo_messaging as oslo
from opentelemetry import trace
from opentelemetry.instrumentation.oslo_messaging import OsloMessagingInstrumentor
from oslo_config import cfg

OsloMessagingInstrumentor().instrument()

URL = os.environ["AMQP"].replace("amqp://", "rabbit://").replace("%2F", "")
TOPIC = "compute-" + os.environ["RUN"]


# Its own tracing has options in the configuration of the process only.
CONF = cfg.CONF
CONF([])


def transport(make):
    return make(CONF, url=URL)


@contextlib.contextmanager
def sending(name, order):
    with support.sending(name, order=order) as body:
        if not support.ADVICE:
            yield body
            return
        with support.tracer().start_as_current_span(
            "send order", kind=trace.SpanKind.PRODUCER, attributes={"order.id": order}
        ):
            yield body


def produce():
    target = oslo.Target(topic=TOPIC, version="1.0")
    client = oslo.get_rpc_client(transport(oslo.get_rpc_transport), target)
    notifier = oslo.Notifier(
        transport(oslo.get_notification_transport), "shop-api", driver="messagingv2", topics=[TOPIC]
    )
    for number in range(4):
        request = {"request_id": f"req-{uuid.uuid4()}"}
        with sending("place order", order=number) as body:
            client.call(request, "order", body=body)
        # Of the same request, but of another trace.
        for more in (10 + number, 20 + number):
            with sending("place order", order=more) as body:
                client.cast(request, "order", body=body)
            time.sleep(0.01)
        with sending("tell of order", order=30 + number) as body:
            notifier.info(request, "order.placed", body)
    with support.handling("nightly"):
        for number in range(40, 44):
            with sending("tell of order", order=number) as body:
                notifier.info({}, "order.placed", body)


class Orders:
    target = oslo.Target(version="1.0")

    def order(self, context, body):
        note(body)
        return body["order"]

    def info(self, context, publisher_id, event_type, payload, metadata):
        note(payload)


def note(body):
    support.received(body)
    if support.ADVICE:
        trace.get_current_span().set_attribute("order.id", body["order"])
    with support.handling("handle order"):
        time.sleep(0.002)


def consume():
    target = oslo.Target(topic=TOPIC, server=support.SERVICE)
    server = oslo.get_rpc_server(transport(oslo.get_rpc_transport), target, [Orders()])
    listener = oslo.get_notification_listener(
        transport(oslo.get_notification_transport), [oslo.Target(topic=TOPIC)], [Orders()]
    )
    server.start()
    listener.start()
    support.end_on_sigterm()
    support.ready()
    try:
        while True:
            time.sleep(0.1)
    finally:
        for one in (server, listener):
            one.stop()
            one.wait()


produce() if support.ROLE == "produce" else consume()
