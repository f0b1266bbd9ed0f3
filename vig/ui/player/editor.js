// One micro-clip, edited in place while the film stays: its first and last frame, what it is called,
// who began and who received, what it shows, and how it is played. Saved as it is typed.

import { choice } from "./conflict.js";
import { act, anyOf, field, focused, make, oneOf, put, settle } from "./dom.js";
import { clock, micros, seconds } from "./film.js";
import { Loupe } from "./loupe.js";
import { Saver } from "./saves.js";

const PLAYS = [["normal", "Normal"], ["slow", "Slow from here"], ["freeze", "Freeze here"], ["still", "Only this still"]];

export class Editor {
  constructor(panel) {
    this.panel = panel;
    this.room = panel.room;
    this.root = panel.part(".editing");
    this.id = null;
  }

  get clip() {
    return this.room.clips.find((one) => one.id === this.id);
  }

  open(id) {
    this.close();
    this.id = id;
    if (!this.clip) return;
    this.saver = new Saver(
      (kind, fields) => this.room.say(kind, null, { clip: id, version: this.clip?.version, ...this.whole(kind, fields) }),
      () => this.told(),
    );
    this.build();
    this.panel.swap(true);
    this.update(this.room.data);
    this.root.querySelector(".back").focus({ preventScroll: true });
    this.root.scrollTop = 0;
  }

  // Fields travel under their own name; edges stand beside the version.
  whole(kind, fields) {
    return kind === "clip-change" ? { fields } : fields;
  }

  build() {
    const { film } = this.room;
    const tell = (name) => (value) => this.saver.touch("clip-change", { [name]: value }, 0);
    const typed = (name, tag, more) => {
      const input = make(tag, {
        ...more,
        oninput: () => this.saver.touch("clip-change", { [name]: input.value }),
        onblur: () => (this.saver?.dirty(name) ? this.saver.flush() : settle(input)),
      });
      return input;
    };
    const { data } = this.room;
    this.first = new Loupe(film, "First frame of this micro-clip");
    this.last = new Loupe(film, "Last frame of this micro-clip");
    this.inputs = {
      title: typed("title", "input", { type: "text", maxlength: 120, autocomplete: "off", placeholder: "“Hello you”" }),
      note: typed("note", "textarea", { rows: 2, maxlength: 4000, placeholder: "What you see here" }),
      question: typed("question", "textarea", { rows: 2, maxlength: 1000, placeholder: "What do you notice here?" }),
    };
    this.began = oneOf("Who began", data.who ?? [], "", tell("initiated_by"));
    this.received = oneOf("Who received", data.who ?? [], "", tell("received_by"));
    this.principles = anyOf("What it shows", this.offered(data), [], tell("principles"));
    this.play = oneOf("In the review it plays", PLAYS, "normal", (value) => {
      const at = value === "normal" ? null : this.inside(micros(film.now));
      this.saver.touch("clip-change", { play: value, play_at: at }, 0);
    });
    this.playAt = make("p", { class: "hint" });
    this.status = make("span", { class: "saved" });
    this.said = make("span", { class: "hush", role: "status" });
    this.conflict = make("div", { class: "conflict", role: "alert", hidden: true });
    this.name = make("h2", {});
    this.long = make("p", { class: "long" });
    this.place = make("span", {});
    this.root.replaceChildren(
      make("div", { class: "top" }, act("‹ Back to all", "plain back", () => this.leave()), this.status, this.said),
      this.name,
      this.conflict,
      make("div", { class: "loupes" }, this.edge("first", this.first, "It begins"), this.edge("last", this.last, "It ends")),
      make("div", { class: "acts" }, act("Play it", "primary", () => this.room.chooseClip(this.clip)), this.long),
      field("Title", this.inputs.title),
      this.began,
      this.received,
      this.principles,
      field("Note", this.inputs.note, "Colleagues who may open this film can read it."),
      field("Question for the parent", this.inputs.question, "Shown between clips in the review. The parent is asked first."),
      this.play,
      this.playAt,
      make("div", { class: "acts place" }, this.place,
        act("Earlier", "", () => this.panel.order.move(this.id, -1)),
        act("Later", "", () => this.panel.order.move(this.id, 1)),
        act("Remove", "plain more", () => this.remove())),
    );
  }

  // What a clip may be said to show; a withdrawn one where it carries that already.
  offered(data) {
    const carried = this.clip.principles ?? [];
    return (data.vocabulary ?? []).filter((one) => !one.withdrawn || carried.includes(one.id)).map((one) => [one.id, one.name]);
  }

  edge(edge, loupe, words) {
    const button = (sign, by, label) => act(sign, "", () => this.nudge(edge, by), label, { "data-focus": `${edge}${by}` });
    const name = edge === "first" ? "Begin" : "End";
    return make("figure", {},
      make("button", { type: "button", class: "still", "aria-label": `Show this frame in the film`, onclick: () => this.show(edge) }, loupe.video),
      make("figcaption", {}, make("span", {}, words), make("output", { class: edge }, "")),
      make("div", { class: "nudge", role: "group", "aria-label": words },
        button("−", -1, `${name} one frame earlier`), act("Here", "", () => this.nudge(edge, 0), `${name} at the frame that is shown`), button("+", 1, `${name} one frame later`)),
    );
  }

