"""arq: jobs of two functions, one of which is tried again, one enqueued by
another."""

import asyncio
import os

import arq
from arq.connections import RedisSettings

import support

support.set_up()

from opentelemetry.instrumentation.arq import ArqInstrumentor

ArqInstrumentor().instrument()

SETTINGS = RedisSettings.from_dsn(os.environ["REDIS"])


async def order(ctx, body):
    support.received(body)
    with support.handling("handle order"):
        await asyncio.sleep(0.005)
        if body["order"] % 4 == 0:
            with support.sending("bill order", order=100 + body["order"]) as bill:
                await ctx["redis"].enqueue_job("invoice", bill)
    if body["order"] % 5 == 3 and ctx["job_try"] == 1:
        raise arq.Retry(defer=0.1)


async def invoice(ctx, body):
    support.received(body)
    with support.handling("write invoice"):
        await asyncio.sleep(0.005)


async def started(ctx):
    support.ready()


async def produce():
    pool = await arq.create_pool(SETTINGS)
    for number in range(12):
        with support.sending("place order", order=number) as body:
            await pool.enqueue_job("order", body)
        await asyncio.sleep(0.02)
    with support.handling("nightly"):
        for number in range(200, 205):
            with support.sending("place invoice", order=number) as body:
                await pool.enqueue_job("invoice", body)
    await pool.aclose()


async def consume():
    worker = arq.Worker(
        [order, invoice], redis_settings=SETTINGS, on_startup=started, poll_delay=0.05, max_tries=3
    )
    await worker.async_run()


if support.ROLE == "produce":
    asyncio.run(produce())
else:
    try:
        asyncio.run(consume())
    except asyncio.CancelledError:
        pass
