"use strict";
// Which pair is open, which dispute is chosen, and everything around the timelines.
const $ = (id) => document.getElementById(id);
const setup = JSON.parse($("setup").textContent);
const items = [...document.querySelectorAll("#pair-list li")];
const parsed = new Map();
const state = { entry: null, links: [], at: -1, limit: 100 };
const PAGE = 100;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function itemData(index) {
  if (!parsed.has(index)) {
    if (parsed.size > 8) parsed.delete(parsed.keys().next().value);
    parsed.set(index, JSON.parse($(`item-${index}`).textContent));
  }
  return parsed.get(index);
}

function color(label) {
  if (Object.hasOwn(setup.colors, label)) return setup.colors[label];
  let sum = 7;
  for (const c of label) sum = (sum * 31 + c.codePointAt(0)) % 3600;
  return hsl(sum / 10, 52, 46);
}

function hsl(h, s, l) {
  const a = (s * Math.min(l, 100 - l)) / 100;
  const part = (n) => { const k = (n + h / 30) % 12; return Math.round(2.55 * (l - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)))).toString(16).padStart(2, "0"); };
  return `#${part(0)}${part(8)}${part(4)}`;
}

const timeline = new Timeline($("line"), $("map"), {
  colors: color,
  onView: (from, to) => {
    const fps = timeline.model.fps_value, f = Math.round(from), t = Math.round(to);
    $("line").setAttribute("aria-label", `${timeline.model.names.join(" and ")}: frames ${f} to ${t}${fps ? `, ${clock(f / fps, 1)} to ${clock(t / fps, 1)}` : ""}. The disputes are listed below.`);
  },
});

// Not Math.min(...all): a dispute may hold more segments than a call takes arguments.
const earliest = (side) => side.reduce((found, s) => Math.min(found, s.on), Infinity);
const latest = (side) => side.reduce((found, s) => Math.max(found, s.off), -Infinity);
const edgeOf = { on: earliest, off: latest };
const N_NAMED = 50;

function model(item, pair) {
  const sides = [[], []];
  const links = pair.links.map(([kind, layer, ...held]) => {
    const made = { kind: setup.kinds[kind], layer: item.layers[layer] };
    const [a, b] = held.map((side, i) => side.map(([label, on, off]) => {
      const segment = { label: item.labels[label], on, off, layer: made.layer, link: made };
      sides[i].push(segment);
      return segment;
    }));
    const all = [...a, ...b];
    return Object.assign(made, { a, b, on: earliest(all), off: latest(all) });
  });
  const used = new Set(links.map((k) => k.layer));
  const layers = item.layers.filter((layer) => used.has(layer));
  return { names: pair.annotators, n_frames: item.n_frames, fps: item.fps, fps_value: item.fps_value, layers: layers.length ? layers : [""], sides, links };
}

function open(entry, { dispute = -1 } = {}) {
  state.entry?.querySelector("button").removeAttribute("aria-current");
  state.entry = entry;
  const button = entry.querySelector("button");
  button.setAttribute("aria-current", "true");
  if (innerWidth > 860) entry.scrollIntoView({ block: "nearest" });
  const item = itemData(Number(entry.dataset.i)), pair = item.pairs[Number(entry.dataset.p)];
  const drawn = model(item, pair);
  state.limit = PAGE;
  timeline.hidden.clear();
  timeline.show(drawn);
  state.links = drawn.links.filter((k) => k.kind);
  const [a, b] = drawn.names;
  $("item-h").replaceChildren(item.item, element("span", { class: "vs" }, `  ${a} and ${b}`));
  const length = item.fps_value ? `, ${clock(item.n_frames / item.fps_value)} at ${item.fps} fps` : ", fps not given";
  $("item-facts").textContent = `${item.n_frames.toLocaleString("en")} frames${length}; lines ${pair.lines.join(" and ")} of the file`;
  $("head-a").textContent = a; $("head-b").textContent = b;
  figures(pair); kinds(); legend(drawn); panel(item, pair); together(item); list();
  choose(dispute, { zoom: dispute >= 0 });
}

function figures(pair) {
  const of = Object.fromEntries(setup.columns.map((name, i) => [name, pair.values[i]]));
  const share = (v) => (v === null ? "–" : v.toFixed(3));
  const box = (k, v) => element("div", {}, element("div", { class: "k" }, k), element("div", { class: "v" }, v));
  const hits = element("div", {}, element("div", { class: "k" }, `boundaries matched within frames, of ${of.n_bound_a} and ${of.n_bound_b}`));
  const columns = setup.tolerances.map((k) => element("div", { class: "col" }, element("b", {}, String(of[`bound_match_tol${k}f`])), `±${k}`));
  hits.append(element("div", { class: "hits" }, ...columns));
  $("figures").replaceChildren(box("segments", `${of.n_seg_a} | ${of.n_seg_b}`), box("agreed", String(pair.agreed)), box("disputes", String(of.n_disputes)),
    box("frames agree", share(of.frame_agree)), box("kappa", share(of.frame_kappa)), box("edit", share(of.edit)), box("F1@50", share(of.f1_50)), box("mean tIoU", share(of.tiou_mean)), hits);
}

