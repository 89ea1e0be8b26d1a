'use strict';
// AWS Lambda with events of SQS. What the Lambda service does (it receives, and
// calls the handler) is done here without spans; `attributes` lets the
// instrumentation read contexts from the messages' attributes, `header` from
// X-Ray's header, which is its default. `advice` records the ids of all messages
// on a CONSUMER span of the function.

process.env.LAMBDA_TASK_ROOT = __dirname;
process.env._HANDLER = 'lambda_handler.handler';

const { randomUUID } = require('node:crypto');
const { context } = require('@opentelemetry/api');
const { suppressTracing } = require('@opentelemetry/core');
const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk');
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda');
const { RUN, around, main, start } = require('./support');

const [from] = process.argv.slice(2);
start(new AwsInstrumentation(), new AwsLambdaInstrumentation({
  useGlobalPropagatorForSqsExtraction: from === 'attributes',
}));
const {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand,
  SendMessageCommand, SQSClient,
} = require('@aws-sdk/client-sqs');

const client = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL, region: 'eu-central-1' });
const names = ['orders', 'mail'].map((name) => `${name}-${RUN}`);
const silently = (work) => context.with(suppressTracing(context.active()), work);

async function create(QueueName) {
  const { QueueUrl } = await silently(() => client.send(new CreateQueueCommand({ QueueName })));
  return QueueUrl;
}

async function produce() {
  for (const name of names) {
    const QueueUrl = await create(name);
    for (let n = 0; n < 12; n += 1) {
      await around('place order', (MessageBody) => client.send(
        new SendMessageCommand({ QueueUrl, MessageBody }),
      ));
    }
  }
}

/** A message of ReceiveMessage as an event of Lambda has it. */
const record = (name) => (message) => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  attributes: message.Attributes ?? {},
  messageAttributes: Object.fromEntries(Object.entries(message.MessageAttributes ?? {}).map(
    ([key, value]) => [key, { stringValue: value.StringValue, dataType: value.DataType }],
  )),
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:eu-central-1:123456789012:${name}`,
  awsRegion: 'eu-central-1',
});

async function invoke(handler, name, QueueUrl) {
  const { Messages = [] } = await silently(() => client.send(new ReceiveMessageCommand({
    QueueUrl, MaxNumberOfMessages: 5, WaitTimeSeconds: 1,
    MessageAttributeNames: ['All'], AttributeNames: ['All'],
  })));
  if (Messages.length === 0) return;
  await handler({ Records: Messages.map(record(name)) }, {
    functionName: 'shop-worker',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:shop-worker',
    awsRequestId: randomUUID(),
  });
  for (const { ReceiptHandle } of Messages) {
    await silently(() => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })));
  }
}

async function worker() {
  const { handler } = require('./lambda_handler');
  const urls = await Promise.all(names.map(create));
  let ended = false;
  const loop = (async () => {
    while (!ended) {
      for (const [n, url] of urls.entries()) await invoke(handler, names[n], url);
    }
  })();
  return async () => {
    ended = true;
    await loop;
  };
}

main({ produce, worker });
