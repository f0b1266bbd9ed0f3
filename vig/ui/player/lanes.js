// What the computer saw, as the server packs it (vig/web/media.py, packed): a header, then float32
// columns with NaN wherever nothing could be seen.

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

// Stretches in which a column is at least `floor`: [[from, to], ...] in seconds, gaps of up to
// `bridge` seconds closed. NaN never counts.
export function stretches(column, step, floor, bridge = 0.3) {
  const found = [];
  for (let i = 0; i < column.length; i++) {
    if (!(column[i] >= floor)) continue;
    const from = i * step;
    const last = found[found.length - 1];
    if (last && from - last[1] <= bridge + 1e-9) last[1] = from + step;
    else found.push([from, from + step]);
  }
  return found;
}

export function pairs(flat) {
  const found = [];
  for (let i = 0; i + 1 < flat.length; i += 2) found.push([flat[i], flat[i + 1]]);
  return found;
}

// The largest value in each of `count` equal parts, for drawing a curve narrower than its data;
// NaN for a part with nothing seen in it.
export function peaks(column, count) {
  const top = new Float32Array(count).fill(NaN);
  for (let i = 0; i < column.length; i++) {
    const slot = Math.min(count - 1, Math.floor((i * count) / column.length));
    if (column[i] === column[i] && !(top[slot] >= column[i])) top[slot] = column[i];
  }
  return top;
}
