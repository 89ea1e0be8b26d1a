// A shop on RabbitMQ: `node shop.js api` sends orders, `worker`, `audit` and
// `billing` take them. record.sh runs them all. The instrumentation is told to
// link the processing of a message to its publishing.
'use strict';

const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { SpanKind, trace } = require('@opentelemetry/api');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib');
const { defaultResource, resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
const { LinesExporter } = require('../otlp-lines.js');

const [role, name = role] = process.argv.slice(2);
const service = resourceFromAttributes({ 'service.name': `shop-${name}` });
const exporter = new LinesExporter(process.env.CAPTURE);
const provider = new NodeTracerProvider({
  resource: defaultResource().merge(service),
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 250 })],
});
provider.register();
registerInstrumentations({ instrumentations: [new AmqplibInstrumentation({ useLinksForConsume: true })] });

const amqplib = require('amqplib');
const tracer = trace.getTracer('shop');

async function declare(channel) {
  await channel.assertExchange('orders', 'topic');
  await channel.assertExchange('shipments', 'fanout');
  await channel.assertQueue('fulfil', { deadLetterExchange: '', deadLetterRoutingKey: 'fulfil.later' });
  // What was refused comes back after a while, as the same message.
  await channel.assertQueue('fulfil.later', {
    messageTtl: 300,
    deadLetterExchange: '',
    deadLetterRoutingKey: 'fulfil',
  });
  await channel.assertQueue('audit');
  await channel.assertQueue('billing');
  await channel.bindQueue('fulfil', 'orders', 'order.*');
  await channel.bindQueue('audit', 'orders', '#');
  await channel.bindQueue('audit', 'shipments', '');
  await channel.bindQueue('billing', 'shipments', '');
}

function send(channel, exchange, key, body, messageId = randomUUID()) {
  return channel.publish(exchange, key, Buffer.from(JSON.stringify(body)), { messageId });
}

const read = (message) => JSON.parse(message.content);

async function api(channel) {
  for (let order = 1; order <= 40; order++) {
    tracer.startActiveSpan('POST /orders', { kind: SpanKind.SERVER }, (span) => {
      send(channel, 'orders', order % 2 ? 'order.new' : 'order.changed', { order });
      span.end();
    });
    await sleep(5);
  }
  await channel.waitForConfirms();
}

const seen = new Set();

function fulfil(channel, message) {
  const { order, again } = read(message);
  const { messageId, headers } = message.properties;
  const times = headers['x-death']?.[0].count ?? 0;
  if (order % 7 === 0 && times < 1 + (order === 21)) {
    channel.nack(message, false, false); // to fulfil.later, once or twice
  } else if (order % 9 === 0 && !message.fields.redelivered) {
    channel.nack(message, false, true); // back into the queue
  } else if (order % 8 === 0 && !again) {
    // Tried again by the application: published anew, under the same id.
    send(channel, '', 'fulfil', { order, again: true }, messageId);
    channel.ack(message);
  } else {
    send(channel, 'shipments', '', { order });
    channel.ack(message);
  }
}

function bill(channel, message) {
  seen.add(message);
  if (seen.size === 4) {
    channel.ackAll(); // four at a time
    seen.clear();
  }
}

const work = { worker: ['fulfil', fulfil], billing: ['billing', bill], audit: ['audit', (channel, m) => channel.ack(m)] };

async function main() {
  const connection = await amqplib.connect('amqp://guest:guest@127.0.0.1');
  const channel = await connection.createConfirmChannel();
  await declare(channel);
  if (role === 'api') {
    await api(channel);
  } else {
    const [queue, handle] = work[role];
    await channel.prefetch(5);
    await channel.consume(queue, async (message) => {
      await sleep(3);
      handle(channel, message);
    });
    await new Promise((stop) => process.once('SIGTERM', stop));
  }
  await channel.close();
  await connection.close();
  await provider.shutdown();
}

main();
