// Says shortly, for a screen reader, what a deed did: where the film is now, and how it plays.
//
// A region that changed with every frame would never be silent, so it speaks after a deed only,
// and once things have come to rest.

import { clock } from "./film.js";

const REST = 350; // ms

const PLACES = /^(pause|back|on|back-held|on-held|second-back|second-on|first|last|scrub|freeze|play)$/;

export class Teller {
  constructor(room) {
    this.room = room;
    this.region = room.one(".teller");
  }

  did(deed) {
    if (PLACES.test(deed)) this.soon(() => this.place());
    else if (/^(slow|forward|reverse|loop|curtain|in|out)$/.test(deed)) this.soon(() => this.manner(deed));
  }

  soon(words) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(words()), REST);
  }

  place() {
    const { film, frozen } = this.room;
    if (film.playing) return this.pace();
    return `${frozen ? "Frozen, " : ""}${clock(film.now, true)}`;
  }

  pace() {
    const { film } = this.room;
    const way = film.backward ? "Playing backwards" : "Playing";
    return film.rate === 1 ? way : `${way}, ${film.rate} times`;
  }

  manner(deed) {
    const { film, marks, hidden } = this.room;
    if (deed === "loop") return film.loop ? "Loop on" : "Loop off";
    if (deed === "curtain") return hidden ? "The picture is hidden" : "The picture is back";
    if (deed === "in" || deed === "out") return marks.some ? `${deed === "in" ? "Begins" : "Ends"} ${clock(film.now, true)}, ${marks.long}` : "";
    return film.playing ? this.pace() : `Speed ${film.rate}`;
  }

  say(words) {
    clearTimeout(this.timer);
    // The same words twice would not be spoken again.
    this.region.textContent = words === this.region.textContent ? `${words}\u00a0` : words;
  }

  close() {
    clearTimeout(this.timer);
  }
}
