/** The types of `index.js`, which says what they are for. */

export type Value = string | number | bigint | boolean | Uint8Array | readonly string[] | readonly (number | bigint)[] | null;
export type LinkValue = string | number | bigint | boolean;
export type Attributes = Readonly<Record<string, Value | undefined>>;
export type LinkAttributes = Readonly<Record<string, LinkValue>>;

/** First the sort of message ("report"), then its ids. One that is missing names nothing. */
export type Key = readonly [family: string, ...ids: (Value | undefined)[]];

export declare const Kind: Readonly<
  Record<"UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER", number>
>;

export declare function each(value: Value | undefined): readonly Exclude<Value, null>[];

export interface Identified {
  readonly high: bigint;
  readonly low: bigint;
  readonly number: bigint;
  readonly traceId: string;
  readonly spanId: string;
  readonly isValid: boolean;
  isSame(other: Identified): boolean;
}

/** What a link can point at. */
export interface Target extends Identified {
  readonly traceState: string;
  readonly flags: number;
}

export declare class Context implements Target {
  constructor(high: bigint, low: bigint, number: bigint, traceState?: string, flags?: number);
  static fromIds(traceId: unknown, spanId: unknown, traceFlags?: unknown, traceState?: string): Context | null;
  static fromTraceparent(header: unknown, traceState?: string): Context | null;
  readonly high: bigint;
  readonly low: bigint;
  readonly number: bigint;
  readonly traceId: string;
  readonly spanId: string;
  readonly isValid: boolean;
  readonly traceState: string;
  readonly flags: number;
  isSame(other: Identified): boolean;
}

export interface Link extends Target {
  readonly place: number;
  readonly attributes: Attributes;
}

export interface Span extends Target {
  readonly place: number;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly parentSpanId: string;
  readonly droppedLinksCount: number;
  readonly statusCode: number;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly resource: Attributes;
  readonly attributes: Attributes;
  readonly linkCount: number;
  readonly links: readonly Link[];
}

export interface Producer extends Target {
  readonly start: bigint;
  readonly end: bigint;
  readonly rank: number;
}

export interface Message {
  readonly key: readonly string[];
  readonly producers: readonly Producer[];
  nearest(): Producer | null;
}

export type Reason = "invalid" | "duplicate" | "over-limit" | "unwanted";
export type Note = "unresolved" | "too-late" | "too-many" | "ambiguous" | "no-room" | "incomplete" | "unnamed";

export declare class Edits {
  readonly explaining: boolean;
  link(target: Target | null | undefined, attributes?: LinkAttributes): void;
  replace(link: Link, target: Target | null | undefined, attributes?: LinkAttributes): void;
  drop(link: Link, reason?: Reason): void;
  annotate(link: Link, key: string, value: LinkValue): void;
  note(kind: Note, count?: number): void;
  explain(line: string): void;
}

export declare class ConfigError extends Error {}

export declare class Config {
  take(key: string, standard?: unknown): unknown;
  text(key: string, standard?: string): string;
  texts(key: string, standard?: string[]): string[];
  flag(key: string, standard?: boolean): boolean;
  integer(key: string, standard?: number): number;
  oneOf<T extends string>(key: string, choices: readonly T[], standard?: T): T;
  object(key: string): Config;
  objects(key: string): Config[];
}

/** Which spans a rule is shown, and which attributes of them; see `Wants` of the other languages. */
export interface Wants {
  /** Spans of these kinds. */
  kinds?: number[];
  /** Spans with an attribute of one of these keys. */
  attributes?: string[];
  /** Spans with an attribute whose key begins like this. */
  prefixes?: string[];
  /** Spans that have links. */
  withLinks?: boolean;
  /**
   * Attributes that the rule sees beside those of `attributes` and `prefixes`, of
   * spans, resources and links; a last `*` stands for any ending.
   */
  reads?: string[];
  /** Says on a link why it exists; linkmend counts links by it. Default: "link.type". */
  typeAttribute?: string;
  /** Every dropped link is added to `dropped_links_count`. */
  countAllDrops?: boolean;
}

export interface Rule {
  configure?(config: Config): void;
  wants(): Wants;
  produces?(span: Span): Iterable<Key>;
  /** Which of several producers of one message to prefer: 0 (best) to 255. */
  rank?(span: Span): number;
  awaits?(span: Span): Iterable<Key>;
  mend(span: Span, found: readonly Message[], edits: Edits): void;
}

export interface RuleClass {
  new (): Rule;
  about: { name: string; version: string; summary: string };
}

export declare function component(rule: RuleClass, index: unknown): { lifecycle: object; spans: object };
