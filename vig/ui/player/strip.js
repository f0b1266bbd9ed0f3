// The film strip: small pictures of the whole film, to go somewhere by eye.
//
// The server hands out one sheet of small pictures and when each was taken. While a pointer drags,
// the nearest small picture stands over the film at once; the exact frame takes its place as soon
// as it is decoded. Without a sheet the strip is a plain bar that works the same.

import { clock } from "./film.js";

const NARROWEST = 24; // CSS pixels a picture of the strip

export class Strip {
  constructor(room) {
    this.room = room;
    this.film = room.film;
    this.sheet = null; // { image, width, height, across, at: seconds }
    this.root = room.one(".strip");
    this.canvas = room.one(".strip canvas");
    this.rough = room.one(".rough");
    this.peek = room.one(".peek");
    this.dragging = false;
    const on = (type, f) => this.root.addEventListener(type, f, { signal: room.ac.signal });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", () => this.up());
    on("pointercancel", () => this.up());
    on("pointerleave", () => (this.peek.hidden = true));
    this.watch = new ResizeObserver(() => this.paint());
    this.watch.observe(this.root);
  }

  async load(url) {
    this.from = url;
    this.sheet = null;
    this.paint();
    if (!url) return;
    const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
    const made = answer?.ok && answer.headers.get("content-type")?.startsWith("application/json");
    if (!made || this.from !== url) return;
    const told = await answer.json();
    const image = new Image();
    image.src = told.sheet;
    try {
      await image.decode();
    } catch {
      return; // no pictures; the strip stays a bar
    }
    if (this.from !== url) return;
    this.sheet = { ...told, image, at: told.at.map((micros) => micros / 1e6) };
    this.paint();
  }

  // Which small picture is nearest to a time.
  nearest(time) {
    const { at } = this.sheet;
    let best = 0;
    for (let i = 1; i < at.length; i++) if (Math.abs(at[i] - time) < Math.abs(at[best] - time)) best = i;
    return best;
  }

  cell(i) {
    const { width, height, across } = this.sheet;
    return [(i % across) * width, Math.floor(i / across) * height, width, height];
  }

  // ---- hands

  time(event) {
    const box = this.root.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * this.film.length;
  }

  down(event) {
    if (!this.film.ready || event.button !== 0) return;
    event.preventDefault();
    this.root.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.room.scrub(this.film.at(this.time(event)));
    this.look(event);
  }

  move(event) {
    if (!this.film.ready) return;
    if (this.dragging) this.room.scrub(this.film.at(this.time(event)));
    this.look(event);
  }

  up() {
    if (!this.dragging) return;
    this.dragging = false;
    this.room.scrubbed();
  }

  look(event) {
    const time = this.time(event);
    const box = this.root.getBoundingClientRect();
    const picture = this.peek.querySelector("canvas");
    picture.hidden = !this.sheet || this.room.hidden;
    if (!picture.hidden) {
      const cell = this.cell(this.nearest(time));
      [picture.width, picture.height] = [cell[2], cell[3]];
      picture.getContext("2d").drawImage(this.sheet.image, ...cell, 0, 0, cell[2], cell[3]);
    }
    this.peek.querySelector("span").textContent = clock(time, true);
    this.peek.hidden = false;
    const half = this.peek.offsetWidth / 2;
    const x = Math.min(Math.max(event.clientX - box.left, half), box.width - half);
    this.peek.style.transform = `translateX(${Math.round(x - half)}px)`;
  }

  // ---- over the film

  // The small picture stands there only while it is nearer to the wanted frame than what is shown.
  cover() {
    const { film, sheet, rough } = this;
    const i = sheet && film.target !== null && this.room.scrubbing ? this.nearest(film.now) : -1;
    const near = i >= 0 && Math.abs(sheet.at[i] - film.now) < Math.abs(film.times[film.frame] - film.now);
    if (!near) {
      if (!rough.hidden) rough.hidden = true;
      return;
    }
    if (rough.hidden || rough.dataset.cell !== String(i)) {
      const cell = this.cell(i);
      [rough.width, rough.height] = [cell[2], cell[3]];
      rough.getContext("2d").drawImage(sheet.image, ...cell, 0, 0, cell[2], cell[3]);
      rough.dataset.cell = String(i);
      rough.hidden = false;
    }
  }

  // ---- drawing

  // Where the film is; with every frame, so nothing but two transforms.
  follow() {
    const { film } = this;
    if (!film.ready) return;
    const place = (time) => `${(time / film.length) * 100}%`;
    this.root.style.setProperty("--at", place(film.now));
    const { marks } = this.room;
    const mark = this.root.querySelector(".part");
    mark.hidden = !marks.some;
    if (marks.some) {
      const [first, last] = marks.span;
      mark.style.left = place(film.start(first));
      mark.style.right = `${100 - (film.start(last + 1) / film.length) * 100}%`;
    }
    this.cover();
  }

  paint() {
    const [w, h] = [this.root.clientWidth, this.root.clientHeight];
    if (!w || !h) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    const { sheet } = this;
    if (!sheet || !this.film.length) return;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const wide = Math.max(NARROWEST, (h * sheet.width) / sheet.height);
    const count = Math.max(1, Math.round(w / wide));
    for (let i = 0; i < count; i++) {
      const [x, y, cw, ch] = this.cell(this.nearest(((i + 0.5) / count) * this.film.length));
      // Cut to the shape of its place rather than squeezed.
      const shape = w / count / h;
      const [sw, sh] = cw / ch > shape ? [ch * shape, ch] : [cw, cw / shape];
      pen.drawImage(sheet.image, x + (cw - sw) / 2, y + (ch - sh) / 2, sw, sh, (i * w) / count, 0, w / count - 1, h);
    }
  }

  close() {
    this.watch.disconnect();
  }
}
