"""What the clients have in common: they export by OTLP, and report how that went."""

import json
import logging
import sys
import threading
import time

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


def exporter(protocol, endpoint, compression):
    """The exporter of OpenTelemetry for a protocol, with its defaults."""
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        kinds = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip}
        # Many channels to one address shall not share one connection.
        options = (("grpc.use_local_subchannel_pool", 1),)
        return OTLPSpanExporter(
            endpoint=endpoint, insecure=True, compression=kinds[compression], channel_options=options
        )
    if protocol == "http/protobuf":
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        kinds = {"none": Compression.NoCompression, "gzip": Compression.Gzip}
        return OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", compression=kinds[compression])
    raise SystemExit(f"no protocol of this client: {protocol}")


class Recording(SpanExporter):
    """Exports by another exporter, and keeps what came of it."""

    def __init__(self, inner):
        self.inner = inner
        self.lock = threading.Lock()
        self.spans = []
        self.results = []
        self.seconds = []

    def export(self, spans):
        begun = time.monotonic()
        result = self.inner.export(spans)
        with self.lock:
            self.seconds.append(round(time.monotonic() - begun, 3))
            self.results.append("success" if result is SpanExportResult.SUCCESS else "failure")
            self.spans.extend(described(span) for span in spans)
        return result

    def shutdown(self):
        self.inner.shutdown()

    def force_flush(self, timeout_millis=30000):
        return self.inner.force_flush(timeout_millis)

    def report(self):
        report = {"results": self.results, "seconds": self.seconds, "spans": self.spans}
        print(json.dumps(report), flush=True)


def described(span):
    attributes = span.attributes or {}
    return {
        "trace_id": format(span.context.trace_id, "032x"),
        "span_id": format(span.context.span_id, "016x"),
        "parent_id": format(span.parent.span_id, "016x") if span.parent else None,
        "kind": span.kind.name.lower(),
        "message": attributes.get("messaging.message.id"),
    }


def tracing(protocol, endpoint, compression, service):
    """A provider as an application has it, and what records its exports."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    recording = Recording(exporter(protocol, endpoint, compression))
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(recording))
    return provider, recording
