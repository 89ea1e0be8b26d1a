/**
 * Runs a rule under `node --test`, with an index that it makes up:
 *
 *     import { Bench, span } from "./linkmend/testing.js";
 *
 *     const bench = new Bench(Jobs, { attribute: "job.id" });
 *     const request = span({ kind: Kind.SERVER, attributes: { "job.id": "7" } });
 *     const work = span({ kind: Kind.INTERNAL, attributes: { "job.id": "7" } });
 *     const [, mended] = bench.process([request, work]);
 *     assert.equal(mended.links[0].spanId, request.spanId);
 *
 * What linkmend would refuse is an error here, too; `linkmend rule test` has the
 * last word.
 */

import { Driver } from "./driver.js";
import { MOST_LINKS } from "./edits.js";
import { Kind } from "./spans.js";

let counter = 0;

/** A span for `Bench.process`; ids and times that are not given are made up. */
export function span(given = {}) {
  counter += 1;
  const start = given.start ?? 1_760_000_000_000_000_000n + BigInt(counter) * 1_000_000n;
  return {
    name: "span",
    kind: Kind.INTERNAL,
    attributes: {},
    resource: {},
    scopeName: "",
    end: start + 1_000_000n,
    traceId: counter.toString(16).padStart(32, "0"),
    spanId: counter.toString(16).padStart(16, "0"),
    parentSpanId: "0".repeat(16),
    traceState: "",
    flags: 0x100,
    notes: {},
    deferred: false,
    explanation: "",
    ...given,
    links: (given.links ?? []).map((link) => ({ attributes: {}, traceState: "", flags: 0x300, ...link })),
    start,
  };
}

/** A configured rule, and what it remembers. */
export class Bench {
  #driver;
  #wants;

  constructor(rule, config = {}) {
    this.#driver = new Driver(rule, new Index());
    this.plan = this.#driver.configure(JSON.stringify(config));
    this.#wants = this.plan.selector;
  }

