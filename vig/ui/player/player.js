// The review room: the film, its timeline, the suggestions and the micro-clips.
//
// Playing lives here; Python hears gestures only (keep, leave, unkeep ...). Each thing in the room
// has a file of its own; this one joins them and gives every deed its name.

import { Controls } from "./controls.js";
import { show } from "./dom.js";
import { Film, seconds } from "./film.js";
import { Gestures } from "./gestures.js";
import { Keycard } from "./keycard.js";
import { Keyboard, Keymap, said } from "./keys.js";
import { Large } from "./large.js";
import { Marked } from "./marked.js";
import { Panel } from "./panel.js";
import { Strip } from "./strip.js";
import { Teller } from "./teller.js";
import { Timeline } from "./timeline.js";

const rooms = new WeakMap();
const AGAIN = 4_000; // ms until a film that could not be reached is tried again
const SLOWER = { 1: 0.5, 0.5: 0.25, 0.25: 0.1 };

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
    this.currentClip = null;
    this.adjusting = null; // the suggestion whose stretch is being trimmed
    this.frozen = false;
    this.scrubbing = false;
    this.hoped = new Map(); // what a gesture on its way will make of a moment
    this.gestures = new Gestures((gesture) => this.sending(gesture));
    this.film = new Film(this.one("video"), () => this.changed());
    this.marks = new Marked(this);
    this.strip = new Strip(this);
    this.large = new Large(this);
    this.teller = new Teller(this);
    this.keymap = new Keymap();
    this.keycard = new Keycard(this.one("dialog.help"), this.keymap, (map) => this.keysChanged(map), this.ac.signal);
    this.timeline = new Timeline(this.one(".timeline"), this.film, this);
    this.panel = new Panel(this);
    this.keyboard = new Keyboard(this, this.keymap, this.ac.signal);
    this.controls = new Controls(this);
    this.wire();
  }

  wire() {
    const on = (target, type, f) => target.addEventListener(type, f, { signal: this.ac.signal });
    // A clicked button does not take the focus, so the keyboard stays with the film.
    on(this.one(".left"), "pointerdown", (e) => e.target.closest("button") && e.preventDefault());
    for (const one of this.root.querySelectorAll("[data-act]")) on(one, "click", () => this.act(one.dataset.act));
    on(this.one(".stage"), "click", (e) => e.target.matches("video, .guard, .rough") && this.act("play"));
    on(this.one("video"), "contextmenu", (e) => e.preventDefault());
  }

  // ---- what Python says

  async update(data) {
    if (!data) return;
    this.data = data;
    if (data.heard !== undefined) {
      this.gestures.heard(data.heard);
      if (!this.queue.length) this.hoped.clear();
    }
    this.root.classList.toggle("dark", isDark(this.root));
    this.one(".whose").textContent = data.picture;
    this.moments = data.moments.map((m) => ({ ...m, state: this.hoped.get(m.id) ?? m.state }));
    this.clips = data.clips;
    this.current = this.moments.find((m) => m.id === this.current?.id) ?? null;
    this.currentClip = this.clips.find((one) => one.id === this.currentClip?.id) ?? null;
    if (data.keys && !this.queue.some((gesture) => gesture.kind === "keys")) {
      this.keymap.read(data.keys);
      this.controls.titles();
    }
    this.panel.update(data);
    this.reads(data);
    this.shown();
    if (data.film_url !== this.source) await this.load(data);
  }

  // The timeline sees what the person just did, before Python has answered.
  shown() {
    if (this.data) this.timeline.show({ ...this.data, moments: this.moments, clips: this.clips });
  }

  async load(data) {
    this.source = data.film_url;
    this.root.dataset.ready = "no";
    this.film.load(data.film_url, null);
    this.marks.clear();
    this.over("Opening the film…");
    let times = null;
    try {
      const answer = await fetch(data.times_url, { credentials: "same-origin", signal: this.ac.signal });
      if (!answer.ok || this.source !== data.film_url) return this.refused(answer);
      times = new Float64Array(await answer.arrayBuffer());
    } catch {
      return this.unreached(data);
    }
    if (this.source !== data.film_url) return;
    this.over(null);
    this.film.count(times);
    this.root.dataset.ready = "yes";
    this.panel.update(this.data);
    this.shown();
    this.strip.load(data.strip_url ?? data.film_url.replace("/film/", "/strip/"));
  }

  // No answer at all: the computer that keeps the film is away for the moment.
  unreached(data) {
    if (this.ac.signal.aborted || this.source !== data.film_url) return;
    this.over("The film cannot be reached. It is tried again.");
    setTimeout(() => {
      if (!this.ac.signal.aborted && this.source === data.film_url) this.load(this.data);
    }, AGAIN);
  }

  async refused(answer) {
    if (answer.ok) return; // another film was opened meanwhile
    if (answer.status === 401 || answer.status === 423) return location.replace("/account/sign-in");
    let words = "The film could not be opened.";
    try {
      words = (await answer.json()).error ?? words;
    } catch {
      // not a sentence of ours; the general one stays
    }
    this.over(words);
  }

  // ---- what the person does

  act(name) {
    const { film, marks } = this;
    const deeds = {
      play: () => film.toggle(),
      pause: () => film.pause(),
      forward: () => film.forward(),
      reverse: () => film.reverse(),
      back: () => film.step(-1),
      on: () => film.step(1),
      "back-held": () => film.stepOn(-1),
      "on-held": () => film.stepOn(1),
      "second-back": () => film.jump(-1),
      "second-on": () => film.jump(1),
      first: () => film.jump(-film.length),
      last: () => film.jump(film.length),
      in: () => marks.set("first", film.here),
      out: () => marks.set("last", film.here),
      "in-earlier": () => marks.nudge("first", -1),
      "in-later": () => marks.nudge("first", 1),
      "out-earlier": () => marks.nudge("last", -1),
      "out-later": () => marks.nudge("last", 1),
      mark: () => marks.moment(),
      unmark: () => this.unmark(),
      "play-marked": () => this.again(),
      "keep-marked": () => this.keepMarked(),
      next: () => this.next(1),
      previous: () => this.next(-1),
      "next-clip": () => this.nextClip(1),
      "previous-clip": () => this.nextClip(-1),
      keep: () => this.keep(),
      note: () => this.panel.act("note"),
      loop: () => this.loop(),
      slow: () => film.setSpeed(SLOWER[film.speed] ?? 1),
      freeze: () => this.freeze(),
      still: () => this.large.toggle(),
      full: () => this.full(),
      help: () => this.keycard.open(),
      curtain: () => this.curtain(),
      escape: () => (this.large.open ? this.large.close() : this.unmark()),
    };
    if (film.ready || name === "help" || name === "curtain") deeds[name]?.();
    this.teller.did(name);
    this.changed();
  }

  // Whether Escape has something of ours to close.
  closes() {
    return this.large.open || this.marks.some;
  }

  choose(moment) {
    this.current = moment;
    this.film.playStretch(...this.framesOf(moment));
    this.panel.follow();
    this.timeline.draw();
  }

  chooseClip(clip) {
    this.currentClip = clip;
    this.film.playStretch(...this.framesOf(clip));
  }

  chosen(kind, item) {
    if (kind === "moments") this.choose(item);
    else if (kind === "clips") this.chooseClip(item);
    else this.film.playStretch(...this.framesOf(item));
  }

  // The next suggestion that waits for an answer, or the one before.
  next(by) {
    const waiting = this.moments.filter((m) => m.state === "new");
    const after = this.moments.indexOf(this.current);
    const beyond = waiting.filter((m) => (this.moments.indexOf(m) - after) * by > 0);
    const moment = (by > 0 ? beyond[0] : beyond[beyond.length - 1]) ?? (by > 0 ? waiting[0] : waiting[waiting.length - 1]);
    if (moment) this.choose(moment);
    else this.tell_("No suggestion waits for an answer.");
  }

  nextClip(by) {
    const { clips } = this;
    if (!clips.length) return this.tell_("There is no micro-clip yet.");
    const at = clips.indexOf(this.currentClip);
    const clip = at < 0 ? clips[by > 0 ? 0 : clips.length - 1] : clips[(at + by + clips.length) % clips.length];
    this.chooseClip(clip);
  }

  again() {
    if (this.marks.some) this.film.playStretch(...this.marked());
    else if (this.current) this.choose(this.current);
  }

  keep() {
    if (this.marks.first !== null && (this.marks.last !== null || this.marks.open)) this.keepMarked();
    else if (this.current?.state === "new") this.say("keep", this.current);
  }

  keepMarked() {
    this.say("keep-span", null, { ...this.marks.micros, moment: this.adjusting });
    this.clearMark();
  }

  get queue() {
    return this.gestures.queue;
  }

  say(kind, moment, more = {}) {
    const seen = kind === "unkeep" ? this.clipOf(moment) : this.seenBy(kind, more);
    const number = this.gestures.say({ kind, moment: moment?.id ?? null, ...seen, ...more });
    if (kind === "question") this.questioned = number;
    const becomes = { keep: "kept", leave: "left", unkeep: "new", return: "new" }[kind];
    if (moment && becomes) {
      this.hoped.set(moment.id, becomes);
      moment.state = becomes;
      this.panel.draw();
      this.shown();
    }
    return number;
  }

  // The micro-clip as it is drawn: nobody takes back what a colleague has changed since.
  clipOf(moment) {
    const clip = moment && this.clips.find((one) => one.id === moment.clip);
    return clip ? { clip: clip.id, version: clip.version } : {};
  }

  // What these have no version for, they say: what stood there when the person began.
  seenBy(kind, { person }) {
    if (kind === "focus") return { seen: this.data.focus ?? [] };
    if (kind === "question") return { seen: this.asked ?? "" };
    if (kind === "person") return { seen: this.data.people.find((one) => one.id === person)?.as ?? null };
    return {};
  }

  // The helping question as it was when somebody began to type over it.
  reads(data) {
    const { saver } = this.panel.header;
    const told = this.questioned !== undefined && data.refused?.number === this.questioned;
    if (told || !saver.dirty("words")) this.asked = data.question ?? "";
  }

  // A change names the version it was made from; our own change just before made a newer one.
  sending(gesture) {
    const wrote = this.data.wrote?.[gesture.clip ?? gesture.note];
    if (gesture.version && wrote > gesture.version) gesture.version = wrote;
    this.tell(gesture);
  }

  keysChanged(map) {
    this.controls.titles();
    if (this.data?.keys !== undefined) this.say("keys", null, { map });
  }

  // ---- the marked part

  get mark() {
    const [first, last] = [this.marks.first, this.marks.open ? this.marks.span[1] : this.marks.last];
    return { first, last };
  }

  setMark(edge, frame) {
    this.marks.set(edge, frame);
  }

  // A mark that has left the suggestion that was to be trimmed is no longer made from it.
  strays() {
    const from = this.moments.find((one) => one.id === this.adjusting);
    if (!from) return;
    const [first, last] = this.framesOf(from);
    const [begins, ends] = this.marked();
    if (begins <= last && first <= ends) return;
    this.adjusting = null;
    this.panel.draw();
  }

  clearMark() {
    this.adjusting = null;
    this.marks.clear();
    this.panel.draw();
  }

  unmark() {
    if (this.marks.some) this.film.setLoop(null); // it went round the marked part
    this.clearMark();
  }

  marked() {
    return this.marks.span;
  }

  framesOf(span) {
    return [this.film.at(seconds(span.start) + 1e-6), this.film.at(seconds(span.end) - 1e-6)];
  }

  // ---- how it plays

  // A dragged pointer: the film goes where it points, picture after picture.
  scrub(frame) {
    this.scrubbing = true;
    this.film.stopAfter = null;
    if (this.film.playing) this.film.rest();
    if (frame !== this.film.here) this.film.seek(frame);
  }

  scrubbed() {
    this.teller.did("scrub");
  }

  loop() {
    const [first, last] = this.marks.some ? this.marked() : this.current ? this.framesOf(this.current) : [0, this.film.frames - 1];
    this.film.setLoop(this.film.loop ? null : { first, last });
  }

  freeze() {
    if (this.frozen) {
      this.frozen = false;
      this.film.play();
    } else {
      this.film.pause();
      this.frozen = true;
    }
  }

  full() {
    const inside = this.root.getRootNode().fullscreenElement ?? document.fullscreenElement;
    if (inside) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  get hidden() {
    return !this.one(".curtain").hidden;
  }

  curtain() {
    const curtain = this.one(".curtain");
    curtain.hidden = !curtain.hidden;
    curtain.textContent = `The picture is hidden. Press ${said(this.keymap.key("curtain"))}, or here, to bring it back.`;
    this.root.classList.toggle("curtained", !curtain.hidden);
    if (curtain.hidden) return;
    this.film.pause();
    this.large.close();
  }

  get helpOpen() {
    return this.keycard.dialog.open;
  }

  // ---- what is drawn

  changed() {
    const { film } = this;
    if (!film.ready) return;
    if (film.target === null) this.scrubbing = false;
    if (film.playing) this.frozen = false;
    this.root.dataset.frame = String(film.frame);
    this.controls.draw();
    this.marks.draw();
    this.strip.follow();
    this.large.draw();
    this.timeline.tick();
    if (film.video.readyState >= 1 && film.video.videoWidth === 0) {
      this.over("This browser plays only the sound of this film.");
    } else if (film.video.error) {
      this.over("The film stopped coming. Reload the page to go on.");
    }
  }

  over(words) {
    show(this.one(".over"), words);
  }

  tell_(words) {
    this.teller.say(words);
  }

  close() {
    this.ac.abort();
    this.teller.close();
    this.panel.close(); // what was typed last is still said
    this.timeline.close();
    this.gestures.close();
    this.strip.close();
    this.film.close();
  }
}

// Streamlit hands over its theme as CSS variables; a dark page is one whose background is dark.
function isDark(element) {
  const probe = document.createElement("i");
  probe.style.cssText = "display:none;color:var(--st-background-color, #fff)";
  element.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  probe.remove();
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}
