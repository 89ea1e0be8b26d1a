"""aiokafka: two topics; one group gets records one by one, another many at once.

ADVICE: an own span of kind PRODUCER around the send, which waits for the broker
and records where the record is.
"""

import asyncio
import json

import kafka_common as common
import support

support.set_up()

import aiokafka
from opentelemetry import trace
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor

ORDERS, INVOICES = common.topics("aiokafka")


async def consumed(span, record, args, kwargs):
    """The consumer's hook: the span has ended when the application sees the record."""
    support.received(json.loads(record.value))


AIOKafkaInstrumentor().instrument(async_consume_hook=consumed)


async def send(producer, topic, number):
    with support.sending("place order", order=number) as body:
        value = common.encoded(body)
        if not support.ADVICE:
            await producer.send(topic, value, key=common.key(number))
            return
        with support.tracer().start_as_current_span(
            f"{topic} publish", kind=trace.SpanKind.PRODUCER
        ) as span:
            stored = await producer.send_and_wait(topic, value, key=common.key(number))
            span.set_attribute("messaging.operation.type", "send")
            span.set_attributes(common.where(stored.topic, stored.partition, stored.offset))


async def produce():
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=common.SERVERS)
    await producer.start()
    nightly = []
    for topic, trace_name, number in common.traffic(ORDERS, INVOICES):
        if trace_name:
            nightly.append((topic, number))
            continue
        await send(producer, topic, number)
        await asyncio.sleep(0.01)
    with support.handling("nightly"):
        for topic, number in nightly:
            await send(producer, topic, number)
    await producer.stop()


async def consume():
    topics = [ORDERS, INVOICES] if support.ROLE == "consume" else [ORDERS]
    consumer = aiokafka.AIOKafkaConsumer(
        *topics,
        bootstrap_servers=common.SERVERS,
        group_id=support.SERVICE + common.OWN,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    handling = asyncio.create_task(handle(consumer))
    support.ready()
    await support.until_sigterm()
    handling.cancel()
    await consumer.stop()


async def handle(consumer):
    while True:
        if support.ROLE == "consume":
            await consumer.getone()
        else:
            await consumer.getmany(timeout_ms=300)
            await asyncio.sleep(0.05)
        with support.handling("handle orders"):
            await asyncio.sleep(0.002)


asyncio.run(produce() if support.ROLE == "produce" else consume())
