#!/usr/bin/env python3
"""Makes before.jsonl: a job at night works off what was asked for by day."""

import sys
from pathlib import Path

from opentelemetry.trace import SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import Story  # noqa: E402

story = Story(seed=4)
SHOPS = ("north", "south")
web = {shop: story.service("web", **{"service.namespace": shop}) for shop in SHOPS}
jobs = {shop: story.service("jobs", **{"service.namespace": shop}) for shop in SHOPS}


def ask(shop, request):
    attributes = {"http.route": "/reports", "report.request_id": request, "story.name": f"{shop} {request}"}
    with web[shop].span("POST /reports", SpanKind.SERVER, attributes):
        web[shop].record("INSERT report_requests", SpanKind.CLIENT, {"story.name": f"{shop} {request}"})
    story.wait(60_000)


# Request ids are row numbers: both shops have a 1.
for request in range(1, 6):
    ask("north", request)
for request in range(1, 3):
    ask("south", request)

story.wait(8 * 3_600_000)
for shop, count in (("north", 5), ("south", 2)):
    requests = list(range(1, count + 1))
    with jobs[shop].span("nightly reports", attributes={"report.request_ids": requests, "story.name": shop}):
        for request in requests:
            attributes = {"report.request_id": request, "story.name": f"{shop} {request}"}
            jobs[shop].record("render report", attributes=attributes, lasts=900)
    # One without work, as on most nights.
    story.wait(24 * 3_600_000)
    jobs[shop].record("nightly reports", attributes={"story.name": f"{shop}, nothing to do"})

for shop in SHOPS:
    web[shop].export()
    jobs[shop].export()
story.write()
