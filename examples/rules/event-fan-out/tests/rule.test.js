/** Tests of the rule as ordinary JavaScript: `node --test tests`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigError, Kind } from "../linkmend/index.js";
import { Bench, span } from "../linkmend/testing.js";
import EventFanOut from "../rule.js";

const announce = (id, more = {}) => span({ kind: Kind.PRODUCER, attributes: { "event.id": id }, ...more });
const react = (id, more = {}) => span({ kind: Kind.CONSUMER, attributes: { "event.id": id }, ...more });
const targets = ({ links }) => links.map((link) => link.spanId);

test("all that react are linked to the one that announced", () => {
  const [announced, ...reactions] = new Bench(EventFanOut).process([announce("e1"), react("e1"), react("e1"), react("e1")]);
  for (const reaction of reactions) assert.deepEqual(targets(reaction), [announced.spanId]);
  assert.deepEqual(reactions[0].links[0].attributes, { "link.type": "triggered_by", "event.id": "e1" });
});

test("a reaction to several events has a link to each", () => {
  const [one, other, reaction] = new Bench(EventFanOut).process([announce("e1"), announce("e2"), react(["e1", "e2", "e1"])]);
  assert.deepEqual(targets(reaction), [one.spanId, other.spanId]);
});

test("an event that is announced again is meant as it was announced last", () => {
  const start = 1_760_000_000_000_000_000n;
  const hour = 3_600_000_000_000n;
  const spans = [
    announce("e1", { start }),
    announce("e1", { start: start + hour }),
    announce("e1", { start: start + 3n * hour }),
    react("e1", { start: start + 2n * hour }),
  ];
  const mended = new Bench(EventFanOut).process(spans);
  assert.deepEqual(targets(mended[3]), [spans[1].spanId]);
});

test("a reaction that comes first waits, and says what for when it is asked", () => {
  const bench = new Bench(EventFanOut);
  const [early] = bench.process([react("e1")], { defer: true, explain: true });
  assert.equal(early.deferred, true);
  assert.equal(early.explanation, "no producer is known of event e1");
  bench.process([announce("e1")]);
  assert.equal(bench.process([early])[0].links.length, 1);
});

test("it does nothing twice", () => {
  const bench = new Bench(EventFanOut);
  const once = bench.process([announce("e1"), react("e1")]);
  assert.deepEqual(bench.process(once), once);
});

test("ids that are none name nothing", () => {
  const ids = ["", true, 1.5, new Uint8Array(4), undefined];
  for (const id of ids) {
    const [, reaction] = new Bench(EventFanOut).process([announce(id), react(id)]);
    assert.deepEqual([reaction.links, reaction.notes], [[], {}]);
  }
});

test("a type that is none is refused", () => {
  const refused = (error) => error instanceof ConfigError && /`type` must be one of triggered_by/.test(error.message);
  assert.throws(() => new Bench(EventFanOut, { type: "caused_by" }), refused);
});
