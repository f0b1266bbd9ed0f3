// Above the film: whose it is, the helping question, undo and redo with their names.

import { act, anyOf, make, put, settle, show } from "./dom.js";
import { People } from "./people.js";
import { Saver } from "./saves.js";

export class Header {
  constructor(panel) {
    this.panel = panel;
    this.room = panel.room;
    const { room } = this;
    this.saver = new Saver((kind, fields) => room.say(kind, null, fields), () => this.told());
    this.people = new People(room);
    this.question = make("input", {
      type: "text",
      class: "question",
      "aria-label": "Helping question",
      placeholder: "The parent's own hope, in their words",
      autocomplete: "off",
      maxlength: 300,
      oninput: () => this.saver.touch("question", { words: this.question.value }),
      onblur: () => (this.saver.dirty("words") ? this.saver.flush() : settle(this.question)),
    });
    this.focus = make("details", { class: "focus" });
    this.undo = act("", "undo", () => panel.undo("undo"), null, { title: "Ctrl + Z" });
    this.redo = act("", "redo", () => panel.undo("redo"), null, { title: "Ctrl + Shift + Z" });
    this.saved = make("span", { class: "saved" });
    this.original = make("div", { class: "original", hidden: true });
    this.root = make("header", { class: "head" },
      make("h1", {}),
      make("div", { class: "asked" },
        make("div", { class: "pinned" }, make("span", { class: "label", "aria-hidden": "true" }, "Helping question"), this.question, this.saved),
        this.focus),
      make("div", { class: "tools" }, this.undo, this.redo, act("Who is who", "", () => this.people.open(), null, { "aria-haspopup": "dialog" })),
      this.original,
    );
    room.root.prepend(this.root);
    room.root.append(this.people.dialog);
    addEventListener(
      "beforeunload",
      (event) => room.queue.length && document.body.style.visibility !== "hidden" && event.preventDefault(),
      { signal: room.ac.signal },
    );
  }

  update(data) {
    this.saver.heard(data);
    const head = data.head ?? { family: data.whose, about: "" };
    this.root.querySelector("h1").replaceChildren(head.family, " ", make("small", {}, head.about));
    if (!this.saver.dirty("words")) put(this.question, data.question ?? "");
    this.name(this.undo, "Undo", data.undo);
    this.name(this.redo, "Redo", data.redo);
    this.chips(data);
    this.flag(data);
    this.people.update(data);
  }

  name(button, word, what) {
    button.disabled = !what;
    const sign = { Undo: "↶", Redo: "↷" }[word];
    button.replaceChildren(make("span", { "aria-hidden": "true" }, `${sign} `), make("b", {}, word), what ? make("span", { class: "what" }, ` ${what}`) : "");
    button.setAttribute("aria-label", what ? `${word}: ${what}` : `Nothing to ${word.toLowerCase()}`);
  }

  // Which principles the question is about: what fits them is shown earlier.
  chips(data) {
    const choices = data.principles ?? [];
    const sign = JSON.stringify(choices);
    if (this.drawn !== sign) {
      this.drawn = sign;
      this.about = make("summary", {});
      this.chosen = anyOf("The question is about", choices, [], (principles) => this.room.say("focus", null, { principles }));
      const hint = make("p", { class: "hint" }, data.focus_words ?? "Suggestions that fit come first. Nothing else changes.");
      this.focus.replaceChildren(this.about, make("div", { class: "sheet" }, this.chosen, hint));
      this.focus.hidden = !choices.length;
    }
    // A tick on its way stands as it was ticked.
    if (this.room.queue.some((gesture) => gesture.kind === "focus")) return;
    const chosen = data.focus ?? [];
    const names = choices.filter(([id]) => chosen.includes(id)).map(([, words]) => words);
    this.about.textContent = names.length ? `About: ${names.join(", ")}` : "What is it about?";
    this.chosen.choose(chosen);
  }

  // Until somebody ticks it: the unprotected original may still lie on the phone.
  flag(data) {
    this.original.hidden = !data.original_left;
    if (!data.original_left || this.original.childElementCount) return;
    this.original.append(
      make("span", {}, data.original_words),
      act("It is erased there", "", () => this.room.say("original-gone", null)),
    );
  }

  told() {
    show(this.saved, this.saver.words);
    this.saver.speak((words) => this.room.tell_(words));
  }

  close() {
    this.saver.close();
  }
}
