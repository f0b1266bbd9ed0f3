// Suggestions and micro-clips beside the film. Words from the catalogue only ever become text nodes.

import { clock, seconds } from "./film.js";

export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const length = (span) => `${(seconds(span.end) - seconds(span.start)).toFixed(0)}\u00a0s`;

// One suggestion. `room` offers choose(moment), say(kind, moment) and data.
export function card(moment, room) {
  const at = clock(seconds(moment.start));
  const picture = make("img", {
    src: room.data.still_url + Math.floor((moment.still ?? (moment.start + moment.end) / 2)),
    alt: `Still at ${at}, ${room.data.picture}`,
    loading: "lazy",
    draggable: "false",
  });
  picture.addEventListener("error", () => (picture.style.visibility = "hidden"));
  const still = make(
    "button",
    { class: "still", "aria-label": `Play from ${at}: ${moment.reason}`, onclick: () => room.choose(moment) },
    picture,
    make("span", {}, at),
  );
  const acts = make("div", { class: "acts" });
  if (moment.state === "kept") {
    acts.append(make("span", { class: "done" }, "✓ Kept"), act("Undo", "plain", () => room.say("unkeep", moment)));
  } else if (moment.state === "left") {
    acts.append(act("Bring back", "", () => room.say("return", moment)));
  } else {
    acts.append(
      act("Keep", "primary", () => room.say("keep", moment), `Keep as micro-clip: ${moment.reason}`),
      act("Leave", "", () => room.say("leave", moment), `Leave this suggestion: ${moment.reason}`),
    );
  }
  const based = make("ul", { hidden: !room.opened.has(moment.id) });
  for (const one of moment.evidence) {
    const answer = one.delay === null ? "" : ` (${(one.delay / 1e6).toFixed(1)} s later)`;
    based.append(make("li", {}, `${clock(seconds(one.at), true)} ${one.words}${answer}`));
  }
  if (moment.evidence.length) {
    const more = act("Why?", "plain more", () => room.open(moment.id), `What this suggestion is based on: ${moment.reason}`);
    more.setAttribute("aria-expanded", String(!based.hidden));
    acts.append(more);
  }
  return make(
    "li",
    { class: "card", "data-moment": moment.id, "data-state": moment.state, "aria-current": String(moment === room.current) },
    still,
    make("p", { class: "of" }, room.data.whose),
    make(
      "div",
      { class: "say" },
      make("p", { class: "why" }, moment.reason),
      make("p", { class: "what" }, `${moment.principle} · ${length(moment)}`),
    ),
    acts,
    based,
  );
}

// One micro-clip: play it, name it, let it go.
export function clipRow(clip, number, room) {
  const from = clock(seconds(clip.start), true);
  return make(
    "li",
    { class: "clip", "data-clip": clip.id },
    act("▶", "plain", () => room.chooseClip(clip), `Play micro-clip ${number}, ${clip.title || "from " + from}`),
    make(
      "div",
      {},
      make("p", { class: "name" }, clip.title || `Micro-clip ${number}`),
      make("p", { class: "at" }, `${from} · ${(seconds(clip.end) - seconds(clip.start)).toFixed(1)} s`),
    ),
    act("Remove", "plain", () => room.say("unkeep", null, { clip: clip.id }), `Remove micro-clip ${number}`),
  );
}

// The same marks as on the timeline, for a screen reader or a keyboard.
export function markList(model, film, go) {
  const part = (title, items) =>
    items.length
      ? [make("h4", {}, title), make("ul", {}, ...items.map(([at, words]) => make("li", {}, act(words, "", () => go(at)))))]
      : [];
  const span = (one) => `${clock(seconds(one.start))} to ${clock(seconds(one.end))}`;
  const spread = ([from, to]) => `${clock(from)} to ${clock(to)}`;
  return [
    ...part("Suggestions", model.moments.map((m) => [seconds(m.start), `${span(m)}: ${m.reason}`])),
    ...part("My clips", model.clips.map((c, i) => [seconds(c.start), `${span(c)}: ${c.title || "Micro-clip " + (i + 1)}`])),
    ...part("Looking at each other", model.found.eyes.map((s) => [s[0], spread(s)])),
    ...part("The computer could not see faces here", model.found.unseen.map((s) => [s[0], spread(s)])),
  ];
}

export function act(words, kind, f, label) {
  const button = make("button", { class: kind, onclick: f, "aria-label": label }, words);
  return button;
}
