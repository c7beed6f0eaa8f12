"use strict";
// Hands on the page: buttons, keys, pointers, search, theme, print.
function find() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const entry of items) { entry.hidden = !words.every((word) => entry.dataset.s.includes(word)); n += !entry.hidden; }
  $("n-shown").textContent = n === items.length ? `${n}` : `${n} of ${items.length}`;
}

function sort() {
  const by = { file: () => 0, disputes: (x, y) => y.dataset.d - x.dataset.d, agreed: (x, y) => x.dataset.share - y.dataset.share }[$("order").value];
  $("pair-list").append(...[...items].sort((x, y) => by(x, y) || items.indexOf(x) - items.indexOf(y)));
}

function dark() { return (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark"; }

$("pair-list").addEventListener("click", (event) => {
  const entry = event.target.closest("li");
  if (!entry) return;
  open(entry);
  if (innerWidth <= 860) $("viewer").scrollIntoView({ behavior: "smooth" });
});
$("search").addEventListener("input", find);
$("order").addEventListener("change", sort);
$("prev").onclick = () => step(-1);
$("next").onclick = () => step(1);
$("in").onclick = () => timeline.zoom(0.5);
$("out").onclick = () => timeline.zoom(2);
$("fit").onclick = () => timeline.look(0, timeline.n);
$("more").onclick = () => { state.limit = Infinity; list(); choose(state.at); };
$("theme").onclick = () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; timeline.draw(); };

const KEYS = {
  j: () => step(1), k: () => step(-1), n: () => turn(1), p: () => turn(-1), "+": () => timeline.zoom(0.5), "=": () => timeline.zoom(0.5),
  "-": () => timeline.zoom(2), 0: () => timeline.look(0, timeline.n), ArrowLeft: () => timeline.pan(-0.2), ArrowRight: () => timeline.pan(0.2), "/": () => $("search").focus(),
};
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const does = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (does && state.entry) { event.preventDefault(); does(); }
});

const pointers = new Map();
let grip = null;
const line = $("line");
function place(event) { const box = line.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }
function hold() { const xs = [...pointers.values()].map((p) => p[0]); grip = { xs, frames: xs.map((x) => timeline.frameAt(x)), from: timeline.from, to: timeline.to, moved: false }; }

line.addEventListener("pointerdown", (event) => { line.setPointerCapture(event.pointerId); pointers.set(event.pointerId, place(event)); hold(); });
line.addEventListener("pointermove", (event) => {
  const [x, y] = place(event);
  if (!pointers.has(event.pointerId)) return hover(x, y);
  pointers.set(event.pointerId, [x, y]);
  const xs = [...pointers.values()].map((p) => p[0]);
  if (xs.length === 1) {
    const by = ((grip.xs[0] - xs[0]) / timeline.width) * (grip.to - grip.from);
    grip.moved ||= Math.abs(grip.xs[0] - xs[0]) > 4;
    if (grip.moved) timeline.look(grip.from + by, grip.to + by);
  } else if (xs.length === 2 && Math.abs(xs[0] - xs[1]) > 8) {
    grip.moved = true;
    const span = (Math.abs(grip.frames[0] - grip.frames[1]) / Math.abs(xs[0] - xs[1])) * timeline.width;
    const from = Math.min(...grip.frames) - (Math.min(...xs) / timeline.width) * span;
    timeline.look(from, from + span);
  }
});
for (const kind of ["pointerup", "pointercancel"]) line.addEventListener(kind, (event) => {
  const [x, y] = place(event), tapped = kind === "pointerup" && grip && !grip.moved && pointers.size === 1;
  pointers.delete(event.pointerId);
  if (pointers.size) hold();
  if (tapped) { const hit = timeline.at(x, y); if (hit?.link) choose(visible().indexOf(hit.link)); }
});
line.addEventListener("pointerleave", () => { $("tip").hidden = true; });
line.addEventListener("dblclick", (event) => { const hit = timeline.at(...place(event)); if (hit) around((hit.link ?? hit.segment).on, (hit.link ?? hit.segment).off); });
line.addEventListener("wheel", (event) => {
  if (event.ctrlKey || event.metaKey) { event.preventDefault(); timeline.zoom(Math.exp(event.deltaY * 0.005), timeline.frameAt(place(event)[0])); }
  else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); timeline.pan((event.deltaX || event.deltaY) / timeline.width); }
}, { passive: false });

function hover(x, y) {
  const hit = timeline.at(x, y), tip = $("tip"), fps = timeline.model?.fps_value;
  tip.hidden = !hit;
  line.style.cursor = hit?.link ? "pointer" : "";
  if (!hit) return;
  const times = (s) => (fps ? `, ${clock(s.on / fps)} to ${clock(s.off / fps)}` : "");
  const kind = hit.link ? `${said(hit.link.kind)}${hit.segment ? "" : ` ${frames(hit.link)}`}` : "agreed";
  tip.textContent = hit.segment ? `${hit.segment.label} ${frames(hit.segment)}, ${hit.segment.off - hit.segment.on} frames${times(hit.segment)}. ${kind}` : kind;
  tip.style.left = `${Math.max(0, Math.min(x + 14, timeline.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${y + 18}px`;
}

const map = $("map");
map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); jump(event); });
map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) jump(event); });
function jump(event) {
  const box = map.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width) * timeline.n, half = (timeline.to - timeline.from) / 2;
  if (half * 2 >= timeline.n) timeline.look(at - timeline.n / 20, at + timeline.n / 20);
  else timeline.look(at - half, at + half);
}

new ResizeObserver(() => timeline.draw()).observe(line.parentElement);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.draw());
addEventListener("beforeprint", () => { for (const c of [line, map]) c.dataset.ratio = 3; document.documentElement.style.colorScheme = "light"; timeline.drawNow(); });
addEventListener("afterprint", () => { for (const c of [line, map]) delete c.dataset.ratio; document.documentElement.style.colorScheme = ""; timeline.draw(); });

find();
const wanted = new URLSearchParams(location.hash.slice(1));
const first = items.find((e) => e.dataset.i === wanted.get("i") && e.dataset.p === wanted.get("p")) ?? items[0];
if (first) open(first, { dispute: Number(wanted.get("d") ?? -1) });
