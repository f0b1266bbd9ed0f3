// Suggestions, micro-clips and notes beside the film.

import { act, make } from "./dom.js";
import { clock, seconds } from "./film.js";

const length = (span) => `${(seconds(span.end) - seconds(span.start)).toFixed(0)}\u00a0s`;
const exact = (span) => `${(seconds(span.end) - seconds(span.start)).toFixed(1)}\u00a0s`;

// What a card shows: drawn anew only when this changes.
export function cardSign(moment, panel) {
  return [moment, panel.opened.has(moment.id), moment.id === panel.room.current?.id, panel.room.adjusting === moment.id];
}

// One suggestion: still, reason, keep / adjust / leave, and what it is based on when asked.
export function card(moment, panel) {
  const { room } = panel;
  const at = clock(seconds(moment.start));
  const now = () => room.moments.find((one) => one.id === moment.id) ?? moment;
  const picture = make("img", {
    src: room.data.still_url + Math.floor((moment.start + moment.end) / 2),
    alt: `Still at ${at}, ${room.data.picture}`,
    loading: "lazy",
    draggable: "false",
  });
  picture.addEventListener("error", () => (picture.style.visibility = "hidden"));
  const still = make(
    "button",
    { type: "button", class: "still", "data-focus": "still", "aria-label": `Play from ${at}: ${moment.reason}`, onclick: () => room.choose(now()) },
    picture,
    make("span", {}, at),
  );
  const acts = make("div", { class: "acts" });
  const button = (words, kind, name, f, label) => act(words, kind, f, label, { "data-focus": name });
  if (moment.state === "kept") {
    acts.append(
      make("span", { class: "done" }, "✓ Kept"),
      button("Edit", "", "keep", () => panel.editKept(moment.id), `Edit the micro-clip made from: ${moment.reason}`),
      button("Take back", "plain", "leave", () => room.say("unkeep", now()), `Take back: ${moment.reason}`),
    );
  } else if (moment.state === "left") {
    acts.append(button("Bring back", "", "keep", () => room.say("return", now()), `Bring back: ${moment.reason}`));
  } else {
    acts.append(
      button("Keep", "primary", "keep", () => room.say("keep", now()), `Keep as micro-clip: ${moment.reason}`),
      button("Adjust", "", "adjust", () => panel.adjust(now()), `Adjust start and end: ${moment.reason}`),
      button("Leave", "", "leave", () => room.say("leave", now()), `Leave this suggestion: ${moment.reason}`),
    );
  }
  const based = make("ul", { hidden: !panel.opened.has(moment.id) });
  for (const one of moment.evidence) {
    const answer = one.delay === null ? "" : ` (${(one.delay / 1e6).toFixed(1)} s later)`;
    based.append(make("li", {}, `${clock(seconds(one.at), true)} ${one.words}${answer}`));
  }
  if (moment.evidence.length) {
    acts.append(
      act("Why?", "plain more", () => panel.open(moment.id), `What this suggestion is based on: ${moment.reason}`, {
        "aria-expanded": String(!based.hidden),
        "data-focus": "why",
      }),
    );
  }
  return make(
    "li",
    { class: "card", "data-moment": moment.id, "data-state": moment.state, "aria-current": String(moment.id === room.current?.id) },
    still,
    make("p", { class: "of" }, room.data.whose),
    make(
      "div",
      { class: "say" },
      make("p", { class: "why" }, moment.reason),
      make("p", { class: "what" }, `${moment.principle} ·\u00a0${length(moment)}`),
      room.adjusting === moment.id && make("p", { class: "what told" }, "Move its start and end under the film, then keep it."),
    ),
    acts,
    based,
  );
}

// One micro-clip in its place: play, edit, compare, move by drag or by the arrow keys.
export function clipRow(clip, number, panel) {
  const { room } = panel;
  const from = clock(seconds(clip.start), true);
  const name = clip.title || `Micro-clip ${number}`;
  const now = () => room.clips.find((one) => one.id === clip.id) ?? clip;
  const handle = act("⠿", "plain handle", null, `Place ${number}: ${name}. Arrow keys move it`, {
    "data-focus": "handle",
    title: "Drag, or press the arrow keys, to change the order",
    onkeydown: (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      panel.order.move(clip.id, by);
    },
  });
  return make(
    "li",
    { class: "clip", "data-clip": clip.id, "data-picked": panel.picked.includes(clip.id) || null },
    handle,
    act("▶", "plain", () => room.chooseClip(now()), `Play micro-clip ${number}, ${clip.title || "from " + from}`, { "data-focus": "play" }),
    make(
      "button",
      { type: "button", class: "plain open", "data-focus": "edit", "aria-label": `Edit micro-clip ${number}, ${name}`, onclick: () => panel.edit(clip.id) },
      make("span", { class: "name" }, name),
      make("span", { class: "at" }, [`${from} · ${exact(clip)}`, clip.play_words].filter(Boolean).join(" · ")),
    ),
    act("⇄", "plain", () => panel.pick(clip.id), `Compare micro-clip ${number} with another`, {
      "data-focus": "compare",
      "aria-pressed": String(panel.picked.includes(clip.id)),
      title: "Compare with another take",
    }),
    act("Remove", "plain", () => room.say("unkeep", null, { clip: clip.id, version: clip.version }), `Remove micro-clip ${number}`, { "data-focus": "remove" }),
  );
}
