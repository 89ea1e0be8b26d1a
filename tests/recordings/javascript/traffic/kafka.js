'use strict';
// KafkaJS: `each` or `batch`, and `advice` to record the offset on a span of the
// application around each send, or `headers` to record the header of the context at
// the consumer.

const { SpanKind } = require('@opentelemetry/api');
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs');
const {
  RUN, PROPAGATION, around, main, received, start, started, wait,
} = require('./support');

const [how, more] = process.argv.slice(2);
const advice = more === 'advice';

function capture(span, { message }) {
  const header = message.headers.traceparent;
  if (header) span.setAttribute('messaging.header.traceparent', [header.toString()]);
}

start(new KafkaJsInstrumentation(more === 'headers' ? { consumerHook: capture } : {}));
const { Kafka, logLevel } = require('kafkajs');

const kafka = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.WARN });
const topics = [`orders.${RUN}`, `payments.${RUN}`];

/** Sends one message; what the advice says is recorded from what `send` returns. */
async function send(producer, topic, key) {
  const kind = advice ? SpanKind.PRODUCER : SpanKind.INTERNAL;
  await around(`place ${topic.split('.')[0]}`, async (value, span) => {
    const [stored] = await producer.send({ topic, messages: [{ key, value }] });
    if (advice) {
      span.setAttributes({
        'messaging.system': 'kafka',
        'messaging.operation.type': 'send',
        'messaging.destination.name': stored.topicName,
        'messaging.destination.partition.id': String(stored.partition),
        'messaging.kafka.offset': Number(stored.baseOffset),
      });
    }
  }, { kind });
}

async function produce() {
  const producer = kafka.producer();
  await producer.connect();
  for (let n = 0; n < 20; n += 1) {
    await send(producer, topics[n % 2], `customer-${n % 5}`);
    await wait(20);
  }
  // Several messages at once have a producer span each; bodies cannot tell them
  // apart, contexts can.
  const together = (count) => around('place several', async (value) => {
    const messages = Array.from({ length: count }, (_, n) => ({ key: `customer-${n}`, value }));
    await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });
  });
  if (PROPAGATION === 'on' && !more) {
    await together(2);
    await together(2);
  } else {
    for (let n = 0; n < 8; n += 1) await send(producer, topics[n % 2], `customer-${n}`);
  }
  await producer.disconnect();
}

async function createTopics() {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 2 })) });
  await admin.disconnect();
}

function consumer(group) {
  return async () => {
    await createTopics();
    const client = kafka.consumer({ groupId: `${group}.${RUN}` });
    await client.connect();
    await client.subscribe({ topics, fromBeginning: true });
    const joined = new Promise((done) => client.on(client.events.GROUP_JOIN, done));
    if (how === 'each') await client.run({ eachMessage: each });
    else await client.run({ eachBatch: batch });
    await joined;
    return () => client.disconnect();
  };
}

let failures = 0;

async function each({ message }) {
  received(message.value);
  // One message is handled again: KafkaJS delivers it anew after an error.
  if (message.key.toString() === 'customer-3' && failures === 0) {
    failures += 1;
    throw Object.assign(new Error('the database is busy'), { retriable: true });
  }
  await wait(2);
}

async function batch({ batch: { messages } }) {
  // The instrumentation has started a span for each message, just now.
  const spans = started.spans.slice(-messages.length);
  messages.forEach((message, n) => received(message.value, spans[n]));
  await wait(5);
}

main({ produce, worker: consumer('worker'), audit: consumer('audit') });
