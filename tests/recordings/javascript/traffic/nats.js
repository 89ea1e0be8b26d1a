'use strict';
// NATS JetStream, which nothing instruments: spans of the application by the
// semantic conventions, with the message id that JetStream drops duplicates by.

const { randomUUID } = require('node:crypto');
const { context, propagation, trace, SpanKind, ROOT_CONTEXT } = require('@opentelemetry/api');
const { RUN, around, body, main, received, start, tracer, wait } = require('./support');

start();
const { connect, headers } = require('@nats-io/transport-node');
const { jetstream, jetstreamManager } = require('@nats-io/jetstream');

const stream = RUN.toUpperCase();
const subjects = [`orders.${RUN}`, `mail.${RUN}`];

const attributes = (subject, type, id) => ({
  'messaging.system': 'nats',
  'messaging.destination.name': subject,
  'messaging.operation.type': type,
  'messaging.operation.name': type === 'send' ? 'publish' : type,
  ...(id && { 'messaging.message.id': id }),
});

async function publish(js, subject) {
  const msgID = randomUUID();
  const options = { kind: SpanKind.PRODUCER, attributes: attributes(subject, 'send', msgID) };
  await tracer().startActiveSpan(`publish ${subject}`, options, async (span) => {
    const carrier = headers();
    propagation.inject(context.active(), carrier, { set: (to, key, value) => to.set(key, value) });
    await js.publish(subject, body(span), { headers: carrier, msgID });
    span.end();
  });
}

async function produce() {
  const connection = await connect({ servers: process.env.NATS });
  const js = jetstream(connection);
  for (let n = 0; n < 24; n += 1) {
    await around('place order', () => publish(js, subjects[n % 2]));
    await wait(10);
  }
  await connection.close();
}

const getter = { get: (from, key) => from?.get(key) || undefined, keys: (from) => from?.keys() ?? [] };
const sent = (message) => propagation.extract(ROOT_CONTEXT, message.headers, getter);
const idOf = (message) => message.headers.get('Nats-Msg-Id');

/** One message, below the span that sent it. */
async function process1(message) {
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: attributes(message.subject, 'process', idOf(message)),
  };
  await tracer().startActiveSpan(`process ${message.subject}`, options, sent(message), async (span) => {
    received(message.string());
    await wait(2);
    span.end();
  });
  message.ack();
}

/** Several messages: links with an id each, as the conventions want it. */
async function processBatch(messages) {
  const links = messages.map((message) => ({
    context: trace.getSpanContext(sent(message)) ?? { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 },
    attributes: { 'messaging.message.id': idOf(message) },
  }));
  const options = {
    kind: SpanKind.CONSUMER,
    links,
    attributes: {
      ...attributes(messages[0].subject, 'process'),
      'messaging.batch.message_count': messages.length,
    },
  };
  await tracer().startActiveSpan(`process ${messages[0].subject}`, options, ROOT_CONTEXT, async (span) => {
    messages.forEach((message) => received(message.string()));
    await wait(5);
    span.end();
  });
  messages.forEach((message) => message.ack());
}

async function consumer(name, handle) {
  const connection = await connect({ servers: process.env.NATS });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: stream, subjects, storage: 'memory' });
  await manager.consumers.add(stream, { durable_name: name, ack_policy: 'explicit' });
  const pulls = await jetstream(connection).consumers.get(stream, name);
  let ended = false;
  const loop = handle(pulls, () => ended);
  return async () => {
    ended = true;
    await loop;
    await connection.close();
  };
}

const worker = () => consumer('worker', async (pulls, ended) => {
  while (!ended()) {
    const message = await pulls.next({ expires: 1_000 });
    if (message) await process1(message);
  }
});

const audit = () => consumer('audit', async (pulls, ended) => {
  while (!ended()) {
    const bySubject = new Map(subjects.map((subject) => [subject, []]));
    for await (const message of await pulls.fetch({ max_messages: 6, expires: 1_000 })) {
      bySubject.get(message.subject).push(message);
    }
    for (const messages of bySubject.values()) {
      if (messages.length > 0) await processBatch(messages);
    }
  }
});

main({ produce, worker, audit });
