'use strict';
// A service with traces, metrics and logs on, as NodeSDK configures it from the
// environment alone. It produces and consumes messages, and loses the context on
// the way: no consumer has a parent or a link.

const { DiagConsoleLogger, DiagLogLevel, ROOT_CONTEXT, SpanKind, diag, metrics, trace } = require('@opentelemetry/api');
const { context } = require('@opentelemetry/api');
const { SeverityNumber, logs } = require('@opentelemetry/api-logs');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const count = Number(process.argv[2]);

function produceAndConsume(number, tracer, received) {
  const kinds = [[SpanKind.PRODUCER, 'publish'], [SpanKind.CONSUMER, 'receive']];
  for (const [kind, operation] of kinds) {
    const attributes = {
      'messaging.system': 'rabbitmq',
      'messaging.destination.name': 'orders',
      'messaging.message.id': `message-${number}`,
      'messaging.operation': operation,
    };
    const span = tracer.startSpan(operation, { kind, attributes }, ROOT_CONTEXT);
    if (kind === SpanKind.CONSUMER) context.with(trace.setSpan(ROOT_CONTEXT, span), received, null, number);
    span.end();
  }
}

async function main() {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.INFO);
  const sdk = new NodeSDK();
  sdk.start();
  const meter = metrics.getMeter('signals');
  const orders = meter.createCounter('orders.received', { unit: '{order}' });
  const sizes = meter.createHistogram('orders.size', { unit: 'By' });
  const logger = logs.getLogger('signals');
  const received = (number) => {
    orders.add(1, { shop: 'north' });
    sizes.record(number);
    logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: `order ${number} is here` });
  };
  for (let number = 0; number < count; number += 1) {
    produceAndConsume(number, trace.getTracer('signals'), received);
  }
  await sdk.shutdown();
}

main();
