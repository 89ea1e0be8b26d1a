'use strict';
// BullMQ instrumented by AppSignal: `ids` where the application names its jobs,
// `noids` where Redis counts them.

const { randomUUID } = require('node:crypto');
const { BullMQInstrumentation } = require('@appsignal/opentelemetry-instrumentation-bullmq');
const { RUN, PROPAGATION, around, main, received, start, wait } = require('./support');

start(new BullMQInstrumentation());
const { Queue, Worker } = require('bullmq');

const [ids] = process.argv.slice(2);
const { hostname: host, port } = new URL(process.env.REDIS);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const names = [`orders.${RUN}`, `mail.${RUN}`];
const job = () => ({ attempts: 2, ...(ids === 'ids' && { jobId: randomUUID() }) });

async function produce() {
  const queues = names.map((name) => new Queue(name, { connection }));
  for (let n = 0; n < 20; n += 1) {
    const queue = queues[n % 2];
    await around('place order', (body) => queue.add('placed', { body }, job()));
    await wait(15);
  }
  // Each job of a batch has a producer span: contexts can tell them apart, bodies
  // only where there is one job.
  const batches = PROPAGATION === 'on' ? [2, 2, 2, 2] : Array(8).fill(1);
  for (const [n, count] of batches.entries()) {
    await around('place orders', (body) => {
      const jobs = Array.from({ length: count }, () => ({ name: 'paid', data: { body }, opts: job() }));
      return queues[n % 2].addBulk(jobs);
    });
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
  }, { connection }));
  await Promise.all(workers.map((one) => one.waitUntilReady()));
  return () => Promise.all(workers.map((one) => one.close()));
}

main({ produce, worker });
