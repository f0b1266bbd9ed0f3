// What the timeline draws, as plain values: which lanes, which marks in a window, where edges snap.
//
// Nothing here knows a canvas. A mark exists only for what was seen, heard or chosen: there is no
// kind of mark for looking elsewhere or for something missing. The only word about not seeing is
// the ribbon, and it is about the computer.

import { clock } from "./film.js";

const LANES = [
  { id: "moments", label: "Suggestions", height: 22 },
  { id: "clips", label: "My clips", height: 22 },
  { id: "notes", label: "Notes", height: 20 },
  { id: "together", label: "Together", height: 22, signal: true },
  { id: "smiles", label: "Smiles", height: 30, signal: true },
  { id: "voices", label: "Voices", height: 40, signal: true },
  { id: "sound", label: "Sound", height: 26 },
  { id: "unseen", label: "Not seen", height: 20 },
];
export const SIGNALS = ["together", "smiles", "voices"];

export const UNSEEN = "The computer could not see faces here";
export const UNHEARD = "The computer could not hear here";

// The lanes to show. `open` is the set of signal lanes that a person opened.
export function lanesOf(data, open) {
  const seen = Boolean(data.seen);
  const voices = seen && open.has("voices");
  const shown = {
    moments: data.moments.length > 0,
    clips: true,
    notes: data.notes.length > 0,
    together: seen && open.has("together"),
    smiles: seen && open.has("smiles"),
    voices,
    sound: Boolean(data.sound) && !voices,
    unseen: seen && data.seen["not-seen"].count > 0,
  };
  return LANES.filter((lane) => shown[lane.id]);
}

// The marks of the given lanes between two times (seconds), no finer than `blur` seconds. Each is
// {lane, kind, from, to}, with `item` for a person's or a proposed one, `part` "upper" or "lower"
// where two people share a lane, `value` for a height from 0 to 1, and `words` for a ribbon.
export function marksIn(data, lanes, [from, to], blur = 0) {
  const marks = [];
  for (const { id } of lanes) {
    const put = (kind, a, b, more) => marks.push({ lane: id, kind, from: a, to: b, ...more });
    const spans = (name, kind, more) => data.seen[name].each(from, to, blur, (a, b) => put(kind, a, b, more));
    const smiles = (who, part) =>
      data.seen[`${who}-smile-height`].each(from, to, blur, (a, b, value) => {
        if (value === value) put(`${who}-smile`, a, b, { part, value });
      });
    const loudness = () =>
      data.sound?.each(from, to, blur, (a, b, value) => value > 0 && put("loudness", a, b, { value: value / 255 }));
    const items = () => {
      for (const item of data[id]) {
        const [a, b] = [item.start / 1e6, item.end / 1e6];
        if (b > from && a < to) put(id.slice(0, -1), a, b, { item });
      }
    };
    const unheard = () => data.seen && spans("not-heard", "unheard", { words: UNHEARD });
    const drawn = {
      moments: items,
      clips: items,
      notes: items,
      together: () => {
        spans("facing", "facing");
        spans("eyes", "eyes");
      },
      smiles: () => {
        smiles("baby", "upper");
        smiles("parent", "lower");
      },
      voices: () => {
        loudness();
        spans("baby-voice", "baby-voice", { part: "upper" });
        spans("cry", "cry", { part: "upper" });
        spans("parent-voice", "parent-voice", { part: "lower" });
        unheard();
      },
      sound: () => {
        loudness();
        unheard();
      },
      unseen: () => spans("not-seen", "unseen", { words: UNSEEN }),
    };
    drawn[id]();
  }
  return marks;
}

const CUES = {
  together: ["eyes", "facing"],
  smiles: ["baby-smile", "parent-smile"],
  voices: ["baby-voice", "parent-voice", "cry"],
};

// The edges that a dragged edge may snap to, sorted, from the lanes that can be seen.
export function cuesOf(data, lanes) {
  const found = [];
  for (const { id } of lanes) {
    for (const name of CUES[id] ?? []) for (const edge of data.seen[name].edges()) found.push(edge);
    if (id === "moments") for (const item of data.moments) found.push(item.start / 1e6, item.end / 1e6);
  }
  return Float64Array.from(found).sort();
}

// Where a dragged edge comes to rest: on the nearest cue within `reach` seconds, else where it is;
// in either case between two frames. `times` are the frames' starts and the end of the last one.
// Returns {at: seconds, cue: seconds or null}.
export function snapped(time, times, cues, reach) {
  const cue = nearest(cues, time);
  const taken = cue !== null && Math.abs(cue - time) <= reach ? cue : null;
  return { at: nearest(times, taken ?? time), cue: taken };
}

// The next cue after a time, or the last one before it; null where there is none.
export function cueBeyond(cues, time, direction) {
  const after = firstAfter(cues, time + (direction > 0 ? 0.02 : -0.02));
  return cues[direction > 0 ? after : after - 1] ?? null;
}

export function nearest(sorted, value) {
  return sorted.length ? sorted[placeOf(sorted, value)] : null;
}

// The place in a sorted list of the value nearest to `value`.
export function placeOf(sorted, value) {
  const after = firstAfter(sorted, value);
  const [a, b] = [Math.max(0, after - 1), Math.min(after, sorted.length - 1)];
  return value - sorted[a] <= sorted[b] - value ? a : b;
}

function firstAfter(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

// A window after zooming by `factor` around a time, kept within the film. Null is the whole film.
export function zoomed(view, length, at, factor, least = 1) {
  const [from, to] = view ?? [0, length];
  const wide = Math.max(Math.min(least, length), (to - from) * factor);
  if (wide >= length - 1e-6) return null;
  const start = at - ((at - from) / (to - from)) * wide;
  return kept([start, start + wide], length);
}

// A window moved by some seconds, kept within the film.
export function panned(view, length, by) {
  return view && kept([view[0] + by, view[1] + by], length);
}

function kept([from, to], length) {
  const start = Math.min(Math.max(0, from), length - (to - from));
  return [start, start + to - from];
}

// Times written along the top: every so many seconds, with room for the words.
export function ruler([from, to], wide) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200];
  const step = steps.find((one) => (one / (to - from)) * wide > 64) ?? 3600;
  const found = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step < to - step * 0.2; n++) {
    found.push({ at: n * step, words: clock(n * step, step < 1) });
  }
  return found;
}
