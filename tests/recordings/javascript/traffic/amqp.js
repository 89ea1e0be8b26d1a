'use strict';
// amqplib: `ids` or `noids`, and `links` for useLinksForConsume, or `headers` to
// record the header of the context at the consumer.

const { randomUUID } = require('node:crypto');
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib');
const { RUN, around, main, received, start, wait } = require('./support');

const [ids, more] = process.argv.slice(2);

function capture(span, { msg }) {
  const header = msg.properties.headers.traceparent;
  if (header) span.setAttribute('messaging.header.traceparent', [header]);
}

start(new AmqplibInstrumentation({
  useLinksForConsume: more === 'links',
  ...(more === 'headers' && { consumeHook: capture }),
}));
const amqp = require('amqplib');

const exchange = `events.${RUN}`;
const queues = { orders: `orders.${RUN}`, mail: `mail.${RUN}`, audit: `audit.${RUN}` };
const identity = () => (ids === 'ids' ? { messageId: randomUUID() } : {});

async function open() {
  const connection = await amqp.connect(process.env.AMQP.replace('%2F', ''));
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'fanout', { durable: false });
  for (const queue of Object.values(queues)) {
    await channel.assertQueue(queue, { durable: false, expires: 60_000 });
  }
  await channel.bindQueue(queues.mail, exchange, '');
  await channel.bindQueue(queues.audit, exchange, '');
  return { connection, channel };
}

async function produce() {
  const { connection, channel } = await open();
  for (let n = 0; n < 16; n += 1) {
    await around('place order', (body) => {
      channel.sendToQueue(queues.orders, Buffer.from(body), identity());
      return channel.waitForConfirms();
    });
    await wait(15);
  }
  for (let n = 0; n < 8; n += 1) {
    await around('announce', (body) => {
      channel.publish(exchange, '', Buffer.from(body), identity());
      return channel.waitForConfirms();
    });
    await wait(15);
  }
  await connection.close();
}

function consumer(...of) {
  return async () => {
    const { connection, channel } = await open();
    await channel.prefetch(4);
    let refused = false;
    for (const queue of of) {
      await channel.consume(queue, async (message) => {
        received(message.content);
        await wait(2);
        // One order goes back to the queue and is delivered again.
        if (queue === queues.orders && !refused) {
          refused = true;
          channel.nack(message, false, true);
        } else {
          channel.ack(message);
        }
      });
    }
    return () => connection.close();
  };
}

main({
  produce,
  worker: consumer(queues.orders, queues.mail),
  audit: consumer(queues.audit),
});
