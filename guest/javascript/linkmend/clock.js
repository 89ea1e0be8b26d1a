/** A rule has no clock: in the sandbox it would always be 1970, which nobody notices. */

const refuse = (name) => () => {
  throw new Error(
    `a rule has no clock, so there is no ${name}; when something was, span.start and span.end say`,
  );
};

/** Lets all clocks fail; a date that is given can be made still. */
export function stopClocks(world = globalThis) {
  const Given = world.Date;
  const noDate = refuse("new Date()");
  world.Date = new Proxy(Given, {
    construct: (target, given, made) =>
      given.length === 0 ? noDate() : Reflect.construct(target, given, made),
    apply: refuse("Date()"),
    get: (target, name) => (name === "now" ? refuse("Date.now()") : Reflect.get(target, name)),
  });
  if (world.performance) world.performance.now = refuse("performance.now()");
  for (const name of ["setTimeout", "setInterval"]) {
    if (name in world) world[name] = refuse(`${name}()`);
  }
}
