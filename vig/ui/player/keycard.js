// The card of keys: what each key does, and another key for whoever wants one.

import { DEEDS, GROUPS, nameOf, said } from "./keys.js";

export class Keycard {
  // `changed(map)` hears the person's keys after each change.
  constructor(dialog, keymap, changed, signal) {
    this.dialog = dialog;
    this.keymap = keymap;
    this.changed = changed;
    this.waiting = null; // the deed for which a key is awaited
    this.words = dialog.querySelector(".told");
    const on = (target, type, f, more) => target.addEventListener(type, f, { signal, ...more });
    on(dialog, "keydown", (event) => this.pressed(event), { capture: true });
    on(dialog, "close", () => this.wait(null));
    on(dialog, "click", (event) => event.target === dialog && dialog.close());
    on(dialog.querySelector(".usual"), "click", () => this.usual());
    on(dialog.querySelector(".letters"), "change", (event) => {
      this.keymap.off = !event.target.checked;
      this.changed(this.keymap.map);
    });
    this.build();
  }

  build() {
    const groups = GROUPS.map(([title, deeds]) => {
      const part = element("section", {});
      part.append(element("h4", {}, title), element("ul", {}, ...deeds.map(([deed, , words]) => this.row(deed, words))));
      return part;
    });
    this.dialog.querySelector(".groups").replaceChildren(...groups);
    this.draw();
  }

  row(deed, words) {
    const button = element("button", { type: "button", "data-deed": deed });
    button.addEventListener("click", () => this.wait(this.waiting === deed ? null : deed));
    return element("li", {}, button, element("span", {}, words));
  }

  open() {
    this.tell("");
    this.draw();
    this.dialog.showModal();
  }

  draw() {
    for (const button of this.dialog.querySelectorAll("[data-deed]")) {
      const { deed } = button.dataset;
      const [, , words] = DEEDS.find(([name]) => name === deed);
      const key = this.keymap.key(deed);
      const waiting = deed === this.waiting;
      button.textContent = waiting ? "press a key" : said(key);
      button.setAttribute("aria-label", waiting ? `Press the new key for: ${words}` : `${spoken(key)}: ${words}. Change this key`);
      button.classList.toggle("own", deed in this.keymap.own);
      button.classList.toggle("waiting", waiting);
    }
    this.dialog.querySelector(".usual").hidden = !Object.keys(this.keymap.own).length;
    this.dialog.querySelector(".letters").checked = !this.keymap.off;
  }

  wait(deed) {
    this.waiting = deed;
    if (deed) this.tell(`Press the new key for “${DEEDS.find(([name]) => name === deed)[2]}”. Escape leaves it as it is.`);
    this.draw();
  }

  pressed(event) {
    if (!this.waiting) {
      if (event.key === "?") this.dialog.close();
      return;
    }
    const name = nameOf(event);
    if (name === null || /^(Shift|Control|Alt|AltGraph|Meta|CapsLock|Fn|Dead)$/.test(event.key)) return;
    if (event.key === "Tab") return this.wait(null);
    event.preventDefault();
    event.stopPropagation();
    if (name === "Escape") {
      this.wait(null);
      return this.tell("It stays as it was.");
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return this.tell("Keys with Ctrl, Alt or Command belong to the browser. Choose another key.");
    }
    const refused = this.keymap.change(this.waiting, name);
    if (refused) return this.tell(refused);
    this.tell(`${said(name)} it is.`);
    this.wait_();
  }

  wait_() {
    this.waiting = null;
    this.draw();
    this.changed(this.keymap.map);
  }

  usual() {
    this.keymap.own = {};
    this.tell("The usual keys are back.");
    this.wait_();
    this.dialog.querySelector("[data-deed]").focus();
  }

  tell(words) {
    this.words.textContent = words;
  }
}

function spoken(key) {
  return key.replace("Arrow", "").replace(/^ $/, "Space").replace("+", " ");
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
