/** Makes a component of component.js: `node componentize.mjs MODULES OUTPUT`. See `build`. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, output] = process.argv.slice(2);
const tool = path.resolve(modules, "@bytecodealliance/componentize-js/src/componentize.js");
const { componentize } = await import(pathToFileURL(tool));

const { component } = await componentize({
  sourcePath: path.resolve("component.js"),
  witPath: path.resolve("wit/rule.wit"),
  worldName: "span-rule",
  // These import WASI, and there is nothing of it in the sandbox but a way out for what
  // the console is told.
  disableFeatures: ["random", "clocks", "http", "fetch-event"],
});
await writeFile(output, component);
