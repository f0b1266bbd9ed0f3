// Edges of clips, notes and the marked stretch: dragged or nudged, shown at once, written after.
//
// Whoever moves an edge sees it there before Python has answered. A change is sent when the last one
// was answered, with the version that is known then, so nobody conflicts with themselves.

import { built } from "./timeline-list.js";
import { cueBeyond, placeOf } from "./timeline-marks.js";

const PAUSE = 450; // ms after the last nudge until it is sent

const NUDGES = {
  ArrowLeft: ["frame", -1],
  ArrowDown: ["frame", -1],
  ArrowRight: ["frame", 1],
  ArrowUp: ["frame", 1],
  PageDown: ["cue", -1],
  PageUp: ["cue", 1],
};

export class Edges {
  constructor(line) {
    this.line = line;
    this.moved = new Map(); // id -> {kind, start, end, sent: number of the gesture or null, dirty}
    this.ac = new AbortController();
    this.handles = ["start", "end"].map((edge) => {
      const handle = built("button", { type: "button", class: "edge", role: "slider", "data-edge": edge, hidden: "" });
      line.face.append(handle);
      return handle;
    });
    // On the window and first: the room's own arrow keys step the film.
    window.addEventListener("keydown", (e) => this.key(e), { capture: true, signal: this.ac.signal });
    window.addEventListener("pagehide", () => this.flush(), { signal: this.ac.signal });
  }

  // The items as they are hoped to become.
  hoped(kind, items) {
    return items.map((item) => {
      const move = this.moved.get(item.id);
      return move ? { ...item, start: move.start, end: move.end } : item;
    });
  }

  // Python heard what was sent: now it says where the edges are. What was moved meanwhile is sent.
  heard(data) {
    this.lay(data);
    for (const [id, move] of this.moved) {
      if (!data[move.kind].some((one) => one.id === id)) this.moved.delete(id);
      else if (move.sent !== null && data.heard >= move.sent) {
        // One that was refused is not followed by the next: it would go over what somebody else did.
        const refused = data.refused?.number === move.sent;
        move.sent = null;
        if (move.dirty && !refused) this.send(id);
        else this.moved.delete(id);
      }
    }
    this.lay(data);
  }

  lay(data) {
    for (const kind of ["clips", "notes"]) this.line.data[kind] = this.hoped(kind, data[kind]);
  }

  // ---- by hand

  drag(drag, at) {
    const { line } = this;
    if (drag.mark) {
      const frame = line.film.at(drag.mark === "last" ? at - 1e-4 : at + 1e-6);
      line.room.setMark(drag.mark, frame);
      this.peek(frame);
      return;
    }
    this.move(drag.kind, drag.item.id, drag.edge, at);
  }

  // The dragged edge was let go; `keep` false puts it back.
  drop(drag, keep) {
    if (drag.mark) return;
    const move = this.moved.get(drag.item.id);
    if (keep && move) this.send(drag.item.id);
    else if (move && move.sent === null) {
      this.moved.delete(drag.item.id);
      this.line.data[drag.kind] = this.line.data[drag.kind].map((one) => (one.id === drag.item.id ? drag.item : one));
    }
    this.line.changed();
  }

  // An edge to a time (seconds), at least a frame away from the other one.
  move(kind, id, edge, at) {
    const { line } = this;
    const { times } = line.film;
    const item = line.data[kind].find((one) => one.id === id);
    if (!item) return;
    const other = placeOf(times, (edge === "start" ? item.end : item.start) / 1e6);
    let place = placeOf(times, at);
    place = edge === "start" ? Math.min(place, other - 1) : Math.max(place, other + 1);
    if (place < 0 || place >= times.length) return;
    const before = this.moved.get(id);
    const move = { sent: null, ...before, kind, start: item.start, end: item.end, dirty: true };
    move[edge] = Math.round(times[place] * 1e6);
    this.moved.set(id, move);
    line.data[kind] = this.hoped(kind, line.data[kind]);
    this.peek(edge === "start" ? place : place - 1);
    line.draw();
  }

