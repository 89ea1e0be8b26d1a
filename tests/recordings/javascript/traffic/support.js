'use strict';
// What the programs share: an SDK, bodies that name the span around a send, and
// the note of who received them. See ../../tools/runner.py for the environment.

const fs = require('node:fs');
const { trace, INVALID_SPAN_CONTEXT } = require('@opentelemetry/api');
const { NodeSDK, tracing } = require('@opentelemetry/sdk-node');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');

const { SERVICE, ROLE, PROPAGATION, PAIRS, RUN } = process.env;

const nothing = { inject() {}, extract: (context) => context, fields: () => [] };

/** Spans in the order in which they started, for those that are never current. */
class Started {
  spans = [];
  onStart(span) { this.spans.push(span); }
  onEnd() {}
  async forceFlush() {}
  async shutdown() {}
}
const started = new Started();
let sdk;

// `headers`: contexts are sent, but nobody reads them where messages are received;
// what is recorded of headers there is all that is left.
const reads = PROPAGATION !== 'off' && (ROLE === 'produce' || !process.argv.includes('headers'));

/** Starts the SDK; to be called before the clients are loaded. */
function start(...instrumentations) {
  sdk = new NodeSDK({
    serviceName: SERVICE,
    instrumentations,
    spanProcessors: [new tracing.BatchSpanProcessor(new OTLPTraceExporter()), started],
    ...(!reads && { textMapPropagator: nothing }),
  });
  sdk.start();
}

const tracer = () => trace.getTracer(SERVICE);

/** Calls `send` with a body that names the span around it. */
function around(name, send, options = {}) {
  return tracer().startActiveSpan(name, options, async (span) => {
    try {
      return await send(body(span), span);
    } finally {
      span.end();
    }
  });
}

function body(span = trace.getActiveSpan()) {
  const { traceId, spanId } = span.spanContext();
  return JSON.stringify({ order: 'one of many', traceId, spanId });
}

/** Notes that the consumer's span received what `text` is the body of. */
function received(text, span = trace.getActiveSpan()) {
  const { traceId, spanId } = JSON.parse(text.toString());
  const here = span?.spanContext() ?? INVALID_SPAN_CONTEXT;
  fs.appendFileSync(PAIRS, `${JSON.stringify([here.traceId, here.spanId, traceId, spanId])}\n`);
}

/** The spans that start while `work` runs; nothing else may start some then. */
async function startedDuring(work) {
  const before = started.spans.length;
  const result = await work();
  return { result, spans: started.spans.slice(before) };
}

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Runs `produce`, or a consumer until it is told to end. */
async function main({ produce, ...consumers }) {
  if (ROLE === 'produce') {
    await produce();
    await sdk.shutdown();
    process.exit(0);
  }
  const stop = await consumers[ROLE]();
  console.log('ready');
  await new Promise((told) => process.once('SIGTERM', told));
  await stop();
  await sdk.shutdown();
  process.exit(0);
}

module.exports = {
  RUN, PROPAGATION, around, body, main, received, start, started, startedDuring, tracer, wait,
};
