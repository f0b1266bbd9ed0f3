// The timeline: what is proposed, what was chosen, and, when opened, what the computer saw.
//
// new Timeline(place, film, room) builds itself into an element. In: `show(data)` when something
// changed, `tick()` when the film moved, `draw()` when a mark moved. It reads room.mark ({first,
// last} frames) and room.current. Out: room.setMark(edge, frame), room.scrub(frame), room.scrubbed(),
// room.chosen(kind, item), room.say(kind, null, fields).

import { Edges } from "./timeline-edges.js";
import { Hands } from "./timeline-hands.js";
import { seenOf, soundOf } from "./lanes.js";
import { MarkList, built } from "./timeline-list.js";
import { SIGNALS, cuesOf, lanesOf, marksIn, panned, ruler, snapped, zoomed } from "./timeline-marks.js";
import { GUTTER, Painter, RULER } from "./timeline-paint.js";

const LEGEND = { eyes: "eye to eye" };
const KEYS = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", "0": "whole" };
const REACH = 10; // pixels within which an edge snaps to a cue
const REMEMBERED = "vig.lanes"; // how somebody likes the lanes; nothing about any film

export class Timeline {
  constructor(place, film, room) {
    this.place = place;
    this.film = film;
    this.room = room;
    this.view = null; // [from, to] in seconds; null shows the whole film
    this.guide = null; // the cue that a dragged edge rests on
    this.data = { moments: [], clips: [], notes: [], seen: null, sound: null };
    this.from = {}; // name of what was fetched -> its address and what it stands on
    this.off = []; // lanes of senses that the family has switched off
    this.likes = remembered();
    this.selected = null; // {kind: "clips" | "notes", id}
    this.ac = new AbortController();
    this.build();
    this.painter = new Painter(this.canvas);
    this.edges = new Edges(this);
    this.hands = new Hands(this);
    this.list = new MarkList(this);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.face);
    // After the room's own keys, which take what is theirs.
    window.addEventListener("keydown", (event) => this.key(event), { signal: this.ac.signal });
  }

  build() {
    const { place } = this;
    const knob = (act, words, sign) => built("button", { type: "button", "data-line": act, title: words, "aria-label": words }, sign);
    this.canvas = built("canvas", { "aria-hidden": "true" });
    this.cursor = built("i", { class: "cursor", "aria-hidden": "true" });
    this.face = built("div", { class: "rows" }, this.canvas, this.cursor);
    this.bar = built("div", { class: "stretch", "aria-hidden": "true", hidden: "" }, built("i"));
    this.opener = built("button", { type: "button", class: "plain lanes", "aria-expanded": "false", "data-line": "lanes" }, "What the computer saw");
    this.lister = built("button", { type: "button", class: "plain listed", "aria-expanded": "false", "data-line": "list" }, "As a list");
    this.chips = built(
      "span",
      { class: "chips", role: "group", "aria-label": "Lanes", hidden: "" },
      ...[["together", "Looking together"], ["smiles", "Smiles"], ["voices", "Voices"]].map(([lane, words]) =>
        built("button", { type: "button", class: `chip ${lane}`, "data-lane": lane, "aria-pressed": "true" }, words),
      ),
      built("span", { class: "legend" }, ...["eyes", "facing", "baby", "parent", "cry"].flatMap((one) => [built("i", { class: `k ${one}` }), LEGEND[one] ?? one])),
    );
    this.under = built(
      "div",
      { class: "under" },
      this.opener,
      this.lister,
      this.chips,
      built("span", { class: "zoom", role: "group", "aria-label": "Zoom" }, knob("zoom-out", "Show more of the film (−)", "−"), knob("zoom-in", "Look closer (+)", "+"), knob("whole", "Show the whole film (0)", "Whole film")),
    );
    this.listed = built("div", { class: "list", hidden: "" });
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", "Timeline; the same marks stand in the list below it");
    place.replaceChildren(this.bar, this.face, this.under, this.listed);
    const on = (target, type, f) => target.addEventListener(type, f, { signal: this.ac.signal });
    on(this.under, "click", (e) => {
      const knob = e.target.closest("button");
      if (knob?.dataset.line) this.act(knob.dataset.line);
      if (knob?.dataset.lane) this.like(knob.dataset.lane);
    });
  }

  // ---- what it is told

  // data: moments, clips, notes (start and end in microseconds), lanes_url and sound_url or null.
  show(data) {
    const clips = (data.clips ?? []).map((one, i) => ({ ...one, name: one.title || `Micro-clip ${i + 1}` }));
    const notes = (data.notes ?? []).map((one) => ({ ...one, name: one.words || "no words yet" }));
    this.data.moments = (data.moments ?? []).map((one) => ({ ...one, name: one.reason }));
    this.edges.heard({ ...data, clips, notes });
    // Who wants to look first sees nothing of what the computer saw either.
    const lanes = data.look_first?.hiding ? null : (data.lanes_url ?? null);
    this.off = [data.cues?.looking === false && "together", data.cues?.smiling === false && "smiles"];
    this.load("seen", lanes, seenOf, [data.people, data.cues]);
    this.load("sound", data.sound_url ?? null, soundOf);
    this.changed();
  }

  // Fetches what is not there yet, or stands on something that has changed; the old is shown until
  // the new has come.
  async load(name, url, read, on = null) {
    const sign = JSON.stringify([url, on]);
    if (this.from[name]?.sign === sign) return;
    if (this.from[name]?.url !== url) this.data[name] = null;
    this.from[name] = { sign, url };
    if (!url) return;
    const answer = await fetch(url, { credentials: "same-origin", signal: this.ac.signal }).catch(() => null);
    if (!answer?.ok || this.from[name].sign !== sign) return;
    this.data[name] = read(await answer.arrayBuffer());
    this.changed();
  }

  changed() {
    this.lanes = lanesOf(this.data, this.open);
    this.cues = cuesOf(this.data, this.lanes);
    const seen = Boolean(this.data.seen);
    this.place.closest(".room")?.classList.toggle("open", this.open.size > 0 && seen);
    this.opener.hidden = !seen;
    this.opener.setAttribute("aria-expanded", String(seen && this.likes.open));
    this.chips.hidden = !seen || !this.likes.open;
    for (const chip of this.chips.querySelectorAll("button")) {
      chip.hidden = this.off.includes(chip.dataset.lane);
      chip.setAttribute("aria-pressed", String(!this.likes.closed.includes(chip.dataset.lane)));
    }
    this.place.dataset.lanes = this.lanes.map((lane) => lane.id).join(" ");
    this.list.refill();
    this.draw();
  }

  // ---- what a person does

  act(name) {
    const middle = this.range[0] + this.span / 2;
    const at = this.within(this.film.now) ? this.film.now : middle;
    const deeds = {
      "zoom-in": () => this.zoom(0.5, at),
      "zoom-out": () => this.zoom(2, at),
      whole: () => this.look(null),
      "pan-back": () => this.pan(-this.span / 4),
      "pan-on": () => this.pan(this.span / 4),
      lanes: () => this.like(null),
      list: () => this.list.toggle(),
    };
    deeds[name]?.();
  }

  key(event) {
    const deed = KEYS[event.key];
    const { room } = this;
    if (!deed || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.film.ready || !this.place.isConnected || room.keymap?.off || room.keyboard?.busy(event)) return;
    event.preventDefault();
    this.act(deed);
  }

  like(lane) {
    const { likes } = this;
    if (!lane) likes.open = !likes.open;
    else likes.closed = likes.closed.includes(lane) ? likes.closed.filter((one) => one !== lane) : [...likes.closed, lane];
    remember(likes);
    this.changed();
  }

  get open() {
    return new Set(this.likes.open ? SIGNALS.filter((lane) => !this.likes.closed.includes(lane) && !this.off.includes(lane)) : []);
  }

  select(kind, id) {
    this.selected = id ? { kind, id } : null;
    this.draw();
  }

  get chosen() {
    return this.selected && this.data[this.selected.kind]?.find((item) => item.id === this.selected.id);
  }

  // ---- the window

  get range() {
    return this.view ?? [0, Math.max(this.film.length, 0.001)];
  }

  get span() {
    return this.range[1] - this.range[0];
  }

  within(time) {
    return time >= this.range[0] && time <= this.range[1];
  }

  look(view) {
    this.view = view;
    this.draw();
  }

  zoom(factor, at) {
    this.look(zoomed(this.view, this.film.length, at, factor));
  }

  pan(seconds) {
    this.look(panned(this.view, this.film.length, seconds));
  }

  // Seconds of film to a pixel.
  get blur() {
    return this.span / this.painter.wide;
  }

  snap(time, free) {
    const found = snapped(time, this.film.times, free ? [] : this.cues, REACH * this.blur);
    this.guide = found.cue;
    return found.at;
  }

  // ---- drawing

  draw() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
    });
  }

  paint() {
    const { painter, film } = this;
    let y = RULER;
    this.layout = (this.lanes ?? []).map((lane) => {
      const placed = { ...lane, y };
      y += lane.height;
      return placed;
    });
    const height = y + 4;
    if (!painter.place(this.range, height)) return;
    this.face.style.height = `${height}px`;
    const dark = this.place.closest(".dark") !== null;
    if (!painter.ink || dark !== this.dark) painter.dress(this.place);
    this.dark = dark;
    if (film.ready) painter.ruler(ruler(this.range, painter.wide));
    const state = { current: this.room.current?.id, selected: this.selected?.id };
    for (const lane of this.layout) {
      painter.lane(lane);
      if (film.ready) painter.marks(lane, marksIn(this.data, [lane], this.range, this.blur), state);
    }
    const mark = this.marked;
    if (mark) painter.marked(...mark, height);
    if (this.guide !== null) painter.guide(this.guide, height);
    this.overview();
    this.edges.place();
    this.tick();
  }

  // The marked stretch in seconds, or null.
  get marked() {
    const { first, last } = this.room.mark;
    if (!this.film.ready || (first === null && last === null)) return null;
    return [first === null ? 0 : this.film.start(first), last === null ? this.film.length : this.film.start(last + 1)];
  }

  overview() {
    this.bar.hidden = !this.view;
    if (!this.view) return;
    const thumb = this.bar.firstChild;
    thumb.style.left = `${(this.view[0] / this.film.length) * 100}%`;
    thumb.style.width = `${(this.span / this.film.length) * 100}%`;
  }

  // The film moved: only the cursor goes along, unless it leaves the window while playing.
  tick() {
    const { film } = this;
    if (!film.ready) return;
    const playing = film.playing && !film.backward;
    const now = playing && !film.video.seeking ? film.video.currentTime : film.now;
    if (this.view && film.playing && this.within(this.was) && !this.within(now) && !this.hands.busy) {
      this.was = now;
      this.look(panned(this.view, film.length, now - this.range[0] - this.span * (film.backward ? 0.9 : 0.1)));
      return;
    }
    this.was = now;
    const x = this.painter.x(now);
    this.cursor.hidden = !(x >= GUTTER - 1 && x <= this.painter.width);
    this.cursor.style.transform = `translateX(${x}px)`;
    if (film.playing) this.ticking ||= requestAnimationFrame(() => ((this.ticking = 0), this.tick()));
  }

  // What is under the pointer, in words.
  hint(words) {
    if (this.face.title !== words) this.face.title = words;
  }

  close() {
    this.ac.abort();
    this.hands.close();
    this.edges.close();
    this.watch.disconnect();
    cancelAnimationFrame(this.waiting);
    cancelAnimationFrame(this.ticking);
  }
}

function remembered() {
  try {
    const { open, closed } = JSON.parse(localStorage.getItem(REMEMBERED));
    return { open: open === true, closed: SIGNALS.filter((lane) => closed.includes(lane)) };
  } catch {
    return { open: false, closed: [] }; // nothing remembered, or not by us
  }
}

function remember(likes) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(likes));
  } catch {
    // a browser that keeps nothing; they start closed next time
  }
}
