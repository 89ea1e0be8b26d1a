'use strict';
// pg-boss, with its own spans: jobs sent one by one, inserted together, worked off
// singly and in batches, and fetched by the application. Contexts travel with jobs
// only where `propagateContext` is set. With `advice` jobs get their ids from the
// application, which records them on spans of its own: PRODUCER around each insert,
// CONSUMER around what is done with several jobs.

const { randomUUID } = require('node:crypto');
const { SpanKind, trace } = require('@opentelemetry/api');
const {
  RUN, PROPAGATION, around, main, received, start, startedDuring, tracer, wait,
} = require('./support');

start();

const names = ['orders', 'mail', 'reports'].map((name) => `${name}-${RUN}`);

const [advice] = process.argv.slice(2);
const named = (name, ids) => ({
  'messaging.system': 'pg-boss',
  'messaging.destination.name': name,
  'messaging.message.id': ids,
});

/** Inserts two jobs at once. */
async function insert(boss, name) {
  const kind = advice ? SpanKind.PRODUCER : SpanKind.INTERNAL;
  await around('write reports', (body, span) => {
    const jobs = [1, 2].map(() => ({ data: { body }, ...(advice && { id: randomUUID() }) }));
    if (advice) span.setAttributes(named(name, jobs.map(({ id }) => id)));
    return boss.insert(name, jobs);
  }, { kind });
}

/** Handles several jobs, which `span` or the current one received. */
async function handle(name, jobs, span = trace.getActiveSpan()) {
  if (!advice) {
    jobs.forEach((job) => received(job.data.body, span));
    return;
  }
  const attributes = named(name, jobs.map(({ id }) => id));
  await tracer().startActiveSpan(`handle ${name}`, { kind: SpanKind.CONSUMER, attributes },
    async (own) => {
      jobs.forEach((job) => received(job.data.body, own));
      own.end();
    });
}

async function open() {
  const { PgBoss } = await import('pg-boss');
  const boss = new PgBoss({
    connectionString: process.env.POSTGRES,
    openTelemetry: { propagateContext: PROPAGATION === 'on' },
  });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}

async function produce() {
  const boss = await open();
  const [orders, mail, reports] = names;
  for (let n = 0; n < 10; n += 1) {
    await around('place order', (body) => boss.send(orders, { body }, { retryLimit: 2 }));
    await around('write mail', (body) => boss.send(mail, { body }));
  }
  for (let n = 0; n < 4; n += 1) {
    await insert(boss, reports);
    await around('write report', (body) => boss.send(reports, { body }));
  }
  await boss.stop({ graceful: true });
}

async function worker() {
  const boss = await open();
  const [orders, mail, reports] = names;
  for (const name of names) await boss.createQueue(name, { retryLimit: 1 });
  let failed = false;
  await boss.work(orders, { pollingIntervalSeconds: 0.5, batchSize: 1 }, async ([job]) => {
    received(job.data.body);
    await wait(2);
    if (!failed) {
      failed = true;
      throw new Error('the printer is out of paper');
    }
  });
  await boss.work(mail, { pollingIntervalSeconds: 0.5, batchSize: 5 }, async (jobs) => {
    await handle(mail, jobs);
  });
  let ended = false;
  const loop = (async () => {
    while (!ended) {
      const { result, spans } = await fetchAlone(boss, reports);
      if (result.length > 0) await handle(reports, result, spans[0]);
      if (result.length > 0) await boss.complete(reports, result.map(({ id }) => id));
      await wait(400);
    }
  })();
  return async () => {
    ended = true;
    await loop;
    await boss.stop({ graceful: true, timeout: 5_000 });
  };
}

/** Fetches, and finds the span of that among those of workers. */
async function fetchAlone(boss, name) {
  const { result, spans } = await startedDuring(() => boss.fetch(name, { batchSize: 3 }));
  return { result: result ?? [], spans: spans.filter((span) => span.name === `receive ${name}`) };
}

main({ produce, worker });
