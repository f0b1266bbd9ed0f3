// The timeline: what is proposed, what was chosen, and, when opened, what the computer saw.
// Only what was seen is drawn, never that something was missing.

import { clock, seconds } from "./film.js";
import { pairs, peaks, stretches } from "./lanes.js";

const LABEL = 104;
const AXIS = 18;
const ROW = 22;

const ALWAYS = [
  { id: "moments", label: "Suggestions" },
  { id: "clips", label: "My clips" },
];
const SIGNALS = [
  { id: "together", label: "Together" },
  { id: "smiles", label: "Smiles", tall: true },
  { id: "voices", label: "Voices", tall: true },
];
const UNSEEN = { id: "unseen", label: "Not seen" };

export class Timeline {
  constructor(canvas, film, model) {
    this.canvas = canvas;
    this.film = film;
    this.model = model;
    this.pen = canvas.getContext("2d");
    this.open = false;
    this.view = null; // [from, to] in seconds; null shows the whole film
    this.ac = new AbortController();
    const on = (type, f, more) => canvas.addEventListener(type, f, { signal: this.ac.signal, ...more });
    on("pointerdown", (e) => this.down(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.up(e));
    on("pointercancel", () => (this.drag = null));
    on("pointerleave", () => this.hint(null));
    on("wheel", (e) => this.wheel(e), { passive: false });
    on("dblclick", () => this.zoom(null));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(canvas);
  }

  rows() {
    return [...ALWAYS, ...(this.open ? SIGNALS : []), UNSEEN];
  }

  setOpen(open) {
    this.open = open;
    this.draw();
  }

  zoom(view) {
    this.view = view;
    this.draw();
  }

  get range() {
    return this.view ?? [0, Math.max(this.film.length, 0.001)];
  }

  x(time) {
    const [from, to] = this.range;
    return LABEL + ((time - from) / (to - from)) * (this.width - LABEL - 8);
  }

  time(x) {
    const [from, to] = this.range;
    const share = (x - LABEL) / (this.width - LABEL - 8);
    return Math.min(Math.max(from + share * (to - from), 0), this.film.length);
  }

  // ---- hands

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  hit({ x, y }) {
    const { mark } = this.model;
    for (const edge of ["first", "last"]) {
      if (mark[edge] === null) continue;
      const at = this.film.start(edge === "last" ? mark.last + 1 : mark.first);
      if (Math.abs(this.x(at) - x) < 7) return { edge };
    }
    const row = this.layout?.find((one) => y >= one.y && y < one.y + one.height);
    if (row && (row.id === "moments" || row.id === "clips") && x > LABEL) {
      const t = this.time(x);
      const found = this.model[row.id].find((s) => seconds(s.start) <= t && t < seconds(s.end));
      if (found) return { item: found, kind: row.id };
    }
    return { scrub: true };
  }

  down(event) {
    if (!this.film.ready || event.button !== 0) return;
    const where = this.point(event);
    this.drag = this.hit(where);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.drag.scrub) {
      this.film.pause();
      this.film.stopAfter = null;
      this.film.seek(this.film.at(this.time(where.x)));
    }
  }

  move(event) {
    if (!this.film.ready) return;
    const where = this.point(event);
    if (!this.drag) {
      const over = this.hit(where);
      this.canvas.style.cursor = over.edge ? "ew-resize" : "pointer";
      this.hint(where.x > LABEL ? over : null, where);
      return;
    }
    const frame = this.film.at(this.time(where.x));
    if (this.drag.edge) {
      this.model.setMark(this.drag.edge, frame);
      if (!this.film.video.seeking) this.film.seek(frame);
    } else if (this.drag.scrub && !this.film.video.seeking) {
      this.film.seek(frame);
    }
  }

  up() {
    if (this.drag?.item) this.model.chosen(this.drag.kind, this.drag.item);
    this.drag = null;
  }

