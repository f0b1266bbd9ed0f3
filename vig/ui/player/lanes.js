// What the computer saw and heard, and the outline of the sound, ready to be drawn at any zoom.
//
// An hour holds thousands of marks and a hundred thousand loudness values; a screen has a thousand
// columns. So each is kept at several finenesses, and drawing takes the one that fits the zoom.

// Columns as the server packs them (vig/web/media.py, packed): a header, then float32 values.
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  let at = 4 + size;
  const columns = {};
  for (const [name, count] of head.columns) {
    columns[name] = new Float32Array(buffer, at, count);
    at += count * 4;
  }
  return { step: head.step, ...columns };
}

// Stretches of time, [from, to] in seconds, sorted and apart, at every fineness.
export class Spans {
  constructor(flat) {
    this.levels = [flat];
    // Each level closes gaps twice as long as the one before, from a fiftieth of a second on.
    for (let gap = 0.02; this.levels.at(-1).length > 128 && gap < 200; gap *= 2) {
      this.levels.push(bridged(this.levels.at(-1), gap));
    }
  }

  get count() {
    return this.levels[0].length / 2;
  }

  *[Symbol.iterator]() {
    const flat = this.levels[0];
    for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i], flat[i + 1]];
  }

  // Calls `f(from, to)` for what lies between `from` and `to`; gaps shorter than `blur` are closed.
  each(from, to, blur, f) {
    let level = 0;
    for (let gap = 0.02; level + 1 < this.levels.length && gap <= blur; gap *= 2) level++;
    const flat = this.levels[level];
    for (let i = firstEndingAfter(flat, from); i + 1 < flat.length && flat[i] < to; i += 2) f(flat[i], flat[i + 1]);
  }

  // Every edge, for snapping.
  edges() {
    return this.levels[0];
  }
}

function bridged(flat, gap) {
  const found = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (found.length && flat[i] - found.at(-1) <= gap) found[found.length - 1] = Math.max(found.at(-1), flat[i + 1]);
    else found.push(flat[i], flat[i + 1]);
  }
  return Float32Array.from(found);
}

// The place of the first span that ends after a time, by halving.
function firstEndingAfter(flat, time) {
  let low = 0;
  let high = flat.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (flat[middle * 2 + 1] > time) high = middle;
    else low = middle + 1;
  }
  return low * 2;
}

// A column of values at every fineness: each level holds the larger of two neighbours, NaN where
// neither is known.
export class Peaks {
  constructor(values, step) {
    this.step = step;
    this.levels = [values];
    while (this.levels.at(-1).length > 256) this.levels.push(halved(this.levels.at(-1)));
  }

  get count() {
    return this.levels[0].length;
  }

  // Calls `f(from, to, value)` for what lies between two times, no finer than `blur` seconds.
  each(from, to, blur, f) {
    let level = 0;
    let step = this.step;
    while (level + 1 < this.levels.length && step * 2 <= blur) {
      level++;
      step *= 2;
    }
    const values = this.levels[level];
    const last = Math.min(values.length - 1, Math.floor(to / step));
    for (let i = Math.max(0, Math.floor(from / step)); i <= last; i++) f(i * step, (i + 1) * step, values[i]);
  }
}

function halved(values) {
  const half = new values.constructor((values.length + 1) >> 1);
  for (let i = 0; i < half.length; i++) {
    const [a, b] = [values[2 * i], values[Math.min(2 * i + 1, values.length - 1)]];
    half[i] = a !== a || b > a ? b : a;
  }
  return half;
}

const SPANS = ["eyes", "facing", "baby-smile", "parent-smile", "baby-voice", "parent-voice", "cry", "not-seen", "not-heard"];
const HEIGHTS = ["baby-smile-height", "parent-smile-height"];

// The answer of /api/lanes: spans of what was seen, and how clear each smile was where there is one.
export function seenOf(buffer) {
  const columns = unpack(buffer);
  const seen = {};
  for (const name of SPANS) seen[name] = new Spans(columns[name] ?? new Float32Array(0));
  for (const name of HEIGHTS) seen[name] = new Peaks(columns[name] ?? new Float32Array(0), columns.step);
  return seen;
}

// The answer of /api/waveform: float32 seconds a step, then one byte a step (0 silence, 255 full).
// Null for a film without sound.
export function soundOf(buffer) {
  if (buffer.byteLength <= 4) return null;
  return new Peaks(new Uint8Array(buffer, 4), new DataView(buffer).getFloat32(0, true));
}
