// Draws marks on a canvas. It is given a window of time and draws nothing outside it.

export const GUTTER = 92; // room for the lanes' names
export const RULER = 18;
const RIGHT = 8;

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.patterns = new Map();
  }

  // Sets the size and the scale; false while the canvas is not on the page.
  place(view, height) {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.view = view;
    if (!this.width) return false;
    const [w, h] = [Math.round(this.width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.height = `${height}px`;
      // The film is as high as what stands under it leaves room for.
      this.canvas.closest(".room")?.style.setProperty("--lanes", `${height}px`);
    }
    if (ratio !== this.ratio) this.patterns.clear();
    this.ratio = ratio;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, this.width, height);
    return true;
  }

  // The colours and the letters of the page, which may turn from light to dark.
  dress(element) {
    const css = getComputedStyle(element);
    const read = (name) => css.getPropertyValue(`--room-${name}`).trim() || "#777";
    this.ink = { font: css.fontFamily || "sans-serif" };
    for (const name of ["text", "quiet", "track", "back", "moment", "clip", "note", "together", "baby", "parent", "line"]) {
      this.ink[name] = read(name);
    }
    this.patterns.clear();
  }

  get wide() {
    return Math.max(1, this.width - GUTTER - RIGHT);
  }

  x(time) {
    const [from, to] = this.view;
    return GUTTER + ((time - from) / (to - from)) * this.wide;
  }

  time(x) {
    const [from, to] = this.view;
    return from + ((x - GUTTER) / this.wide) * (to - from);
  }

  ruler(ticks) {
    const { pen, ink } = this;
    pen.font = `12px ${ink.font}`;
    pen.textBaseline = "middle";
    pen.fillStyle = ink.quiet;
    for (const { at, words } of ticks) {
      const x = Math.round(this.x(at));
      pen.fillRect(x, RULER - 5, 1, 5);
      pen.fillText(words, x + 4, RULER / 2 - 1);
    }
  }

  lane({ label, y, height }) {
    const { pen, ink } = this;
    pen.font = `13px ${ink.font}`;
    pen.textBaseline = "middle";
    pen.fillStyle = ink.quiet;
    pen.fillText(label, 2, y + height / 2);
    pen.fillStyle = ink.track;
    pen.beginPath();
    pen.roundRect(GUTTER, y + 2, this.wide, height - 4, 4);
    pen.fill();
  }

  // The marks of one lane, in order; `state` says what is chosen, kept or set aside.
  marks(lane, marks, state) {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(GUTTER, lane.y, this.wide, lane.height);
    pen.clip();
    for (let i = 0; i < marks.length; ) {
      let after = i + 1;
      while (after < marks.length && marks[after].kind === marks[i].kind) after++;
      DRAWN[marks[i].kind](this, lane, marks, i, after, state);
      i = after;
    }
    pen.restore();
  }

  // The stretch that is marked, over all lanes.
  marked(from, to, height) {
    const { pen, ink } = this;
    const [a, b] = [this.x(from), this.x(to)];
    pen.fillStyle = ink.clip;
    pen.globalAlpha = 0.16;
    pen.fillRect(Math.max(a, GUTTER), RULER, Math.min(b, this.width) - Math.max(a, GUTTER), height - RULER);
    pen.globalAlpha = 1;
    for (const x of [a, b]) if (x >= GUTTER - 1) pen.fillRect(x - 1.5, RULER - 6, 3, height);
  }

  guide(time, height) {
    const { pen, ink } = this;
    pen.strokeStyle = ink.text;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(Math.round(this.x(time)) + 0.5, RULER);
    pen.lineTo(Math.round(this.x(time)) + 0.5, height);
    pen.stroke();
    pen.setLineDash([]);
  }

  // Many bars of one colour. A bar is never thinner than a pixel and a half, so that nothing seen is
  // lost at a small scale. Thin ones are plain rectangles on whole pixels: those are cheap to draw by
  // the thousand, paths are not.
  bars(marks, i, after, top, height, { colour, alpha = 1, radius = 0 }) {
    const { pen } = this;
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    const wideOnes = [];
    for (; i < after; i++) {
      const x = this.x(marks[i].from);
      const wide = this.x(marks[i].to) - x;
      if (radius && wide > 8) wideOnes.push(x, wide);
      else pen.fillRect(Math.round(x), top, Math.max(1.5, Math.round(wide)), height);
    }
    if (wideOnes.length) {
      pen.beginPath();
      for (let n = 0; n < wideOnes.length; n += 2) pen.roundRect(wideOnes[n], top, wideOnes[n + 1], height, radius);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  hatched(colour) {
    if (!this.patterns.has(colour)) {
      const side = 6;
      const tile = new OffscreenCanvas(side * this.ratio, side * this.ratio);
      const pen = tile.getContext("2d");
      pen.scale(this.ratio, this.ratio);
      pen.strokeStyle = colour;
      pen.lineWidth = 1.3;
      pen.beginPath();
      for (const shift of [-side, 0, side]) {
        pen.moveTo(shift - 1, side + 1);
        pen.lineTo(shift + side + 1, -1);
      }
      pen.stroke();
      const pattern = this.pen.createPattern(tile, "repeat");
      pattern.setTransform(new DOMMatrix().scale(1 / this.ratio));
      this.patterns.set(colour, pattern);
    }
    return this.patterns.get(colour);
  }

  // A suggestion is solid; what a person chose is a light field between two edges, with its words.
  item(lane, mark, colour, { alpha = 1, chosen = false, ring, words }) {
    const { pen, ink } = this;
    const x = this.x(mark.from);
    const wide = Math.max(3, this.x(mark.to) - x);
    const [top, height] = [lane.y + 3, lane.height - 6];
    pen.globalAlpha = chosen ? 0.36 : alpha;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.roundRect(x, top, wide, height, Math.min(3, wide / 2));
    pen.fill();
    pen.globalAlpha = 1;
    if (chosen) {
      const edge = Math.min(3, wide / 2);
      pen.fillRect(x, top, edge, height);
      pen.fillRect(x + wide - edge, top, edge, height);
    }
    if (ring) {
      pen.strokeStyle = ink.text;
      pen.lineWidth = 2;
      pen.stroke();
    }
    if (words && wide > 34) {
      pen.save();
      pen.beginPath();
      pen.rect(x, top, wide - 5, height);
      pen.clip();
      pen.fillStyle = chosen ? ink.text : ink.back;
      pen.font = `12.5px ${ink.font}`;
      pen.fillText(words, Math.max(x, GUTTER) + 7, top + height / 2 + 0.5);
      pen.restore();
    }
  }
}

const halves = (lane, part) => {
  const half = (lane.height - 6) / 2;
  return part === "upper" ? [lane.y + 3, half - 0.5] : [lane.y + 3.5 + half, half - 0.5];
};

// Heights around a middle line (loudness) or standing on it (smiles).
function hill(painter, lane, marks, i, after, { colour, alpha = 1, middle, reach, both = false, down = false }) {
  const { pen } = painter;
  pen.globalAlpha = alpha;
  pen.fillStyle = colour;
  for (; i < after; i++) {
    const x = Math.round(painter.x(marks[i].from));
    const wide = Math.max(1, Math.round(painter.x(marks[i].to)) - x);
    const high = Math.max(1, Math.round(marks[i].value * reach));
    pen.fillRect(x, both || !down ? middle - high : middle, wide, both ? 2 * high : high);
  }
  pen.globalAlpha = 1;
}

const smile = (who) => (painter, lane, marks, i, after) => {
  const middle = lane.y + lane.height / 2;
  const down = marks[i].part === "lower";
  hill(painter, lane, marks, i, after, { colour: painter.ink[who], middle: Math.round(middle + (down ? 0.5 : -0.5)), reach: lane.height / 2 - 3, down });
};

const voice = (who) => (painter, lane, marks, i, after) => {
  const [top, height] = halves(lane, marks[i].part);
  painter.bars(marks, i, after, top, height, { colour: painter.ink[who], alpha: 0.72, radius: 3 });
};

const ribbon = (painter, lane, marks, i, after) => {
  const { pen, ink } = painter;
  painter.bars(marks, i, after, lane.y + 4, lane.height - 8, { colour: painter.hatched(ink.quiet), alpha: 0.75 });
  pen.font = `12px ${ink.font}`;
  for (; i < after; i++) {
    const from = Math.max(painter.x(marks[i].from), GUTTER);
    const room = Math.min(painter.x(marks[i].to), painter.width) - from;
    const wide = pen.measureText(marks[i].words).width;
    if (room < wide + 12) continue;
    pen.fillStyle = ink.back;
    pen.fillRect(from + 3, lane.y + 2, wide + 6, lane.height - 4);
    pen.fillStyle = ink.quiet;
    pen.fillText(marks[i].words, from + 6, lane.y + lane.height / 2 + 0.5);
  }
};

const each = (f) => (painter, lane, marks, i, after, state) => {
  for (; i < after; i++) f(painter, lane, marks[i], state);
};

// One way of drawing for each kind of mark; a kind that is not here cannot be drawn.
const DRAWN = {
  moment: each((painter, lane, mark, state) => {
    const { item } = mark;
    const current = item.id === state.current;
    painter.item(lane, mark, painter.ink.moment, { alpha: item.state === "left" ? 0.3 : 0.85, ring: current, words: item.state === "kept" ? "✓" : "" });
  }),
  clip: each((painter, lane, mark, state) =>
    painter.item(lane, mark, painter.ink.clip, { chosen: true, ring: mark.item.id === state.selected, words: mark.item.name }),
  ),
  note: each((painter, lane, mark, state) =>
    painter.item(lane, mark, painter.ink.note, { chosen: true, ring: mark.item.id === state.selected, words: mark.item.name }),
  ),
  facing: (painter, lane, marks, i, after) =>
    painter.bars(marks, i, after, lane.y + 4, lane.height - 8, { colour: painter.ink.together, alpha: 0.32, radius: 3 }),
  eyes: (painter, lane, marks, i, after) =>
    painter.bars(marks, i, after, lane.y + 4, lane.height - 8, { colour: painter.ink.together, radius: 3 }),
  "baby-smile": smile("baby"),
  "parent-smile": smile("parent"),
  loudness: (painter, lane, marks, i, after) =>
    hill(painter, lane, marks, i, after, {
      colour: painter.ink.quiet,
      alpha: lane.id === "voices" ? 0.38 : 0.55,
      middle: Math.round(lane.y + lane.height / 2),
      reach: lane.height / 2 - 3,
      both: true,
    }),
  "baby-voice": voice("baby"),
  "parent-voice": voice("parent"),
  cry: (painter, lane, marks, i, after) => {
    const [top, height] = halves(lane, "upper");
    painter.bars(marks, i, after, top, height, { colour: painter.ink.back, alpha: 0.9 });
    painter.bars(marks, i, after, top, height, { colour: painter.hatched(painter.ink.baby) });
  },
  unseen: ribbon,
  unheard: ribbon,
};
export const KINDS = Object.keys(DRAWN);
