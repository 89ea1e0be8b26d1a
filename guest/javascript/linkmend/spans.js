/** What a rule is shown. Nothing is worked out before it is asked for. */

/** How much later than the span its producer may seem to start, in nanoseconds. */
export const CLOCK_SKEW = 5_000_000_000n;

/** OTLP flags: it is known whether the context is remote, and it is. */
export const REMOTE = 0x300;

/** OTLP flags: those of W3C Trace Context. */
export const TRACE_FLAGS = 0xff;

/** Span kinds, with OTLP's numbers. */
export const Kind = Object.freeze({
  UNSPECIFIED: 0,
  INTERNAL: 1,
  SERVER: 2,
  CLIENT: 3,
  PRODUCER: 4,
  CONSUMER: 5,
});

/** The ids in the value of an attribute, be it one, an array or none. */
export function each(value) {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

function hex(number) {
  return number.toString(16).padStart(16, "0");
}

/** What has a trace id and a span id; as numbers they are `high`, `low` and `number`. */
class Identified {
  constructor(high, low, number) {
    this.high = high;
    this.low = low;
    this.number = number;
  }

  /** 32 hex digits; all 0 when it is not valid. */
  get traceId() {
    return hex(this.high) + hex(this.low);
  }

  /** 16 hex digits; all 0 when it is not valid. */
  get spanId() {
    return hex(this.number);
  }

  /** Neither id is all 0. */
  get isValid() {
    return this.number !== 0n && (this.high !== 0n || this.low !== 0n);
  }

  /** Both have these ids. */
  isSame(other) {
    return this.number === other.number && this.low === other.low && this.high === other.high;
  }
}

/** What a link points at. */
export class Context extends Identified {
  constructor(high, low, number, traceState = "", flags = REMOTE) {
    super(high, low, number);
    this.traceState = traceState;
    this.flags = flags;
  }

  /**
   * A context as it may be stored: ids in hex digits of either case, or as bytes;
   * flags in two hex digits, as a byte or as an integer, and 0 when they are none
   * of it. null when an id is not valid.
   */
  static fromIds(traceId, spanId, traceFlags, traceState = "") {
    const trace = numberOf(traceId, 16);
    const span = numberOf(spanId, 8);
    if (!trace || !span) return null;
    const isNumber = typeof traceFlags === "number" && traceFlags >= 0 && traceFlags < 2 ** 32;
    const flags = isNumber ? traceFlags : Number(numberOf(traceFlags, 1) ?? 0);
    return new Context(trace >> 64n, BigInt.asUintN(64, trace), span, traceState, (flags & TRACE_FLAGS) | REMOTE);
  }

  /** The context of a `traceparent` header of version 00; null when it is not valid. */
  static fromTraceparent(header, traceState = "") {
    const fields = typeof header === "string" ? TRACEPARENT.exec(header) : null;
    return fields && Context.fromIds(fields[1], fields[2], fields[3], traceState);
  }
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const HEX = /^[0-9a-fA-F]+$/;

function numberOf(value, size) {
  if (value instanceof Uint8Array && value.length === size) {
    return value.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  }
  return typeof value === "string" && value.length === 2 * size && HEX.test(value) ? BigInt(`0x${value}`) : null;
}

/** Integers that a number cannot hold stay bigints. */
function plain(integer) {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function valueOf({ tag, val }) {
  if (tag === "text") return val;
  if (tag === "integer") return plain(val);
  if (tag === "integers") return Array.from(val, plain);
  return tag === "other" ? null : val;
}

/** Attributes by key; of a key that comes twice the first counts. */
function attributesOf(pairs) {
  const attributes = Object.create(null);
  for (const { key, value } of pairs) {
    if (attributes[key] === undefined) attributes[key] = valueOf(value);
  }
  return Object.freeze(attributes);
}

/** A link of a span, as it came in. */
export class Link extends Identified {
  #raw;
  #attributes;

  constructor(raw, place) {
    super(raw.traceIdHigh, raw.traceIdLow, raw.spanId);
    this.place = place;
    this.#raw = raw;
  }

  get traceState() {
    return this.#raw.traceState;
  }
  get flags() {
    return this.#raw.flags;
  }
  /** Those that the rule reads, by key. */
  get attributes() {
    return (this.#attributes ??= attributesOf(this.#raw.attributes));
  }
}

/** The resource and the scope of spans. */
export class Origin {
  #resource;

  constructor(raw) {
    this.raw = raw;
  }
  get resource() {
    return (this.#resource ??= attributesOf(this.raw.resourceAttributes));
  }
}

/** A span. Times are nanoseconds since the Unix epoch, as bigints. */
export class Span extends Identified {
  #raw;
  #origin;
  #attributes;
  #links;

  constructor(raw, origin, place) {
    super(raw.traceIdHigh, raw.traceIdLow, raw.spanId);
    this.place = place;
    this.#raw = raw;
    this.#origin = origin;
  }

  /** A number of `Kind`, or another one as it came. */
  get kind() {
    return this.#raw.kind;
  }
  get name() {
    return this.#raw.name;
  }
  get start() {
    return this.#raw.startTimeUnixNano;
  }
  get end() {
    return this.#raw.endTimeUnixNano;
  }
  get traceState() {
    return this.#raw.traceState;
  }
  /** All 0: a root. */
  get parentSpanId() {
    return hex(this.#raw.parentSpanId);
  }
  /** OTLP's; bits 8 and 9 are about the parent. */
  get flags() {
    return this.#raw.flags;
  }
  get droppedLinksCount() {
    return this.#raw.droppedLinksCount;
  }
  /** 0 unset, 1 ok, 2 error. */
  get statusCode() {
    return this.#raw.statusCode;
  }
  get scopeName() {
    return this.#origin.raw.scopeName;
  }
  get scopeVersion() {
    return this.#origin.raw.scopeVersion;
  }
  /** The attributes of the resource that the rule reads, by key. */
  get resource() {
    return this.#origin.resource;
  }
  /**
   * Those that the rule reads, by key. A value is a string, a number, a bigint
   * where a number does not do, a boolean, a Uint8Array, an array of strings or of
   * integers, or null when it is anything else.
   */
  get attributes() {
    return (this.#attributes ??= attributesOf(this.#raw.attributes));
  }
  get linkCount() {
    return this.#raw.links.length;
  }
  /** Its links, as they came in. */
  get links() {
    return (this.#links ??= this.#raw.links.map((raw, place) => new Link(raw, place)));
  }
}

const decoder = new TextDecoder();

/** A span that produced a message, as it was remembered. */
export class Producer extends Identified {
  constructor(raw, texts) {
    super(raw.traceIdHigh, raw.traceIdLow, raw.spanId);
    this.start = raw.start;
    this.end = raw.end;
    this.rank = raw.rank;
    this.flags = raw.flags;
    const { offset, length } = raw.traceState;
    this.traceState = length === 0 ? "" : decoder.decode(texts.subarray(offset, offset + length));
  }
}

/**
 * A key that a span awaits, and the producers that are known of it, best first:
 * those of the best rank, of these the one that started last.
 */
export class Message {
  #span;
  #edits;

  constructor(key, producers, span, edits) {
    this.key = key;
    this.producers = producers;
    this.#span = span;
    this.#edits = edits;
  }

  /**
   * The producer that started last, but not after the span (and not more than
   * `CLOCK_SKEW` after it). null when there is none.
   */
  nearest() {
    const latest = this.#span.start + CLOCK_SKEW;
    let nearest = null;
    for (const producer of this.producers) {
      if (producer.start <= latest && (nearest === null || producer.start > nearest.start)) nearest = producer;
    }
    if (nearest === null && this.producers.length > 0) this.#edits.note("too-late");
    return nearest;
  }
}