  /**
   * Shows spans to the rule as one batch; answers all of them, with their links as
   * they are then, and with `notes`, `deferred` and `explanation`.
   */
  process(spans, { remember = true, mend = true, defer = false, explain = false } = {}) {
    const shown = spans.filter((one) => this.#selects(one));
    const traces = { origins: shown.map((one) => this.#origin(one)), spans: shown.map((one, place) => this.#span(one, place)) };
    const verdict = this.#driver.process({ remember, mend, defer, explain }, traces);
    if (!mend && verdict.edits.length + verdict.deferrals.length > 0) throw new Error("edits that nobody asked for");
    const answered = shown.map((one) => {
      const links = one.links.map((link) => ({ ...link, attributes: { ...link.attributes } }));
      return { ...one, links, notes: {}, deferred: false, explanation: "" };
    });
    apply(verdict, answered);
    return spans.map((one) => answered[shown.indexOf(one)] ?? one);
  }

  #selects(one) {
    const { kinds, attributeKeys, attributePrefixes, withLinks } = this.#wants;
    const isWanted = (key) => attributeKeys.includes(key) || attributePrefixes.some((prefix) => key.startsWith(prefix));
    return (
      Object.values(kinds)[one.kind] || (withLinks && one.links.length > 0) || Object.keys(one.attributes).some(isWanted)
    );
  }

  #origin(one) {
    return { resourceAttributes: this.#pairs(one.resource), scopeName: one.scopeName, scopeVersion: "" };
  }

  #span(one, origin) {
    const { traceState, name, kind, flags } = one;
    return {
      ...ids(one),
      origin,
      parentSpanId: BigInt(`0x${one.parentSpanId}`),
      traceState,
      name,
      kind,
      startTimeUnixNano: one.start,
      endTimeUnixNano: one.end,
      attributes: this.#pairs(one.attributes),
      links: one.links.map((link) => ({ ...ids(link), ...link, ...ids(link), attributes: this.#pairs(link.attributes) })),
      droppedLinksCount: 0,
      statusCode: 0,
      flags,
    };
  }

  #pairs(attributes) {
    const pairs = Object.entries(attributes).filter(([key]) => this.#driver.sees(key));
    return pairs.map(([key, value]) => ({ key, value: recorded(value) }));
  }
}

function ids({ traceId, spanId }) {
  return {
    traceIdHigh: BigInt(`0x${traceId.slice(0, 16) || 0}`),
    traceIdLow: BigInt(`0x${traceId.slice(16) || 0}`),
    spanId: BigInt(`0x${spanId || 0}`),
  };
}

/** A value as the interface has it. */
function recorded(value) {
  if (typeof value === "string") return { tag: "text", val: value };
  if (typeof value === "boolean") return { tag: "boolean", val: value };
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return { tag: "integer", val: BigInt(value) };
  if (typeof value === "number") return { tag: "double", val: value };
  if (value instanceof Uint8Array) return { tag: "bytes", val: value };
  if (!Array.isArray(value)) return { tag: "other" };
  if (value.every((item) => typeof item === "string")) return { tag: "texts", val: value };
  return value.every(Number.isSafeInteger) ? { tag: "integers", val: value.map(BigInt) } : { tag: "other" };
}

/** The index, in memory. */
class Index {
  #numbers = new Map();
  #known = new Map();

  hash(messages) {
    return messages.map((parts) => {
      const name = JSON.stringify(parts);
      if (!this.#numbers.has(name)) this.#numbers.set(name, BigInt(this.#numbers.size + 1));
      return { high: 0n, low: this.#numbers.get(name) };
    });
  }

  remember(producers, texts) {
    for (const one of producers) {
      const { offset, length } = one.traceState;
      const known = this.#known.get(one.key.low) ?? new Map();
      known.set(`${one.traceIdHigh} ${one.traceIdLow} ${one.spanId}`, { one, state: texts.slice(offset, offset + length) });
      this.#known.set(one.key.low, known);
    }
  }

  recall(keys) {
    const recalled = { counts: [], producers: [], texts: [] };
    for (const key of keys) {
      const known = [...(this.#known.get(key.low)?.values() ?? [])];
      known.sort((a, b) => a.one.rank - b.one.rank || Number(b.one.start - a.one.start));
      recalled.counts.push(Math.min(known.length, 5));
      for (const { one, state } of known.slice(0, 4)) {
        const traceState = { offset: recalled.texts.length, length: state.length };
        recalled.texts.push(...state);
        recalled.producers.push({ ...one, traceState });
      }
    }
    return { ...recalled, texts: Uint8Array.from(recalled.texts) };
  }
}

/** Does what the verdict says, as linkmend does. */
function apply(verdict, spans) {
  const decoder = new TextDecoder();
  const text = ({ offset, length }) => decoder.decode(verdict.texts.subarray(offset, offset + length));
  const edited = new Set();
  const dropped = new Set();
  for (const edit of verdict.edits) {
    const { links } = spans[edit.span];
    const chosen = verdict.attributes.slice(edit.firstAttribute, edit.firstAttribute + edit.attributeCount);
    const attributes = Object.fromEntries(chosen.map((one) => [text(one.key), valueOf(one, text)]));
    if (edit.action === "add-link") {
      links.push({ ...context(edit, text), attributes });
      continue;
    }
    const link = links[edit.link];
    const name = `${edit.span} ${edit.link} ${edit.action === "add-attributes"}`;
    if (edited.has(name)) throw new Error("a link was edited twice");
    edited.add(name);
    if (edit.action === "drop-link") {
      dropped.add(link);
      continue;
    }
    if (edit.action === "replace-context") {
      const { traceState } = link;
      Object.assign(link, context(edit, text));
      link.traceState ||= traceState;
    }
    if (Object.keys(attributes).some((key) => key in link.attributes)) throw new Error("an attribute came twice");
    Object.assign(link.attributes, attributes);
  }
  for (const { span } of verdict.edits) {
    spans[span].links = spans[span].links.filter((link) => !dropped.has(link));
    if (spans[span].links.length > MOST_LINKS) throw new Error("more links than a span may have");
  }
  for (const { span, kind, count } of verdict.notes) spans[span].notes[kind] = count;
  for (const { span } of verdict.deferrals) spans[span].deferred = true;
  for (const one of verdict.explanations) spans[one.span].explanation = text(one.text);
}

function context({ context: { traceIdHigh, traceIdLow, spanId, traceState, flags } }, text) {
  const hex = (number) => number.toString(16).padStart(16, "0");
  return { traceId: hex(traceIdHigh) + hex(traceIdLow), spanId: hex(spanId), traceState: text(traceState), flags };
}

function valueOf({ kind, text: range, bits }, text) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  const values = {
    text: () => text(range),
    boolean: () => bits !== 0n,
    integer: () => Number(BigInt.asIntN(64, bits)),
    double: () => view.getFloat64(0),
  };
  return values[kind]();
}
