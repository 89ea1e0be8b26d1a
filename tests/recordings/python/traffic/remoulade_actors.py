"""Remoulade: two actors, one of which is retried, one called by the other, and
a group."""

import os
import time

import support

support.set_up()

import remoulade
from opentelemetry.instrumentation.remoulade import RemouladeInstrumentor
from remoulade.brokers.rabbitmq import RabbitmqBroker

RemouladeInstrumentor().instrument()

remoulade.set_broker(RabbitmqBroker(url=os.environ["AMQP"] + "?timeout=15"))


@remoulade.actor(queue_name="remoulade-orders", max_retries=2, min_backoff=50, max_backoff=100)
def order(body, attempts={}):
    # A retry has the body of the first send, and no span of the application's
    # is around its own.
    support.counted() if body["order"] in attempts else support.received(body)
    with support.handling("handle order"):
        time.sleep(0.005)
        if body["order"] % 4 == 0:
            with support.sending("bill order", order=100 + body["order"]) as bill:
                invoice.send(bill)
    attempts[body["order"]] = attempts.get(body["order"], 0) + 1
    if body["order"] % 5 == 3 and attempts[body["order"]] == 1:
        raise RuntimeError("try again")


@remoulade.actor(queue_name="remoulade-invoices")
def invoice(body):
    support.received(body)
    with support.handling("write invoice"):
        time.sleep(0.005)


def produce():
    for number in range(12):
        with support.sending("place order", order=number) as body:
            order.send(body)
        time.sleep(0.01)
    with support.handling("nightly"):
        for number in range(200, 205):
            with support.sending("place invoice", order=number) as body:
                invoice.send(body)


remoulade.declare_actors([order, invoice])
if support.ROLE == "produce":
    produce()
else:
    support.end_on_sigterm()
    worker = remoulade.Worker(remoulade.get_broker(), worker_threads=2, worker_timeout=100)
    worker.start()
    support.ready()
    try:
        while True:
            time.sleep(0.1)
    finally:
        worker.stop()
