/**
 * What calls a rule: one batch, one call of the index for each of hashing,
 * remembering and looking up.
 */

import { Answer, Texts } from "./answer.js";
import { stopClocks } from "./clock.js";
import { Config, ConfigError } from "./config.js";
import { Edits } from "./edits.js";
import { Message, Origin, Producer, Span } from "./spans.js";

/** The messages of one span that are looked at. */
const MOST_KEYS = 1024;

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/** The exports of a component: `index` is what is imported from linkmend. */
export function component(rule, index) {
  const driver = new Driver(rule, index);
  stopClocks();
  return {
    lifecycle: {
      describe: () => driver.describe(),
      configure: (config) => answered(() => driver.configure(config)),
    },
    spans: {
      process: (tasks, traces) => answered(() => driver.process(tasks, traces)),
    },
  };
}

function answered(call) {
  try {
    return call();
  } catch (error) {
    throw error instanceof ConfigError ? error.message : told(error);
  }
}

/** An error with its place, on one line: the innermost one that is the author's. */
export function told(error) {
  if (!(error instanceof Error)) return String(error?.payload ?? error);
  const places = (error.stack ?? "").split("\n").filter((line) => /:\d+:\d+/.test(line));
  const place = places.find((line) => !line.includes("linkmend/")) ?? places[0];
  const text = `${error.name}: ${error.message}`;
  return [text + (place ? ` (${place.trim()})` : ""), error.span].filter(Boolean).join(", ");
}

/** Calls a rule. */
export class Driver {
  constructor(rule, index) {
    this.make = rule;
    this.index = index;
  }

  describe() {
    const { name, version, summary } = this.make.about;
    return { name, version, summary };
  }

  configure(text) {
    const config = Config.parse(text);
    const rule = new this.make();
    rule.configure?.(config);
    config.done();
    const wants = rule.wants();
    const { kinds = [], attributes = [], prefixes = [], withLinks = false, reads = [] } = wants;
    const { typeAttribute = "link.type", countAllDrops = false } = wants;
    const all = [...attributes, ...prefixes.map((prefix) => `${prefix}*`), ...reads, typeAttribute];
    this.rule = rule;
    this.reads = [...new Set(all.filter(Boolean))];
    this.sees = seeing(this.reads);
    return {
      selector: {
        kinds: Object.fromEntries(KINDS.map((name, kind) => [name, kinds.includes(kind)])),
        attributeKeys: attributes,
        attributePrefixes: prefixes,
        withLinks,
      },
      usesIndex: Boolean(rule.produces || rule.awaits),
      typeAttribute,
      countAllDrops,
      reads: this.reads,
    };
  }

  /** Answers one batch. */
  process(tasks, traces) {
    const { rule } = this;
    const origins = traces.origins.map((raw) => new Origin(raw));
    const spans = traces.spans.map((raw, place) => new Span(raw, origins[raw.origin], place));
    const keys = new Keys(this.index);
    const produced = tasks.remember && rule.produces ? named(spans, (span) => rule.produces(span), keys) : NONE;
    const awaited = tasks.mend && rule.awaits ? named(spans, (span) => rule.awaits(span), keys) : NONE;
    keys.hash();
    this.#remember(produced, keys);
    const answer = new Answer();
    if (!tasks.mend) return answer.verdict();
    keys.recall(awaited);
    forEach(spans, (span) => this.#mend(span, awaited[span.place] ?? NOTHING, keys, tasks, answer));
    return answer.verdict();
  }

  #remember(produced, keys) {
    const texts = new Texts();
    const records = [];
    for (const entry of produced) {
      if (!entry?.span.isValid) continue;
      const { span, places } = entry;
      const rank = Math.max(0, Math.min(this.rule.rank?.(span) ?? 0, 255));
      const traceState = texts.add(span.traceState);
      for (const place of places) {
        records.push({
          key: keys.hashes[place],
          traceIdHigh: span.high,
          traceIdLow: span.low,
          spanId: span.number,
          start: span.start,
          end: span.end,
          traceState,
          flags: span.flags,
          hint: 0,
          rank,
        });
      }
    }
    if (records.length > 0) this.index.remember(records, texts.bytes());
  }