  peek(frame) {
    const { film } = this.line;
    if (film.playing) film.pause();
    film.stopAfter = null;
    if (!film.video.seeking) film.seek(frame);
  }

  // ---- by key

  key(event) {
    const handle = event.composedPath()[0];
    if (!this.handles.includes(handle)) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      handle.blur();
      return this.line.select(null);
    }
    const nudge = NUDGES[event.key];
    if (!nudge || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.nudge(handle.dataset.edge, event.shiftKey && nudge[0] === "frame" ? ["second", nudge[1]] : nudge);
  }

  // By a frame, a second, or to the next cue.
  nudge(edge, [by, direction]) {
    const { line } = this;
    const { times } = line.film;
    const item = line.chosen;
    if (!item) return;
    const now = item[edge] / 1e6;
    let at = now + direction;
    if (by === "frame") at = times[Math.min(Math.max(placeOf(times, now) + direction, 0), times.length - 1)];
    if (by === "cue") at = cueBeyond(line.cues, now, direction);
    if (at === null) return;
    this.move(line.selected.kind, item.id, edge, at);
    if (!line.within(at)) line.pan(at - line.range[0] - line.span / 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  flush() {
    clearTimeout(this.timer);
    for (const [id, move] of this.moved) if (move.dirty) this.send(id);
  }

  send(id) {
    const move = this.moved.get(id);
    const item = move && this.line.data[move.kind].find((one) => one.id === id);
    if (!item || !move.dirty || move.sent !== null) return;
    const span = { start: move.start, end: move.end, version: item.version };
    const { room } = this.line;
    move.dirty = false;
    move.sent = move.kind === "clips" ? room.say("clip-edges", null, { clip: id, ...span }) : room.say("note-change", null, { note: id, ...span });
  }

  // Selects an item and gives its first handle the focus.
  hold(kind, item) {
    const { line } = this;
    const [start, end] = [item.start / 1e6, item.end / 1e6];
    if (!line.within(start) || !line.within(end)) line.look(null);
    line.select(kind, item.id);
    line.paint();
    this.handles[0].focus();
  }

  // ---- handles of what is selected: real sliders, so that a keyboard finds them on the timeline

  place() {
    const { line } = this;
    const item = line.chosen;
    const lane = item && line.layout.find((one) => one.id === line.selected.kind);
    for (const handle of this.handles) {
      const { edge } = handle.dataset;
      const at = item && item[edge] / 1e6;
      const here = Boolean(lane) && item.version !== undefined && line.film.ready;
      // One that has the focus stays, wherever the window went: the keyboard must not be lost.
      handle.hidden = !here || (!line.within(at) && handle.getRootNode().activeElement !== handle);
      if (handle.hidden) continue;
      handle.style.left = `${line.painter.x(Math.min(Math.max(at, line.range[0]), line.range[1]))}px`;
      handle.style.top = `${lane.y}px`;
      handle.style.height = `${lane.height}px`;
      const whose = `${line.selected.kind === "notes" ? "the note " : ""}“${item.name}”`;
      const words = {
        "aria-label": `${edge === "start" ? "Start" : "End"} of ${whose}`,
        "aria-valuemin": 0,
        "aria-valuemax": line.film.length.toFixed(2),
        "aria-valuenow": at.toFixed(2),
        "aria-valuetext": exactly(at),
      };
      for (const [name, value] of Object.entries(words)) handle.setAttribute(name, value);
    }
  }

  close() {
    this.flush();
    this.ac.abort();
  }
}

// To the hundredth of a second: each frame further is heard as another time.
function exactly(time) {
  const minutes = Math.floor(time / 60);
  return `${minutes}:${(time - minutes * 60).toFixed(2).padStart(5, "0")}`;
}
