// The review room: the film, its timeline, the suggestions and the micro-clips.
//
// Playing lives here; Python hears gestures only (keep, leave, unkeep ...), one at a time, each
// with a number that Python says back as `heard`, so that two quick ones cannot swallow each other.

import { card, clipRow, make } from "./cards.js";
import { Film, clock, micros, seconds } from "./film.js";
import { listen } from "./keys.js";
import { Timeline } from "./timeline.js";

const rooms = new WeakMap();

export default function mount({ parentElement, data, setTriggerValue }) {
  let room = rooms.get(parentElement);
  if (!room) {
    room = new Room(parentElement.querySelector(".room"));
    rooms.set(parentElement, room);
  }
  room.tell = (gesture) => setTriggerValue("gesture", gesture);
  room.update(data);
  return () => {
    room.close();
    rooms.delete(parentElement);
  };
}

class Room {
  constructor(root) {
    this.root = root;
    this.one = (selector) => root.querySelector(selector);
    this.ac = new AbortController();
    this.moments = [];
    this.clips = [];
    this.current = null;
    this.opened = new Set(); // moments whose evidence is shown
    this.mark = { first: null, last: null };
    this.queue = [];
    this.hoped = new Map(); // what a gesture on its way will make of a moment
    this.film = new Film(this.one("video"), () => this.changed());
    this.timeline = new Timeline(this.one(".timeline"), this.film, this);
    const on = (target, type, f) => target.addEventListener(type, f, { signal: this.ac.signal });
    // A clicked button does not take the focus, so the keyboard stays with the film.
    on(root, "pointerdown", (e) => e.target.closest("button") && !this.helpOpen && e.preventDefault());
    for (const one of root.querySelectorAll("[data-act]")) {
      on(one, "click", () => this.act(one.dataset.act));
    }
    for (const one of root.querySelectorAll("[data-nudge]")) {
      const [edge, by] = one.dataset.nudge.split(",");
      on(one, "click", () => this.nudge(edge, Number(by)));
    }
    on(this.one("video"), "click", () => this.film.toggle());
    on(this.one("video"), "contextmenu", (e) => e.preventDefault());
    on(this.one("select"), "change", (e) => {
      this.film.setSpeed(Number(e.target.value));
      e.target.blur();
    });
    on(this.one(".curtain"), "click", () => this.act("curtain"));
    listen(this, this.ac.signal);
  }

  // ---- what Python says

  async update(data) {
    if (!data) return;
    this.data = data;
    if (data.heard !== undefined) {
      this.queue = this.queue.filter((gesture) => gesture.number > data.heard);
      if (!this.queue.length) this.hoped.clear();
      else if (this.queue[0].number !== this.sent) this.send();
    }
    this.root.classList.toggle("dark", isDark(this.root));
    this.one(".whose").textContent = data.picture;
    this.moments = data.moments.map((m) => ({ ...m, state: this.hoped.get(m.id) ?? m.state }));
    this.clips = data.clips;
    this.current = this.moments.find((m) => m.id === this.current?.id) ?? null;
    this.show(".trouble", data.problem);
    this.show(".remark", data.remark);
    this.list();
    this.shown();
    if (data.film_url !== this.source) await this.load(data);
  }

  // The timeline sees what the person just did, before Python has answered.
  shown() {
    if (this.data) this.timeline.show({ ...this.data, moments: this.moments });
  }

  async load(data) {
    this.source = data.film_url;
    this.root.dataset.ready = "no";
    this.film.load(data.film_url, null);
    this.say_("Opening the film…");
    const answer = await fetch(data.times_url, { credentials: "same-origin" });
    if (!answer.ok || this.source !== data.film_url) return this.refused(answer);
    this.film.times = new Float64Array(await answer.arrayBuffer());
    this.root.dataset.ready = "yes";
    this.shown();
    this.say_(null);
    this.changed();
  }

  async refused(answer) {
    if (answer.status === 401 || answer.status === 423) return location.replace("/account/sign-in");
    let words = "The film could not be opened.";
    try {
      words = (await answer.json()).error ?? words;
    } catch {
      // not a sentence of ours; the general one stays
    }
    this.say_(words);
  }

  // ---- what the person does

