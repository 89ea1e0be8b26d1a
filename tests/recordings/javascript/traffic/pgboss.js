'use strict';
// pg-boss, with its own spans: jobs sent one by one, inserted together, worked off
// singly and in batches, and fetched by the application. Contexts travel with jobs
// only where `propagateContext` is set.

const {
  RUN, PROPAGATION, around, main, received, start, startedDuring, wait,
} = require('./support');

start();

const names = ['orders', 'mail', 'reports'].map((name) => `${name}-${RUN}`);

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
    await around('write reports', (body) => boss.insert(reports, [{ data: { body } }, { data: { body } }]));
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
    jobs.forEach((job) => received(job.data.body));
  });
  let ended = false;
  const loop = (async () => {
    while (!ended) {
      const { result, spans } = await fetchAlone(boss, reports);
      result.forEach((job) => received(job.data.body, spans[0]));
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
