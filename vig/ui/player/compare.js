// Two takes side by side: play each, or both at once; then one of them may go.

import { act, make } from "./dom.js";
import { clock, seconds } from "./film.js";
import { Loupe } from "./loupe.js";

export class Comparing {
  constructor(room, clips) {
    this.room = room;
    this.sides = clips.map((clip) => ({ clip, loupe: new Loupe(room.film, clip.title || "Micro-clip") }));
    this.dialog = make("dialog", { class: "compare", "aria-label": "Compare two takes" },
      make("h2", {}, "Compare two takes"),
      make("div", { class: "two" }, ...this.sides.map((side) => this.side(side))),
      make("div", { class: "acts" },
        act("Play both", "primary", () => this.sides.forEach((one, i) => this.play(one, { sound: i === 0 }))),
        act("Slowly", "", () => this.sides.forEach((one) => this.play(one, { rate: 0.5 }))),
        act("Stop", "", () => this.stop()),
        act("Close", "more", () => this.dialog.close())),
    );
    this.dialog.addEventListener("close", () => this.close());
  }

  side(side) {
    const { clip } = side;
    const name = clip.title || `From ${clock(seconds(clip.start), true)}`;
    return make("section", {},
      make("p", { class: "of" }, this.room.data.picture),
      side.loupe.video,
      make("h3", {}, name),
      make("p", { class: "at" }, `${clock(seconds(clip.start), true)} to ${clock(seconds(clip.end), true)} · ${(seconds(clip.end) - seconds(clip.start)).toFixed(1)} s`),
      make("div", { class: "acts" },
        act("Play", "", () => this.play(side, { sound: true }), `Play ${name}`),
        act("Remove this take", "plain", () => this.remove(clip), `Remove ${name}`)),
    );
  }

  open() {
    this.room.film.pause();
    this.room.root.append(this.dialog);
    this.dialog.showModal();
    for (const { clip, loupe } of this.sides) loupe.show(this.room.framesOf(clip)[0]);
  }

  play(side, how) {
    return side.loupe.play(...this.room.framesOf(side.clip), how);
  }

  stop() {
    for (const { loupe } of this.sides) loupe.pause();
  }

  remove(clip) {
    this.room.say("unkeep", null, { clip: clip.id, version: clip.version });
    this.dialog.close();
  }

  close() {
    for (const { loupe } of this.sides) loupe.close();
    this.dialog.remove();
  }
}