function kinds() {
  const counts = {};
  for (const k of state.links) counts[k.kind] = (counts[k.kind] ?? 0) + 1;
  $("kinds").replaceChildren(...Object.keys(KINDS).filter((kind) => counts[kind]).map((kind) => element("button", {
    type: "button", class: "kind", "aria-pressed": "true", "--k": `var(--${kind})`, title: `Show or hide: ${said(kind)}`,
    onclick: (event) => {
      const hide = !timeline.hidden.has(kind);
      timeline.hidden[hide ? "add" : "delete"](kind);
      event.currentTarget.setAttribute("aria-pressed", String(!hide));
      list(); choose(-1);
    },
  }, element("span", { class: "badge" }, KINDS[kind][0]), `${said(kind)} ${counts[kind]}`)));
}

function legend(drawn) {
  const labels = [...new Set(drawn.sides.flat().map((s) => s.label))];
  const shown = labels.slice(0, 24).map((label) => { const dot = element("i"); dot.style.background = color(label); return element("span", {}, dot, label); });
  if (labels.length > 24) shown.push(element("span", {}, `and ${labels.length - 24} more`));
  $("legend").replaceChildren(...shown);
}

function panel(item, pair) {
  const names = item.annotators, n = names.length;
  if (n <= 2) return $("panel").replaceChildren();
  const index = new Map(item.pairs.map((p, i) => [JSON.stringify(p.annotators), i]));
  const cell = (i, j) => {
    if (i === j) return element("td", { class: "self" }, "·");
    const [a, b] = i < j ? [i, j] : [j, i], share = item.panel.agreement[a][b];
    const go = () => open(items.find((e) => Number(e.dataset.i) === item.index && Number(e.dataset.p) === index.get(JSON.stringify([names[a], names[b]]))));
    return element("td", { "--share": share ?? 0 }, element("button", { type: "button", onclick: go, title: `${names[a]} and ${names[b]}`, "aria-pressed": String(pair.annotators[0] === names[a] && pair.annotators[1] === names[b]) }, share === null ? "–" : share.toFixed(2)));
  };
  const rows = names.map((name, i) => element("tr", {}, element("th", { scope: "row" }, name), ...names.map((_, j) => cell(i, j))));
  const head = element("tr", {}, element("th"), ...names.map((name) => element("th", { scope: "col" }, name)));
  $("panel").replaceChildren(element("h3", {}, "Agreement among all ", element("small", {}, `share of segments that agree; ${item.panel.medoid} stands in the middle`)),
    element("div", { class: "scroll" }, element("table", { class: "matrix" }, element("tbody", {}, head, ...rows))));
}

function together(item) {
  const found = item.together, n = item.annotators.length;
  const share = (v) => (v === null ? "undefined" : v.toFixed(3));
  const said = [`labelled or not ${share(found.alpha_binary)}`, `labels and gaps ${share(found.alpha_nominal)}`, `labels where both label ${share(found.alpha_coding)}`];
  const lines = [found.alpha_refused ? `Alpha is left out here: ${found.alpha_refused}` : `Alpha of ${n === 2 ? "both" : `all ${n}`}: ${said.join(", ")}.`];
  if (found.gamma_refused) lines.push(`Gamma is left out here: ${found.gamma_refused}`);
  else if ("gamma" in found) lines.push(`Gamma: ${share(found.gamma)}${found.gamma_low === null ? "" : ` (${share(found.gamma_low)} to ${share(found.gamma_high)}, from the sampling of chance)`}.`);
  $("item-together").replaceChildren(lines.join(" "));
}

// What one opinion lacks or has beyond the other is said with the second one's name.
const said = (kind) => (kind === "missing" || kind === "extra" ? `${KINDS[kind][1]} in ${timeline.model.names[1]}` : KINDS[kind][1]);
const visible = () => state.links.filter((k) => !timeline.hidden.has(k.kind));
const frames = (s) => `[${s.on}, ${s.off})`;
const delta = (k, edge) => { if (!k.a.length || !k.b.length) return null; return edgeOf[edge](k.b) - edgeOf[edge](k.a); };
const beyond = (side) => (side.length > N_NAMED ? [`and ${side.length - N_NAMED} more`] : []);
const signed = (d) => (d === null ? "" : d > 0 ? `+${d}` : d < 0 ? `−${-d}` : "0");

