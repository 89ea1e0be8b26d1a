#!/usr/bin/env python3
"""Makes before.jsonl: work items in a table, each with the context of its maker."""

import sys
from pathlib import Path

from opentelemetry.trace import SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import Story  # noqa: E402

story = Story(seed=7)
web = story.service("web")
exporter = story.service("exporter")


def insert(item):
    """Writes a row; answers its columns trace_id, span_id and trace_flags."""
    with web.span("POST /exports", SpanKind.SERVER, {"story.name": f"item {item}"}):
        with web.span("INSERT work_items", SpanKind.CLIENT, {"story.name": f"item {item}"}) as span:
            context = span.get_span_context()
            return f"{context.trace_id:032x}", f"{context.span_id:016x}", f"{context.trace_flags:02x}"


def columns(rows):
    """The columns of one row, or of several as arrays."""
    names = ("work_item.trace_id", "work_item.span_id", "work_item.trace_flags")
    return dict(zip(names, rows if isinstance(rows, tuple) else map(list, zip(*rows))))


rows = [insert(item) for item in range(1, 9)]
story.wait(5_000)

# One row at a time.
for item in range(1, 5):
    attributes = {"story.name": f"item {item}", **columns(rows[item - 1])}
    with exporter.span("export item", attributes=attributes):
        exporter.record("PUT object", SpanKind.CLIENT, {"story.name": f"item {item}"})
# A row from before the columns were there.
exporter.record("export item", attributes={"story.name": "old item", **columns(("", "", ""))})
# A worker that claims four rows at once.
exporter.record("export items", attributes={"story.name": "items 5 to 8", **columns(rows[4:])}, lasts=30)

exporter.export()
web.export()
story.write()
