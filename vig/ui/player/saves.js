// Saved as you type: what was changed is sent a moment later, one change of a thing at a time.
//
// Each change names the version it was made from. So the next one waits until the last was heard
// and its new version is known; two quick ones of one person never meet as a conflict.

const PAUSE = 500; // ms after the last key
const LATE = 6_000; // ms without an answer until it is said

export class Saver {
  // send(kind, fields) -> number of the gesture; changed() is called when `words` may be others.
  constructor(send, changed) {
    this.send = send;
    this.changed = changed;
    this.pending = new Map(); // kind -> fields that were not sent yet
    this.way = null; // { number, kind, fields, since } on its way
    this.refusal = null;
    this.savedAt = null;
    this.ticker = setInterval(() => this.changed(), 1000);
  }

  touch(kind, fields, pause = PAUSE) {
    this.pending.set(kind, { ...this.pending.get(kind), ...fields });
    this.refusal = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
    this.changed();
  }

  flush() {
    clearTimeout(this.timer);
    if (this.way || this.held || !this.pending.size) return;
    const [kind, fields] = this.pending.entries().next().value;
    this.pending.delete(kind);
    this.way = { kind, fields, since: Date.now(), number: this.send(kind, fields) };
    this.changed();
  }

  // What Python says. A refused change goes back to what waits, so that no word is lost.
  heard(data) {
    const { way } = this;
    if (way && data.heard >= way.number) {
      this.way = null;
      if (data.refused?.number === way.number) {
        this.pending.set(way.kind, { ...way.fields, ...this.pending.get(way.kind) });
        this.refusal = data.refused.words;
      } else {
        this.refusal = null;
        this.savedAt = Date.now();
        if (this.pending.size) this.flush();
      }
    }
    this.changed();
  }

  // While a person chooses between two versions nothing is sent.
  hold(on) {
    this.held = on;
  }

  drop() {
    this.pending.clear();
    this.refusal = null;
    this.changed();
  }

  // Whether this field's words are the person's and not yet the catalogue's.
  dirty(name) {
    return [this.way?.fields, ...this.pending.values()].some((fields) => fields && name in fields);
  }

  get unsaved() {
    return this.way !== null || this.pending.size > 0;
  }

  get words() {
    if (this.refusal) return `Not saved: ${this.refusal} Your words are kept here.`;
    if (this.way && Date.now() - this.way.since > LATE) return "Not saved yet. Your words are kept here.";
    if (this.unsaved) return "Saving…";
    return this.savedAt ? `Saved ${ago(Date.now() - this.savedAt)}` : "";
  }

  close() {
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
