"""Sends spans as an application does that produces or consumes messages, and
loses the context on the way: no consumer has a parent or a link."""

import argparse

from opentelemetry.trace import SpanKind

import reporting

ROLES = {"producer": SpanKind.PRODUCER, "consumer": SpanKind.CONSUMER, "plain": SpanKind.INTERNAL}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--compression", default="none")
    parser.add_argument("--role", choices=ROLES, required=True)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=0, help="the size of an attribute of each span")
    options = parser.parse_args()

    provider, recording = reporting.tracing(
        options.protocol, options.endpoint, options.compression, f"python-{options.role}"
    )
    tracer = provider.get_tracer("clients")
    for number in range(options.count):
        with tracer.start_as_current_span(options.role, kind=ROLES[options.role]) as span:
            if options.bytes:
                span.set_attribute("test.padding", "x" * options.bytes)
            if options.role == "plain":
                continue
            span.set_attribute("messaging.system", "rabbitmq")
            span.set_attribute("messaging.destination.name", "orders")
            span.set_attribute("messaging.message.id", f"message-{number}")
            operation = "publish" if options.role == "producer" else "receive"
            span.set_attribute("messaging.operation", operation)
    provider.force_flush(60000)
    recording.report()
    provider.shutdown()


main()
