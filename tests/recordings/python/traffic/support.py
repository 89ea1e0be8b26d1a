"""What all programs that are recorded share: the SDK, the truth, and the end.

The environment says where things are: OTEL_EXPORTER_OTLP_ENDPOINT, PROPAGATION
(on or off), PAIRS (a file for the truth), SERVICE, ROLE and the broker's address.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

ROLE, SERVICE = os.environ["ROLE"], os.environ["SERVICE"]
ADVICE = os.environ.get("ADVICE", "")


class LastReceipt(SpanProcessor):
    """Remembers the span of each thread that received something last: some
    instrumentations make none the current one, or end it before the application
    has the message."""

    def __init__(self):
        self.here = threading.local()

    def on_start(self, span, parent_context=None):
        if span.kind == trace.SpanKind.CONSUMER or "ReceiveMessage" in span.name:
            self.here.started = span.get_span_context()

    def last(self):
        return self.here.started


RECEIPT = LastReceipt()


class Nothing(TextMapPropagator):
    """Propagates nothing. (What OTEL_PROPAGATORS=none stands for gives no
    context at all to callers that pass none, and aio-pika's then fail.)"""

    def extract(self, carrier, context=None, getter=None):
        return Context() if context is None else context

    def inject(self, carrier, context=None, setter=None):
        pass

    @property
    def fields(self):
        return set()


def set_up():
    """Starts the SDK as an application would; before any instrumentation."""
    provider = TracerProvider(resource=Resource({"service.name": SERVICE}))
    provider.add_span_processor(RECEIPT)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    if os.environ["PROPAGATION"] == "off":
        propagate_nothing()
    return provider


def propagate_nothing():
    propagate.set_global_textmap(Nothing())


def tracer():
    return trace.get_tracer(f"shop.{SERVICE}")


@contextlib.contextmanager
def sending(name, **body):
    """A span of the application around a send; gives the message's body, which
    tells the consumer of that span."""
    with tracer().start_as_current_span(name) as span:
        yield {**body, "around": hexadecimal(span.get_span_context())}


def here():
    """What a body tells of the span that is current."""
    return hexadecimal(trace.get_current_span().get_span_context())


def hexadecimal(context):
    return [f"{context.trace_id:032x}", f"{context.span_id:016x}"]


def received(body, context=None):
    """Notes that the current span, or that of `context`, received a body."""
    context = context or trace.get_current_span().get_span_context()
    if not context.is_valid:
        print(f"no span is current that received {body}", file=sys.stderr)
        return
    pair = [*hexadecimal(context), *body["around"]]
    with open(os.environ["PAIRS"], "a") as pairs:
        pairs.write(json.dumps(pair) + "\n")


def counted():
    """Notes that a message came, where no body says from where to which span."""
    with open(os.environ["PAIRS"], "a") as pairs:
        pairs.write("[]\n")


def handling(name):
    """A span of the application for what it does with a message."""
    return tracer().start_as_current_span(name)


def ready():
    """Tells whoever started this program that messages may come."""
    # Not by print: workers put their logs in place of standard output.
    os.write(1, b"ready\n")


def end_on_sigterm():
    """Leaves in the ordinary way, so that spans are exported."""

    def leave(*_):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


async def until_sigterm():
    """Waits, in a loop of asyncio, to be told to end."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