  act(name) {
    const { film } = this;
    const deeds = {
      play: () => film.toggle(),
      pause: () => film.pause(),
      faster: () => film.faster(),
      reverse: () => film.reverse(film.backward ? Math.min(film.backward * 2, 4) : 1),
      back: () => film.step(-1),
      on: () => film.step(1),
      "second-back": () => film.jump(-1),
      "second-on": () => film.jump(1),
      first: () => film.seek(0),
      last: () => film.seek(film.frames - 1),
      in: () => this.setMark("first", film.here),
      out: () => this.setMark("last", film.here),
      mark: () => this.markBack(5),
      unmark: () => this.clearMark(),
      "play-marked": () => film.playStretch(...this.marked()),
      "keep-marked": () => this.keepMarked(),
      next: () => this.next(),
      keep: () => this.keep(),
      loop: () => this.loop(),
      slow: () => this.slow(),
      full: () => this.full(),
      help: () => this.one("dialog").showModal(),
      curtain: () => this.curtain(),
      escape: () => this.clearMark(),
    };
    if (film.ready || name === "help" || name === "curtain") deeds[name]();
  }

  choose(moment) {
    this.current = moment;
    this.film.playStretch(...this.framesOf(moment));
    this.follow();
  }

  chooseClip(clip) {
    this.film.playStretch(...this.framesOf(clip));
  }

  chosen(kind, item) {
    if (kind === "moments") this.choose(item);
    else this.chooseClip(item);
  }

  next() {
    const waiting = this.moments.filter((m) => m.state === "new");
    const after = this.moments.indexOf(this.current);
    const moment = waiting.find((m) => this.moments.indexOf(m) > after) ?? waiting[0];
    if (moment) this.choose(moment);
  }

  keep() {
    if (this.mark.first !== null && this.mark.last !== null) this.keepMarked();
    else if (this.current?.state === "new") this.say("keep", this.current);
  }

  keepMarked() {
    const [first, last] = this.marked();
    const span = { start: micros(this.film.start(first)), end: micros(this.film.start(last + 1)) };
    this.say("keep-span", null, span);
    this.clearMark();
  }

  say(kind, moment, more = {}) {
    const number = Math.max(Date.now(), (this.queue[this.queue.length - 1]?.number ?? this.sent ?? 0) + 1);
    this.queue.push({ number, kind, moment: moment?.id ?? null, ...more });
    const becomes = { keep: "kept", leave: "left", unkeep: "new", return: "new" }[kind];
    if (moment && becomes) {
      this.hoped.set(moment.id, becomes);
      moment.state = becomes;
      this.list();
      this.shown();
    }
    if (this.queue.length === 1) this.send();
  }

  send() {
    this.sent = this.queue[0].number;
    this.tell(this.queue[0]);
  }

  // ---- the marked part

  setMark(edge, frame) {
    const other = edge === "first" ? "last" : "first";
    this.mark[edge] = Math.min(Math.max(frame, 0), this.film.frames - 1);
    const { first, last } = this.mark;
    if (first !== null && last !== null && first > last) this.mark[other] = this.mark[edge];
    this.marking();
  }

  markBack(time) {
    this.setMark("first", this.film.at(Math.max(0, this.film.now - time)));
    this.setMark("last", this.film.here);
  }

  nudge(edge, by) {
    this.setMark(edge, (this.mark[edge] ?? this.film.here) + by);
    this.film.pause();
    this.film.seek(this.mark[edge]);
  }

  clearMark() {
    this.mark = { first: null, last: null };
    this.marking();
  }

  marked() {
    return [this.mark.first ?? 0, this.mark.last ?? this.film.frames - 1];
  }

  marking() {
    const some = this.mark.first !== null || this.mark.last !== null;
    this.one(".marked").hidden = !some;
    this.root.classList.toggle("marking", some);
    if (some) {
      const [first, last] = this.marked();
      const [from, to] = [this.film.start(first), this.film.start(last + 1)];
      this.one(".from").textContent = clock(from, true);
      this.one(".to").textContent = clock(to, true);
      this.one(".long").textContent = `${(to - from).toFixed(1)} s`;
      if (this.film.loop) this.film.setLoop({ first, last });
    }
    this.timeline.draw();
  }

