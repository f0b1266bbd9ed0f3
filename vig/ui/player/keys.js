// The keyboard: which key does what, and when a key is ours at all.
//
// A key is named by what it types ("n", "Shift+n", "ArrowLeft", " "), so that the card speaks of
// the letters on the person's own keyboard. None needs a number pad or a function key. Letters of
// another alphabet are taken by the place of the key.

// deed, usual key, words for the card. Groups are the card's.
export const GROUPS = [
  ["Watch", [
    ["play", " ", "play or pause"],
    ["back", "ArrowLeft", "back a frame (hold to go on)"],
    ["on", "ArrowRight", "on a frame (hold to go on)"],
    ["second-back", "Shift+ArrowLeft", "back a second"],
    ["second-on", "Shift+ArrowRight", "on a second"],
    ["reverse", "j", "play backwards (again: faster)"],
    ["pause", "k", "pause (held with the two beside it: a frame)"],
    ["forward", "l", "play forwards (again: faster)"],
    ["slow", "s", "slow, slower, slowest, normal"],
    ["first", "Home", "to the beginning"],
    ["last", "End", "to the end"],
  ]],
  ["Mark", [
    ["mark", "m", "mark a moment, from five seconds ago"],
    ["in", "i", "the part begins here"],
    ["out", "o", "the part ends here"],
    ["in-earlier", "q", "begin a frame earlier"],
    ["in-later", "w", "begin a frame later"],
    ["out-earlier", "e", "end a frame earlier"],
    ["out-later", "r", "end a frame later"],
    ["play-marked", "a", "play the marked part, or this moment again"],
    ["loop", "p", "loop it"],
    ["keep", "Enter", "keep the marked part, or this suggestion"],
    ["unmark", "x", "clear the marks"],
    ["note", "t", "write a note here"],
  ]],
  ["Go and see", [
    ["next", "n", "next suggestion"],
    ["previous", "Shift+n", "suggestion before"],
    ["next-clip", "c", "next micro-clip"],
    ["previous-clip", "Shift+c", "micro-clip before"],
    ["freeze", "z", "freeze the picture (again: go on)"],
    ["still", "v", "show this picture large"],
    ["full", "f", "full screen"],
    ["curtain", "h", "hide the picture at once (again: bring it back)"],
  ]],
];

export const DEEDS = GROUPS.flatMap(([, deeds]) => deeds);
// What a held key may repeat; for every other deed a repeat is nothing.
const REPEATS = { back: "back-held", on: "on-held" };
for (const deed of ["second-back", "second-on", "in-earlier", "in-later", "out-earlier", "out-later"]) REPEATS[deed] = `${deed}`;
// Not ours to give away: they leave, move the focus, open the card, or belong to the browser.
// "." hides the whole page, on every page (door/curtain.js), before the room hears of it.
const FIXED = { "?": "help", Escape: "escape", ".": "hide" };
const FOREIGN = /^(Tab|Shift\+Tab|Shift\+Enter|F\d+|ContextMenu|Dead|Process|Unidentified|Insert|CapsLock|.*Lock|Alt.*|Shift|Control|Meta|OS|Fn|PrintScreen|Pause|PageUp|PageDown|ArrowUp|ArrowDown|\+|-)$/;
const LETTER = /^[a-z]$/;

// The name of a pressed key; null where it is only half of one.
export function nameOf(event) {
  let { key } = event;
  if (event.isComposing || event.keyCode === 229) return null;
  if (key.length === 1) {
    key = key.toLowerCase();
    if (key.charCodeAt(0) > 127 && /^Key[A-Z]$/.test(event.code)) key = event.code.slice(3).toLowerCase();
  }
  const shifted = event.shiftKey && (key.length > 1 || LETTER.test(key) || key === " ");
  return shifted && key !== "Shift" ? `Shift+${key}` : key;
}

const SAID = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

