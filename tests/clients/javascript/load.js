'use strict';
// A service under load, for tests/fleet/run: it produces messages, or consumes them
// with four spans each, so many a second, and loses the context on the way. All of
// the SDK is as it is by default, or as the environment says.

const { parseArgs } = require('node:util');
const { setTimeout: sleep } = require('node:timers/promises');

const { DiagConsoleLogger, DiagLogLevel, ROOT_CONTEXT, SpanKind, diag, trace } = require('@opentelemetry/api');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const STEPS = [['check', SpanKind.INTERNAL], ['query', SpanKind.CLIENT], ['store', SpanKind.INTERNAL]];

// Exports by another exporter, and keeps how long each call took.
class Timed {
  constructor(inner) {
    this.inner = inner;
    this.report = { exported: 0, failed: 0, seconds: [] };
  }

  export(spans, done) {
    const begun = process.hrtime.bigint();
    this.inner.export(spans, (result) => {
      this.report.seconds.push(Number(process.hrtime.bigint() - begun) / 1e9);
      this.report[result.code === 0 ? 'exported' : 'failed'] += spans.length;
      done(result);
    });
  }

  forceFlush() {
    return this.inner.forceFlush();
  }

  shutdown() {
    return this.inner.shutdown();
  }
}

function exporter() {
  const protocol = process.env.OTEL_EXPORTER_OTLP_PROTOCOL;
  const name = protocol === 'grpc' ? 'grpc' : 'proto';
  const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${name}`);
  return new OTLPTraceExporter();
}

function message(number, operation) {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.destination.name': 'orders',
    'messaging.message.id': `message-${number}`,
    'messaging.operation': operation,
  };
}

function produce(tracer, number) {
  const attributes = message(number, 'publish');
  tracer.startSpan('publish orders', { kind: SpanKind.PRODUCER, attributes }, ROOT_CONTEXT).end();
}

function consume(tracer, number) {
  const attributes = message(number, 'process');
  const span = tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, attributes }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, span);
  for (const [name, kind] of STEPS) tracer.startSpan(name, { kind, attributes: { order: number } }, inside).end();
  span.end();
}

async function main() {
  const number = { type: 'string' };
  const { values } = parseArgs({ options: { role: number, rate: number, seconds: number, start: number } });
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
  const timed = new Timed(exporter());
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(timed)] });
  const tracer = provider.getTracer('load');
  const one = values.role === 'producer' ? produce : consume;
  const rate = Number(values.rate);
  const messages = rate * Number(values.seconds);
  let late = 0;
  for (let number = 0; number < messages; number += 1) {
    const ahead = Number(values.start) * 1000 + (number * 1000) / rate - Date.now();
    // The loop must turn, too, or nothing is sent.
    if (ahead > 0 || number % 64 === 0) await sleep(Math.max(ahead, 0));
    late = Math.max(late, -ahead / 1000);
    one(tracer, number);
  }
  await provider.shutdown();
  console.log(JSON.stringify({ messages, late, ...timed.report }));
}

main();
