'use strict';
// The function of lambda.js, in a file of its own: the instrumentation wraps what
// is loaded by the name of _HANDLER.

const { SpanKind } = require('@opentelemetry/api');
const { received, started, tracer, wait } = require('./support');

const [, advice] = process.argv.slice(2);

function handle(records, span) {
  records.forEach(({ body }) => received(body, span));
  return wait(3);
}

exports.handler = async ({ Records }) => {
  // The span of the event is never current, but it was the last to start.
  const ofEvent = started.spans.at(-1);
  if (!advice) return handle(Records, ofEvent);
  return tracer().startActiveSpan('handle orders', { kind: SpanKind.CONSUMER }, (span) => {
    span.setAttributes({
      'messaging.system': 'aws_sqs',
      'messaging.destination.name': Records[0].eventSourceARN.split(':').at(-1),
      'messaging.message.id': Records.map(({ messageId }) => messageId),
    });
    return handle(Records, span).finally(() => span.end());
  });
};
