// Notes on a stretch of film: written where they stand, saved as they are typed.

import { choice } from "./conflict.js";
import { act, make, put, refill, settle } from "./dom.js";
import { clock, micros, seconds } from "./film.js";
import { Saver } from "./saves.js";

const DEFAULT = 2; // seconds that a note is about where nothing is marked

const stretch = (note) => `${clock(seconds(note.start))} to ${clock(seconds(note.end))}`;

export class Notes {
  constructor(panel, root) {
    this.room = panel.room;
    this.panel = panel;
    this.savers = new Map();
    this.wanted = false; // whether the next new note is to be typed into
    this.known = null;
    root.append(
      act("Add a note here", "add", () => this.begin(), null, { title: "About the marked part, or this place in the film" }),
      make("p", { class: "empty" }, "No notes yet. A note is about a place in the film. Colleagues who may open this film can read it."),
      (this.list = make("ol", { class: "list-notes", "aria-label": "Notes" })),
    );
    this.empty = root.querySelector(".empty");
  }

  begin() {
    const { room } = this;
    const { film, mark } = room;
    if (!film.ready) return;
    const some = mark.first !== null || mark.last !== null;
    const first = some ? (mark.first ?? 0) : film.here;
    const after = some ? (mark.last ?? film.frames - 1) + 1 : Math.max(first + 1, film.at(film.now + DEFAULT));
    this.wanted = true;
    room.say("note-add", null, { start: micros(film.start(first)), end: micros(film.start(after)), words: "" });
    this.panel.openTab("notes");
  }

  update(data) {
    this.clash = data.conflict ?? null;
    const notes = data.notes ?? [];
    for (const [id, saver] of this.savers) {
      // A note that is about to be removed waits with its words; they are only gone when it is.
      const leaving = this.room.queue.some((gesture) => gesture.kind === "note-drop" && gesture.note === id);
      saver.hold(leaving || data.conflict?.id === id);
      saver.heard(data);
      if (!notes.some((note) => note.id === id)) {
        saver.drop();
        saver.close();
        this.savers.delete(id);
      }
    }
    const before = this.known;
    this.known = new Set(notes.map((note) => note.id));
    this.empty.hidden = notes.length > 0;
    refill(this.list, notes.map((note) => ({ key: note.id, sign: [note.by, note.mine], build: () => this.row(note) })));
    for (const note of notes) this.fill(note);
    const added = before && notes.find((note) => !before.has(note.id));
    if (added && this.wanted) {
      this.wanted = false;
      this.list.querySelector(`[data-key="${added.id}"] textarea`)?.focus();
    }
  }

  fill(note) {
    const row = this.list.querySelector(`[data-key="${note.id}"]`);
    const words = row.querySelector("textarea");
    const conflict = this.clash;
    choice(row.querySelector(".conflict"), conflict?.id === note.id ? conflict : null, (mine) => this.settle(note.id, mine, conflict.again));
    if (!this.savers.get(note.id)?.dirty("words")) put(words, note.words);
    const at = stretch(note);
    const [play, remove] = ["play", "remove"].map((name) => row.querySelector(`[data-focus="${name}"]`));
    if (play.textContent === at) return;
    play.textContent = at;
    play.setAttribute("aria-label", `Play ${at}`);
    remove?.setAttribute("aria-label", `Remove the note on ${at}`);
    words.setAttribute("aria-label", `Note on ${at}`);
  }

  settle(id, mine, again) {
    const saver = this.savers.get(id);
    this.room.say("settled", null);
    saver.hold(false);
    if (mine) saver.wanted(again);
    else saver.drop();
    this.update({ ...this.room.data, conflict: null });
  }

  row(note) {
    const saved = make("span", { class: "saved" });
    const saver = this.saver(note.id, saved);
    const words = make("textarea", {
      rows: 2,
      placeholder: "What do you see here?",
      maxlength: 4000,
      readonly: note.mine === false,
      oninput: () => saver.touch("note-change", { words: words.value }),
      onblur: () => (saver.dirty("words") ? saver.flush() : settle(words)),
    });
    const now = () => this.room.data.notes.find((one) => one.id === note.id) ?? note;
    return make("li", { class: "note" },
      make("div", { class: "acts" },
        act("", "plain", () => this.room.film.playStretch(...this.room.framesOf(now())), null, { "data-focus": "play" }),
        note.by && make("span", { class: "at" }, note.by),
        saved,
        note.mine !== false && act("Remove", "plain more", () => this.drop(note.id), null, { "data-focus": "remove" }),
      ),
      make("div", { class: "conflict", role: "alert", hidden: true }),
      words,
    );
  }

  saver(id, saved) {
    this.savers.get(id)?.close();
    const version = () => this.room.data.notes.find((one) => one.id === id)?.version;
    const made = new Saver(
      (kind, fields) => this.room.say(kind, null, { note: id, version: version(), ...fields }),
      () => {
        saved.textContent = made.words;
        made.speak((words) => this.room.tell_(words));
      },
    );
    this.savers.set(id, made);
    return made;
  }

  drop(id) {
    const note = this.room.data.notes.find((one) => one.id === id);
    if (!note) return;
    this.savers.get(id)?.hold(true);
    this.room.say("note-drop", null, { note: id, version: note.version });
  }

  close() {
    for (const saver of this.savers.values()) saver.close();
  }
}
