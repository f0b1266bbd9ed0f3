// The row of controls under the film: what each says, and how it looks now.

import { show } from "./dom.js";
import { SPEEDS, clock } from "./film.js";
import { said } from "./keys.js";

const SPOKEN = { 0.1: "⅒ speed", 0.25: "¼ speed", 0.5: "½ speed", 0.75: "¾ speed", 1: "Normal", 1.5: "1½ ×", 2: "2 ×" };

export class Controls {
  constructor(room) {
    this.room = room;
    this.time = room.one(".time");
    this.place = room.one(".strip");
    this.play = room.one('.bar [data-act="play"]');
    this.loop = room.one('.bar [data-act="loop"]');
    this.frozen = room.one('.bar [data-act="freeze"]');
    this.state = room.one(".state");
    this.speed = room.one(".speed select");
    this.speed.replaceChildren(...SPEEDS.map((rate) => new Option(SPOKEN[rate], rate)));
    this.speed.addEventListener("change", () => {
      room.film.setSpeed(Number(this.speed.value));
      this.speed.blur(); // the keyboard goes back to the film
    });
    this.titles();
  }

  // Every control says its key, whichever the person gave it.
  titles() {
    const { root, keymap } = this.room;
    for (const one of root.querySelectorAll("[data-words]")) {
      const key = keymap.key(one.dataset.act);
      one.title = key ? `${one.dataset.words} (${said(key)})` : one.dataset.words;
    }
  }

  // With every frame.
  draw() {
    const { room } = this;
    const { film } = room;
    room.root.classList.toggle("playing", film.playing);
    this.play.setAttribute("aria-label", film.playing ? "Pause" : "Play");
    this.loop.setAttribute("aria-pressed", String(Boolean(film.loop)));
    this.frozen.setAttribute("aria-pressed", String(room.frozen));
    show(this.time, `${clock(film.now, true)} / ${clock(film.length)}`);
    show(this.state, this.manner(room.frozen, film));
    if (this.speed !== room.root.getRootNode().activeElement) this.speed.value = String(film.speed);
    this.place.setAttribute("aria-valuemax", film.length.toFixed(1));
    this.place.setAttribute("aria-valuenow", film.now.toFixed(1));
    this.place.setAttribute("aria-valuetext", `${clock(film.now)} of ${clock(film.length)}`);
  }

  manner(frozen, film) {
    if (frozen) return "Frozen";
    if (film.backward) return `◂ ${film.backward}×`;
    return film.shuttle ? `▸ ${film.shuttle}×` : null;
  }
}
