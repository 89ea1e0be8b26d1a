/** Tests of the rule as ordinary JavaScript: `node --test tests`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigError, Kind } from "../linkmend/index.js";
import { Bench, span } from "../linkmend/testing.js";
import {{type}} from "../rule.js";

const request = () => span({ name: "POST /jobs", kind: Kind.SERVER, attributes: { "job.id": "7" } });
const work = (links = []) => span({ name: "run job", attributes: { "job.id": "7" }, links });

test("work is linked to its request", () => {
  const [created, worked] = new Bench({{type}}).process([request(), work()]);
  assert.deepEqual(worked.links.map((link) => link.spanId), [created.spanId]);
  assert.deepEqual(worked.links[0].attributes, { "link.type": "triggered_by" });
  assert.deepEqual(created.links, []);
});

test("a link that is there is not made again", () => {
  const created = request();
  const { traceId, spanId } = created;
  const [, worked] = new Bench({{type}}).process([created, work([{ traceId, spanId }])]);
  assert.equal(worked.links.length, 1);
});

test("the attribute is configured", () => {
  const created = span({ kind: Kind.CLIENT, attributes: { task: 12 } });
  const both = span({ kind: Kind.CONSUMER, attributes: { task: [12, 13] } });
  const [, worked] = new Bench({{type}}, { attribute: "task" }).process([created, both]);
  assert.deepEqual(worked.links.map((link) => link.spanId), [created.spanId]);
  assert.deepEqual(worked.notes, { unresolved: 1 });
});

test("work waits for a request that is not there yet", () => {
  const [worked] = new Bench({{type}}).process([work()], { defer: true });
  assert.equal(worked.deferred, true);
});

test("an unknown key is refused", () => {
  const refused = (error) =>
    error instanceof ConfigError && /`atribute` is not known; did you mean `attribute`/.test(error.message);
  assert.throws(() => new Bench({{type}}, { atribute: "job.id" }), refused);
});
