// Who is who, and which cues count in this family. One click is for the whole film.

import { act, make, oneOf } from "./dom.js";

export class People {
  constructor(room) {
    this.room = room;
    this.body = make("div", {});
    this.dialog = make("dialog", { class: "people", "aria-label": "Who is who" },
      make("h2", {}, "Who is who"),
      this.body,
      make("div", { class: "acts" }, act("Close", "primary more", () => this.dialog.close())),
    );
  }

  open() {
    this.room.film.pause();
    this.dialog.showModal();
  }

  update(data) {
    const people = data.people ?? [];
    const sign = JSON.stringify([people.map((one) => [one.id, one.picture, one.box]), Boolean(data.cues), data.roles, data.people_words]);
    if (this.drawn !== sign) this.build(data, people);
    this.drawn = sign;
    this.choose(data, people);
  }

  // What was chosen is changed in place, so that the keyboard stays where it is; what is on its way
  // stands as it was chosen.
  choose(data, people) {
    const coming = (fits) => this.room.queue.some(fits);
    for (const one of people) {
      if (!coming((gesture) => gesture.kind === "swap" || (gesture.kind === "person" && gesture.person === one.id))) this.roles.get(one.id).choose(one.as);
    }
    for (const [cue, input] of this.boxes) {
      if (!coming((gesture) => gesture.kind === "cues" && gesture.cue === cue)) input.checked = data.cues[cue];
    }
  }

  build(data, people) {
    this.roles = new Map();
    this.boxes = new Map();
    this.body.replaceChildren(
      make("p", { class: "hint" }, data.people_words ?? ""),
      make("ul", { class: "found" }, ...people.map((one, i) => this.person(one, i + 1, data))),
      ...[people.length > 1 && act("Swap baby and parent", "", () => this.room.say("swap", null)), this.cues(data.cues)].filter(Boolean),
    );
  }

  person(one, number, data) {
    const roles = oneOf(`Person ${number}`, data.roles ?? [], one.as, (as) => this.room.say("person", null, { person: one.id, as }));
    this.roles.set(one.id, roles);
    return make("li", {}, face(one, `Person ${number}, ${data.picture}`), roles);
  }

  cues(cues) {
    if (!cues) return null;
    const box = ([cue, words]) => {
      const input = make("input", { type: "checkbox", onchange: () => this.room.say("cues", null, { cue, on: input.checked }) });
      this.boxes.set(cue, input);
      return make("label", { class: "choice" }, input, make("span", {}, words));
    };
    return make("fieldset", { class: "field" },
      make("legend", {}, "In this family, suggestions may go by"),
      make("div", { class: "choices" }, ...[["looking", "looking"], ["smiling", "smiling"]].map(box)),
      make("p", { class: "hint" }, "Nobody is asked why, and no reason is kept."),
    );
  }
}

// The face out of its still: a square window over the larger picture.
function face(one, words) {
  const [left, top, right, bottom] = one.box;
  const picture = make("img", { alt: words, draggable: "false" });
  picture.addEventListener("load", () => {
    const [w, h] = [picture.naturalWidth, picture.naturalHeight];
    const side = Math.max((right - left) * w, (bottom - top) * h) * 1.5;
    const shown = Math.min(side, w, h);
    const x = Math.min(Math.max(((left + right) / 2) * w - shown / 2, 0), w - shown);
    const y = Math.min(Math.max(((top + bottom) / 2) * h - shown / 2, 0), h - shown);
    const scale = 100 / shown;
    picture.style.cssText = `width:${w * scale}%;left:${-x * scale}%;top:${-y * scale}%`;
  });
  picture.src = one.picture;
  return make("div", { class: "face" }, picture);
}
