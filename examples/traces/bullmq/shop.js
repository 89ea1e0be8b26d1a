// A shop on BullMQ: `node shop.js api` adds jobs, `worker` works them off.
// record.sh runs them. The instrumentation links a job to its adding.
'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { SpanKind, trace } = require('@opentelemetry/api');
const { BullMQInstrumentation } = require('@appsignal/opentelemetry-instrumentation-bullmq');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { defaultResource, resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
const { LinesExporter } = require('../otlp-lines.js');

const [role, name = role, ...queues] = process.argv.slice(2);
const service = resourceFromAttributes({ 'service.name': `shop-${name}` });
const exporter = new LinesExporter(process.env.CAPTURE);
const provider = new NodeTracerProvider({
  resource: defaultResource().merge(service),
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 250 })],
});
provider.register();
registerInstrumentations({ instrumentations: [new BullMQInstrumentation()] });

const { FlowProducer, Queue, Worker } = require('bullmq');
const tracer = trace.getTracer('shop');
const connection = { host: '127.0.0.1', port: 6379, maxRetriesPerRequest: null };
const queue = Object.fromEntries(['orders', 'mail', 'reports'].map((name) => [name, new Queue(name, { connection })]));

/** Handles a request in a span of its own, as an HTTP server would. */
function request(route, handle) {
  return tracer.startActiveSpan(route, { kind: SpanKind.SERVER }, async (span) => {
    await handle();
    span.end();
  });
}

async function api() {
  for (let order = 1; order <= 30; order++) {
    const options = { jobId: `order-${order}`, attempts: 3, backoff: { type: 'fixed', delay: 200 } };
    await request('POST /orders', () => queue.orders.add('order', { order }, options));
  }
  // The ids of letters are made by Redis: the API does not know them.
  for (let letter = 1; letter <= 3; letter++) {
    const letters = Array.from({ length: 8 }, (_, customer) => ({ name: 'letter', data: { customer } }));
    await request('POST /newsletter', () => queue.mail.addBulk(letters));
  }
  const flows = new FlowProducer({ connection });
  for (let month = 1; month <= 4; month++) {
    const region = (number) => ({ name: 'region', queueName: 'reports', data: { number, month } });
    const report = { name: 'total', queueName: 'reports', data: { month }, children: [1, 2, 3].map(region) };
    await request('POST /reports', () => flows.add(report));
  }
  await flows.close();
}

const work = {
  async orders(job) {
    const { order } = job.data;
    await sleep(3);
    if (order % 5 === 0 && job.attemptsMade < 1 + (order === 15)) {
      throw new Error(`card of order ${order} refused`); // tried again, once or twice
    }
    if (order % 3 === 0) {
      await queue.mail.add('receipt', { order }, { jobId: `receipt-${order}`, delay: 100 });
    }
  },
  async mail() {
    await sleep(1);
  },
  async reports() {
    await sleep(5);
  },
};

async function main() {
  if (role === 'api') {
    await api();
  } else {
    const workers = queues.map((queue) => new Worker(queue, work[queue], { connection, concurrency: 2 }));
    await new Promise((stop) => process.once('SIGTERM', stop));
    await Promise.all(workers.map((worker) => worker.close()));
  }
  await Promise.all(Object.values(queue).map((queue) => queue.close()));
  await provider.shutdown();
}

main();
