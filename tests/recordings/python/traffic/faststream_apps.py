"""FastStream with its own telemetry, over RabbitMQ, Redis, NATS or Kafka (OVER).

The worker answers each order by a mail to a third service, through a publisher
of FastStream's (CHAIN=reply), or not at all. With IDS=set, messages are sent with
a message id (RabbitMQ); with SHARED=on, several have one correlation id.
"""

import asyncio
import os
import uuid

import support

support.set_up()

OVER, CHAIN, IDS = os.environ["OVER"], os.environ.get("CHAIN"), os.environ.get("IDS") == "set"
SHARED = os.environ.get("SHARED") == "on"
NAME = f"fs{'-shared' * SHARED}{'-' + CHAIN if CHAIN else ''}{'-ids' * IDS}"
ORDERS, INVOICES, MAILS = (f"{NAME}-{name}" for name in ("orders", "invoices", "mails"))
GROUP = f"{NAME}-{support.SERVICE}"

if OVER == "rabbitmq":
    from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue
    from faststream.rabbit.opentelemetry import RabbitTelemetryMiddleware

    broker = RabbitBroker(os.environ["AMQP"], middlewares=[RabbitTelemetryMiddleware()])
    EXCHANGE = RabbitExchange(NAME, type=ExchangeType.TOPIC)

    def subscribe(topic):
        queue = RabbitQueue(f"{topic}-{support.SERVICE}", routing_key=topic)
        return broker.subscriber(queue, EXCHANGE)

    def to(topic):
        more = {"message_id": str(uuid.uuid4())} if IDS else {}
        return {"queue": topic, "exchange": EXCHANGE, **more}

    def publisher(topic):
        return broker.publisher(topic, exchange=EXCHANGE)

elif OVER == "redis":
    from faststream.redis import RedisBroker, StreamSub
    from faststream.redis.opentelemetry import RedisTelemetryMiddleware

    broker = RedisBroker(os.environ["REDIS"], middlewares=[RedisTelemetryMiddleware()])

    def subscribe(topic):
        stream = StreamSub(topic, group=GROUP, consumer="one", polling_interval=50, last_id=">")
        return broker.subscriber(stream=stream)

    def to(topic):
        return {"stream": topic}

    def publisher(topic):
        return broker.publisher(stream=topic)

elif OVER == "nats":
    from faststream.nats import NatsBroker
    from faststream.nats.opentelemetry import NatsTelemetryMiddleware

    broker = NatsBroker(os.environ["NATS"], middlewares=[NatsTelemetryMiddleware()])

    def subscribe(topic):
        return broker.subscriber(topic, queue=GROUP)

    def to(topic):
        return {"subject": topic}

    def publisher(topic):
        return broker.publisher(topic)

else:
    from faststream.kafka import KafkaBroker
    from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware

    broker = KafkaBroker(os.environ["KAFKA"], middlewares=[KafkaTelemetryMiddleware()])

    def subscribe(topic):
        # The audit takes batches.
        more = {"batch": True} if support.ROLE == "audit" else {}
        return broker.subscriber(topic, group_id=GROUP, auto_offset_reset="earliest", **more)

    def to(topic):
        return {"topic": topic}

    def publisher(topic):
        return broker.publisher(topic)


def about(number):
    """The correlation id: FastStream makes one up for each message, unless it is
    told one, such as that of a customer."""
    return {"correlation_id": f"customer-{number % 4}"} if SHARED else {}


async def note(body):
    for one in body if isinstance(body, list) else [body]:
        support.received(one)
    with support.handling("handle order"):
        await asyncio.sleep(0.003)


async def answer(body: dict):
    await note(body)
    # The span that is current here is the one around the answer's send.
    return {"order": body["order"], "around": support.here()}


def declare():
    batches = OVER == "kafka" and support.ROLE == "audit"

    async def handle(body: list[dict] if batches else dict):
        await note(body)

    if support.ROLE == "consume" and CHAIN:
        subscribe(ORDERS)(publisher(MAILS)(answer))
    elif support.ROLE == "mail":
        subscribe(MAILS)(handle)
    else:
        subscribe(ORDERS)(handle)
    if support.ROLE == "consume":
        subscribe(INVOICES)(handle_invoice)


async def handle_invoice(body: dict):
    await note(body)


async def produce():
    async with broker:
        for number in range(10):
            with support.sending("place order", order=number) as body:
                await broker.publish(body, **to(ORDERS), **about(number))
            await asyncio.sleep(0.02)
        with support.handling("nightly"):
            for number in range(10, 14):
                with support.sending("place order", order=number) as body:
                    await broker.publish(body, **to(ORDERS), **about(number))
        for number in range(20, 25):
            with support.sending("place invoice", order=number) as body:
                await broker.publish(body, **to(INVOICES), **about(number))


async def consume():
    declare()
    await broker.start()
    support.ready()
    await support.until_sigterm()
    await broker.stop()


asyncio.run(produce() if support.ROLE == "produce" else consume())
