/**
 * What a link rule for linkmend is written with in JavaScript.
 *
 * A rule is an object. linkmend shows it the spans that it wants, and the rule
 * says what is to become of their links:
 *
 *     import { Kind } from "./linkmend/index.js";
 *
 *     export default class Jobs {
 *       static about = { name: "jobs", version: "1.0.0", summary: "Links a job to its request." };
 *
 *       configure(config) {
 *         this.attribute = config.text("attribute", "job.id");
 *       }
 *       wants() {
 *         return { attributes: [this.attribute] };
 *       }
 *       produces(span) {
 *         return span.kind === Kind.SERVER ? [["job", span.attributes[this.attribute]]] : [];
 *       }
 *       awaits(span) {
 *         return span.kind === Kind.INTERNAL ? [["job", span.attributes[this.attribute]]] : [];
 *       }
 *       mend(span, found, edits) {
 *         for (const message of found) {
 *           edits.link(message.nearest(), { "link.type": "triggered_by" });
 *         }
 *       }
 *     }
 *
 * `component` makes the exports of a component of it, see `component.js` beside
 * a rule. Nothing here needs the sandbox: `testing.js` runs a rule under
 * `node --test`. What is below is the world `span-rule` of `wit/rule.wit`.
 *
 * - `spans.js`: what a rule is shown: spans, links, contexts, kinds
 * - `edits.js`: what it answers
 * - `config.js`: its configuration
 * - `driver.js`: what calls it
 * - `index.d.ts`: the types of all that
 */

export { Config, ConfigError } from "./config.js";
export { component } from "./driver.js";
export { Edits } from "./edits.js";
export { Context, Kind, each } from "./spans.js";
