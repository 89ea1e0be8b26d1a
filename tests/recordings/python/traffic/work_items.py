"""Work items in a table: a service writes them with the context of its span, a
scheduled job takes several at once and records their contexts in attributes of
its own. There is no broker and no instrumentation."""

import json
import sqlite3
import time

import support

support.set_up()

from opentelemetry import trace

# Programs run in a folder of the run.
TABLE = "items.db"
AT_ONCE = 4


def connect():
    table = sqlite3.connect(TABLE, timeout=10, isolation_level=None)
    table.execute(
        "create table if not exists item"
        " (id integer primary key, body text, trace_id text, span_id text, flags integer, done)"
    )
    return table


def produce():
    table = connect()
    for number in range(18):
        with support.sending("accept report", report=number) as body:
            with support.tracer().start_as_current_span(
                "enqueue report", kind=trace.SpanKind.PRODUCER
            ) as span:
                context = span.get_span_context()
                ids = f"{context.trace_id:032x}", f"{context.span_id:016x}"
                table.execute(
                    "insert into item (body, trace_id, span_id, flags) values (?, ?, ?, ?)",
                    (json.dumps(body), *ids, int(context.trace_flags)),
                )
        time.sleep(0.02)


def consume():
    table = connect()
    support.end_on_sigterm()
    support.ready()
    while True:
        rows = table.execute(
            "select id, body, trace_id, span_id, flags from item where done is null limit ?",
            (AT_ONCE,),
        ).fetchall()
        if rows:
            work_off(table, rows)
        time.sleep(0.1)


def work_off(table, rows):
    with support.tracer().start_as_current_span(
        "nightly reports", kind=trace.SpanKind.CONSUMER
    ) as span:
        # One element for each item.
        span.set_attribute("job.trace_id", [row[2] for row in rows])
        span.set_attribute("job.span_id", [row[3] for row in rows])
        for identity, body, *_ in rows:
            support.received(json.loads(body))
            with support.handling("write report"):
                time.sleep(0.002)
            table.execute("update item set done = 1 where id = ?", (identity,))


produce() if support.ROLE == "produce" else consume()
