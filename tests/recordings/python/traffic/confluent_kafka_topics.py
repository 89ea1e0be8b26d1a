"""confluent-kafka: two topics; one group polls records one by one, another
consumes batches.

ADVICE record-the-offset: an own span of kind PRODUCER that stays open until the delivery callback
has said where the record is; and the ids of a batch on the consumer's span.
capture-headers: the consumers propagate nothing, but record the headers of all
records on their span.
"""

import contextlib
import json
import time

import kafka_common as common
import support

support.set_up()

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic
from opentelemetry import trace
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor

if support.ADVICE == "capture-headers" and support.ROLE != "produce":
    support.propagate_nothing()
ConfluentKafkaInstrumentor().instrument()

ORDERS, INVOICES = common.topics("confluent-kafka")


def send(producer, topic, number):
    with support.sending("place order", order=number) as body:
        value, key = common.encoded(body), common.key(number)
        if support.ADVICE != "record-the-offset":
            producer.produce(topic, value, key=key)
            return
        span = support.tracer().start_span(f"{topic} publish", kind=trace.SpanKind.PRODUCER)

        def delivered(error, message):
            span.set_attribute("messaging.operation.type", "send")
            span.set_attributes(
                common.where(message.topic(), message.partition(), message.offset())
            )
            span.end()

        with trace.use_span(span):
            producer.produce(topic, value, key=key, on_delivery=delivered)


def produce():
    producer = confluent_kafka.Producer({"bootstrap.servers": common.SERVERS})
    nightly = []
    for topic, trace_name, number in common.traffic(ORDERS, INVOICES):
        if trace_name:
            nightly.append((topic, number))
            continue
        send(producer, topic, number)
        producer.poll(0)
        time.sleep(0.01)
    with support.handling("nightly"):
        for topic, number in nightly:
            send(producer, topic, number)
    producer.flush(10)


def consume():
    # So that nobody waits for the client to look for new topics again.
    admin = AdminClient({"bootstrap.servers": common.SERVERS})
    for created in admin.create_topics([NewTopic(ORDERS, 2), NewTopic(INVOICES, 2)]).values():
        with contextlib.suppress(confluent_kafka.KafkaException):
            created.result(20)
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": common.SERVERS,
            "group.id": support.SERVICE + common.OWN,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([ORDERS, INVOICES] if support.ROLE == "consume" else [ORDERS])
    support.end_on_sigterm()
    support.ready()
    while True:
        if support.ROLE == "consume":
            message = consumer.poll(0.5)
            records = [message] if message else []
        else:
            # Four at a time, so that there are batches.
            records = consumer.consume(4, 1.0)
        records = [record for record in records if not record.error()]
        if support.ADVICE == "capture-headers" and records:
            headers = [common.traceparent(record.headers()) for record in records]
            trace.get_current_span().set_attribute("messaging.header.traceparent", headers)
        elif support.ADVICE and support.ROLE == "audit" and records:
            ids = [f"{one.topic()}.{one.partition()}.{one.offset()}" for one in records]
            trace.get_current_span().set_attribute("messaging.message.id", ids)
        for record in records:
            support.received(json.loads(record.value()))
        if records:
            with support.handling("handle orders"):
                time.sleep(0.002)


produce() if support.ROLE == "produce" else consume()
