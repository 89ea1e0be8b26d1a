"""A service under load, for tests/fleet/run: it produces messages, or consumes them
with four spans each, so many a second, and loses the context on the way. All of
the SDK is as it is by default, or as the environment says."""

import argparse
import json
import os
import time

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

STEPS = (("check", SpanKind.INTERNAL), ("query", SpanKind.CLIENT), ("store", SpanKind.INTERNAL))


class Timed(SpanExporter):
    """Exports by another exporter, and keeps how long each call took."""

    def __init__(self, inner):
        self.inner = inner
        self.exported = 0
        self.failed = 0
        self.seconds = []

    def export(self, spans):
        begun = time.monotonic()
        result = self.inner.export(spans)
        self.seconds.append(time.monotonic() - begun)
        if result is SpanExportResult.SUCCESS:
            self.exported += len(spans)
        else:
            self.failed += len(spans)
        return result

    def shutdown(self):
        self.inner.shutdown()


def exporter():
    if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()


def message(number, operation):
    return {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": "orders",
        "messaging.message.id": f"message-{number}",
        "messaging.operation": operation,
    }


def produce(tracer, number):
    attributes = message(number, "publish")
    tracer.start_span("publish orders", Context(), SpanKind.PRODUCER, attributes).end()


def consume(tracer, number):
    attributes = message(number, "process")
    span = tracer.start_as_current_span("process orders", Context(), SpanKind.CONSUMER, attributes)
    with span:
        for name, kind in STEPS:
            with tracer.start_as_current_span(name, kind=kind, attributes={"order": number}):
                pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", choices=("producer", "consumer"), required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--start", type=float, required=True, help="seconds since 1970")
    options = parser.parse_args()
    timed = Timed(exporter())
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(timed))
    tracer = provider.get_tracer("load")
    one = produce if options.role == "producer" else consume
    messages = options.rate * options.seconds
    late = 0
    for number in range(messages):
        ahead = options.start + number / options.rate - time.time()
        if ahead > 0:
            time.sleep(ahead)
        late = max(late, -ahead)
        one(tracer, number)
    provider.shutdown()
    report = {"messages": messages, "late": late}
    print(json.dumps(report | {k: v for k, v in vars(timed).items() if k != "inner"}), flush=True)


main()
