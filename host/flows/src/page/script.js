"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { names, traces } = data;
  const SPAN = { id: 0, parent: 1, name: 2, service: 3, start: 4, took: 5, kind: 6, failed: 7 };
  const JOINED = ["by a link that linkmend made", "by a link of the sender", "by the parent"];
  const KINDS = ["", "internal", "server", "client", "producer", "consumer"];
  const MOST_TRACES = 12, PAGE = 100;

  const flows = data.flows.map((of, number) => {
    const span = (trace, place) => traces[trace][1][place];
    const producer = span(of[0], of[1]), consumer = span(of[2], of[3]);
    const text = [
      names[producer[SPAN.service]], names[consumer[SPAN.service]], names[of[5]], names[of[4]],
      names[producer[SPAN.name]], names[consumer[SPAN.name]],
      traces[of[0]][0], traces[of[2]][0], producer[SPAN.id], consumer[SPAN.id], of[9] === null ? "" : names[of[9]],
    ].join("\n").toLowerCase();
    return {
      number, producer, consumer, text, from: of[0], to: of[2], fromSpan: of[1], toSpan: of[3],
      system: names[of[4]], destination: names[of[5]], waited: of[6], joined: of[7], failed: of[8] === 1,
      message: of[9] === null ? "" : names[of[9]], again: of[10] === 1,
    };
  });
  const leaving = new Map(), coming = new Map();
  for (const flow of flows) {
    if (!leaving.has(flow.from)) leaving.set(flow.from, []);
    leaving.get(flow.from).push(flow);
    if (!coming.has(flow.to)) coming.set(flow.to, []);
    coming.get(flow.to).push(flow);
  }

  const $ = id => document.getElementById(id);
  const list = $("list"), detail = $("detail"), search = $("search");
  let shown = [], rows = 0, chosen = null;

  function duration(us) {
    if (us === null) return "–";
    const digits = value => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
    if (us === 0) return "0";
    if (us < 1e3) return us + " µs";
    if (us < 1e6) return digits(us / 1e3) + " ms";
    if (us < 60e6) return digits(us / 1e6) + " s";
    if (us < 3600e6) return digits(us / 60e6) + " min";
    if (us < 172800e6) return digits(us / 3600e6) + " h";
    return digits(us / 86400e6) + " days";
  }

  // All text goes in as text: nothing of the data is ever read as HTML.
  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  function drawn(tag, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const short = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  const named = text => text === "" ? "(no name)" : text;

  function hue(service) {
    let hash = 7;
    for (let place = 0; place < service.length; place++) hash = (hash * 31 + service.charCodeAt(place)) >>> 0;
    // No red: that is for what failed.
    return 40 + hash * 137 % 280;
  }

  const ORDERS = {
    wait: (a, b) => (b.waited ?? -1) - (a.waited ?? -1) || a.number - b.number,
    new: (a, b) => b.consumer[SPAN.start] - a.consumer[SPAN.start] || a.number - b.number,
    old: (a, b) => a.consumer[SPAN.start] - b.consumer[SPAN.start] || a.number - b.number,
  };

  function find() {
    const words = search.value.toLowerCase().split(/\s+/).filter(word => word !== "");
    const failed = $("failed").checked;
    shown = flows.filter(flow => (!failed || flow.failed) && words.every(word => flow.text.includes(word)));
    shown.sort(ORDERS[$("order").value]);
    $("count").textContent = shown.length.toLocaleString("en") + " of " + flows.length.toLocaleString("en") + " flows";
    list.replaceChildren();
    rows = 0;
    more();
    choose(shown.includes(chosen) ? chosen : shown[0] ?? null, false);
  }

  function more() {
    const part = document.createDocumentFragment();
    for (const flow of shown.slice(rows, rows + PAGE)) {
      const who = named(names[flow.producer[SPAN.service]]) + " → " + named(names[flow.consumer[SPAN.service]]);
      const what = [flow.destination, flow.message].filter(text => text !== "").join(" · ") || named(names[flow.consumer[SPAN.name]]);
      const row = element("div", { class: "flow", role: "option", id: "flow-" + flow.number, "aria-selected": String(flow === chosen) },
        element("b", { class: flow.failed ? "bad" : "" }, duration(flow.waited)),
        element("div", { class: "who" }, who),
        element("div", { class: "what" }, what + (flow.failed ? " · failed" : "") + (flow.again ? " · told of before" : "")));
      row.addEventListener("click", () => choose(flow, true));
      part.append(row);
    }
    rows = Math.min(rows + PAGE, shown.length);
    list.append(part);
  }
  list.addEventListener("scroll", () => {
    if (rows < shown.length && list.scrollTop + list.clientHeight > list.scrollHeight - 200) more();
  });

  function choose(flow, isAsked) {
    const before = chosen && $("flow-" + chosen.number);
    if (before) before.setAttribute("aria-selected", "false");
    chosen = flow;
    if (!flow) {
      list.removeAttribute("aria-activedescendant");
      detail.replaceChildren(element("p", {}, flows.length === 0 ? "No message was joined to its producer." : "No flow is like that."));
      return;
    }
    while (rows <= shown.indexOf(flow)) more();
    const row = $("flow-" + flow.number);
    row.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", row.id);
    if (isAsked) row.scrollIntoView({ block: "nearest" });
    show(flow);
  }

  // The producer's trace first, then those that its messages led to, and theirs.
  function around(flow) {
    const all = [flow.from];
    if (!all.includes(flow.to)) all.push(flow.to);
    for (let place = 0; place < all.length && all.length < MOST_TRACES; place++) {
      for (const next of leaving.get(all[place]) ?? []) {
        if (!all.includes(next.to) && all.length < MOST_TRACES) all.push(next.to);
      }
    }
    return all;
  }

  function show(flow) {
    const facts = element("dl", {});
    const fact = (name, text) => facts.append(element("dt", {}, name), element("dd", {}, text));
    fact("message", flow.message || "(no id)");
    fact("waited", duration(flow.waited) + (flow.waited === null ? " (the consumer began before the producer had ended)" : ""));
    fact("destination", [flow.destination || "(not known)", flow.system && "(" + flow.system + ")"].filter(Boolean).join(" "));
    fact("producer", named(names[flow.producer[SPAN.service]]) + ": " + names[flow.producer[SPAN.name]] + ", span " + flow.producer[SPAN.id] + " of trace " + traces[flow.from][0]);
    fact("consumer", named(names[flow.consumer[SPAN.service]]) + ": " + names[flow.consumer[SPAN.name]] + ", span " + flow.consumer[SPAN.id] + " of trace " + traces[flow.to][0]);
    fact("joined", JOINED[flow.joined] + (flow.again ? "; another span told of this delivery, so it is not counted again" : ""));
    if (flow.failed) fact("failed", flow.producer[SPAN.failed] ? "the producer" : "the consumer");
    const others = (coming.get(flow.to) ?? []).length;
    if (others > 1) fact("gathers", others + " messages led to the consumer's trace");
    detail.replaceChildren(facts, waterfall(flow, around(flow)));
  }

  function waterfall(flow, all) {
    // As wide as there is room, but never too narrow to be read.
    const LABEL = 290, WIDTH = Math.max(760, detail.clientWidth - 30), ROW = 22, HEAD = 24, TOP = 26;
    const places = new Map();
    let y = TOP, low = Infinity, high = -Infinity;
    const blocks = all.map(trace => {
      const top = y;
      y += HEAD;
      traces[trace][1].forEach((span, place) => {
        places.set(trace + "/" + place, { y, span });
        low = Math.min(low, span[SPAN.start]);
        high = Math.max(high, span[SPAN.start] + span[SPAN.took]);
        y += ROW;
      });
      y += 10;
      return { trace, top, bottom: y - 10 };
    });
    const scale = (WIDTH - LABEL - 70) / Math.max(high - low, 1);
    const at = time => LABEL + (time - low) * scale;
    const svg = drawn("svg", { class: "fall", viewBox: `0 0 ${WIDTH} ${y}`, width: WIDTH, height: y, role: "img",
      "aria-label": "Spans of " + all.length + " traces on one axis of " + duration(high - low) });
    for (let tick = 0; tick <= 4; tick++) {
      const time = low + (high - low) * tick / 4;
      svg.append(drawn("line", { class: "axis", x1: at(time), x2: at(time), y1: TOP - 8, y2: y }),
        drawn("text", { class: "took", x: at(time), y: 12, "text-anchor": tick === 4 ? "end" : tick === 0 ? "start" : "middle" }, duration(Math.round(time - low))));
    }
    for (const { trace, top, bottom } of blocks) {
      const rest = traces[trace][2];
      svg.append(drawn("rect", { class: "band", x: 0, y: top, width: WIDTH, height: HEAD - 4, rx: 4 }),
        drawn("text", { class: "trace", x: 6, y: top + 14 },
          "trace " + traces[trace][0] + (rest > 0 ? ", " + rest + " more spans" : "")));
      void bottom;
    }
    const depth = (trace, span) => {
      let levels = 0;
      for (let next = span[SPAN.parent]; next !== null && levels < 12; next = traces[trace][1][next][SPAN.parent]) levels++;
      return levels;
    };
    for (const trace of all) {
      traces[trace][1].forEach((span, place) => {
        const { y: top } = places.get(trace + "/" + place);
        const isEnd = trace === flow.from && place === flow.fromSpan || trace === flow.to && place === flow.toSpan;
        if (isEnd) svg.append(drawn("rect", { class: "own", x: 0, y: top, width: WIDTH, height: ROW - 1 }));
        const service = names[span[SPAN.service]];
        const left = 6 + depth(trace, span) * 10;
        const label = drawn("text", { class: "name", x: left, y: top + 15 },
          short(named(service) + "  " + names[span[SPAN.name]], Math.max(10, Math.floor((LABEL - left) / 6.6))));
        const wide = Math.max(span[SPAN.took] * scale, 3);
        const x = Math.min(at(span[SPAN.start]), WIDTH - 70 - 3);
        const bar = drawn("rect", { x, y: top + 4, width: wide, height: ROW - 9, rx: 2,
          style: span[SPAN.failed] ? "fill:var(--bad)" : `fill:hsl(${hue(service)} 55% 52%)` });
        const group = drawn("g", {});
        group.append(drawn("title", {}, `${named(service)}: ${names[span[SPAN.name]]}\n${KINDS[span[SPAN.kind]] ?? ""} ${duration(span[SPAN.took])}, span ${span[SPAN.id]}${span[SPAN.failed] ? ", failed" : ""}`),
          label, bar, drawn("text", { class: "took", x: x + wide + 5, y: top + 15 }, duration(span[SPAN.took])));
        svg.append(group);
      });
    }
    const isShown = new Set(all);
    for (const trace of all) {
      for (const link of leaving.get(trace) ?? []) {
        if (link !== flow && isShown.has(link.to)) draw(link, false);
      }
    }
    draw(flow, true);
    function draw(link, isChosen) {
      const from = places.get(link.from + "/" + link.fromSpan), to = places.get(link.to + "/" + link.toSpan);
      if (!from || !to) return;
      const x1 = Math.min(at(from.span[SPAN.start] + from.span[SPAN.took]), WIDTH - 70), y1 = from.y + ROW / 2;
      const x2 = at(to.span[SPAN.start]), y2 = to.y + ROW / 2;
      svg.append(drawn("path", { class: isChosen ? "link chosen" : "link", d: `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}` }));
      if (isChosen && link.waited !== null) {
        svg.append(drawn("text", { class: "waited", x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 4, "text-anchor": "middle" }, "waited " + duration(link.waited)));
      }
    }
    return svg;
  }

  function step(by) {
    if (shown.length === 0) return;
    const place = shown.indexOf(chosen);
    choose(shown[Math.max(0, Math.min(shown.length - 1, place + by))], true);
  }
  list.addEventListener("keydown", event => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -shown.length, End: shown.length };
    if (event.key in steps) { event.preventDefault(); step(steps[event.key]); }
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && event.target !== search) { event.preventDefault(); search.focus(); }
    if (event.target === search && (event.key === "ArrowDown" || event.key === "Enter")) { event.preventDefault(); list.focus(); }
  });
  let isWaiting = false;
  window.addEventListener("resize", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; if (chosen) show(chosen); });
  });
  $("controls").addEventListener("submit", event => event.preventDefault());
  for (const id of ["search", "order", "failed"]) $(id).addEventListener("input", find);
  $("explorer").hidden = false;
  find();
})();
