// The marked part of the film: where it begins and ends, to the frame.
//
// `first` and `last` are frames, both inside; null where an edge was not set. A mark made while
// the film plays is open: it ends wherever the film is until it is closed.

import { clock, micros } from "./film.js";

const BACK = 5; // seconds before the press at which a marked moment begins

export class Marked {
  constructor(room) {
    this.room = room;
    this.first = null;
    this.last = null;
    this.open = false;
    this.drawn = null;
  }

  get some() {
    return this.first !== null || this.last !== null;
  }

  // First and last frame; an edge that was not set is the film's.
  get span() {
    const { film } = this.room;
    const last = this.open ? Math.max(film.here, this.first) : this.last;
    return [this.first ?? 0, last ?? film.frames - 1];
  }

  // The same as whole microseconds, half-open.
  get micros() {
    const [first, last] = this.span;
    const { film } = this.room;
    return { start: micros(film.start(first)), end: micros(film.start(last + 1)) };
  }

  set(edge, frame) {
    this.close();
    const other = edge === "first" ? "last" : "first";
    this[edge] = Math.min(Math.max(frame, 0), this.room.film.frames - 1);
    if (this.first !== null && this.last !== null && this.first > this.last) this[other] = this[edge];
    if (this.some) this.room.strays();
    this.show();
  }

  // One key for a moment: from five seconds ago until now, or, while the film plays, until the
  // key is pressed again.
  moment() {
    const { film } = this.room;
    if (this.open) {
      this.close();
      this.room.tell_(`Marked, ${this.words}.`);
    } else {
      this.room.adjusting = null; // a moment of one's own
      this.first = film.at(Math.max(0, film.now - BACK));
      this.last = film.here;
      this.open = film.playing && !film.backward;
      this.room.tell_(this.open ? "A moment begins five seconds ago. Press again where it ends." : `Marked, ${this.words}.`);
    }
    this.show();
  }

  close() {
    if (!this.open) return;
    this.last = this.span[1];
    this.open = false;
  }

  // Moves an edge and shows the frame that it now stands on.
  nudge(edge, by) {
    const { film } = this.room;
    this.close();
    film.pause();
    film.stopAfter = null;
    this.set(edge, (this[edge] ?? film.here) + by);
    film.seek(this[edge]);
    const which = edge === "first" ? "Begins" : "Ends";
    this.room.tell_(`${which} ${clock(film.now, true)}, ${this.long}.`);
  }

  clear() {
    this.first = this.last = null;
    this.open = false;
    this.show();
  }

  get long() {
    const { start, end } = this.micros;
    return `${((end - start) / 1e6).toFixed(1)} s`;
  }

  get words() {
    const { start, end } = this.micros;
    return `${clock(start / 1e6, true)} to ${clock(end / 1e6, true)}`;
  }

  show() {
    const { room } = this;
    room.one(".marked").hidden = !this.some;
    room.one(".unmarked").hidden = this.some;
    room.root.classList.toggle("marking", this.some);
    if (this.some && room.film.loop) {
      const [first, last] = this.span;
      room.film.setLoop({ first, last });
    }
    this.drawn = null;
    this.draw();
    room.timeline.draw();
  }

  // Also with every frame, for a mark that is still open.
  draw() {
    const { room } = this;
    if (!this.some || !room.film.ready) return;
    const said = `${this.words} · ${this.long}${this.open ? " …" : ""}`;
    if (said === this.drawn) return;
    this.drawn = said;
    const { start, end } = this.micros;
    room.one(".from").textContent = clock(start / 1e6, true);
    room.one(".to").textContent = this.open ? "now" : clock(end / 1e6, true);
    room.one(".long").textContent = this.long;
    room.one(".again").hidden = !this.open;
  }
}
