/**
 * event-fan-out: links everything that reacts to an event to the span that
 * announced it.
 *
 * One service announces an event and names it by an id; any number of others
 * hear of it, each in its own time and in a trace of its own.
 */

import { Kind, each } from "./linkmend/index.js";

const REACTS = [Kind.CONSUMER, Kind.SERVER, Kind.INTERNAL];

export default class EventFanOut {
  static about = {
    name: "event-fan-out",
    version: "1.0.0",
    summary: "Links the reactions to an event to the span that announced it.",
  };

  configure(config) {
    this.attribute = config.text("attribute", "event.id");
    this.type = config.oneOf("type", ["triggered_by", "follows_from", "related_to"], "triggered_by");
  }

  wants() {
    return { attributes: [this.attribute] };
  }

  produces(span) {
    return span.kind === Kind.PRODUCER ? this.events(span) : [];
  }

  awaits(span) {
    return REACTS.includes(span.kind) ? this.events(span) : [];
  }

  mend(span, found, edits) {
    for (const event of found) {
      // An event that is announced again, after a failure, is meant as it was
      // announced last.
      const announced = event.nearest();
      const [, id] = event.key;
      edits.link(announced, { "link.type": this.type, [this.attribute]: id });
      if (announced) edits.explain(`event ${id} was announced by ${announced.traceId}/${announced.spanId}`);
    }
  }

  /** The events that a span names: one, or an array of them. */
  events(span) {
    return each(span.attributes[this.attribute]).map((id) => ["event", id]);
  }
}