  // ---- what Python says

  update(data) {
    if (this.id === null) return;
    const { clip } = this;
    if (!clip) {
      this.saver.drop(); // somebody removed it
      return this.leave();
    }
    this.saver.hold(data.conflict?.id === this.id);
    this.saver.heard(data);
    this.clashing(data);
    const number = this.panel.order.sorted().findIndex((one) => one.id === this.id) + 1;
    this.name.textContent = clip.title || `Micro-clip ${number}`;
    this.place.textContent = `Shown as ${number} of ${this.room.clips.length}`;
    for (const [name, input] of Object.entries(this.inputs)) {
      const value = clip[name] ?? "";
      if (!this.saver.dirty(name)) put(input, value);
    }
    if (!this.saver.dirty("initiated_by")) this.began.choose(clip.initiated_by);
    if (!this.saver.dirty("received_by")) this.received.choose(clip.received_by);
    if (!this.saver.dirty("principles")) this.principles.choose(clip.principles ?? []);
    if (!this.saver.dirty("play")) {
      this.play.choose(clip.play);
      const at = clip.play_at === null || clip.play_at === undefined ? null : clock(seconds(clip.play_at), true);
      this.playAt.textContent = at && clip.play !== "normal" ? `At ${at}. Choose it again at another place to move it.` : "“Here” is the frame that the film shows now.";
    }
    this.edges();
  }

  // The clip's edges as they are, or as they are about to be.
  get span() {
    return { start: this.hoped?.start ?? this.clip.start, end: this.hoped?.end ?? this.clip.end };
  }

  edges() {
    const { film } = this.room;
    if (!film.ready || !this.clip) return;
    if (!this.saver.dirty("start")) this.hoped = null;
    const [first, last] = this.room.framesOf(this.span);
    this.first.show(first);
    this.last.show(last);
    this.root.querySelector("output.first").textContent = clock(film.start(first), true);
    this.root.querySelector("output.last").textContent = clock(film.start(last + 1), true);
    this.long.textContent = `${(film.start(last + 1) - film.start(first)).toFixed(1)} s`;
  }

  // ---- what the person does

  // by 0 takes the frame that the film shows.
  nudge(edge, by) {
    const { film } = this.room;
    let [first, last] = this.room.framesOf(this.span);
    if (edge === "first") first = by ? first + by : film.here;
    else last = by ? last + by : film.here;
    first = Math.max(first, 0);
    last = Math.min(last, film.frames - 1);
    if (first > last) return;
    this.hoped = { start: micros(film.start(first)), end: micros(film.start(last + 1)) };
    this.saver.touch("clip-edges", this.hoped, 300);
    this.edges();
    this.show(edge);
  }

  show(edge) {
    const [first, last] = this.room.framesOf(this.span);
    this.room.film.pause();
    this.room.film.seek(edge === "first" ? first : last);
  }

  inside(at) {
    return Math.min(Math.max(at, this.span.start), this.span.end - 1);
  }

  remove() {
    const { clip } = this;
    this.saver.drop();
    this.leave();
    this.room.say("unkeep", null, { clip: clip.id, version: clip.version });
  }

  // Somebody else changed it meanwhile.
  clashing(data) {
    choice(this.conflict, data.conflict?.id === this.id ? data.conflict : null, (mine) => this.settle(mine, data.conflict.again));
  }

  settle(mine, again) {
    this.room.say("settled", null);
    this.saver.hold(false);
    if (mine) this.saver.wanted(again);
    else {
      this.saver.drop();
      this.hoped = null;
    }
    this.conflict.hidden = true;
    this.update({ ...this.room.data, conflict: null });
  }

  told() {
    if (!this.saver) return;
    const { words } = this.saver;
    this.status.textContent = words;
    this.status.classList.toggle("unsaved", this.saver.refusal !== null);
    const short = words.startsWith("Saved") ? "Saved" : words;
    if (this.said.textContent !== short) this.said.textContent = short;
  }

  leave() {
    const { id } = this;
    // Words that wait for a choice between two versions would be gone.
    if (this.saver?.held && this.saver.unsaved) return this.conflict.querySelector("button")?.focus();
    this.close();
    this.panel.swap(false);
    const row = this.panel.part(`[data-clip="${id}"] .open`);
    if (row && !focused(row)) row.focus({ preventScroll: true });
  }

  close() {
    if (this.id === null) return;
    this.saver?.close();
    this.saver = null;
    this.first?.close();
    this.last?.close();
    this.hoped = null;
    this.id = null;
    this.root.replaceChildren();
  }
}
