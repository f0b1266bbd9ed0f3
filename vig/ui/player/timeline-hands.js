// The pointer on the timeline: seek, drag an edge, zoom, move the window; with mouse, pen or fingers.

import { UNHEARD, UNSEEN } from "./timeline-marks.js";
import { GUTTER } from "./timeline-paint.js";

const NEAR = 6; // pixels from an edge that still take hold of it

export class Hands {
  constructor(line) {
    this.line = line;
    this.fingers = new Map();
    this.drag = null;
    this.ac = new AbortController();
    const on = (target, type, f, more) => target.addEventListener(type, f, { signal: this.ac.signal, ...more });
    on(line.face, "pointerdown", (e) => this.down(e));
    on(line.face, "pointermove", (e) => this.move(e));
    on(line.face, "pointerup", (e) => this.up(e));
    on(line.face, "pointercancel", (e) => this.lost(e));
    on(line.face, "wheel", (e) => this.wheel(e), { passive: false });
    on(line.face, "dblclick", (e) => this.twice(e));
    on(line.bar, "pointerdown", (e) => this.overview(e));
    on(line.bar, "pointermove", (e) => e.buttons && this.overview(e));
    // Before the room's own keys, which know Escape too.
    on(window, "keydown", (e) => this.key(e), { capture: true });
  }

  get busy() {
    return this.drag !== null;
  }

  point(event) {
    const box = this.line.face.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  time(x) {
    const { line } = this;
    return Math.min(Math.max(line.painter.time(x), 0), line.film.length);
  }

  // What lies at a point: an edge that can be dragged, a mark, or nothing but time.
  hit({ x, y }) {
    const { line } = this;
    const at = (time) => Math.abs(line.painter.x(time) - x) <= NEAR;
    if (line.marked) {
      const { first, last } = line.room.mark;
      if (first !== null && at(line.marked[0])) return { edge: "start", mark: "first" };
      if (last !== null && at(line.marked[1])) return { edge: "end", mark: "last" };
    }
    const lane = line.layout?.find((one) => y >= one.y && y < one.y + one.height);
    const kind = lane?.id;
    if (!["moments", "clips", "notes"].includes(kind) || x < GUTTER) return { lane: kind };
    const items = [...line.data[kind]].reverse();
    if (kind !== "moments") {
      for (const item of items) {
        if (item.version === undefined) continue;
        const wide = line.painter.x(item.end / 1e6) - line.painter.x(item.start / 1e6);
        if (wide < 3 * NEAR && item.id !== line.selected?.id) continue; // too thin to say which edge
        if (at(item.start / 1e6)) return { edge: "start", kind, item };
        if (at(item.end / 1e6)) return { edge: "end", kind, item };
      }
    }
    const time = line.painter.time(x);
    const slack = 2 * line.blur;
    const item = items.find((one) => one.start / 1e6 - slack <= time && time < one.end / 1e6 + slack);
    return item ? { kind, item } : { lane: kind };
  }

  down(event) {
    const { line } = this;
    if (!line.film.ready || event.button !== 0) return;
    const where = this.point(event);
    this.fingers.set(event.pointerId, where);
    line.face.setPointerCapture(event.pointerId);
    if (this.fingers.size === 2) return this.pinch();
    if (this.fingers.size > 2) return;
    const found = this.hit(where);
    this.drag = found.edge ? { ...found, moved: false, from: where.x } : { scrub: true };
    if (found.item) line.select(found.kind === "moments" ? null : found.kind, found.item.id);
    if (!found.edge) this.scrub(where.x, true);
  }

  move(event) {
    const { line } = this;
    if (!line.film.ready) return;
    const where = this.point(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, where);
    if (this.pinched) return this.spread();
    if (!this.drag) return this.over(where);
    if (this.drag.scrub) return this.scrub(where.x, false);
    if (!this.drag.moved && Math.abs(where.x - this.drag.from) < 3) return;
    this.drag.moved = true;
    line.edges.drag(this.drag, line.snap(this.time(where.x), event.altKey));
  }

  up(event) {
    const { line, drag } = this;
    this.fingers.delete(event.pointerId);
    if (this.pinched) {
      if (this.fingers.size < 2) this.pinched = null;
      return;
    }
    this.drag = null;
    if (drag?.scrub) line.room.scrubbed?.();
    if (drag?.edge) this.letGo(drag, drag.moved);
    line.draw();
  }

  lost(event) {
    this.fingers.delete(event.pointerId);
    this.pinched = null;
    if (this.drag?.edge) this.letGo(this.drag, false);
    this.drag = null;
  }

  letGo(drag, keep) {
    this.line.guide = null;
    this.line.edges.drop(drag, keep);
  }

  scrub(x, now) {
    const { film, room } = this.line;
    const frame = film.at(this.time(x) + 1e-6);
    if (room.scrub) return room.scrub(frame);
    if (now) film.pause();
    film.stopAfter = null;
    if (now || !film.video.seeking) film.seek(frame);
  }

  twice(event) {
    const found = this.hit(this.point(event));
    if (found.item) this.line.room.chosen(found.kind, found.item);
  }

  // ---- two fingers: what was under them stays under them

  pinch() {
    if (this.drag?.edge) this.letGo(this.drag, false);
    this.drag = null;
    const [a, b] = [...this.fingers.values()];
    this.pinched = { apart: Math.max(20, Math.abs(a.x - b.x)), at: this.line.painter.time((a.x + b.x) / 2), span: this.line.span };
  }

  spread() {
    const { line, pinched } = this;
    const [a, b] = [...this.fingers.values()];
    const wanted = (pinched.span * pinched.apart) / Math.max(20, Math.abs(a.x - b.x));
    line.zoom(wanted / line.span, pinched.at);
    line.painter.view = line.range;
    if (line.view) line.pan(pinched.at - line.painter.time((a.x + b.x) / 2));
  }

  wheel(event) {
    const { line } = this;
    if (!line.film.ready) return;
    const pixels = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey) {
      event.preventDefault();
      line.zoom(Math.exp(event.deltaY * pixels * 0.004), this.time(this.point(event).x));
      return;
    }
    // Sideways, or with shift: along the film. The plain wheel scrolls the page.
    const along = event.deltaX || (event.shiftKey ? event.deltaY : 0);
    if (!along || !line.view) return;
    event.preventDefault();
    line.pan(along * pixels * line.blur);
  }

  overview(event) {
    const { line } = this;
    const box = line.bar.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * line.film.length;
    line.bar.setPointerCapture(event.pointerId);
    line.pan(at - line.span / 2 - line.range[0]);
  }

  key(event) {
    if (event.key !== "Escape" || !this.drag?.edge) return;
    event.stopPropagation();
    this.letGo(this.drag, false);
    this.drag = null;
  }

  over(where) {
    const { line } = this;
    const found = this.hit(where);
    line.face.style.cursor = found.edge ? "ew-resize" : "pointer";
    let words = found.item?.name ?? "";
    if (found.lane === "unseen") words = this.ribbon(where.x);
    line.hint(words);
  }

  ribbon(x) {
    const { seen } = this.line.data;
    const at = this.line.painter.time(x);
    const slack = 2 * this.line.blur;
    const holds = (spans) => {
      let found = false;
      spans.each(at - slack, at + slack, 0, () => (found = true));
      return found;
    };
    return [holds(seen["not-seen"]) && UNSEEN, holds(seen["not-heard"]) && UNHEARD].filter(Boolean).join(". ");
  }

  close() {
    this.ac.abort();
  }
}
