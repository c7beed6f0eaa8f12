"use strict";
// Two opinions on one time axis, with what connects them drawn between. Frames are integers;
// a view is the stretch [from, to) of frames that is on the screen.
const KINDS = {
  boundary_shift: ["↔", "boundary shift"], label_mismatch: ["≠", "label mismatch"],
  missing: ["−", "missing"], extra: ["+", "extra"],
  split: ["∧", "split"], merge: ["∨", "merge"],
};
const LANE = 24, RULER = 24, CAPTION = 18, BAND = 58, GAP = 3, MAP = 46;

function inks() {
  // Custom properties hold light-dark(); only a real property resolves it.
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = {};
  for (const name of ["ink", "soft", "line", "card", "sunk", "accent", "good", ...Object.keys(KINDS)]) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

function contrast(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#10141b" : "#fff";
}

// Segments that share frames get lanes of their own, so that none hides another.
function lanes(segments) {
  const ends = [];
  const sorted = [...segments].sort((x, y) => x.on - y.on || x.off - y.off);
  for (const segment of sorted) {
    let lane = ends.findIndex((end) => end <= segment.on);
    if (lane < 0) lane = ends.length;
    ends[lane] = segment.off;
    segment.lane = lane;
  }
  return { segments: sorted, n: Math.max(1, ends.length) };
}

class Timeline {
  constructor(line, map, { colors, onPick, onView }) {
    Object.assign(this, { line, map, colors, onPick, onView });
    this.hidden = new Set();
    this.hits = [];
    this.frame = 0;
  }

  show(model) {
    this.model = model;
    this.n = Math.max(1, model.n_frames);
    this.groups = model.layers.map((layer) => {
      const of = (side) => lanes(model.sides[side].filter((s) => s.layer === layer));
      return { layer, a: of(0), b: of(1), links: model.links.filter((k) => k.layer === layer) };
    });
    let y = RULER;
    for (const g of this.groups) {
      g.captionA = y; y += CAPTION;
      g.yA = y; y += g.a.n * (LANE + GAP);
      g.band = y; y += BAND;
      g.yB = y; y += g.b.n * (LANE + GAP);
      g.captionB = y; y += CAPTION + 8;
    }
    this.height = y;
    this.backdrop = null;
    this.chosen = null;
    this.look(0, this.n);
  }

  look(from, to) {
    const least = Math.min(this.n, 12);
    let span = Math.max(least, Math.min(this.n, to - from));
    let start = (from + to - span) / 2;
    start = Math.max(0, Math.min(this.n - span, start));
    this.from = start; this.to = start + span;
    this.draw();
    this.onView(this.from, this.to);
  }

  zoom(factor, at = (this.from + this.to) / 2) {
    const span = Math.max(Math.min(this.n, 12), Math.min(this.n, (this.to - this.from) * factor));
    const share = (at - this.from) / (this.to - this.from);
    this.look(at - share * span, at - share * span + span);
  }

  pan(share) { const d = (this.to - this.from) * share; this.look(this.from + d, this.to + d); }
  choose(link) { this.chosen = link; this.draw(); }
  x(frame) { return ((frame - this.from) / (this.to - this.from)) * this.width; }
  frameAt(x) { return this.from + (x / this.width) * (this.to - this.from); }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.drawNow(); });
  }

  drawNow() {
    if (!this.model) return;
    this.ink = inks();
    this.width = this.line.clientWidth || 600;
    const c = prepare(this.line, this.width, this.height);
    this.hits = [];
    this.ruler(c);
    if (this.chosen) this.halo(c);
    for (const g of this.groups) {
      this.links(c, g);
      this.row(c, g.a, g.yA); this.row(c, g.b, g.yB);
      this.captions(c, g);
    }
    this.overview();
  }

  ruler(c) {
    const { ink } = this;
    const span = this.to - this.from;
    const fps = this.model.fps_value;
    const room = span / (this.width / 92);
    const steps = fps
      ? [1, 2, 5, 10].concat([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 86400].map((s) => s * fps))
      : [1, 2, 5, 10, 20, 50, 1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9, 1e10, 1e11];
    const step = steps.filter((s) => s >= Math.min(10, room)).find((s) => s >= room) ?? room;
    const whole = !fps || step < fps;
    c.font = "11px system-ui, sans-serif"; c.textBaseline = "middle";
    if (this.width / span >= 7) {
      c.fillStyle = ink.line;
      for (let f = Math.ceil(this.from); f <= this.to; f++) c.fillRect(Math.round(this.x(f)), RULER, 1, this.height);
    }
    for (let k = Math.ceil(this.from / step); k * step <= this.to; k++) {
      const x = Math.round(this.x(k * step));
      c.fillStyle = ink.line; c.fillRect(x, 0, 1, this.height);
      c.fillStyle = ink.soft;
      c.fillText(whole ? Math.round(k * step).toLocaleString("en") : clock((k * step) / fps, 0), x + 4, 11);
    }
  }

  halo(c) {
    const k = this.chosen;
    const x0 = this.x(k.on), x1 = Math.max(this.x(k.off), x0 + 2);
    c.globalAlpha = 0.12; c.fillStyle = this.ink[k.kind]; c.fillRect(x0, RULER, x1 - x0, this.height); c.globalAlpha = 1;
  }

  links(c, g) {
    const top = g.band, bottom = g.band + BAND - GAP, middle = (top + bottom) / 2;
    let last = -99;
    const badges = [], narrow = {};
    for (const k of g.links) {
      if (k.off < this.from || k.on > this.to || (k.kind && this.hidden.has(k.kind))) continue;
      if ((k.off - k.on) * this.width < this.to - this.from && k !== this.chosen) {
        const pixel = Math.round(this.x(k.on)); // Of those narrower than a pixel, one of a kind is drawn there.
        if (narrow[k.kind] === pixel) continue;
        narrow[k.kind] = pixel;
      }
      const color = k.kind ? this.ink[k.kind] : this.ink.good;
      const strong = k === this.chosen;
      const edge = (s) => [this.x(s.on), Math.max(this.x(s.off), this.x(s.on) + 1)];
      const a = k.a.map(edge), b = k.b.map(edge);
      const center = mean((a[0] ?? b[0])[0], (a.at(-1) ?? b.at(-1))[1], (b[0] ?? a[0])[0], (b.at(-1) ?? a.at(-1))[1]);
      for (const p of a.length ? a : [[center - 4, center + 4]]) {
        for (const q of b.length ? b : [[center - 4, center + 4]]) {
          const shape = new Path2D();
          const y0 = a.length ? top : middle, y1 = b.length ? bottom : middle;
          shape.moveTo(p[0], y0); shape.lineTo(p[1], y0); shape.lineTo(q[1], y1); shape.lineTo(q[0], y1); shape.closePath();
          c.globalAlpha = strong ? 0.45 : k.kind ? 0.2 : 0.14; c.fillStyle = color; c.fill(shape);
          c.globalAlpha = strong ? 1 : k.kind ? 0.65 : 0.25; c.strokeStyle = color; c.lineWidth = strong ? 2 : 1; c.stroke(shape);
          c.globalAlpha = 1;
        }
      }
      if (k.kind) {
        const x = Math.max(11, Math.min(this.width - 11, center));
        this.hits.push({ x0: x - 12, x1: x + 12, y0: top, y1: bottom, link: k });
        if (strong || x - last > 15) { badges.push([x, k, strong]); last = x; }
      }
    }
    for (const [x, k, strong] of badges.sort((p, q) => p[2] - q[2])) badge(c, x, middle, this.ink[k.kind], this.ink.card, KINDS[k.kind][0], strong);
  }

  row(c, { segments }, y0) {
    let drawn = {};
    for (const s of segments) {
      if (s.off <= this.from || s.on >= this.to) continue;
      const x0 = this.x(s.on), x1 = this.x(s.off), y = y0 + s.lane * (LANE + GAP);
      const w = Math.max(1, x1 - x0 - (x1 - x0 > 3 ? 1 : 0));
      if (w <= 1 && drawn[s.lane] === Math.round(x0)) continue; // A thinner one is drawn there.
      drawn[s.lane] = Math.round(x0);
      const color = this.colors(s.label);
      const off = s.link?.kind && this.hidden.has(s.link.kind);
      c.globalAlpha = off ? 0.35 : 1; c.fillStyle = color;
      c.beginPath(); c.roundRect(x0, y, w, LANE, Math.min(4, w / 3)); c.fill();
      if (s.link?.kind && !off && w > 3) {
        const strong = s.link === this.chosen;
        c.strokeStyle = this.ink[s.link.kind]; c.lineWidth = strong ? 3 : 2; c.beginPath();
        c.roundRect(x0 + 1, y + 1, w - 2, LANE - 2, Math.min(3, w / 3)); c.stroke();
      }
      const visible0 = Math.max(x0, 0), visible = Math.min(x1, this.width) - visible0;
      if (visible > 26) {
        c.save(); c.beginPath(); c.rect(visible0 + 5, y, visible - 9, LANE); c.clip();
        c.font = "12px system-ui, sans-serif"; c.textBaseline = "middle"; c.fillStyle = contrast(color);
        c.fillText(s.label, visible0 + 6, y + LANE / 2 + 0.5); c.restore();
      }
      c.globalAlpha = 1;
      this.hits.push({ x0, x1: x0 + Math.max(w, 5), y0: y, y1: y + LANE, segment: s, link: s.link?.kind ? s.link : null });
    }
  }

  captions(c, g) {
    c.font = "600 12px system-ui, sans-serif"; c.textBaseline = "middle";
    const name = (side) => this.model.names[side] + (this.groups.length > 1 ? ` · ${g.layer}` : "");
    for (const [text, y] of [[name(0), g.captionA + 9], [name(1), g.captionB + 9]]) {
      c.fillStyle = this.ink.sunk; c.globalAlpha = 0.85; c.fillRect(2, y - 8, c.measureText(text).width + 10, 16);
      c.globalAlpha = 1; c.fillStyle = this.ink.ink; c.fillText(text, 6, y + 0.5);
    }
  }

  overview() {
    const w = this.map.clientWidth || 600, c = prepare(this.map, w, MAP), at = (f) => (f / this.n) * w;
    const key = [w, this.map.width, this.ink.ink, ...this.hidden].join();
    if (this.backdrop?.key !== key) this.backdrop = { key, canvas: this.paintBackdrop(w, at) };
    c.drawImage(this.backdrop.canvas, 0, 0, w, MAP);
    const x0 = at(this.from), x1 = Math.max(at(this.to), x0 + 3);
    c.fillStyle = this.ink.card; c.globalAlpha = 0.62; c.fillRect(0, 0, x0, MAP); c.fillRect(x1, 0, w, MAP);
    c.globalAlpha = 1; c.strokeStyle = this.ink.accent; c.lineWidth = 2; c.strokeRect(Math.max(1, x0), 1, Math.min(w - 1, x1) - Math.max(1, x0), MAP - 2);
  }

  paintBackdrop(w, at) {
    const canvas = document.createElement("canvas");
    canvas.width = this.map.width; canvas.height = this.map.height;
    const c = canvas.getContext("2d");
    c.scale(canvas.width / w, canvas.width / w);
    const tall = 13 / this.groups.length; // Layers lie over each other, as in the large view.
    this.groups.forEach((g, level) => [g.a, g.b].forEach(({ segments }, i) => {
      for (const s of segments) { c.fillStyle = this.colors(s.label); c.fillRect(at(s.on), 4 + i * 25 + level * tall, Math.max(0.6, at(s.off) - at(s.on)), tall); }
    }));
    for (const k of this.model.links) {
      if (!k.kind || this.hidden.has(k.kind)) continue;
      c.fillStyle = this.ink[k.kind]; c.fillRect(at((k.on + k.off) / 2) - 0.75, 18, 1.5, 10);
    }
    return canvas;
  }

  at(x, y) {
    const under = this.hits.filter((h) => x >= h.x0 - 1 && x <= h.x1 + 1 && y >= h.y0 && y <= h.y1);
    return under.at(-1);
  }
}

function prepare(canvas, width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, canvas.dataset.ratio || 0);
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0); c.clearRect(0, 0, width, height);
  return c;
}

function badge(c, x, y, color, paper, sign, strong) {
  c.beginPath(); c.arc(x, y, strong ? 10 : 8, 0, 7); c.fillStyle = color; c.fill();
  c.lineWidth = 1.5; c.strokeStyle = paper; c.stroke();
  c.fillStyle = paper; c.font = `700 ${strong ? 14 : 11.5}px system-ui, sans-serif`; c.textAlign = "center"; c.textBaseline = "middle";
  c.fillText(sign, x, y + 0.5); c.textAlign = "start";
}

function mean(...values) { return values.reduce((x, y) => x + y, 0) / values.length; }

function clock(seconds, digits = 3) {
  const sign = seconds < 0 ? "−" : "", all = Math.abs(seconds).toFixed(digits);
  const whole = Math.floor(all), rest = digits ? all.slice(all.indexOf(".")) : "";
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60, two = (v) => String(v).padStart(2, "0");
  return `${sign}${h ? `${h}:${two(m)}` : m}:${two(s)}${rest}`;
}
