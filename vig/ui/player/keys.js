// The keyboard. Keys are ours only while nobody types, no dialog is open and no list has the focus.

const TYPING = /^(INPUT|TEXTAREA|SELECT)$/;

export function listen(room, signal) {
  document.addEventListener("keydown", (event) => heard(event, room), { capture: true, signal });
}

export function heard(event, room) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!room.root.isConnected || busy(event, room)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const pressed = event.composedPath()[0];
  // A focused button keeps its own space and enter.
  if ((key === " " || key === "Enter") && /^(BUTTON|SUMMARY|A)$/.test(pressed.tagName ?? "")) return;
  const name = NAMES[event.shiftKey && key.startsWith("Arrow") ? `Shift+${key}` : key];
  if (!name) return;
  event.preventDefault();
  event.stopPropagation();
  room.act(name);
}

function busy(event, room) {
  if (room.helpOpen) return true;
  if (document.querySelector('[role="dialog"]')) return true;
  return event.composedPath().some(
    (one) =>
      one instanceof Element &&
      (TYPING.test(one.tagName) ||
        one.isContentEditable ||
        /^(listbox|menu|grid|combobox|textbox)$/.test(one.getAttribute("role") ?? "")),
  );
}

const NAMES = {
  " ": "play",
  k: "pause",
  l: "faster",
  j: "reverse",
  ArrowLeft: "back",
  ArrowRight: "on",
  "Shift+ArrowLeft": "second-back",
  "Shift+ArrowRight": "second-on",
  Home: "first",
  End: "last",
  i: "in",
  o: "out",
  m: "mark",
  n: "next",
  Enter: "keep",
  p: "loop",
  s: "slow",
  f: "full",
  h: "curtain",
  "?": "help",
  Escape: "escape",
};
