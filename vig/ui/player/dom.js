// Elements out of values. Words from the catalogue only ever become text nodes.

export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A button. `more` are attributes; `data-focus` names it, so that the focus finds it again.
export function act(words, kind, f, label, more = {}) {
  return make("button", { type: "button", class: kind || null, onclick: f, "aria-label": label, ...more }, words);
}

// Draws a list anew, but leaves every child alone whose `sign` is the one it was drawn with: its
// picture is not fetched twice, and the keyboard stays where it was.
// items: [{ key, sign, build }]; `build` makes the element.
const signs = new WeakMap();

export function refill(list, items) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const refocus = holding(list);
  const after = items.map(({ key, sign, build }) => {
    const old = before.get(String(key));
    const now = JSON.stringify(sign);
    if (old && signs.get(old) === now) return old;
    const fresh = build();
    fresh.dataset.key = key;
    signs.set(fresh, now);
    const [had, place] = [old?.querySelector("img"), fresh.querySelector("img")];
    if (had && place && had.src === place.src) place.replaceWith(had);
    return fresh;
  });
  const same = after.length === list.children.length && after.every((one, i) => one === list.children[i]);
  if (!same) list.replaceChildren(...after);
  refocus();
}

// Remembers which button of the list has the focus; the function it returns puts it back there, or
// on what now stands in its place.
function holding(list) {
  const active = list.getRootNode().activeElement;
  if (!active || !list.contains(active)) return () => {};
  const row = active.closest("[data-key]");
  const [key, name] = [row?.dataset.key, active.dataset.focus];
  const place = row ? [...list.children].indexOf(row) : 0;
  return () => {
    if (list.contains(active) && active.isConnected) return active.focus({ preventScroll: true });
    const same = [...list.children].find((child) => child.dataset.key === key);
    const near = same ?? list.children[Math.min(place, list.children.length - 1)];
    const wanted = near?.querySelector(`[data-focus="${name}"]`) ?? near?.querySelector("button");
    wanted?.focus({ preventScroll: true });
  };
}

export function show(element, words) {
  element.hidden = !words;
  if (element.textContent !== (words ?? "")) element.textContent = words ?? "";
}

// Which of our fields has the focus, if any; a shadow root keeps that to itself.
export const focused = (element) => element.getRootNode().activeElement === element;

// What is kept, into its field. While somebody types there, what is kept may be the same words with
// other spaces: those never change under the hand. `settle(input)` puts them right afterwards.
const kept = new WeakMap();
const spaceless = (words) => words.trim().split(/\s+/).join(" ");

export function put(input, words) {
  kept.set(input, words);
  if (input.value === words || (focused(input) && spaceless(input.value) === spaceless(words))) return;
  input.value = words;
}

export function settle(input) {
  if (kept.has(input)) input.value = kept.get(input);
}

let names = 0;
export const fresh = (stem) => `${stem}-${++names}`;

// A field under its label; the label names it for everybody.
export function field(words, input, hint = null) {
  input.id = fresh("field");
  const parts = [make("label", { for: input.id }, words), input];
  if (hint) {
    const said = make("p", { class: "hint", id: fresh("hint") }, hint);
    input.setAttribute("aria-describedby", said.id);
    parts.push(said);
  }
  return make("div", { class: "field" }, ...parts);
}

// One of a few: buttons of which one is pressed. choices: [[value, words], ...]
export function oneOf(words, choices, chosen, tell) {
  const name = fresh("choice");
  const boxes = choices.map(([value, text]) => {
    const input = make("input", { type: "radio", name, value, onchange: () => tell(value) });
    input.checked = value === (chosen ?? "");
    return make("label", { class: "choice" }, input, make("span", {}, text));
  });
  const group = make("fieldset", { class: "field" }, make("legend", {}, words), make("div", { class: "choices" }, ...boxes));
  group.choose = (value) => {
    for (const box of group.querySelectorAll("input")) box.checked = box.value === (value ?? "");
  };
  return group;
}

// Any of a few: chips that are on or off. choices: [[value, words], ...]
export function anyOf(words, choices, chosen, tell) {
  const boxes = choices.map(([value, text]) => {
    const input = make("input", {
      type: "checkbox",
      value,
      onchange: () => tell([...group.querySelectorAll("input:checked")].map((box) => box.value)),
    });
    input.checked = chosen.includes(value);
    return make("label", { class: "choice" }, input, make("span", {}, text));
  });
  const group = make("fieldset", { class: "field" }, make("legend", {}, words), make("div", { class: "choices" }, ...boxes));
  group.choose = (values) => {
    for (const box of group.querySelectorAll("input")) box.checked = values.includes(box.value);
  };
  return group;
}
