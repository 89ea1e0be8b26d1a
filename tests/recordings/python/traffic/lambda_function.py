"""AWS Lambda with events of SQS: what is read from the queue is handed to an
instrumented handler, as the event source mapping of Lambda does.

ADVICE: the handler records the ids of its messages on the current span.
"""

import json
import os
import time
import uuid

import support

os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "handle-orders"
os.environ["_HANDLER"] = "lambda_function.handler"

QUEUE = f"lambda{support.ADVICE and '-' + support.ADVICE}-{os.environ['PROPAGATION']}"
ACCOUNT, REGION = "123456789012", os.environ["AWS_DEFAULT_REGION"]


def handler(event, context):
    from opentelemetry import trace

    if support.ADVICE:
        ids = [record["messageId"] for record in event["Records"]]
        trace.get_current_span().set_attribute("messaging.message.id", ids)
    for record in event["Records"]:
        support.received(json.loads(record["body"]))
        with support.handling("handle order"):
            time.sleep(0.002)


class Context:
    """What Lambda tells a function about its call."""

    function_name = "handle-orders"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:handle-orders"

    def __init__(self):
        self.aws_request_id = str(uuid.uuid4())


def produce(boto3):
    from opentelemetry.instrumentation.boto3sqs import Boto3SQSInstrumentor

    Boto3SQSInstrumentor().instrument()
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    for number in range(20):
        with support.sending("place order", order=number) as body:
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
        # Now and then a pause, so that there are events of one message and of many.
        time.sleep(0.5 if number in (1, 2) else 0.01)


def event(messages):
    """The event for messages of the queue, in Lambda's own spelling."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {},
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}",
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def consume(boto3):
    import lambda_function
    from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor

    AwsLambdaInstrumentor().instrument()
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    support.end_on_sigterm()
    support.ready()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=5, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        )
        if messages := answer.get("Messages", []):
            lambda_function.handler(event(messages), Context())
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    support.set_up()

    import boto3

    produce(boto3) if support.ROLE == "produce" else consume(boto3)
