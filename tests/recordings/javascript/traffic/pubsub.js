'use strict';
// Google Cloud Pub/Sub, with the client's own spans. It carries the context in an
// attribute of its own and asks no propagator, so that there is no run without.
// With `advice` spans of the application name the message: a PRODUCER span around
// the publish by the id that it returns, a CONSUMER span in the handler.

const { SpanKind } = require('@opentelemetry/api');
const { RUN, around, main, received, start, tracer, wait } = require('./support');

start();
const { PubSub } = require('@google-cloud/pubsub');

const pubsub = new PubSub({
  projectId: 'recordings',
  enableOpenTelemetryTracing: true,
});
const names = ['orders', 'mail'].map((name) => `${name}-${RUN}`);

const [advice] = process.argv.slice(2);
const named = (topic, id) => ({
  'messaging.system': 'gcp_pubsub',
  'messaging.destination.name': topic,
  'messaging.message.id': id,
});

async function publish(name, topic) {
  await around(name, async (body, span) => {
    const id = await topic.publishMessage({ data: Buffer.from(body) });
    if (advice) span.setAttributes(named(topic.name.split('/').at(-1), id));
  }, { kind: advice ? SpanKind.PRODUCER : SpanKind.INTERNAL });
}

async function handle(topic, message) {
  if (!advice) {
    received(message.data);
    await wait(2);
    return;
  }
  const options = { kind: SpanKind.CONSUMER, attributes: named(topic, message.id) };
  await tracer().startActiveSpan(`handle ${topic}`, options, async (span) => {
    received(message.data, span);
    await wait(2);
    span.end();
  });
}

async function produce() {
  const batching = { maxMessages: 5, maxMilliseconds: 30 };
  const [orders, mail] = names.map((name) => pubsub.topic(name, { batching }));
  for (let n = 0; n < 10; n += 1) {
    await publish('place order', orders);
  }
  for (let n = 0; n < 3; n += 1) {
    await Promise.all([1, 2, 3, 4].map(() => publish('place several', mail)));
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
        await handle(topic, message);
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
