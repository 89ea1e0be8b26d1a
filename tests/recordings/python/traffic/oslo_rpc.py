"""oslo.messaging over RabbitMQ: calls, casts and notifications. The messages of
one request have its id in common, as those of OpenStack's services have."""

import os
import time
import uuid

import support

support.set_up()

import oslo_messaging as oslo
from opentelemetry.instrumentation.oslo_messaging import OsloMessagingInstrumentor
from oslo_config import cfg

OsloMessagingInstrumentor().instrument()

URL = os.environ["AMQP"].replace("amqp://", "rabbit://").replace("%2F", "")
TOPIC = f"compute-{os.environ['PROPAGATION']}"


def transport(make):
    conf = cfg.ConfigOpts()
    conf([])
    made = make(conf, url=URL)
    # No queues of dead replies that outlive the run.
    conf.set_override("heartbeat_timeout_threshold", 0, group="oslo_messaging_rabbit")
    return made


def produce():
    target = oslo.Target(topic=TOPIC, version="1.0")
    client = oslo.get_rpc_client(transport(oslo.get_rpc_transport), target)
    notifier = oslo.Notifier(
        transport(oslo.get_notification_transport), "shop-api", driver="messagingv2", topics=[TOPIC]
    )
    for number in range(4):
        request = {"request_id": f"req-{uuid.uuid4()}"}
        with support.sending("place order", order=number) as body:
            client.call(request, "order", body=body)
        # Of the same request, but of another trace.
        for more in (10 + number, 20 + number):
            with support.sending("place order", order=more) as body:
                client.cast(request, "order", body=body)
            time.sleep(0.01)
        with support.sending("tell of order", order=30 + number) as body:
            notifier.info(request, "order.placed", body)
    with support.handling("nightly"):
        for number in range(40, 44):
            with support.sending("tell of order", order=number) as body:
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
