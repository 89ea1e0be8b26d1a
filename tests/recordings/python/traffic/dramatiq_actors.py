"""dramatiq: two actors, one of which is retried, one called by the other."""

import os
import time

import support

support.set_up()

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from opentelemetry_instrumentor_dramatiq import DramatiqInstrumentor

DramatiqInstrumentor().instrument()

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS"]))


@dramatiq.actor(queue_name="orders", max_retries=2, min_backoff=50, max_backoff=100)
def order(body, attempts={}):
    note(body)
    with support.handling("handle order"):
        time.sleep(0.005)
        if body["order"] % 4 == 0:
            with support.sending("bill order", order=100 + body["order"]) as bill:
                invoice.send(bill)
    attempts[body["order"]] = attempts.get(body["order"], 0) + 1
    if body["order"] % 5 == 3 and attempts[body["order"]] == 1:
        raise RuntimeError("try again")


@dramatiq.actor(queue_name="invoices")
def invoice(body):
    note(body)
    with support.handling("write invoice"):
        time.sleep(0.005)


def note(body):
    """The instrumentation does not make its span the current one: it is the
    one that was started last in this thread."""
    support.received(body, support.RECEIPT.last())


def produce():
    for number in range(12):
        with support.sending("place order", order=number) as body:
            order.send(body)
        time.sleep(0.01)
    with support.handling("nightly"):
        for number in range(200, 205):
            with support.sending("place invoice", order=number) as body:
                invoice.send(body)


if support.ROLE == "produce":
    produce()
else:
    support.end_on_sigterm()
    worker = dramatiq.Worker(dramatiq.get_broker(), worker_threads=2, worker_timeout=100)
    worker.start()
    support.ready()
    try:
        while True:
            time.sleep(0.1)
    finally:
        worker.stop()
