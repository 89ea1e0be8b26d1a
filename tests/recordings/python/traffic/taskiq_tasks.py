"""taskiq: two tasks, one of which is retried, one called by the other."""

import asyncio
import os

import support

support.set_up()

from taskiq import SimpleRetryMiddleware
from taskiq.api import run_receiver_task
from taskiq.middlewares.opentelemetry_middleware import OpenTelemetryMiddleware
from taskiq_redis import ListQueueBroker

broker = ListQueueBroker(os.environ["REDIS"], queue_name="taskiq").with_middlewares(
    OpenTelemetryMiddleware(), SimpleRetryMiddleware(default_retry_count=3)
)
ATTEMPTS = {}


@broker.task(task_name="order", retry_on_error=True)
async def order(body):
    support.received(body)
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
