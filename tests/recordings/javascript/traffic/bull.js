'use strict';
// BullMQ with telemetry of its own (bullmq-otel): `add`, `bulk` or `omit` (add
// with omitContext), and `advice` to record the ids of a batch.

const { SpanKind } = require('@opentelemetry/api');
const { RUN, around, main, received, start, wait } = require('./support');

start();
const { Queue, Worker } = require('bullmq');
const { BullMQOtel } = require('bullmq-otel');

const [how, advice] = process.argv.slice(2);
const { hostname: host, port } = new URL(process.env.REDIS);
const options = () => ({
  connection: { host, port: Number(port), maxRetriesPerRequest: null },
  telemetry: new BullMQOtel('shop'),
});
const names = [`orders.${RUN}`, `mail.${RUN}`];
const job = { attempts: 2, ...(how === 'omit' && { telemetry: { omitContext: true } }) };

async function bulk(queue) {
  const kind = advice ? SpanKind.PRODUCER : SpanKind.INTERNAL;
  await around('place orders', async (body, span) => {
    const jobs = ['paid', 'packed', 'sent'].map((name) => ({ name, data: { body }, opts: job }));
    const added = await queue.addBulk(jobs);
    if (advice) {
      span.setAttributes({
        'bullmq.queue.name': queue.name,
        'bullmq.job.id': added.map(({ id }) => id),
      });
    }
  }, { kind });
}

async function produce() {
  const queues = names.map((name) => new Queue(name, options()));
  for (let n = 0; n < 24; n += 1) {
    const queue = queues[n % 2];
    if (how === 'bulk' && n % 6 < 4) {
      await bulk(queue);
    } else {
      await around('place order', (body) => queue.add('placed', { body }, job));
    }
    await wait(15);
  }
  for (const queue of queues) await queue.close();
}

async function worker() {
  let failed = false;
  const workers = names.map((name) => new Worker(name, async ({ data }) => {
    received(data.body);
    await wait(3);
    if (!failed) {
      failed = true;
      throw new Error('the database is busy');
    }
  }, options()));
  await Promise.all(workers.map((one) => one.waitUntilReady()));
  return () => Promise.all(workers.map((one) => one.close()));
}

main({ produce, worker });
