// What stands beside the film: the helping question, suggestions, micro-clips and notes.
//
// It owns `section.right` and the header; the room (player.js) owns the film. Python is told by
// `room.say(kind, moment, fields)` and answers through `update(data)`.

import { card, cardSign, clipRow } from "./cards.js";
import { Comparing } from "./compare.js";
import { act, make, refill, show } from "./dom.js";
import { Editor } from "./editor.js";
import { Header } from "./header.js";
import { Notes } from "./notes.js";
import { Order } from "./order.js";

export class Panel {
  constructor(room) {
    this.room = room;
    this.opened = new Set(); // suggestions whose evidence is shown
    this.picked = []; // micro-clips that are to be compared
    this.tab = "clips";
    this.right = room.one(".right");
    this.build();
    this.header = new Header(this);
    this.editor = new Editor(this);
    this.notes = new Notes(this, this.part(".notes"));
    this.order = new Order(this.part(".clips"), {
      clips: () => room.clips,
      plan: () => room.data.plan_version,
      busy: () => room.queue.length > 0,
      tell: (clips, version) => room.say("clip-order", null, { clips, version }),
      redraw: () => this.drawClips(),
      signal: room.ac.signal,
    });
    // A card's button that is clicked does not take the focus: space and Enter stay with the film.
    this.part(".overview").addEventListener(
      "pointerdown",
      (event) => event.target.closest(".card button, .clip button") && event.preventDefault(),
      { signal: room.ac.signal },
    );
    document.addEventListener("keydown", (event) => this.key(event), { capture: true, signal: room.ac.signal });
  }

  part(selector) {
    return this.right.querySelector(selector);
  }

  build() {
    const tab = (name, words) =>
      act("", "tab", () => this.openTab(name), null, { "data-tab": name, role: "tab", id: `tab-${name}`, "aria-controls": `mine-${name}` , "data-words": words });
    this.right.replaceChildren(
      make("p", { class: "trouble", role: "alert", hidden: true }),
      make("div", { class: "overview" },
        make("div", { class: "top" },
          make("h2", {}, "Suggested moments ", make("span", { class: "count suggestions" })),
          make("label", { class: "switch", title: "You look first: suggestions come after a moment of your own" },
            make("input", { type: "checkbox", class: "first", onchange: (e) => this.room.say("look-first", null, { on: e.target.checked }) }), "Look first"),
        ),
        make("div", { class: "rack", tabindex: "-1" },
          make("p", { class: "none", hidden: true }),
          act("Show them now", "reveal", () => this.room.say("look-first", null, { on: false }), null, { hidden: true }),
          make("ol", { class: "cards", "aria-label": "Suggested moments" }),
          make("details", { class: "aside", hidden: true }, make("summary", {}), make("ol", { class: "cards gone", "aria-label": "Set aside" })),
          make("div", { class: "tips" }),
        ),
        make("div", { class: "mine" },
          make("div", { class: "tabs", role: "tablist", "aria-label": "What you chose", onkeydown: (e) => this.tabKey(e) }, tab("clips", "Micro-clips"), tab("notes", "Notes")),
          make("div", { id: "mine-clips", role: "tabpanel", "aria-labelledby": "tab-clips" },
            make("p", { class: "empty" }, "Nothing kept yet. Keep a suggestion, or mark a part of the film with In and Out."),
            make("ol", { class: "clips", "aria-label": "Micro-clips in the order of the review" }),
          ),
          make("div", { id: "mine-notes", role: "tabpanel", "aria-labelledby": "tab-notes", class: "notes", hidden: true }),
        ),
        make("p", { class: "remark", hidden: true }),
      ),
      make("div", { class: "editing", hidden: true }),
    );
  }

  // ---- what Python says

  update(data) {
    this.order.heard(data);
    if (this.room.adjusting && !data.moments.some((m) => m.id === this.room.adjusting && m.state === "new")) {
      this.room.adjusting = null;
    }
    this.picked = this.picked.filter((id) => data.clips.some((clip) => clip.id === id));
    this.header.update(data);
    show(this.part(".remark"), data.remark);
    this.part(".first").checked = Boolean(data.look_first?.on);
    this.draw();
    this.notes.update(data);
    this.editor.update(data);
    this.clashing(data);
  }

  // Both versions are shown where one can choose, also when the change came from the timeline; in
  // the midst of editing something else it is only said.
  clashing(data) {
    const clash = data.conflict;
    const elsewhere = Boolean(clash) && this.editor.id !== null && this.editor.id !== clash.id;
    show(this.part(".trouble"), data.problem ?? (elsewhere ? `${clash.words} Go back to all to choose.` : null));
    if (!clash || elsewhere || this.clashed === clash.number) return;
    this.clashed = clash.number;
    if (data.clips.some((clip) => clip.id === clash.id)) {
      if (this.editor.id === null) this.edit(clash.id);
    } else this.openTab("notes");
    this.part(".conflict:not([hidden])")?.scrollIntoView({ block: "nearest" });
  }

  // ---- what is drawn

