"""rq: jobs in two queues, some of which are tried again, some enqueued by jobs.

WORKER: fork for a process of its own for each job, or simple for none.
"""

import os
import time

import redis
import rq

import support

support.set_up()

from opentelemetry_instrumentation_rq import RQInstrumentor

RQInstrumentor().instrument()

CONNECTION = redis.Redis.from_url(os.environ["REDIS"])
ORDERS, INVOICES = (rq.Queue(name, connection=CONNECTION) for name in ("orders", "invoices"))


def order(body):
    support.received(body)
    with support.handling("handle order"):
        time.sleep(0.005)
        if body["order"] % 4 == 0:
            with support.sending("bill order", order=100 + body["order"]) as bill:
                INVOICES.enqueue("rq_jobs.invoice", bill)


def flaky(body):
    support.received(body)
    job = rq.get_current_job()
    if job.retries_left:
        raise RuntimeError("try again")


def invoice(body):
    support.received(body)
    with support.handling("write invoice"):
        time.sleep(0.005)


def produce():
    for number in range(12):
        with support.sending("place order", order=number) as body:
            ORDERS.enqueue("rq_jobs.order", body)
    for number in range(20, 23):
        with support.sending("place order", order=number) as body:
            ORDERS.enqueue("rq_jobs.flaky", body, retry=rq.Retry(max=1))
    with support.handling("nightly"):
        for number in range(30, 34):
            with support.sending("place invoice", order=number) as body:
                INVOICES.enqueue("rq_jobs.invoice", body)


if __name__ == "__main__":
    if support.ROLE == "produce":
        produce()
    else:
        import sys

        # Jobs name their functions by module: this one, as it is.
        sys.modules["rq_jobs"] = sys.modules["__main__"]
        kind = {"fork": rq.Worker, "simple": rq.SimpleWorker}[os.environ["WORKER"]]
        worker = kind([ORDERS, INVOICES], connection=CONNECTION)
        support.ready()
        worker.work(logging_level="WARNING")
