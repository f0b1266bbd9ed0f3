// The timeline as a list: every mark of the lanes that are shown, with a button that goes there, and
// for a clip the ways to move its edges. Made from the same marks that are drawn.

import { clock } from "./film.js";
import { UNHEARD, UNSEEN, marksIn } from "./timeline-marks.js";

const MOST = 60; // lines of one heading until "Show more"; an hour has thousands of marks

// kind of mark -> heading; several kinds may share one lane.
const HEADINGS = {
  moment: "Suggestions",
  clip: "My clips",
  note: "Notes",
  eyes: "Looking at each other",
  facing: "Turned to each other",
  "baby-smile": "The baby smiles",
  "parent-smile": "The parent smiles",
  "baby-voice": "The baby's voice",
  "parent-voice": "The parent's voice",
  cry: "Crying",
  unseen: UNSEEN,
  unheard: UNHEARD,
};

export function built(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// [heading, marks] of everything in the film on the lanes shown, in the order of the lanes. Loudness
// has no line: it is a picture of the sound, and the voices in it have theirs.
export function listed(data, lanes, length) {
  const found = new Map();
  for (const mark of marksIn(listable(data), lanes, [0, length])) {
    const heading = HEADINGS[mark.kind];
    if (!heading) continue;
    if (!found.has(heading)) found.set(heading, []);
    found.get(heading).push(mark);
  }
  return [...found];
}

// Smiles are drawn by their height at each tick; a list says each smile once.
function listable(data) {
  if (!data.seen) return { ...data, sound: null };
  const as = (name) => ({
    each: (from, to, blur, f) => data.seen[name].each(from, to, 0, (a, b) => f(a, b, 1)),
  });
  const seen = { ...data.seen, "baby-smile-height": as("baby-smile"), "parent-smile-height": as("parent-smile") };
  return { ...data, seen, sound: null };
}

export class MarkList {
  constructor(line) {
    this.line = line;
    this.more = new Set();
    line.listed.addEventListener("click", (event) => this.clicked(event), { signal: line.ac.signal });
  }

  toggle() {
    const { line } = this;
    line.listed.hidden = !line.listed.hidden;
    line.lister.setAttribute("aria-expanded", String(!line.listed.hidden));
    this.refill();
  }

  refill() {
    const { line } = this;
    if (line.listed.hidden || !line.film.ready) return;
    const groups = listed(line.data, line.lanes, line.film.length);
    const sign = JSON.stringify(groups.map(([heading, marks]) => [heading, this.more.has(heading), marks.map(words)]));
    if (sign === this.sign) return;
    this.sign = sign;
    this.groups = groups;
    const focus = line.listed.getRootNode().activeElement?.dataset?.key;
    line.listed.replaceChildren(...groups.flatMap(([heading, marks], group) => this.part(heading, marks, group)));
    if (!groups.length) line.listed.append(built("p", {}, "Nothing is marked yet."));
    if (focus) line.listed.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  part(heading, marks, group) {
    const all = this.more.has(heading) || marks.length <= MOST;
    const shown = all ? marks : marks.slice(0, MOST);
    const list = built("ul", {}, ...shown.map((mark, i) => this.row(mark, group, i)));
    const parts = [built("h3", {}, marks.length > 1 ? `${heading} (${marks.length})` : heading), list];
    if (!all) parts.push(built("button", { type: "button", "data-more": heading }, `Show all ${marks.length}`));
    return parts;
  }

  row(mark, group, i) {
    const key = `${mark.kind}-${mark.item?.id ?? i}`;
    const button = (act, said, label) =>
      built("button", { type: "button", "data-do": act, "data-at": `${group},${i}`, "data-key": `${key}-${act}`, "aria-label": label }, said);
    const said = words(mark);
    const row = built("li", {}, button("go", said, `Go to ${said}`));
    if (mark.item) row.append(button("play", "Play", `Play ${said}`));
    if (mark.item?.version !== undefined && mark.kind !== "moment") row.append(button("edges", "Move its edges", `Move the edges of ${said}`));
    return row;
  }

  clicked(event) {
    const { line } = this;
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.more) {
      this.more.add(button.dataset.more);
      return this.refill();
    }
    const [group, i] = button.dataset.at.split(",").map(Number);
    const mark = this.groups[group][1][i];
    const kind = `${mark.kind}s`;
    const deeds = {
      go: () => line.film.seek(line.film.at(mark.from + 1e-6)),
      play: () => line.room.chosen(kind, mark.item),
      edges: () => line.edges.hold(kind, mark.item),
    };
    deeds[button.dataset.do]();
  }
}

function words(mark) {
  const span = `${clock(mark.from)} to ${clock(mark.to)}`;
  return mark.item ? `${span}: ${mark.item.name}` : span;
}
