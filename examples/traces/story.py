"""Services that record a story with the OpenTelemetry SDK for Python.

Only ids and times are made up, so that a story is the same every time.

    pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-common
    python3 examples/traces/batch/make.py
"""

import random
import sys
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import IdGenerator, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, use_span

from otlp_lines import line

MILLISECOND = 1_000_000

# What is left of a context that was lost on the way.
LOST = SpanContext(trace_id=0, span_id=0, is_remote=True)


class Ids(IdGenerator):
    def __init__(self, seed):
        self.random = random.Random(seed)

    def generate_span_id(self):
        return self.random.getrandbits(64)

    def generate_trace_id(self):
        return self.random.getrandbits(128)

    def is_trace_id_random(self):
        return True

    def message_id(self):
        digits = f"{self.random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Story:
    """A clock, ids, and what the services exported."""

    def __init__(self, seed):
        self.ids = Ids(seed)
        self.now = 1_760_000_000_000 * MILLISECOND
        self.lines = []

    def service(self, name, **resource):
        return Service(self, name, resource)

    def wait(self, milliseconds):
        self.now += int(milliseconds * MILLISECOND)
        return self.now

    def message_id(self):
        return self.ids.message_id()

    def message_ids(self, count):
        return [self.ids.message_id() for _ in range(count)]

    def write(self):
        """Writes before.jsonl beside the script that runs."""
        path = Path(sys.argv[0]).resolve().parent / "before.jsonl"
        path.write_text("".join(self.lines), encoding="utf-8")


class Service:
    """A process with an SDK of its own, which has no limit on links."""

    def __init__(self, story, name, resource):
        self.story = story
        self.memory = InMemorySpanExporter()
        provider = TracerProvider(
            resource=Resource({"service.name": name, **resource}),
            id_generator=story.ids,
            span_limits=SpanLimits(max_links=SpanLimits.UNSET),
        )
        provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.tracer = provider.get_tracer("story")

    @contextmanager
    def span(self, name, kind=SpanKind.INTERNAL, attributes=None, links=(), lasts=2):
        """A span, the parent of those that are made inside of it."""
        start = self.story.wait(1)
        span = self.tracer.start_span(name, kind=kind, attributes=attributes, links=links, start_time=start)
        with use_span(span):
            yield span
        span.end(end_time=self.story.wait(lasts))

    def record(self, *args, **kwargs):
        """A span with nothing inside; answers its context."""
        with self.span(*args, **kwargs) as span:
            return span.get_span_context()

    def export(self):
        """Sends what has ended since the last time: one line of the file."""
        self.story.lines.append(line(self.memory.get_finished_spans()))
        self.memory.clear()


def received(context):
    """A context as the receiving side of a link knows it."""
    return SpanContext(context.trace_id, context.span_id, is_remote=True, trace_flags=TraceFlags(context.trace_flags))


def traceparent(context):
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
