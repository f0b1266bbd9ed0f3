// Where films are chosen, and a row for each that is on its way: see sending.js.

import { all, begin, forget, goOn, moving, watch } from "./sending.js";

const parts = new WeakMap();

export default function mount({ parentElement, data, setTriggerValue }) {
  let part = parts.get(parentElement);
  if (!part) {
    part = new Uploader(parentElement.querySelector(".up"));
    parts.set(parentElement, part);
  }
  part.told = setTriggerValue;
  part.update(data);
  return () => {
    part.close();
    parts.delete(parentElement);
  };
}

class Uploader {
  constructor(root) {
    this.one = (selector) => root.querySelector(selector);
    this.ac = new AbortController();
    this.rows = new Map();
    this.reported = new Set([...all].filter((one) => one.recording));
    const on = (target, type, f) => target.addEventListener(type, f, { signal: this.ac.signal });
    const input = this.one(".drop input");
    on(input, "change", () => {
      this.take([...input.files]);
      input.value = "";
    });
    const drop = this.one(".drop");
    on(drop, "dragover", (e) => {
      e.preventDefault();
      drop.classList.add("over");
    });
    on(drop, "dragleave", () => drop.classList.remove("over"));
    on(drop, "drop", (e) => {
      e.preventDefault();
      drop.classList.remove("over");
      this.take([...e.dataTransfer.files]);
    });
    this.unwatch = watch(() => this.draw());
  }

  update(data) {
    this.data = data;
    const drop = this.one(".drop");
    if (!data.adding) drop?.remove(); // one part is for adding or for going on, never both in turn
    else {
      drop.classList.toggle("wait", Boolean(data.why_not));
      this.one(".drop input").disabled = Boolean(data.why_not);
      this.one(".lead").textContent = data.why_not || data.lead;
    }
    this.draw();
  }

  /** The agreement goes with a film as it stood when the film was chosen. */
  take(files) {
    if (!this.data.adding || this.data.why_not) return;
    for (const file of files) begin(file, this.data.film);
  }

  draw() {
    const mine = new Set([...all].filter((one) => !one.trouble).map((one) => one.id));
    const waiting = (this.data?.waiting ?? []).filter((one) => !mine.has(one.id));
    const wanted = new Map([...all].map((one) => [one, one]));
    for (const one of waiting) wanted.set(one.id, one);
    for (const [key, row] of this.rows) {
      if (wanted.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    for (const [key, one] of wanted) {
      if (!this.rows.has(key)) {
        const row = typeof key === "string" ? this.waitingRow(one) : this.sendingRow(one);
        this.rows.set(key, row);
        this.one(".rows").append(row);
      }
      if (typeof key !== "string") redraw(this.rows.get(key), one);
    }
    this.report();
  }

  /**
   * Tell the page of what came in, once nothing moves any more: it draws itself anew then, and says
   * itself what is to be done with the original.
   */
  report() {
    const fresh = [...all].filter((one) => one.recording && !this.reported.has(one));
    if (!fresh.length || moving()) return;
    for (const one of fresh) this.reported.add(one);
    this.told("done", fresh.at(-1).recording);
    for (const one of fresh) one.dismiss();
  }

  sendingRow(one) {
    const row = copy(this.one("template.sending"));
    row.querySelector(".name").textContent = one.name;
    row.querySelector("progress").setAttribute("aria-label", `How far ${one.name || "the film"} is`);
    row.querySelector(".pause").addEventListener("click", () => one.pause());
    row.querySelector(".stop").addEventListener("click", () => one.stop());
    row.querySelector(".close").addEventListener("click", () => one.dismiss());
    return row;
  }

  waitingRow(one) {
    const row = copy(this.one("template.waiting"));
    const whole = one.arrived >= one.size;
    row.querySelector(".what").textContent = one.words;
    row.querySelector("progress").value = one.arrived / one.size;
    row.querySelector(".pick").hidden = whole;
    row.querySelector(".bring").hidden = !whole;
    row.querySelector(".bring").addEventListener("click", () => goOn(null, one));
    const input = row.querySelector("input");
    input.setAttribute("aria-label", one.words);
    input.addEventListener("change", () => input.files[0] && goOn(input.files[0], one));
    row.querySelector(".forget").addEventListener("click", async () => {
      await forget(one.id);
      this.told("forgotten", one.id);
    });
    return row;
  }

  close() {
    this.ac.abort();
    this.unwatch();
  }
}

function redraw(row, one) {
  const set = (selector, words) => {
    const place = row.querySelector(selector);
    if (place.textContent !== words) place.textContent = words;
  };
  set(".what", one.trouble ? "" : one.words);
  set(".trouble", one.trouble ?? "");
  set(".pause", one.paused ? "Go on" : "Pause");
  row.querySelector(".trouble").hidden = !one.trouble;
  row.querySelector("progress").value = one.share;
  row.querySelector("progress").hidden = Boolean(one.trouble || one.recording);
  row.querySelector(".pause").hidden = !one.mayPause;
  row.querySelector(".stop").hidden = !one.active || one.stopped;
  row.querySelector(".close").hidden = one.active;
}

const copy = (template) => template.content.firstElementChild.cloneNode(true);
