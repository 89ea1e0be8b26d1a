'use strict';
// AWS SDK 3, SQS: sent one by one and in batches, received in batches. With
// `advice` the loop that receives has a CONSUMER span with the ids of all
// messages, and batches are sent below a PRODUCER span with theirs; with `hook` the
// spans of the instrumentation have them.

const { SpanKind, trace } = require('@opentelemetry/api');
const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk');
const { RUN, around, main, received, start, startedDuring, tracer, wait } = require('./support');

const [more] = process.argv.slice(2);
const advice = more === 'advice';

/** Records the ids of all messages, which the answer of the service names. */
function responseHook(span, { response: { data } }) {
  const messages = data?.Messages ?? data?.Successful ?? [];
  const ids = messages.map(({ MessageId }) => MessageId).filter(Boolean);
  if (ids.length > 0) span.setAttribute('messaging.message.id', ids);
}

start(new AwsInstrumentation(more === 'hook' ? { responseHook } : {}));
const {
  CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand,
  SendMessageBatchCommand, SendMessageCommand, SQSClient,
} = require('@aws-sdk/client-sqs');
const { context } = require('@opentelemetry/api');
const { suppressTracing } = require('@opentelemetry/core');

const client = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL, region: 'eu-central-1' });
const names = ['orders', 'mail'].map((name) => `${name}-${RUN}`);

async function create(QueueName) {
  const silent = suppressTracing(context.active());
  const { QueueUrl } = await context.with(silent, () => client.send(new CreateQueueCommand({
    QueueName, Attributes: { VisibilityTimeout: '2' },
  })));
  return QueueUrl;
}

const ids = (span, name, values) => span.setAttributes({
  'messaging.system': 'aws_sqs',
  'messaging.destination.name': name,
  'messaging.message.id': values,
});

async function sendBatch(QueueUrl, name) {
  const kind = advice ? SpanKind.PRODUCER : SpanKind.INTERNAL;
  await around('place orders', async (MessageBody, span) => {
    const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody }));
    const { Successful } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    if (advice) ids(span, name, Successful.map(({ MessageId }) => MessageId));
  }, { kind });
}

async function produce() {
  for (const name of names) {
    const QueueUrl = await create(name);
    for (let n = 0; n < 8; n += 1) {
      await around('place order', (MessageBody) => client.send(
        new SendMessageCommand({ QueueUrl, MessageBody }),
      ));
    }
    for (let n = 0; n < 4; n += 1) await sendBatch(QueueUrl, name);
  }
}

let kept = false;

/** Receives once; one message is not deleted, and so comes again. */
async function receive(QueueUrl, name) {
  const { result, spans } = await startedDuring(() => client.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  ));
  const messages = result.Messages ?? [];
  if (messages.length === 0) return;
  const handled = advice && trace.getActiveSpan();
  if (handled) ids(handled, name, messages.map(({ MessageId }) => MessageId));
  const Entries = [];
  messages.forEach(({ Body, MessageId, ReceiptHandle }) => {
    received(Body, handled || spans[0]);
    if (kept) Entries.push({ Id: MessageId, ReceiptHandle });
    kept = true;
  });
  if (Entries.length > 0) await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}

async function worker() {
  const urls = await Promise.all(names.map(create));
  let ended = false;
  const loop = (async () => {
    while (!ended) {
      for (const [n, url] of urls.entries()) {
        if (advice) {
          await tracer().startActiveSpan(`handle ${names[n]}`, { kind: SpanKind.CONSUMER },
            (span) => receive(url, names[n]).finally(() => span.end()));
        } else {
          await receive(url, names[n]);
        }
      }
    }
  })();
  return async () => {
    ended = true;
    await loop;
  };
}

main({ produce, worker });
