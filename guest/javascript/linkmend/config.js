/** The configuration of a rule: a JSON object, and what is wrong with it. */

/** What is wrong with the configuration, for its user: the key and the way out. */
export class ConfigError extends Error {
  name = "ConfigError";
}

/** The configuration. What nobody takes from it is refused by name. */
export class Config {
  #values;
  #path;
  #known = new Map();

  constructor(values, path = "") {
    this.#values = values;
    this.#path = path;
  }

  /** From JSON. */
  static parse(text) {
    let values;
    try {
      values = JSON.parse(text);
    } catch (error) {
      throw new ConfigError(`the configuration is not JSON: ${error.message}`);
    }
    if (!isObject(values)) {
      throw new ConfigError(`the configuration must be an object, not ${said(values)}`);
    }
    return new Config(values);
  }

  /** A value of any sort. Without a default the key must be there. */
  take(key, ...defaults) {
    this.#known.set(key, []);
    if (Object.hasOwn(this.#values, key)) return this.#values[key];
    if (defaults.length === 0) throw new ConfigError(`\`${this.#path}${key}\` is missing`);
    return defaults[0];
  }

  /** A text that is not empty. */
  text(key, ...defaults) {
    return this.#is(key, defaults, "a text", isText);
  }

  /** A list of texts, none of them empty. */
  texts(key, ...defaults) {
    return this.#is(key, defaults, "a list of texts", (value) => Array.isArray(value) && value.every(isText));
  }

  /** true or false. */
  flag(key, ...defaults) {
    return this.#is(key, defaults, "true or false", (value) => typeof value === "boolean");
  }

  /** An integer. */
  integer(key, ...defaults) {
    return this.#is(key, defaults, "an integer", Number.isSafeInteger);
  }

  /** One of some texts. */
  oneOf(key, choices, ...defaults) {
    return this.#is(key, defaults, `one of ${choices.join(", ")}`, (value) => choices.includes(value));
  }

  /** A `Config` of its own; empty when it is not there. */
  object(key) {
    const value = this.#is(key, [{}], "an object", isObject);
    return this.#inner(key, `${this.#path}${key}.`, value);
  }

  /** A list of `Config`s; empty when it is not there. */
  objects(key) {
    const fits = (value) => Array.isArray(value) && value.every(isObject);
    const values = this.#is(key, [[]], "a list of objects", fits);
    return values.map((value, place) => this.#inner(key, `${this.#path}${key}[${place}].`, value));
  }

  /** Refuses what was not taken. The driver calls it after `configure`. */
  done() {
    for (const inner of [...this.#known.values()].flat()) inner.done();
    const unknown = Object.keys(this.#values).filter((key) => !this.#known.has(key));
    const texts = unknown.map((key) => `\`${this.#path}${key}\` is not known${this.#hint(key)}`);
    // All at once: whoever mends one would be told of the next.
    if (texts.length > 0) throw new ConfigError(texts.join("; and "));
  }

  #inner(key, path, value) {
    const inner = new Config(value, path);
    this.#known.get(key).push(inner);
    return inner;
  }

  #hint(key) {
    const known = [...this.#known.keys()];
    const [close] = known.filter((name) => distance(name, key) <= Math.max(1, key.length / 3));
    if (close !== undefined) return `; did you mean \`${close}\`?`;
    return known.length > 0 ? `; there is ${known.map((name) => `\`${name}\``).join(", ")}` : "; there is none";
  }

  #is(key, defaults, wanted, fits) {
    const value = this.take(key, ...defaults);
    if (Object.hasOwn(this.#values, key) && !fits(value)) {
      throw new ConfigError(`\`${this.#path}${key}\` must be ${wanted}, not ${said(value)}`);
    }
    return value;
  }
}

function isText(value) {
  return typeof value === "string" && value !== "";
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function said(value) {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}...`;
}

/** How many characters must change to make one name of the other. */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}
