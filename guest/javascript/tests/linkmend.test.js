/** What the driver makes of what a rule asks for. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Config, ConfigError, Context, Kind, each } from "../linkmend/index.js";
import { told } from "../linkmend/driver.js";
import { Bench, span } from "../linkmend/testing.js";

const [T1, T2, S1, S2] = ["1".repeat(32), "2".repeat(32), "3".repeat(16), "4".repeat(16)];
const ELSEWHERE = Context.fromIds(T1, S1, "01", "a=b");

/** One span, mended by a function: it is seen with links, or an attribute `id`. */
function mended(mend, one, reads = []) {
  class Asked {
    wants() {
      return { attributes: ["id"], withLinks: true, reads };
    }
    mend(...given) {
      mend(...given);
    }
  }
  return new Bench(Asked).process([one])[0];
}

class Jobs {
  wants() {
    return { attributes: ["id"] };
  }
  produces(span) {
    return span.kind === Kind.PRODUCER ? this.jobs(span) : [];
  }
  awaits(span) {
    return span.kind === Kind.CONSUMER ? this.jobs(span) : [];
  }
  mend(span, found, edits) {
    for (const job of found) edits.link(job.nearest());
  }
  jobs(span) {
    return each(span.attributes.id).map((id) => ["job", id]);
  }
}

const job = (kind, id = "1", more = {}) => span({ kind, attributes: { id }, ...more });
const other = (number) => ({ traceId: T2, spanId: (number + 1).toString(16).padStart(16, "0") });
const others = (count) => Array.from({ length: count }, (_, number) => other(number));

test("a link has what it was given", () => {
  const attributes = { t: "x", b: true, i: -2, d: 0.5 };
  const one = mended((_, found, edits) => edits.link(ELSEWHERE, attributes), span({ attributes: { id: 1 } }));
  assert.deepEqual(one.links, [{ traceId: T1, spanId: S1, flags: 0x301, traceState: "a=b", attributes }]);
});

test("no link is made twice, to itself, or to nothing", () => {
  const mend = (span, found, edits) => {
    for (const target of [ELSEWHERE, ELSEWHERE, span, null, undefined, new Context(0n, 0n, 1n)]) edits.link(target);
  };
  const one = mended(mend, span({ attributes: { id: 1 } }));
  assert.equal(one.links.length, 1);
  assert.equal(mended(mend, one).links.length, 1);
});

test("what does not fit is noted", () => {
  const mend = (_, found, edits) => {
    edits.link(ELSEWHERE);
    edits.link(Context.fromIds(T1, S2));
  };
  const one = mended(mend, span({ links: others(127) }));
  assert.deepEqual([one.links.length, one.notes], [128, { "no-room": 1 }]);
});

test("a span of too many links is left alone", () => {
  const one = mended((span, found, edits) => edits.drop(span.links[0]), span({ links: others(150) }));
  assert.deepEqual([one.links.length, one.notes], [150, { "no-room": 1 }]);
  const enough = (span, found, edits) => {
    for (const link of span.links.slice(0, 30)) edits.drop(link);
    edits.link(ELSEWHERE);
  };
  assert.equal(mended(enough, span({ links: others(150) })).links.length, 121);
});

test("edits of one link are merged", () => {
  const mend = (span, found, edits) => {
    const [first, second, third] = span.links;
    edits.replace(first, ELSEWHERE, { a: 1, old: "new" });
    edits.replace(first, Context.fromIds(T2, S2), { b: 2 });
    edits.annotate(first, "a", 3);
    edits.annotate(second, "a", 1);
    edits.drop(second, "invalid");
    edits.drop(second, "duplicate");
    edits.replace(second, ELSEWHERE);
    edits.annotate(third, "old", "other");
  };
  const old = { old: "x" };
  const links = [{ ...other(1), attributes: old, traceState: "s=1" }, other(2), { ...other(3), attributes: old }];
  const [first, third, ...rest] = mended(mend, span({ links }), ["a", "b", "old"]).links;
  assert.deepEqual([first.traceId, first.spanId, first.traceState], [T2, S2, "s=1"]);
  assert.deepEqual(first.attributes, { old: "x", a: 1, b: 2 });
  assert.deepEqual([third.spanId, third.attributes, rest], [other(3).spanId, old, []]);
});

test("a link that went can be made again", () => {
  const mend = (span, found, edits) => {
    edits.drop(span.links[0]);
    edits.link(ELSEWHERE);
  };
  const one = mended(mend, span({ links: [{ traceId: T1, spanId: S1, attributes: { x: 1 } }] }));
  assert.deepEqual(one.links.map((link) => link.attributes), [{}]);
});

test("mistakes of an author are told", () => {
  const mistakes = [
    ["add it to `reads`", (span, found, edits) => edits.annotate(span.links[0], "x", 1)],
    ["dropped as one of invalid", (span, found, edits) => edits.drop(span.links[0], "old")],
    ["a link of the span", (span, found, edits) => edits.drop(0)],
    ["64 bits", (span, found, edits) => edits.link(ELSEWHERE, { x: 1n << 63n })],
    ["a string, a boolean or a number", (span, found, edits) => edits.link(ELSEWHERE, { x: [] })],
  ];
  for (const [error, mend] of mistakes) {
    const isTold = (raised) => {
      const text = told(raised);
      return text.includes(error) && /tests\/linkmend\.test\.js:\d+/.test(text) && text.includes("at span ");
    };
    assert.throws(() => mended(mend, span({ links: [other(1)] })), isTold, error);
  }
});

