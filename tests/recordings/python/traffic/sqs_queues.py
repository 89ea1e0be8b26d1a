"""SQS: orders one by one and in batches, invoices in a second queue; received up
to ten at once, one of them again after its visibility ran out.

INSTRUMENTATION: boto3sqs or botocore. ADVICE for botocore, context-in-attributes:
an own span of kind CONSUMER, with the ids of all messages that were received;
record-the-ids-of-a-batch: besides, all ids on the span that sent a batch.
"""

import json
import os
import time

import support

support.set_up()

import boto3
from opentelemetry import trace

BATCH_IDS = support.ADVICE == "record-the-ids-of-a-batch"
INSTRUMENTATION = os.environ["INSTRUMENTATION"]
if INSTRUMENTATION == "boto3sqs":
    from opentelemetry.instrumentation.boto3sqs import Boto3SQSInstrumentor

    Boto3SQSInstrumentor().instrument()
else:
    from opentelemetry.instrumentation.botocore import BotocoreInstrumentor

    def answered(span, service, operation, result):
        """The hook for answers: records the ids of a batch."""
        if BATCH_IDS and operation == "SendMessageBatch":
            ids = [one["MessageId"] for one in result["Successful"]]
            span.set_attribute("messaging.message.id", ids)

    BotocoreInstrumentor().instrument(response_hook=answered)

SQS = boto3.client("sqs")
QUEUES = [f"{INSTRUMENTATION}-{name}{support.ADVICE and '-' + support.ADVICE}" for name in ("orders", "invoices")]


def url(name):
    return SQS.get_queue_url(QueueName=name)["QueueUrl"]


def produce():
    orders, invoices = (url(name) for name in QUEUES)
    for number in range(8):
        with support.sending("place order", order=number) as body:
            SQS.send_message(QueueUrl=orders, MessageBody=json.dumps(body))
        time.sleep(0.01)
    for start in (10, 20):
        with support.handling("nightly"):
            batch(invoices, range(start, start + 5))


def batch(queue, numbers):
    """One call for all: each body tells of the same span around it, and where
    in the call it stood."""
    with support.sending("place invoices") as body:
        entries = []
        for at, number in enumerate(numbers):
            own = {"order": number, "around": [*body["around"], at]}
            entries.append({"Id": f"n{number}", "MessageBody": json.dumps(own)})
        SQS.send_message_batch(QueueUrl=queue, Entries=entries)


def consume():
    for name in QUEUES:
        SQS.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2"})
    queues = [url(name) for name in QUEUES]
    support.end_on_sigterm()
    support.ready()
    seen = set()
    while True:
        for queue in queues:
            poll(queue, seen)


def poll(queue, seen):
    answer = SQS.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
    )
    messages = answer.get("Messages", [])
    if support.ADVICE and messages:
        with support.tracer().start_as_current_span(
            "handle messages", kind=trace.SpanKind.CONSUMER
        ) as span:
            span.set_attributes({
                "messaging.system": "aws_sqs",
                "messaging.operation.type": "process",
                "messaging.destination.name": queue.split("/")[-1],
                "messaging.batch.message_count": len(messages),
                "messaging.message.id": [message["MessageId"] for message in messages],
            })
            handle_all(queue, messages, seen)
    else:
        handle_all(queue, messages, seen)


def handle_all(queue, messages, seen):
    # The instrumentation of botocore does not make its span the current one.
    elsewhere = INSTRUMENTATION == "botocore" and not support.ADVICE
    for message in messages:
        body = json.loads(message["Body"])
        support.received(body, support.RECEIPT.last() if elsewhere else None)
        with support.handling("handle order"):
            time.sleep(0.002)
            if body["order"] == 3 and 3 not in seen:
                # Not deleted: it comes again.
                seen.add(3)
                continue
        SQS.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


produce() if support.ROLE == "produce" else consume()
