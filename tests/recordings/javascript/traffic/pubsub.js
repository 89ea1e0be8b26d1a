'use strict';
// Google Cloud Pub/Sub, with the client's own spans. It carries the context in an
// attribute of its own and asks no propagator, so that there is no run without.

const { RUN, around, main, received, start, wait } = require('./support');

start();
const { PubSub } = require('@google-cloud/pubsub');

const pubsub = new PubSub({
  projectId: process.env.PUBSUB_PROJECT_ID,
  enableOpenTelemetryTracing: true,
});
const names = ['orders', 'mail'].map((name) => `${name}-${RUN}`);

async function produce() {
  const batching = { maxMessages: 5, maxMilliseconds: 30 };
  const [orders, mail] = names.map((name) => pubsub.topic(name, { batching }));
  for (let n = 0; n < 10; n += 1) {
    await around('place order', (body) => orders.publishMessage({ data: Buffer.from(body) }));
  }
  for (let n = 0; n < 3; n += 1) {
    await Promise.all([1, 2, 3, 4].map(() => around('place several',
      (body) => mail.publishMessage({ data: Buffer.from(body) }))));
  }
}

function consumer(name, ...of) {
  return async () => {
    let refused = false;
    const subscriptions = [];
    for (const topic of of) {
      await pubsub.createTopic(topic).catch((error) => {
        if (error.code !== 6) throw error; // ALREADY_EXISTS
      });
      const [subscription] = await pubsub.topic(topic).createSubscription(`${topic}-${name}`);
      subscription.on('message', async (message) => {
        received(message.data);
        await wait(2);
        if (refused) {
          message.ack();
        } else {
          refused = true;
          message.nack();
        }
      });
      subscriptions.push(subscription);
    }
    return () => Promise.all(subscriptions.map((one) => one.close()));
  };
}

main({ produce, worker: consumer('worker', ...names), audit: consumer('audit', names[0]) });
