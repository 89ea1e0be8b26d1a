"""OTLP/JSON lines of finished spans, as the Collector's file exporter writes them.

Needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-common.
"""

import base64
import json
import os

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

IDS = ("traceId", "spanId", "parentSpanId")

# What tells about the computer that recorded, or is other every time.
LEFT_OUT = ("exception.stacktrace", "service.instance.id")


def line(spans):
    """One export request."""
    request = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
    return json.dumps(_as_otlp(request), separators=(",", ":"), ensure_ascii=False) + "\n"


def _as_otlp(value):
    """Protobuf's JSON has ids in base64, OTLP's has them in hex."""
    if isinstance(value, list):
        return [_as_otlp(item) for item in value if not _is_left_out(item)]
    if not isinstance(value, dict):
        return value
    return {key: base64.b64decode(item).hex() if key in IDS else _as_otlp(item) for key, item in value.items()}


def _is_left_out(item):
    return isinstance(item, dict) and item.get("key") in LEFT_OUT


class LinesExporter(SpanExporter):
    """Appends each export request to a file that several processes share."""

    def __init__(self, path):
        self.path = path

    def export(self, spans):
        # One write to a file in append mode: lines of processes never mix.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, line(spans).encode())
        finally:
            os.close(descriptor)
        return SpanExportResult.SUCCESS
