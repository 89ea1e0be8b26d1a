/**
 * What a rule answers for one span. Whatever is asked for, and however often,
 * linkmend can do it, and doing it to its own output changes nothing.
 */

import { Link, Producer, REMOTE, Span, TRACE_FLAGS } from "./spans.js";

/** The links that an edited span may have (`LinkCountLimit` of OpenTelemetry). */
export const MOST_LINKS = 128;

const REASONS = ["invalid", "duplicate", "over-limit", "unwanted"];
const NOTES = ["unresolved", "too-late", "too-many", "ambiguous", "no-room", "incomplete", "unnamed"];

const NONE = Object.freeze([]);
const NO_CHANGES = new Map();

/** The edits of one span. */
export class Edits {
  #span;
  #sees;

  constructor(span, sees, explaining = false) {
    this.#span = span;
    this.#sees = sees;
    /** Somebody asks why: `explain` is read. */
    this.explaining = explaining;
    // Most spans get one link, or none: what is not needed is not made.
    this.added = NONE;
    this.changes = NO_CHANGES;
    this.notes = NO_CHANGES;
    this.lines = NONE;
  }

  /**
   * Appends a link to a producer, a span, a context, or what another link points
   * at. Does nothing when the span is linked to it already, when it is the span
   * itself, and when it is null or not valid.
   */
  link(target, attributes = {}) {
    if (!target?.isValid || this.#span.isSame(target)) return;
    if (this.#isAdded(target) || this.#isLinked(target)) return;
    if (this.#count() >= MOST_LINKS) {
      this.note("no-room");
      return;
    }
    if (this.added === NONE) this.added = [];
    this.added.push({ context: pointing(target), attributes: checked(attributes) });
  }

  /**
   * Lets a link point elsewhere. Its attributes stay, and it gets those of
   * `attributes` that it does not have.
   */
  replace(link, target, attributes = {}) {
    const change = this.#change(link);
    if (!target?.isValid || change.reason || this.#span.isSame(target)) return;
    if (!link.isSame(target)) change.context = pointing(target);
    for (const [key, value] of Object.entries(attributes)) this.annotate(link, key, value);
  }

  /** Removes a link: `invalid`, `duplicate`, `over-limit` or `unwanted`. */
  drop(link, reason = "unwanted") {
    if (!REASONS.includes(reason)) {
      throw new RangeError(`a link is dropped as one of ${REASONS.join(", ")}, not ${reason}`);
    }
    this.#change(link).reason ??= reason;
  }

  /** Adds an attribute to a link, unless the link has one of this key. */
  annotate(link, key, value) {
    if (!this.#sees(key)) {
      throw new RangeError(`whether a link has \`${key}\` already is not known: add it to \`reads\` of wants()`);
    }
    const { attributes } = this.#change(link);
    if (key in link.attributes || attributes.has(key)) return;
    checked({ [key]: value });
    attributes.set(key, value);
  }

  /** Counts a reason why a link is not there; linkmend reports how often. */
  note(kind, count = 1) {
    if (!NOTES.includes(kind)) throw new RangeError(`a note is one of ${NOTES.join(", ")}, not ${kind}`);
    if (this.notes === NO_CHANGES) this.notes = new Map();
    this.notes.set(kind, (this.notes.get(kind) ?? 0) + count);
  }

  /** Says why, when somebody asks (`linkmend process --explain`). */
  explain(line) {
    if (!this.explaining) return;
    if (this.lines === NONE) this.lines = [];
    this.lines.push(String(line));
  }

  /**
   * Leaves out what changes nothing. A span that would keep more links than it may
   * have cannot be edited at all.
   */
  settle() {
    if (this.changes.size === 0) return;
    for (const [place, { context, reason, attributes }] of this.changes) {
      if (!context && !reason && attributes.size === 0) this.changes.delete(place);
    }
    if (this.changes.size > 0 && this.#count() > MOST_LINKS) {
      this.changes.clear();
      this.note("no-room");
    }
  }

  #change(link) {
    if (!(link instanceof Link)) throw new TypeError(`what is changed is a link of the span, not ${link}`);
    let change = this.changes.get(link.place);
    if (change === undefined) {
      if (this.changes === NO_CHANGES) this.changes = new Map();
      change = { context: null, reason: null, attributes: new Map() };
      this.changes.set(link.place, change);
    }
    return change;
  }

  #count() {
    let dropped = 0;
    for (const { reason } of this.changes.values()) dropped += reason ? 1 : 0;
    return this.#span.linkCount - dropped + this.added.length;
  }

  #isAdded(target) {
    return this.added.some(({ context }) => context.target.isSame(target));
  }

  #isLinked(target) {
    if (this.#span.linkCount === 0) return false;
    return this.#span.links.some((link) => {
      const change = this.changes.get(link.place);
      return !change?.reason && (change?.context?.target ?? link).isSame(target);
    });
  }
}

/** What a link is to point at, with the flags that are right for it. */
function pointing(target) {
  // The upper bits of a span are about its parent.
  const isSpan = target instanceof Producer || target instanceof Span;
  return { target, flags: isSpan ? (target.flags & TRACE_FLAGS) | REMOTE : target.flags };
}

/** The attributes, if they can be those of a link. */
function checked(attributes) {
  const pairs = Object.entries(attributes);
  for (const [key, value] of pairs) {
    if (key === "") throw new RangeError("the key of an attribute is a text that is not empty");
    encoded(value);
  }
  return new Map(pairs);
}

const bits = new DataView(new ArrayBuffer(8));

/** Which kind of value an attribute has, its text and its bits. */
export function encoded(value) {
  if (typeof value === "string") return { kind: "text", text: value, bits: 0n };
  if (typeof value === "boolean") return { kind: "boolean", text: "", bits: value ? 1n : 0n };
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    const integer = BigInt(value);
    if (BigInt.asIntN(64, integer) !== integer) {
      throw new RangeError(`${value} does not fit into the 64 bits of an attribute`);
    }
    return { kind: "integer", text: "", bits: BigInt.asUintN(64, integer) };
  }
  if (typeof value === "number") {
    bits.setFloat64(0, value);
    return { kind: "double", text: "", bits: bits.getBigUint64(0) };
  }
  throw new TypeError(`an attribute of a link is a string, a boolean or a number, not ${value}`);
}
