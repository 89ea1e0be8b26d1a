"""A producer or a consumer of messages of RabbitMQ, instrumented as pika's users
do it, but for the propagator: no context goes with the messages."""

import argparse
import time

import pika
from opentelemetry import propagate
from opentelemetry.instrumentation.pika import PikaInstrumentor
from opentelemetry.propagators.composite import CompositePropagator

import reporting


def publish(channel, options):
    for number in range(options.count):
        properties = pika.BasicProperties(message_id=f"{options.queue}-{number}")
        channel.basic_publish("", options.queue, b"an order", properties)


def receive_by_callback(channel, options):
    left = options.count

    def received(channel, method, properties, body):
        nonlocal left
        assert not properties.headers, f"a context came along: {properties.headers}"
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if left == 0:
            channel.stop_consuming()

    channel.basic_consume(options.queue, received)
    channel.start_consuming()


def receive_by_generator(channel, options):
    left = options.count
    for method, properties, body in channel.consume(options.queue):
        assert not properties.headers, f"a context came along: {properties.headers}"
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if left == 0:
            break
    channel.cancel()


ROLES = {"publish": publish, "callback": receive_by_callback, "generator": receive_by_generator}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--queue", required=True)
    parser.add_argument("--role", choices=ROLES, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--linger", type=float, default=0, help="seconds before spans are sent")
    options = parser.parse_args()

    propagate.set_global_textmap(CompositePropagator([]))
    provider, recording = reporting.tracing(
        options.protocol, options.endpoint, "gzip", f"orders-{options.role}"
    )
    PikaInstrumentor().instrument(tracer_provider=provider)
    parameters = pika.ConnectionParameters("127.0.0.1", options.broker_port)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.queue_declare(options.queue)
        ROLES[options.role](channel, options)
    time.sleep(options.linger)
    provider.force_flush(60000)
    recording.report()
    provider.shutdown()


main()