  // ---- how it plays

  loop() {
    const some = this.mark.first !== null || this.mark.last !== null;
    const [first, last] = some ? this.marked() : this.current ? this.framesOf(this.current) : [0, this.film.frames - 1];
    this.film.setLoop(this.film.loop ? null : { first, last });
  }

  slow() {
    const next = { 1: 0.5, 0.5: 0.25 }[this.film.slow] ?? 1;
    this.film.setSpeed(next);
  }

  full() {
    const inside = this.root.getRootNode().fullscreenElement ?? document.fullscreenElement;
    if (inside) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  curtain() {
    const curtain = this.one(".curtain");
    curtain.hidden = !curtain.hidden;
    curtain.textContent = "The picture is hidden. Press H, or here, to bring it back.";
    this.one("video").style.visibility = curtain.hidden ? "" : "hidden";
    if (!curtain.hidden) this.film.pause();
  }

  get helpOpen() {
    return this.one("dialog").open;
  }

  framesOf(span) {
    return [this.film.at(seconds(span.start) + 1e-6), this.film.at(seconds(span.end) - 1e-6)];
  }

  // ---- what is drawn

  list() {
    const shown = this.moments.filter((m) => m.state !== "left");
    const gone = this.moments.filter((m) => m.state === "left");
    refill(this.one("ol.cards"), shown.map((m) => card(m, this)));
    refill(this.one("ol.gone"), gone.map((m) => card(m, this)));
    this.one(".aside").hidden = gone.length === 0;
    this.one(".aside summary").textContent = `Left aside (${gone.length})`;
    this.one(".suggestions").textContent = this.moments.length ? `(${shown.length})` : "";
    this.show(".none", this.moments.length ? null : this.data.none);
    refill(this.one(".clips"), this.clips.map((clip, i) => clipRow(clip, i + 1, this)));
    this.one(".kept").textContent = this.clips.length ? `(${this.clips.length})` : "";
    this.one(".empty").hidden = this.clips.length > 0;
  }

  open(moment) {
    if (!this.opened.delete(moment)) this.opened.add(moment);
    this.list();
  }

  follow() {
    for (const one of this.root.querySelectorAll(".card")) {
      const current = one.dataset.moment === this.current?.id;
      one.setAttribute("aria-current", String(current));
      if (current) one.scrollIntoView({ block: "nearest" });
    }
    this.timeline.draw();
  }

  changed() {
    const { film } = this;
    if (!film.ready) return;
    this.root.classList.toggle("playing", film.playing);
    this.root.dataset.frame = String(film.frame);
    const bar = this.one('[data-act="play"]');
    bar.setAttribute("aria-label", film.playing ? "Pause" : "Play");
    this.one(".time").textContent = `${clock(film.now, true)} / ${clock(film.length)}`;
    this.one('[data-act="loop"]').setAttribute("aria-pressed", String(Boolean(film.loop)));
    const speed = this.one("select");
    if (speed !== this.root.getRootNode().activeElement) speed.value = String(film.slow);
    const line = this.one(".place");
    line.setAttribute("aria-valuemax", film.length.toFixed(1));
    line.setAttribute("aria-valuenow", film.now.toFixed(1));
    line.setAttribute("aria-valuetext", `${clock(film.now)} of ${clock(film.length)}`);
    if (film.video.readyState >= 1 && film.video.videoWidth === 0) {
      this.say_("This browser plays only the sound of this film.");
    } else if (film.video.error) {
      this.say_("The film stopped coming. Reload the page to go on.");
    }
    this.timeline.tick();
  }

  say_(words) {
    this.show(".over", words);
  }

  show(selector, words) {
    const element = this.one(selector);
    element.hidden = !words;
    element.textContent = words ?? "";
  }

  close() {
    this.ac.abort();
    this.timeline.close();
    this.film.close();
  }
}

function refill(element, children) {
  element.replaceChildren(...children);
}

// Streamlit hands over its theme as CSS variables; a dark page is one whose background is dark.
function isDark(element) {
  const probe = make("i", { style: "display:none;color:var(--st-background-color, #fff)" });
  element.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  probe.remove();
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