test("a key of a missing id names nothing", () => {
  for (const id of ["", null, true, 0.5, new Uint8Array(1)]) {
    const [, awaiting] = new Bench(Jobs).process([job(Kind.PRODUCER, id), job(Kind.CONSUMER, id)]);
    assert.deepEqual([awaiting.links, awaiting.notes], [[], {}]);
  }
});

test("numbers and texts are the same id", () => {
  const [, awaiting] = new Bench(Jobs).process([job(Kind.PRODUCER, 7), job(Kind.CONSUMER, ["7", "8"])]);
  assert.deepEqual([awaiting.links.length, awaiting.notes], [1, { unresolved: 1 }]);
});

test("integers that no number holds stay what they are", () => {
  const id = 9007199254740993n;
  const [, awaiting] = new Bench(Jobs).process([job(Kind.PRODUCER, id), job(Kind.CONSUMER, String(id))]);
  assert.equal(awaiting.links.length, 1);
});

test("tasks are kept apart", () => {
  const bench = new Bench(Jobs);
  const [produced, awaiting] = [job(Kind.PRODUCER), job(Kind.CONSUMER)];
  assert.deepEqual(bench.process([awaiting, produced], { mend: false })[0].links, []);
  assert.equal(bench.process([awaiting], { remember: false })[0].links.length, 1);
  assert.deepEqual(new Bench(Jobs).process([produced, awaiting], { remember: false })[1].links, []);
});

test("what is missing defers", () => {
  const bench = new Bench(Jobs);
  const awaiting = job(Kind.CONSUMER, ["1", "2"]);
  const [first] = bench.process([awaiting], { defer: true, explain: true });
  assert.deepEqual([first.deferred, first.notes], [true, {}]);
  assert.equal(first.explanation, "no producer is known of job 1\nno producer is known of job 2");
  assert.equal(bench.process([job(Kind.PRODUCER, "1"), awaiting], { defer: true })[1].deferred, true);
  const [, third] = bench.process([job(Kind.PRODUCER, "2"), awaiting], { defer: true });
  assert.deepEqual([third.deferred, third.links.length], [false, 2]);
});

test("the nearest is the last before", () => {
  const start = 1_760_000_000_000_000_000n;
  const after = (seconds) => ({ start: start + seconds * 1_000_000_000n });
  const [early, late] = [job(Kind.PRODUCER, "1", { start }), job(Kind.PRODUCER, "1", after(60n))];
  const linked = (seconds) => new Bench(Jobs).process([early, late, job(Kind.CONSUMER, "1", after(seconds))])[2];
  assert.equal(linked(30n).links[0].spanId, early.spanId);
  assert.equal(linked(57n).links[0].spanId, late.spanId);
  assert.deepEqual([linked(-60n).links, linked(-60n).notes], [[], { "too-late": 1 }]);
});

test("no span is its own producer, nor is one without ids", () => {
  class Own extends Jobs {
    produces = () => [["job", 1]];
    awaits = () => [["job", 1]];
  }
  assert.deepEqual(new Bench(Own).process([job(Kind.CONSUMER)])[0].notes, { unresolved: 1 });
  const without = job(Kind.PRODUCER, "1", { spanId: "0".repeat(16) });
  assert.deepEqual(new Bench(Jobs).process([without, job(Kind.CONSUMER)])[1].notes, { unresolved: 1 });
});

test("flags of producers are those of remote ones", () => {
  const produced = job(Kind.PRODUCER, "1", { flags: 0x101, traceState: "a=b" });
  const [, { links }] = new Bench(Jobs).process([produced, job(Kind.CONSUMER)]);
  assert.deepEqual(links.map(({ flags, traceState }) => [flags, traceState]), [[0x301, "a=b"]]);
});

test("errors of a configuration name the key and the way out", () => {
  const read = (config) => {
    config.text("name");
    config.integer("size", 1);
    config.texts("paths", []);
    config.flag("on", false);
    config.oneOf("mode", ["a", "b"], "a");
    config.object("inner").text("key", "x");
    for (const rule of config.objects("rules")) rule.text("type");
    config.done();
  };
  read(Config.parse('{"name": "n", "inner": {"key": "k"}, "rules": [{"type": "t"}]}'));
  const wrong = {
    "[]": "the configuration must be an object, not []",
    "{": "the configuration is not JSON",
    "{}": "`name` is missing",
    '{"name": ""}': '`name` must be a text, not ""',
    '{"name": "n", "size": 1.5}': "`size` must be an integer, not 1.5",
    '{"name": "n", "paths": "x"}': "`paths` must be a list of texts",
    '{"name": "n", "on": 1}': "`on` must be true or false, not 1",
    '{"name": "n", "mode": "c"}': "`mode` must be one of a, b",
    '{"name": "n", "nam": 1}': "`nam` is not known; did you mean `name`?",
    '{"name": "n", "inner": {"kee": 1}}': "`inner.kee` is not known; did you mean `key`?",
    '{"name": "n", "rules": [{"type": "t"}, {}]}': "`rules[1].type` is missing",
    '{"name": "n", "rules": [{"type": "t", "x": 1}]}': "`rules[0].x` is not known; there is `type`",
  };
  for (const [text, why] of Object.entries(wrong)) {
    const isTold = (error) => error instanceof ConfigError && error.message.includes(why);
    assert.throws(() => read(Config.parse(text)), isTold, text);
  }
});

test("traceparent", () => {
  const made = Context.fromTraceparent(`00-${T1}-${S1}-01`);
  assert.deepEqual([made.traceId, made.spanId, made.flags], [T1, S1, 0x301]);
  const zeros = "0".repeat(32);
  for (const wrong of ["", null, `01-${T1}-${S1}-01`, `00-${zeros}-${S1}-01`, `00-${T1}-${S1}-01-`]) {
    assert.equal(Context.fromTraceparent(wrong), null);
  }
});
