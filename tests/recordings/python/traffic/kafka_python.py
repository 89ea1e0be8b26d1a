"""kafka-python: two topics, two groups, one of which reads one topic only.

ADVICE record-the-offset: an own span of kind PRODUCER around the send, which
waits for the broker and records where the record is; and the consumer's hook
records the same. capture-headers: the consumers propagate nothing, but their
hook records the header.
"""

import json
import time

import kafka_common as common
import support

support.set_up()

import kafka
from opentelemetry import trace
from opentelemetry.instrumentation.kafka import KafkaInstrumentor

ORDERS, INVOICES = common.topics("kafka-python")


def consumed(span, record, args, kwargs):
    """The consumer's hook: the span has ended when the application sees the record."""
    if support.ADVICE == "capture-headers":
        span.set_attribute("messaging.header.traceparent", [common.traceparent(record.headers)])
    elif support.ADVICE:
        span.set_attributes(common.where(record.topic, record.partition, record.offset))
    support.received(json.loads(record.value))


if support.ADVICE == "capture-headers" and support.ROLE != "produce":
    support.propagate_nothing()
KafkaInstrumentor().instrument(consume_hook=consumed)


def send(producer, topic, number):
    with support.sending("place order", order=number) as body:
        value = common.encoded(body)
        if support.ADVICE != "record-the-offset":
            producer.send(topic, value, common.key(number))
            return
        with support.tracer().start_as_current_span(
            f"{topic} publish", kind=trace.SpanKind.PRODUCER
        ) as span:
            stored = producer.send(topic, value, common.key(number)).get(10)
            span.set_attribute("messaging.operation.type", "send")
            span.set_attributes(common.where(stored.topic, stored.partition, stored.offset))


def produce():
    producer = kafka.KafkaProducer(bootstrap_servers=common.SERVERS)
    nightly = []
    for topic, trace_name, number in common.traffic(ORDERS, INVOICES):
        if trace_name:
            nightly.append((topic, number))
            continue
        send(producer, topic, number)
        time.sleep(0.01)
    with support.handling("nightly"):
        for topic, number in nightly:
            send(producer, topic, number)
    producer.close()


def consume():
    topics = [ORDERS, INVOICES] if support.ROLE == "consume" else [ORDERS]
    consumer = kafka.KafkaConsumer(
        *topics,
        bootstrap_servers=common.SERVERS,
        group_id=support.SERVICE + common.OWN,
        auto_offset_reset="earliest",
    )
    support.end_on_sigterm()
    consumer.poll(1000)
    support.ready()
    try:
        for _ in consumer:
            with support.handling("handle order"):
                time.sleep(0.002)
    finally:
        consumer.close()


produce() if support.ROLE == "produce" else consume()
