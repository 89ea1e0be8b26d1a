// OTLP/JSON lines of finished spans, as the Collector's file exporter writes
// them. Needs @opentelemetry/otlp-transformer.
'use strict';

const fs = require('node:fs');
const { JsonTraceSerializer } = require('@opentelemetry/otlp-transformer');

// What tells about the computer that recorded.
const LEFT_OUT = ['exception.stacktrace'];

function keep(_, value) {
  return Array.isArray(value) ? value.filter((item) => !LEFT_OUT.includes(item?.key)) : value;
}

/** Appends each export request to a file that several processes share. */
class LinesExporter {
  constructor(path) {
    this.path = path;
  }

  export(spans, done) {
    const request = Buffer.from(JsonTraceSerializer.serializeRequest(spans)).toString();
    // One write to a file in append mode: lines of processes never mix.
    fs.appendFileSync(this.path, JSON.stringify(JSON.parse(request), keep) + '\n');
    done({ code: 0 });
  }

  async shutdown() {}
}

module.exports = { LinesExporter };
