'use strict';
// Sends spans as an application does that produces or consumes messages, and
// loses the context on the way: no consumer has a parent or a link.

const { parseArgs } = require('node:util');

const { DiagConsoleLogger, DiagLogLevel, ROOT_CONTEXT, SpanKind, diag } = require('@opentelemetry/api');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const ROLES = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, plain: SpanKind.INTERNAL };

const EXPORTERS = {
  grpc: ['@opentelemetry/exporter-trace-otlp-grpc', ''],
  'http/protobuf': ['@opentelemetry/exporter-trace-otlp-proto', '/v1/traces'],
  'http/json': ['@opentelemetry/exporter-trace-otlp-http', '/v1/traces'],
};

const { values: options } = parseArgs({
  options: {
    protocol: { type: 'string' },
    endpoint: { type: 'string' },
    compression: { type: 'string', default: 'none' },
    role: { type: 'string' },
    count: { type: 'string', default: '1' },
    // The size of an attribute of each span.
    bytes: { type: 'string', default: '0' },
  },
});

// Exports by another exporter, and keeps what came of it.
class Recording {
  constructor(inner) {
    this.inner = inner;
    this.report = { results: [], seconds: [], spans: [] };
  }

  export(spans, done) {
    const begun = process.hrtime.bigint();
    this.inner.export(spans, (result) => {
      this.report.seconds.push(Number(process.hrtime.bigint() - begun) / 1e9);
      this.report.results.push(result.code === 0 ? 'success' : 'failure');
      if (result.error) console.error(result.error);
      this.report.spans.push(...spans.map(described));
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

function described(span) {
  const context = span.spanContext();
  return {
    trace_id: context.traceId,
    span_id: context.spanId,
    parent_id: span.parentSpanContext?.spanId ?? null,
    kind: SpanKind[span.kind].toLowerCase(),
    message: span.attributes['messaging.message.id'] ?? null,
  };
}

function exporter() {
  const [name, path] = EXPORTERS[options.protocol];
  const { OTLPTraceExporter } = require(name);
  return new OTLPTraceExporter({ url: options.endpoint + path, compression: options.compression });
}

async function main() {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.INFO);
  const recording = new Recording(exporter());
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `javascript-${options.role}` }),
    spanProcessors: [new BatchSpanProcessor(recording)],
  });
  const tracer = provider.getTracer('clients');
  for (let number = 0; number < Number(options.count); number += 1) {
    const span = tracer.startSpan(options.role, { kind: ROLES[options.role] }, ROOT_CONTEXT);
    if (Number(options.bytes) > 0) span.setAttribute('test.padding', 'x'.repeat(Number(options.bytes)));
    if (options.role !== 'plain') {
      span.setAttributes({
        'messaging.system': 'rabbitmq',
        'messaging.destination.name': 'orders',
        'messaging.message.id': `message-${number}`,
        'messaging.operation': options.role === 'producer' ? 'publish' : 'receive',
      });
    }
    span.end();
  }
  await provider.forceFlush().catch(console.error);
  process.stdout.write(`${JSON.stringify(recording.report)}\n`);
  await provider.shutdown();
}

main();
