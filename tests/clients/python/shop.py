"""A service of a shop that speaks through RabbitMQ, instrumented as pika's users do
it, but for the propagator: no context goes with the messages.

    api ─► worker ─► mailer
      └──► invoices

An order of `api` goes to `worker` and to `invoices` (a fan-out); `worker` sends a
mail for each. Prints `ready` once its queue is there, and at its end what it did."""

import argparse
import os

import pika
from opentelemetry import propagate, trace
from opentelemetry.instrumentation.pika import PikaInstrumentor
from opentelemetry.propagators.composite import CompositePropagator

import reporting

QUEUES = {"worker": "work", "invoices": "invoices", "mailer": "mails"}


def send(channel, exchange, queue, message):
    channel.basic_publish(exchange, queue, b"{}", pika.BasicProperties(message_id=message))


def api(channel, options):
    tracer = trace.get_tracer("shop")
    for number in range(options.count):
        with tracer.start_as_current_span("POST /orders", kind=trace.SpanKind.SERVER):
            send(channel, options.exchange, "", f"order-{os.getpid()}-{number}")


def consume(channel, options):
    left = options.count

    def received(channel, method, properties, body):
        nonlocal left
        assert not properties.headers, f"a context came along: {properties.headers}"
        if options.service == "worker":
            send(channel, "", f"{options.exchange}.mails", f"mail-of-{properties.message_id}")
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if left == 0:
            channel.stop_consuming()

    channel.basic_consume(f"{options.exchange}.{QUEUES[options.service]}", received)
    print("ready", flush=True)
    channel.start_consuming()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("service", choices=["api", *QUEUES])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--exchange", required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()

    propagate.set_global_textmap(CompositePropagator([]))
    provider, recording = reporting.tracing("http/protobuf", options.endpoint, "gzip", options.service)
    trace.set_tracer_provider(provider)
    PikaInstrumentor().instrument(tracer_provider=provider)
    parameters = pika.ConnectionParameters("127.0.0.1", options.broker_port)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.exchange_declare(options.exchange, "fanout")
        for service, queue in QUEUES.items():
            channel.queue_declare(f"{options.exchange}.{queue}")
            if service != "mailer":
                channel.queue_bind(f"{options.exchange}.{queue}", options.exchange)
        (api if options.service == "api" else consume)(channel, options)
    provider.force_flush(60000)
    recording.report()
    provider.shutdown()


main()
