"""taskiq: two tasks, one of which is retried, one called by the other.

ADVICE: a middleware records the id of the task on the consumer's span too.
"""

import asyncio
import os

import support

support.set_up()

from opentelemetry import trace
from taskiq import SimpleRetryMiddleware, TaskiqMiddleware
from taskiq.api import run_receiver_task
from taskiq.middlewares.opentelemetry_middleware import OpenTelemetryMiddleware
from taskiq_redis import ListQueueBroker



class RecordId(TaskiqMiddleware):
    """Comes after the middleware of OpenTelemetry, whose span is current then."""

    def pre_execute(self, message):
        trace.get_current_span().set_attribute("messaging.message.id", message.task_id)
        return message


broker = ListQueueBroker(os.environ["REDIS"], queue_name="taskiq" + support.ADVICE).with_middlewares(
    OpenTelemetryMiddleware(), SimpleRetryMiddleware(default_retry_count=3)
)
if support.ADVICE:
    broker = broker.with_middlewares(RecordId())
ATTEMPTS, FIRST = {}, {}


@broker.task(task_name="order", retry_on_error=True)
async def order(body):
    # A retry has the body of the first send, but was sent by the first attempt.
    number, here = body["order"], support.here()
    sender = FIRST.setdefault(number, {"order": number, "around": here})
    support.received(body if number not in ATTEMPTS else sender)
    with support.handling("handle order"):
        await asyncio.sleep(0.005)
        if body["order"] % 4 == 0:
            with support.sending("bill order", order=100 + body["order"]) as bill:
                await invoice.kiq(bill)
    ATTEMPTS[body["order"]] = ATTEMPTS.get(body["order"], 0) + 1
    if body["order"] % 5 == 3 and ATTEMPTS[body["order"]] == 1:
        raise RuntimeError("try again")


@broker.task(task_name="invoice")
async def invoice(body):
    support.received(body)
    with support.handling("write invoice"):
        await asyncio.sleep(0.005)


async def produce():
    await broker.startup()
    for number in range(12):
        with support.sending("place order", order=number) as body:
            await order.kiq(body)
        await asyncio.sleep(0.01)
    with support.handling("nightly"):
        for number in range(200, 205):
            with support.sending("place invoice", order=number) as body:
                await invoice.kiq(body)
    await broker.shutdown()


async def consume():
    broker.is_worker_process = True
    await broker.startup()
    receiver = asyncio.create_task(run_receiver_task(broker))
    support.ready()
    await support.until_sigterm()
    receiver.cancel()
    await asyncio.gather(receiver, return_exceptions=True)
    await broker.shutdown()


asyncio.run(produce() if support.ROLE == "produce" else consume())
