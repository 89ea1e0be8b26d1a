"""SNS and SQS: published to a topic by botocore's instrumentation, which sends
the context; delivered raw to the queues of two services that read them by the
instrumentation of boto3. The ids of SNS are not those of SQS.

ADVICE: a hook of botocore's and the consumers record the number of the order.
"""

import json
import os
import time

import support

support.set_up()

import boto3
from opentelemetry import trace
from opentelemetry.instrumentation.boto3sqs import Boto3SQSInstrumentor
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor

if support.ROLE == "produce":
    def asked(span, service, operation, parameters):
        """The hook for requests: records which orders are published."""
        if support.ADVICE and operation == "Publish":
            span.set_attribute("order.id", json.loads(parameters["Message"])["order"])
        elif support.ADVICE and operation == "PublishBatch":
            entries = parameters["PublishBatchRequestEntries"]
            orders = [json.loads(entry["Message"])["order"] for entry in entries]
            span.set_attribute("order.id", orders)

    BotocoreInstrumentor().instrument(request_hook=asked)
else:
    Boto3SQSInstrumentor().instrument()

TOPIC = f"orders{support.ADVICE and '-' + support.ADVICE}-{os.environ['PROPAGATION']}"


def produce():
    sns = boto3.client("sns")
    arn = sns.create_topic(Name=TOPIC)["TopicArn"]
    for number in range(8):
        with support.sending("place order", order=number) as body:
            sns.publish(TopicArn=arn, Message=json.dumps(body))
        time.sleep(0.01)
    with support.sending("place orders") as body:
        entries = [
            {"Id": str(number), "Message": json.dumps({**body, "order": number})}
            for number in range(10, 15)
        ]
        sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)


def subscribe():
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue = sqs.create_queue(QueueName=f"{TOPIC}-{support.SERVICE}")["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=sns.create_topic(Name=TOPIC)["TopicArn"],
        Protocol="sqs",
        Endpoint=asked["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return sqs, queue


def consume():
    sqs, queue = subscribe()
    support.end_on_sigterm()
    support.ready()
    while True:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=5, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            body = json.loads(message["Body"])
            support.received(body)
            if support.ADVICE:
                trace.get_current_span().set_attribute("order.id", body["order"])
            with support.handling("handle order"):
                time.sleep(0.002)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


produce() if support.ROLE == "produce" else consume()