// How a key is written on the card.
export function said(name) {
  const parts = name.startsWith("Shift+") ? ["Shift", name.slice(6)] : [name];
  return parts.map((part) => SAID[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" + ");
}

// The person's keys: the usual ones, and what they changed.
export class Keymap {
  constructor(map) {
    this.read(map);
  }

  // Takes only what a card of ours can have made.
  read(map = {}) {
    this.off = map.off === true;
    this.own = {};
    for (const [deed, usual] of DEEDS) {
      const key = map[deed];
      if (typeof key !== "string" || !key.length || key.length >= 30 || key === usual) continue;
      if (!FIXED[key] && !FOREIGN.test(key)) this.own[deed] = key;
    }
    // All are read before they are compared: a key may be one that another deed gave up. What still
    // means two things goes back to the usual key, the later deed first.
    for (let twice = this.twice(); twice; twice = this.twice()) delete this.own[twice];
  }

  twice() {
    const keys = DEEDS.map(([deed]) => this.key(deed));
    return Object.keys(this.own).findLast((deed) => keys.filter((key) => key === this.key(deed)).length > 1);
  }

  get map() {
    return this.off ? { ...this.own, off: true } : { ...this.own };
  }

  key(deed) {
    return this.own[deed] ?? DEEDS.find(([name]) => name === deed)?.[1];
  }

  deed(key) {
    return FIXED[key] ?? DEEDS.find(([name]) => this.key(name) === key)?.[0] ?? null;
  }

  // Why a key cannot be had for a deed; null where it can.
  refusal(deed, key) {
    if (FIXED[key] || FOREIGN.test(key)) return `${said(key)} has a fixed meaning here or in the browser. Choose another key.`;
    const holder = this.deed(key);
    if (!holder || holder === deed) return null;
    const words = DEEDS.find(([name]) => name === holder)[2];
    return `${said(key)} already means “${words}”. Give that another key first.`;
  }

  // The sentence that refuses, or null when the key is changed.
  change(deed, key) {
    const refused = this.refusal(deed, key);
    if (refused) return refused;
    if (key === DEEDS.find(([name]) => name === deed)[1]) delete this.own[deed];
    else this.own[deed] = key;
    return null;
  }
}

const TYPING = /^(TEXTAREA|SELECT)$/;
const TAKING = /^(listbox|menu|menuitem|grid|combobox|textbox|searchbox|spinbutton|tree)$/;
// Among these one goes with arrows; no letter means anything there.
const CHOOSING = /^(radio|radiogroup|tablist|tab)$/;
const CHARACTER = /^(Shift\+)?[^ ]$/;
// Fields in which nothing is typed leave letters alone.
const QUIET = /^(checkbox|button|submit|reset)$/;

export class Keyboard {
  constructor(room, keymap, signal) {
    this.room = room;
    this.keymap = keymap;
    this.held = new Map(); // place of the key -> its name, while it is down
    const on = (target, type, f) => target.addEventListener(type, f, { capture: true, signal });
    on(document, "keydown", (event) => this.down(event));
    on(document, "keyup", (event) => this.held.delete(event.code));
    on(window, "blur", () => this.held.clear());
  }

  down(event) {
    const name = nameOf(event);
    if (name === null || event.defaultPrevented) return;
    // Insert, held, leads a screen reader's commands; the others the browser's and its.
    if (name === "Insert") this.held.set(event.code, name);
    if (event.ctrlKey || event.metaKey || event.altKey || this.isDown("Insert")) return;
    if (!this.room.root.isConnected || this.busy(event, name)) return;
    if (this.keymap.off && name.length === 1 && name !== " " && !FIXED[name]) return;
    const pressed = event.composedPath()[0];
    // A focused button keeps its own space and enter.
    if ((name === " " || name === "Enter") && /^(BUTTON|SUMMARY|A|INPUT)$/.test(pressed.tagName ?? "")) return;
    const deed = this.meant(name, event);
    // Escape closes whatever lies on top; only what is ours to close is closed here.
    if (deed === null || (deed === "escape" && !this.room.closes())) return;
    event.preventDefault();
    event.stopPropagation();
    if (deed) this.room.act(deed);
  }

  // The deed of a key; "" for one that is ours and does nothing now; null for one that is not.
  meant(name, event) {
    const deed = this.keymap.deed(name);
    if (deed === null) return null;
    if (event.repeat) return REPEATS[deed] ?? "";
    const beside = this.isDown(this.keymap.key("pause"));
    this.held.set(event.code, name);
    if (beside && deed === "reverse") return "back";
    if (beside && deed === "forward") return "on";
    return deed;
  }

  isDown(name) {
    return [...this.held.values()].includes(name);
  }

  busy(event, name = nameOf(event) ?? "") {
    if (document.querySelector('[role="dialog"]')) return true;
    if (this.room.root.querySelector("dialog[open]:not(.large)")) return true;
    const curtain = this.keymap.deed(name) === "curtain"; // must be quick: also from a list
    return event.composedPath().some((one) => one instanceof Element && takes(one, name) && !(curtain && one.tagName === "SELECT"));
  }
}

function takes(one, name) {
  const role = one.getAttribute("role") ?? "";
  if (one.tagName === "INPUT" && QUIET.test(one.type)) return false;
  if (CHOOSING.test(role) || (one.tagName === "INPUT" && one.type === "radio")) return !CHARACTER.test(name);
  if (one.tagName === "INPUT") return true;
  return TYPING.test(one.tagName) || one.isContentEditable || TAKING.test(role);
}