  #mend(span, { places, tooMany }, keys, tasks, answer) {
    const edits = new Edits(span, this.sees, tasks.explain);
    const found = [];
    const missing = [];
    for (const place of places) {
      const producers = keys.producersOf(place, span);
      found.push(new Message(keys.named[place], producers, span, edits));
      if (producers.length === 0) missing.push(place);
    }
    for (const place of tasks.explain ? missing : []) {
      edits.explain(`no producer is known of ${keys.named[place].join(" ")}`);
    }
    if (missing.length > 0 && tasks.defer) {
      answer.defer(span, missing.map((place) => keys.hashes[place]));
    } else {
      if (missing.length > 0) edits.note("unresolved", missing.length);
      if (tooMany > 0) edits.note("too-many", tooMany);
      this.rule.mend(span, found, edits);
      edits.settle();
      answer.add(span, edits);
    }
    answer.explain(span, edits);
  }
}

const NONE = [];
const NOTHING = { places: NONE, tooMany: 0 };

/**
 * The places of the keys that each span names, and how many were left out: in an
 * array with holes, by the place of the span.
 */
function named(spans, keysOf, keys) {
  const entries = [];
  forEach(spans, (span) => {
    let places = [];
    for (const key of keysOf(span) ?? NONE) {
      const place = keys.place(key);
      if (place !== null) places.push(place);
    }
    if (places.length === 0) return;
    if (places.length > 1) places = [...new Set(places)];
    const tooMany = Math.max(0, places.length - MOST_KEYS);
    places.length -= tooMany;
    entries[span.place] = { span, places, tooMany };
  });
  return entries;
}

/** Calls a function for each span, and says at which one it went wrong. */
function forEach(spans, call) {
  let now;
  try {
    for (now of spans) call(now);
  } catch (error) {
    if (error instanceof Error) error.span ??= `at span ${now.traceId}/${now.spanId} (${now.name})`;
    throw error;
  }
}

/** Whether attributes of a key are read. */
function seeing(reads) {
  const keys = new Set(reads.filter((key) => !key.endsWith("*")));
  const begins = reads.filter((key) => key.endsWith("*")).map((key) => key.slice(0, -1));
  return (key) => keys.has(key) || begins.some((begin) => key.startsWith(begin));
}

/** The keys of a batch, each once. */
class Keys {
  constructor(index) {
    this.index = index;
    this.places = new Map();
    this.named = [];
    this.hashes = [];
    this.known = [];
  }

  /** Where a key is; null for one that names nothing. */
  place(key) {
    const parts = textsOf(key);
    if (parts === null) return null;
    // Each part behind its length: no two keys have one name.
    let name = "";
    for (const part of parts) name += `${part.length}:${part}`;
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.named.push(parts) - 1;
      this.places.set(name, place);
    }
    return place;
  }

  hash() {
    if (this.named.length > 0) this.hashes = this.index.hash(this.named);
  }

  /** Looks up the producers. */
  recall(awaited) {
    const wanted = new Set();
    for (const entry of awaited) {
      for (const place of entry?.places ?? NONE) wanted.add(place);
    }
    if (wanted.size === 0) return;
    const places = [...wanted];
    const { counts, producers, texts } = this.index.recall(places.map((place) => this.hashes[place]));
    let next = 0;
    for (let number = 0; number < places.length; number++) {
      // 5 stands for more than the 4 that are given.
      const end = next + Math.min(counts[number], 4);
      const known = (this.known[places[number]] = []);
      while (next < end) known.push(new Producer(producers[next++], texts));
    }
  }

  /** The producers of a key, but never the span itself. */
  producersOf(place, span) {
    const known = this.known[place] ?? NONE;
    return known.some((producer) => producer.isSame(span)) ? known.filter((producer) => !producer.isSame(span)) : known;
  }
}

/** The parts of a key as texts; null when one of them is missing. */
function textsOf(key) {
  if (!Array.isArray(key) || key.length < 2) {
    throw new TypeError(`a key is an array of its family and at least one id, not ${key}`);
  }
  const texts = [];
  for (const part of key) {
    if (typeof part === "string" && part !== "") texts.push(part);
    else if (typeof part === "bigint" || Number.isSafeInteger(part)) texts.push(String(part));
    else if (Array.isArray(part)) throw new TypeError("a part of a key is a text or an integer: see each()");
    else return null;
  }
  return texts;
}
