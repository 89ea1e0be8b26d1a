"""aio-pika: orders fan out to two services, invoices go to one; with or without
message ids (IDS: set, none, or advice: a UUID each)."""

import asyncio
import json
import os
import uuid

import support

support.set_up()

import aio_pika
from opentelemetry.instrumentation.aio_pika import AioPikaInstrumentor

AioPikaInstrumentor().instrument()

IDS = os.environ["IDS"]
EXCHANGE = f"aio-{IDS}"
QUEUES = {"consume": f"aio-orders-{IDS}", "audit": f"aio-audit-{IDS}"}
INVOICES = f"aio-invoices-{IDS}"


def identity(number):
    return {"set": f"order-{number}", "advice": str(uuid.uuid4())}.get(IDS)


async def produce():
    connection = await aio_pika.connect(os.environ["AMQP"])
    channel = await connection.channel()
    orders = await channel.declare_exchange(EXCHANGE, "fanout")

    async def send(number, exchange, key):
        with support.sending("place order", order=number) as body:
            message = aio_pika.Message(json.dumps(body).encode(), message_id=identity(number))
            await exchange.publish(message, key)

    for number in range(10):
        await send(number, orders, "")
        await asyncio.sleep(0.02)
    with support.handling("nightly"):
        await asyncio.gather(*(send(number, orders, "") for number in range(10, 14)))
    for number in range(20, 25):
        await send(number, channel.default_exchange, INVOICES)
    await connection.close()


async def consume(name):
    connection = await aio_pika.connect(os.environ["AMQP"])
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=4)
    exchange = await channel.declare_exchange(EXCHANGE, "fanout")
    queue = await channel.declare_queue(QUEUES[name])
    await queue.bind(exchange)
    requeued = set()

    async def handle(message):
        body = json.loads(message.body)
        support.received(body)
        with support.handling("handle order"):
            await asyncio.sleep(0.005)
            if name == "consume" and body["order"] == 3 and not requeued:
                requeued.add(3)
                await message.nack(requeue=True)
                return
        await message.ack()

    await queue.consume(handle)
    if name == "consume":
        invoices = await channel.declare_queue(INVOICES)
        await invoices.consume(handle)
    support.ready()
    await support.until_sigterm()


asyncio.run(produce() if support.ROLE == "produce" else consume(support.ROLE))
