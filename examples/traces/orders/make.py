#!/usr/bin/env python3
"""Makes orders.jsonl: spans of a small shop whose message headers are lost.

The spans are recorded and encoded by the OpenTelemetry SDK for Python
(opentelemetry-sdk, opentelemetry-exporter-otlp-proto-common); only ids and
times are made up, so that the file is the same every time.

    pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-common
    python3 make.py > orders.jsonl
"""

import base64
import json
import random
import sys
import uuid

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind

random.seed(20)
MILLISECOND = 1_000_000
clock = 1_760_000_000_000 * MILLISECOND


def tick(milliseconds):
    global clock
    clock += milliseconds * MILLISECOND
    return clock


class Service:
    """A process with an SDK of its own. Some SDKs have no limit on links."""

    def __init__(self, name):
        self.memory = InMemorySpanExporter()
        provider = TracerProvider(
            resource=Resource({"service.name": name, "deployment.environment.name": "demo"}),
            span_limits=SpanLimits(max_links=SpanLimits.UNSET),
        )
        provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.tracer = provider.get_tracer("shop")

    def span(self, name, kind, attributes, links=(), milliseconds=3):
        span = self.tracer.start_span(name, kind=kind, attributes=attributes, links=links, start_time=tick(1))
        span.end(end_time=tick(milliseconds))
        return span.get_span_context()

    def publish(self, message_id):
        return self.span("orders publish", SpanKind.PRODUCER, message("publish", message_id))

    def process(self, message_id, links=()):
        return self.span("orders process", SpanKind.CONSUMER, message("process", message_id), links)


def message(operation, message_id):
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": {"publish": "send"}.get(operation, operation),
        "messaging.operation.name": operation,
        "messaging.destination.name": "orders",
        "messaging.message.id": message_id,
    }


def new_id():
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


LOST = SpanContext(trace_id=0, span_id=0, is_remote=True)

api, worker, billing, reports = (Service(name) for name in ("shop-api", "shop-worker", "shop-billing", "shop-reports"))

# 30 orders, each a message; the worker takes them one by one, in traces of its own.
orders = [new_id() for _ in range(30)]
sent = [api.publish(order) for order in orders]
for order in orders[:18]:
    worker.process(order)
# A link whose context was lost on the way, with the message id still on it.
worker.process(orders[18], [Link(LOST, {"messaging.message.id": orders[18]})])
# A link that says nothing, and a message that somebody else sent.
worker.process(orders[19], [Link(sent[19]), Link(LOST, {"note": "no traceparent"})])
worker.process(new_id())

# Billing works off ten orders at a time and only notes their ids.
billing.span(
    "invoices process",
    SpanKind.CONSUMER,
    {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
        "messaging.batch.message_count": 10,
        "messaging.message.ids": orders[20:],
    },
)

# A report links to everything it read, one order twice: 141 links.
read = [api.span("POST /orders", SpanKind.SERVER, {"http.request.method": "POST"}) for _ in range(140)]
reports.span("daily report", SpanKind.INTERNAL, {}, [Link(context) for context in read] + [Link(read[0])])


def hexadecimal(value):
    """Protobuf's JSON has ids in base64, OTLP's has them in hex."""
    if isinstance(value, list):
        return [hexadecimal(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64decode(item).hex() if key in ids else hexadecimal(item) for key, item in value.items()
    }


for service in (worker, api, billing, reports):
    request = encode_spans(service.memory.get_finished_spans())
    json.dump(hexadecimal(MessageToDict(request, use_integers_for_enums=True)), sys.stdout, separators=(",", ":"))
    print()
