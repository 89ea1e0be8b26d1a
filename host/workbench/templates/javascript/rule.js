/**
 * {{name}}: links every piece of work to the span that created it.
 *
 * Both carry the same id in an attribute: a request that creates a job, say, and
 * the job itself, hours later and in a trace of its own.
 */

import { Kind, each } from "./linkmend/index.js";

const CREATES = [Kind.PRODUCER, Kind.CLIENT, Kind.SERVER];
const WORKS = [Kind.CONSUMER, Kind.INTERNAL];

export default class {{type}} {
  static about = {
    name: "{{name}}",
    version: "0.1.0",
    summary: "Links the spans that work a job off to the span that created it.",
  };

  configure(config) {
    // Keys that are not taken here are refused, by name.
    this.attribute = config.text("attribute", "job.id");
  }

  wants() {
    return { attributes: [this.attribute] };
  }

  produces(span) {
    return CREATES.includes(span.kind) ? this.jobs(span) : [];
  }

  awaits(span) {
    return WORKS.includes(span.kind) ? this.jobs(span) : [];
  }

  mend(span, found, edits) {
    for (const job of found) {
      edits.link(job.nearest(), { "link.type": "triggered_by" });
    }
  }

  /** The jobs that a span names: one, or an array of them. */
  jobs(span) {
    return each(span.attributes[this.attribute]).map((id) => ["job", id]);
  }
}
