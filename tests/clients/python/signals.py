"""A service with traces, metrics and logs on, as `opentelemetry-instrument`
configures it from the environment alone. It produces and consumes messages, and
loses the context on the way: no consumer has a parent or a link."""

import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

COUNT = int(sys.argv[1])


def message(number, operation):
    return {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": "orders",
        "messaging.message.id": f"message-{number}",
        "messaging.operation": operation,
    }


def main():
    tracer = trace.get_tracer("signals")
    meter = metrics.get_meter("signals")
    orders = meter.create_counter("orders.received", unit="{order}")
    sizes = meter.create_histogram("orders.size", unit="By")
    logger = logging.getLogger("signals")
    logger.setLevel(logging.INFO)
    for number in range(COUNT):
        for kind, operation in ((SpanKind.PRODUCER, "publish"), (SpanKind.CONSUMER, "receive")):
            attributes = message(number, operation)
            with tracer.start_as_current_span(operation, Context(), kind, attributes):
                if kind == SpanKind.CONSUMER:
                    orders.add(1, {"shop": "north"})
                    sizes.record(number)
                    logger.info("order %d is here", number)


main()
