"""A shop on Celery: an API that sends tasks, and the tasks of its workers.

record.sh runs it: three workers, then this file as the API. Every process
records with the OpenTelemetry SDK and instrumentation for Celery, which is told
to link the run of a task to its message instead of making it a child.
"""

import os
import sys
import time
from pathlib import Path

from celery import Celery, chain, chord
from celery.signals import worker_init, worker_shutdown
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from otlp_lines import LinesExporter  # noqa: E402

shop = Celery("shop", broker="amqp://guest@127.0.0.1:5672//", backend="redis://127.0.0.1:6379/1")
shop.conf.update(
    task_routes={
        "orders.*": {"queue": "orders"},
        "mail.*": {"queue": "mail"},
        "reports.*": {"queue": "reports"},
    },
    worker_prefetch_multiplier=4,
    task_acks_late=True,
)


def record(service):
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = LinesExporter(os.environ["CAPTURE"])
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=250))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument(use_span_links=True)


@worker_init.connect
def start(sender=None, **_):
    record("shop-" + str(sender.hostname).split("@")[0])


@worker_shutdown.connect
def stop(**_):
    trace.get_tracer_provider().shutdown()


@shop.task(name="orders.accept")
def accept(order):
    time.sleep(0.004)
    if order % 4 == 0:
        # An ordinary call inside of a task: sent from its trace.
        confirm.delay(order)
    return order


@shop.task(name="orders.charge", bind=True, max_retries=3)
def charge(self, order):
    time.sleep(0.006)
    # Every fifth card is refused once, every fifteenth twice. A retry is sent
    # by the run that failed, under the id of the same task.
    refusals = (order % 5 == 0) + (order % 15 == 0)
    if self.request.retries < refusals:
        raise self.retry(countdown=0.3, exc=OSError(f"card of order {order} refused"))
    return order


@shop.task(name="orders.ship", bind=True)
def ship(self, order):
    if order % 10 == 7:
        # Another task takes the place of this one, under its id.
        raise self.replace(ship_by_air.s(order))
    time.sleep(0.003)
    return order


@shop.task(name="orders.ship_by_air")
def ship_by_air(order):
    return order


@shop.task(name="mail.confirm", autoretry_for=(TimeoutError,), retry_backoff=False, default_retry_delay=0.2)
def confirm(order):
    time.sleep(0.002)
    if order == 8 and confirm.request.retries == 0:
        raise TimeoutError("mail server is slow")


@shop.task(name="mail.newsletter", ignore_result=True)
def newsletter(customer):
    if customer == 3:
        raise ValueError("no such address")


@shop.task(name="reports.region")
def region(number):
    time.sleep(0.01)
    return number * 100


@shop.task(name="reports.total")
def total(amounts):
    return sum(amounts)


def main():
    record("shop-api")
    tracer = trace.get_tracer("shop")
    waiting = []
    for order in range(1, 31):
        with tracer.start_as_current_span("POST /orders", kind=trace.SpanKind.SERVER):
            waiting.append(chain(accept.s(order), charge.s(), ship.s()).delay())
    for customer in range(1, 9):
        with tracer.start_as_current_span("POST /newsletter", kind=trace.SpanKind.SERVER):
            newsletter.delay(customer)
    for _ in range(2):
        with tracer.start_as_current_span("POST /reports", kind=trace.SpanKind.SERVER):
            waiting.append(chord(region.s(number) for number in range(5))(total.s()))
    for result in waiting:
        result.get(timeout=60)
    time.sleep(2)
    trace.get_tracer_provider().shutdown()


if __name__ == "__main__":
    main()
