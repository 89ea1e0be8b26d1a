"""Celery: tasks in two queues; some fail and are tried again, one task calls
another. LINKS=on for spans that link to the caller instead of being its child."""

import os
import time

import support

support.set_up()

import celery
from celery.signals import worker_ready
from opentelemetry.instrumentation.celery import CeleryInstrumentor

LINKS = os.environ.get("LINKS") == "on"
CeleryInstrumentor().instrument(**({"use_span_links": True} if LINKS else {}))

app = celery.Celery("shop", broker=os.environ["AMQP"])
PREFIX = "links-" if LINKS else "celery-"
app.conf.update(
    task_default_queue=PREFIX + "orders",
    task_routes={"shop.invoice": {"queue": PREFIX + "invoices"}},
    worker_hijack_root_logger=False,
    task_ignore_result=True,
    broker_connection_retry_on_startup=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


@app.task(name="shop.order", bind=True, max_retries=3)
def order(self, body):
    support.received(body)
    with support.handling("handle order"):
        time.sleep(0.005)
    if body["order"] % 5 == 4 and self.request.retries < 1 + (body["order"] == 9):
        # The retry sends the same task with the same id again.
        with support.sending("try again", **{k: v for k, v in body.items() if k != "around"}) as again:
            raise self.retry(args=[again], countdown=0, throw=True)
    if body["order"] % 4 == 0:
        with support.sending("bill order", order=100 + body["order"]) as bill:
            invoice.delay(bill)


@app.task(name="shop.invoice")
def invoice(body):
    support.received(body)
    with support.handling("write invoice"):
        time.sleep(0.005)


@worker_ready.connect
def say(**_):
    support.ready()


def produce():
    for number in range(12):
        with support.sending("place order", order=number) as body:
            order.delay(body)
        time.sleep(0.02)
    with support.handling("nightly"):
        for number in range(200, 205):
            with support.sending("place invoice", order=number) as body:
                invoice.apply_async([body])


if __name__ == "__main__":
    if support.ROLE == "produce":
        produce()
    else:
        queues = f"{PREFIX}orders,{PREFIX}invoices"
        app.worker_main(
            ["worker", "--pool=solo", "-Q", queues, "--loglevel=WARNING", "--without-gossip",
             "--without-mingle", "--without-heartbeat"]
        )
