// Saved as you type: what was changed is sent a moment later, one change of a thing at a time.
//
// Each change names the version it was made from. So the next one waits until the last was heard
// and its new version is known; two quick ones of one person never meet as a conflict.

const PAUSE = 500; // ms after the last key
const LATE = 6_000; // ms without an answer until it is said

// Leaving the page with words that are not kept yet is asked about first. Not when the door was
// locked: by then the page is blank, and must leave.
const open = new Set();
addEventListener("beforeunload", (event) => {
  if (document.body.style.visibility === "hidden") return;
  const some = [...open].filter((saver) => saver.unsaved);
  for (const saver of some) saver.flush();
  if (some.length) event.preventDefault();
});

export class Saver {
  // send(kind, fields) -> number of the gesture; changed() is called when `words` may be others.
  constructor(send, changed) {
    this.send = send;
    this.changed = changed;
    this.pending = new Map(); // kind -> fields that were not sent yet
    this.back = new Map(); // kind -> fields that were refused
    this.way = null; // { number, kind, fields, since } on its way
    this.refusal = null;
    this.savedAt = null;
    this.ticker = setInterval(() => this.changed(), 1000);
    open.add(this);
  }

  touch(kind, fields, pause = PAUSE) {
    this.pending.set(kind, { ...this.pending.get(kind), ...fields });
    this.forget(kind, fields);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
    this.changed();
  }

  // A refused field that was changed again is not the refused one any more.
  forget(kind, fields) {
    const left = Object.entries(this.back.get(kind) ?? {}).filter(([name]) => !(name in fields));
    if (left.length) this.back.set(kind, Object.fromEntries(left));
    else this.back.delete(kind);
    if (!this.back.size) this.refusal = null;
  }

  // What was refused is tried again only by itself, so that nothing else is refused with it.
  flush() {
    clearTimeout(this.timer);
    if (this.way || this.held) return;
    if (!this.pending.size) this.again();
    if (!this.pending.size) return;
    const [kind, fields] = this.pending.entries().next().value;
    this.pending.delete(kind);
    this.way = { kind, fields, since: Date.now(), number: this.send(kind, fields) };
    this.changed();
  }

  again() {
    for (const [kind, fields] of this.back) this.pending.set(kind, { ...fields, ...this.pending.get(kind) });
    this.back.clear();
  }

  // What Python says. A refused change is laid aside, so that no word is lost.
  heard(data) {
    const { way } = this;
    if (way && data.heard >= way.number) {
      this.way = null;
      if (data.refused?.number === way.number) {
        this.back.set(way.kind, { ...this.back.get(way.kind), ...way.fields });
        this.refusal = data.refused.words;
        this.forget(way.kind, this.pending.get(way.kind) ?? {});
      } else {
        if (!this.back.size) this.refusal = null;
        this.savedAt = Date.now();
      }
      if (this.pending.size) this.flush();
    }
    this.changed();
  }

  // While a person chooses between two versions nothing is sent; after that, all of it together.
  hold(on) {
    if (this.held && !on) this.again();
    this.held = on;
  }

  // A refused change of this thing once more, made from the newest version; it may have come from
  // elsewhere on the page. What was typed since stands over it.
  wanted({ kind, fields }) {
    this.pending.set(kind, { ...fields, ...this.pending.get(kind) });
    this.flush();
  }

  drop() {
    this.pending.clear();
    this.back.clear();
    this.refusal = null;
    this.changed();
  }

  // Whether this field's words are the person's and not yet the catalogue's.
  dirty(name) {
    return [this.way?.fields, ...this.pending.values(), ...this.back.values()].some((fields) => fields && name in fields);
  }

  get unsaved() {
    return this.way !== null || this.pending.size + this.back.size > 0;
  }

  get words() {
    // The choice between both stands beside it and says the rest.
    if (this.refusal && this.held) return "Not saved until you choose.";
    if (this.refusal) return `Not saved: ${this.refusal} Your words are kept here.`;
    if (this.way && Date.now() - this.way.since > LATE) return "Not saved yet. Your words are kept here.";
    if (this.unsaved) return "Saving…";
    return this.savedAt ? `Saved ${ago(Date.now() - this.savedAt)}` : "";
  }

  // Tells say(words) after each change that it was saved, or was not: once, not with every second.
  speak(say) {
    const words = this.words.startsWith("Saved") ? "Saved" : this.words;
    if (words && words !== "Saving…" && words !== this.spoken) say(words);
    this.spoken = words;
  }

  close() {
    open.delete(this);
    this.flush();
    clearInterval(this.ticker);
  }
}

export function ago(time) {
  const seconds = Math.round(time / 1000);
  if (seconds < 1) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  return `${Math.round(seconds / 60)} min ago`;
}