  draw() {
    const { room } = this;
    const data = room.data;
    const shown = room.moments.filter((m) => m.state !== "left");
    const gone = room.moments.filter((m) => m.state === "left");
    const item = (m) => ({ key: m.id, sign: cardSign(m, this), build: () => card(m, this) });
    refill(this.part("ol.cards:not(.gone)"), shown.map(item));
    refill(this.part("ol.gone"), gone.map(item));
    this.part(".aside").hidden = gone.length === 0;
    this.part(".aside summary").textContent = `Set aside (${gone.length})`;
    this.part(".suggestions").textContent = room.moments.length ? `(${shown.length})` : "";
    show(this.part(".none"), room.moments.length ? null : data.none);
    // Refused while there is nothing of one's own, so not offered before.
    const own = (data.clips ?? []).length > 0 || (data.notes ?? []).some((note) => note.mine !== false);
    this.part(".reveal").hidden = !data.look_first?.hiding || !own;
    this.drawTips(data.quality ?? []);
    this.drawClips();
    this.follow();
  }

  drawClips() {
    const { room } = this;
    const clips = this.order.sorted();
    refill(
      this.part(".clips"),
      clips.map((clip, i) => ({
        key: clip.id,
        sign: [clip, i, this.picked.includes(clip.id)],
        build: () => clipRow(clip, i + 1, this),
      })),
    );
    if (this.order.dragged) this.part(`[data-clip="${this.order.dragged.id}"]`)?.classList.add("dragged");
    this.part(".empty").hidden = clips.length > 0;
    const counts = { clips: clips.length, notes: (room.data.notes ?? []).length };
    for (const tab of this.right.querySelectorAll("[data-tab]")) {
      const on = tab.dataset.tab === this.tab;
      const many = counts[tab.dataset.tab];
      tab.textContent = tab.dataset.words + (many ? ` (${many})` : "");
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      this.part(`#mine-${tab.dataset.tab}`).hidden = !on;
    }
  }

  drawTips(tips) {
    const box = this.part(".tips");
    const sign = JSON.stringify(tips);
    if (box.dataset.sign === sign) return;
    box.dataset.sign = sign;
    box.replaceChildren();
    if (!tips.length) return;
    box.append(
      make("details", {},
        make("summary", {}, "About the filming, for next time"),
        make("ul", {}, ...tips.map((tip) => make("li", {}, make("strong", {}, tip.what), " ", tip.tip))),
      ),
    );
  }

  follow() {
    for (const one of this.right.querySelectorAll(".card")) {
      const current = one.dataset.moment === this.room.current?.id;
      const before = one.getAttribute("aria-current") === "true";
      one.setAttribute("aria-current", String(current));
      if (current && !before) one.scrollIntoView({ block: "nearest" });
    }
  }

  // ---- what the person does

  open(moment) {
    if (!this.opened.delete(moment)) this.opened.add(moment);
    this.draw();
  }

  // The suggestion's stretch as the marked part, to be trimmed under the film and then kept.
  adjust(moment) {
    const { room } = this;
    const [first, last] = room.framesOf(moment);
    room.current = moment;
    room.clearMark();
    room.setMark("first", first);
    room.setMark("last", last);
    room.adjusting = moment.id;
    room.film.pause();
    room.film.seek(first);
    this.draw();
    room.one(".marked button")?.focus();
  }

  edit(clip) {
    this.editor.open(clip);
  }

  editKept(moment) {
    const { clip } = this.room.moments.find((one) => one.id === moment) ?? {};
    if (this.room.clips.some((one) => one.id === clip)) this.edit(clip);
  }

  // Two picked micro-clips are shown side by side.
  pick(id) {
    this.picked = this.picked.includes(id) ? this.picked.filter((one) => one !== id) : [...this.picked, id];
    if (this.picked.length === 2) {
      const clips = this.picked.map((one) => this.room.clips.find((clip) => clip.id === one));
      this.picked = [];
      this.drawClips(); // first: the dialog gives the focus back to the button that is there now
      return new Comparing(this.room, clips).open();
    }
    this.drawClips();
  }

  openTab(name) {
    this.tab = name;
    this.drawClips();
  }

  tabKey(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    this.openTab(this.tab === "clips" ? "notes" : "clips");
    this.part(`[data-tab="${this.tab}"]`).focus();
  }

  // Ctrl+Z and Ctrl+Shift+Z; in a field the browser's own undo rules.
  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (!this.room.root.isConnected || document.querySelector('[role="dialog"]')) return;
    const typing = event.composedPath().some(
      (one) => one instanceof Element && (/^(TEXTAREA|SELECT)$/.test(one.tagName) || one.isContentEditable || (one.tagName === "INPUT" && !/^(radio|checkbox)$/.test(one.type))),
    );
    if (typing) return;
    event.preventDefault();
    event.stopPropagation();
    this.undo(event.shiftKey ? "redo" : "undo");
  }

  undo(kind) {
    if (this.room.data[kind]) this.room.say(kind, null);
  }

  act(name) {
    if (name === "undo" || name === "redo") this.undo(name);
    if (name === "note") this.notes.begin();
  }

  // The whole column belongs to the editor while it is open.
  swap(editing) {
    this.part(".overview").hidden = editing;
    this.part(".editing").hidden = !editing;
    if (!editing && this.room.data) this.clashing(this.room.data);
  }

  close() {
    this.header.close();
    this.notes.close();
    this.editor.close();
  }
}