  wheel(event) {
    if (!event.ctrlKey || !this.film.ready) return; // the plain wheel scrolls the page
    event.preventDefault();
    const [from, to] = this.range;
    const at = this.time(this.point(event).x);
    const factor = Math.exp(event.deltaY * 0.003);
    const next = [Math.max(0, at - (at - from) * factor), Math.min(this.film.length, at + (to - at) * factor)];
    if (next[1] - next[0] >= 2) this.zoom(next[1] - next[0] >= this.film.length - 0.01 ? null : next);
  }

  hint(over, where) {
    let words = "";
    if (over?.item) words = over.kind === "moments" ? over.item.reason : over.item.title;
    else if (over && this.layout?.find((r) => r.id === "unseen" && where.y >= r.y)) {
      words = "The computer could not see faces here";
    }
    if (this.canvas.title !== words) this.canvas.title = words;
  }

  // ---- drawing

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
    });
  }

  paint() {
    const rows = this.rows();
    const height = AXIS + rows.reduce((sum, row) => sum + (row.tall ? ROW * 1.6 : ROW), 0) + 4;
    this.canvas.style.height = `${height}px`;
    this.width = this.canvas.clientWidth;
    if (!this.width) return;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    const pen = this.pen;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, height);
    this.ink = inks(this.canvas);
    pen.font = `12.5px ${this.ink.font}`;
    pen.textBaseline = "middle";
    this.axis();
    let y = AXIS;
    this.layout = rows.map((row) => {
      const one = { ...row, y, height: row.tall ? ROW * 1.6 : ROW };
      y += one.height;
      return one;
    });
    for (const row of this.layout) this.row(row);
    if (this.film.ready) {
      this.marks(height);
      const at = Math.round(this.x(this.film.now));
      pen.fillStyle = this.ink.text;
      pen.fillRect(at - 1, 2, 2, height - 4);
      pen.beginPath();
      pen.arc(at, 5, 4.5, 0, 7);
      pen.fill();
    }
  }

  axis() {
    if (!this.film.ready) return;
    const [from, to] = this.range;
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
    const step = steps.find((s) => (s / (to - from)) * (this.width - LABEL) > 64) ?? 1200;
    this.pen.fillStyle = this.ink.quiet;
    for (let t = Math.ceil(from / step) * step; t < to - step * 0.3; t += step) {
      const x = Math.round(this.x(t));
      this.pen.fillRect(x, AXIS - 5, 1, 5);
      this.pen.fillText(clock(t), x + 4, AXIS / 2);
    }
  }

  row({ id, label, y, height }) {
    const pen = this.pen;
    pen.fillStyle = this.ink.quiet;
    pen.fillText(label, 2, y + height / 2);
    pen.fillStyle = this.ink.track;
    block(pen, LABEL, y + 2, this.width - LABEL - 8, height - 4, 4);
    pen.save();
    pen.beginPath();
    pen.rect(LABEL, y, this.width - LABEL - 8, height);
    pen.clip();
    if (this.film.ready) this[id](y, height);
    pen.restore();
  }

  moments(y, height) {
    for (const moment of this.model.moments) {
      const current = moment === this.model.current;
      this.pen.globalAlpha = moment.state === "left" ? 0.28 : current ? 1 : 0.72;
      this.bar(seconds(moment.start), seconds(moment.end), y, height, this.ink.moment);
      if (moment.state === "kept") {
        this.pen.fillStyle = this.ink.back;
        this.pen.beginPath();
        this.pen.arc((this.x(seconds(moment.start)) + this.x(seconds(moment.end))) / 2, y + height / 2, 2.5, 0, 7);
        this.pen.fill();
      }
      this.pen.globalAlpha = 1;
    }
  }

  clips(y, height) {
    for (const clip of this.model.clips) {
      this.bar(seconds(clip.start), seconds(clip.end), y, height, this.ink.clip);
    }
  }

  together(y, height) {
    const lanes = this.model.lanes;
    if (!lanes) return;
    for (const [from, to] of stretches(lanes.facing, lanes.step, 0.5)) {
      this.hatch(from, to, y, height, this.ink.together);
    }
    for (const [from, to] of stretches(lanes["mutual-look"], lanes.step, 0.5)) {
      this.bar(from, to, y, height, this.ink.together);
    }
  }

  smiles(y, height) {
    const lanes = this.model.lanes;
    if (!lanes) return;
    this.curve(lanes["parent-smile"], lanes.step, y, height, this.ink.parent);
    this.curve(lanes["baby-smile"], lanes.step, y, height, this.ink.baby);
  }

  voices(y, height) {
    const lanes = this.model.lanes;
    if (!lanes) return;
    const half = height / 2;
    for (const [from, to] of stretches(lanes["baby-voice"], lanes.step, 0.5)) {
      this.bar(from, to, y, half + 2, this.ink.baby);
    }
    for (const [from, to] of stretches(lanes.cry, lanes.step, 0.5)) {
      this.hatch(from, to, y, half + 2, this.ink.baby);
    }
    for (const [from, to] of stretches(lanes["parent-voice"], lanes.step, 0.5)) {
      this.bar(from, to, y + half - 2, half + 2, this.ink.parent);
    }
  }

  unseen(y, height) {
    if (!this.model.lanes) return;
    for (const [from, to] of pairs(this.model.lanes["not-seen"])) {
      this.hatch(from, to, y, height, this.ink.quiet);
    }
  }

  bar(from, to, y, height, colour) {
    const x = this.x(from);
    this.pen.fillStyle = colour;
    block(this.pen, x, y + 4, Math.max(3, this.x(to) - x), height - 8, 3);
  }

  hatch(from, to, y, height, colour) {
    const pen = this.pen;
    const [x0, x1] = [this.x(from), Math.max(this.x(to), this.x(from) + 2)];
    pen.save();
    pen.beginPath();
    pen.rect(x0, y + 4, x1 - x0, height - 8);
    pen.clip();
    pen.strokeStyle = colour;
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (let x = Math.floor((x0 - height) / 5) * 5; x < x1; x += 5) {
      pen.moveTo(x, y + height);
      pen.lineTo(x + height, y);
    }
    pen.stroke();
    pen.restore();
  }

  curve(column, step, y, height, colour) {
    const pen = this.pen;
    const wide = Math.max(1, Math.floor((column.length * step * (this.width - LABEL)) / (this.range[1] - this.range[0])));
    const top = peaks(column, Math.min(wide, column.length));
    pen.strokeStyle = colour;
    pen.lineWidth = 1.6;
    pen.beginPath();
    let down = false;
    for (let i = 0; i < top.length; i++) {
      if (top[i] !== top[i]) {
        down = false;
        continue;
      }
      const x = this.x(((i + 0.5) * column.length * step) / top.length);
      const at = y + height - 4 - Math.min(top[i], 1) * (height - 8);
      if (down) pen.lineTo(x, at);
      else pen.moveTo(x, at);
      down = true;
    }
    pen.stroke();
  }

  marks(height) {
    const { first, last } = this.model.mark;
    if (first === null && last === null) return;
    const from = this.x(first === null ? 0 : this.film.start(first));
    const to = this.x(last === null ? this.film.length : this.film.start(last + 1));
    this.pen.fillStyle = this.ink.clip;
    this.pen.globalAlpha = 0.18;
    this.pen.fillRect(from, AXIS, to - from, height - AXIS);
    this.pen.globalAlpha = 1;
    if (first !== null) this.pen.fillRect(from - 1.5, AXIS - 6, 3, height);
    if (last !== null) this.pen.fillRect(to - 1.5, AXIS - 6, 3, height);
  }

  close() {
    this.ac.abort();
    this.watch.disconnect();
    cancelAnimationFrame(this.waiting);
  }
}

function block(pen, x, y, width, height, radius) {
  pen.beginPath();
  pen.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
  pen.fill();
}

function inks(element) {
  const css = getComputedStyle(element);
  const read = (name) => css.getPropertyValue(name).trim();
  return {
    font: css.fontFamily || "sans-serif",
    text: read("--room-text"),
    quiet: read("--room-quiet"),
    track: read("--room-track"),
    back: read("--room-back"),
    moment: read("--room-moment"),
    clip: read("--room-clip"),
    together: read("--room-together"),
    baby: read("--room-baby"),
    parent: read("--room-parent"),
  };
}
