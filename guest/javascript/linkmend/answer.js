/** The verdict, as it grows. */

import { encoded } from "./edits.js";

const encoder = new TextEncoder();

/** The buffer that ranges point into; each text is in it once. */
export class Texts {
  #known = new Map();
  #parts = [];
  #length = 0;

  add(text) {
    let range = this.#known.get(text);
    if (range === undefined) {
      const part = encoder.encode(text);
      range = { offset: this.#length, length: part.length };
      this.#known.set(text, range);
      this.#parts.push(part);
      this.#length += part.length;
    }
    return range;
  }

  bytes() {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }
}

const EMPTY = { offset: 0, length: 0 };
const NOWHERE = { traceIdHigh: 0n, traceIdLow: 0n, spanId: 0n, traceState: EMPTY, flags: 0 };

/** The verdict. */
export class Answer {
  #texts = new Texts();
  #edits = [];
  #attributes = [];
  #notes = [];
  #deferrals = [];
  #keys = [];
  #explanations = [];
  #ranges = new Map();

  /** The edits and notes of a span. */
  add(span, edits) {
    for (const [link, { context, reason, attributes }] of edits.changes) {
      if (reason) {
        this.#edit(span, { link, action: "drop-link", reason });
        continue;
      }
      if (context) this.#edit(span, { link, action: "replace-context", context });
      if (attributes.size > 0) this.#edit(span, { link, action: "add-attributes", attributes });
    }
    for (const { context, attributes } of edits.added) this.#edit(span, { action: "add-link", context, attributes });
    for (const [kind, count] of edits.notes) this.#notes.push({ span: span.place, kind, count });
  }

  /** Keeps a span back. */
  defer(span, keys) {
    this.#deferrals.push({ span: span.place, firstKey: this.#keys.length, keyCount: keys.length });
    this.#keys.push(...keys);
  }

  /** What is said of a span. */
  explain(span, { lines }) {
    if (lines.length > 0) {
      this.#explanations.push({ span: span.place, text: this.#texts.add(lines.join("\n")) });
    }
  }

  verdict() {
    return {
      edits: this.#edits,
      attributes: this.#attributes,
      notes: this.#notes,
      deferrals: this.#deferrals,
      keys: this.#keys,
      texts: this.#texts.bytes(),
      explanations: this.#explanations,
    };
  }

  #edit(span, { link = 0, action, reason = "invalid", context, attributes }) {
    const [firstAttribute, attributeCount] = this.#range(attributes);
    this.#edits.push({
      span: span.place,
      link,
      action,
      reason,
      context: context ? this.#context(context) : NOWHERE,
      firstAttribute,
      attributeCount,
    });
  }

  #context({ target, flags }) {
    return {
      traceIdHigh: target.high,
      traceIdLow: target.low,
      spanId: target.number,
      traceState: this.#texts.add(target.traceState),
      flags,
    };
  }

  /** Links with the same attributes share them. */
  #range(attributes) {
    if (!attributes?.size) return [0, 0];
    let name = "";
    for (const [key, value] of attributes) name += `${key.length}:${key}${typeof value}${String(value).length}:${value}`;
    let range = this.#ranges.get(name);
    if (range === undefined) {
      range = [this.#attributes.length, attributes.size];
      this.#ranges.set(name, range);
      for (const [key, value] of attributes) {
        const { kind, text, bits } = encoded(value);
        this.#attributes.push({ key: this.#texts.add(key), kind, text: this.#texts.add(text), bits });
      }
    }
    return range;
  }
}