function list() {
  const shown = visible(), fps = timeline.model.fps_value, [a, b] = timeline.model.names;
  $("n-disputes").textContent = shown.length === state.links.length ? `${shown.length}` : `${shown.length} of ${state.links.length}`;
  const held = (side) => (side.length ? [...side.slice(0, N_NAMED).map((s) => element("span", { class: "seg" }, `${s.label} `, element("span", { class: "at" }, frames(s)))), ...beyond(side).map((more) => element("span", { class: "seg" }, more))] : [element("span", { class: "none" }, "nothing")]);
  $("disputes").replaceChildren(...shown.slice(0, state.limit).map((k, i) => {
    const on = delta(k, "on"), off = delta(k, "off"), big = (d) => (d !== null && Math.abs(d) > setup.dispute_tolerance ? "num big" : "num");
    return element("tr", { "data-at": i, onclick: () => { choose(i, { zoom: true }); $("viewer").scrollIntoView({ block: "start", behavior: "smooth" }); } },
      element("td", {}, String(i + 1)),
      element("td", {}, element("button", { type: "button", "--k": `var(--${k.kind})` }, element("span", { class: "badge" }, KINDS[k.kind][0]), said(k.kind))),
      element("td", { class: "num" }, frames(k)), element("td", { class: "num time" }, fps ? clock(k.on / fps) : ""),
      element("td", { "data-of": `${a}: ` }, ...held(k.a)), element("td", { "data-of": `${b}: ` }, ...held(k.b)),
      element("td", { class: big(on), "data-of": "onset Δ " }, signed(on)), element("td", { class: big(off), "data-of": "offset Δ " }, signed(off)));
  }));
  const rest = shown.length - state.limit;
  $("more").hidden = rest <= 0;
  $("more").textContent = `Show the other ${rest}`;
}

function choose(at, { zoom = false } = {}) {
  const shown = visible(), k = shown[at] ?? null;
  state.at = k ? at : -1;
  if (k && at >= state.limit) { state.limit = Math.ceil((at + 1) / PAGE) * PAGE; list(); }
  timeline.choose(k);
  for (const row of $("disputes").children) row.setAttribute("aria-selected", String(Number(row.dataset.at) === state.at));
  $("at").textContent = k ? `${at + 1} of ${shown.length}` : shown.length ? `${shown.length} dispute${shown.length > 1 ? "s" : ""}` : "no dispute";
  $("prev").disabled = !shown.length; $("next").disabled = !shown.length;
  detail(k);
  if (k && zoom) around(k.on, k.off);
  remember();
}

function around(on, off) { const pad = Math.max(8, (off - on) * 0.6); timeline.look(on - pad, off + pad); }

function detail(k) {
  const box = $("detail");
  box.style.setProperty("--k", k ? `var(--${k.kind})` : "");
  if (!k) return box.replaceChildren(state.links.length ? "Choose a dispute in the list or on the timeline, or step through them with J and K." : "Nothing is disputed between these two.");
  const [a, b] = timeline.model.names, on = delta(k, "on"), off = delta(k, "off");
  const held = (name, side) => `${name}: ${side.length ? [...side.slice(0, N_NAMED).map((s) => `“${s.label}” ${frames(s)}`), ...beyond(side)].join(", ") : "nothing"}`;
  const moved = (d, verb) => (d === 0 ? `${verb} on the same frame` : `${verb} ${Math.abs(d)} frame${Math.abs(d) === 1 ? "" : "s"} ${d > 0 ? "later" : "earlier"}`);
  const close = (edge) => { const p = edgeOf[edge](k.a), q = edgeOf[edge](k.b); timeline.look(Math.min(p, q) - 10, Math.max(p, q) + 10); };
  const buttons = [element("button", { type: "button", onclick: () => around(k.on, k.off) }, "Whole")];
  if (on !== null) buttons.push(element("button", { type: "button", onclick: () => close("on") }, `Onset ${signed(on)}`), element("button", { type: "button", onclick: () => close("off") }, `Offset ${signed(off)}`));
  box.replaceChildren(element("b", {}, said(k.kind)), ` · ${held(a, k.a)} · ${held(b, k.b)}`, ...(on === null ? [] : [` · ${b} ${moved(on, "starts")} and ${moved(off, "ends")}.`]), element("div", { class: "row" }, ...buttons));
}

function step(by) { const n = visible().length; if (n) choose(state.at < 0 ? (by > 0 ? 0 : n - 1) : (state.at + by + n) % n, { zoom: true }); }
function turn(by) { const list = [...document.querySelectorAll("#pair-list li:not([hidden])")]; const at = list.indexOf(state.entry) + by; if (list[at]) open(list[at]); }
function remember() { history.replaceState(null, "", `#i=${state.entry.dataset.i}&p=${state.entry.dataset.p}${state.at >= 0 ? `&d=${state.at}` : ""}`); }
