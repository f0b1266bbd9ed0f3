// The order in which the micro-clips will be shown: by dragging a row, or by the arrow keys.

export class Order {
  // clips() -> [{id}], tell(ids), redraw()
  constructor(list, { clips, tell, redraw, signal }) {
    this.list = list;
    this.clips = clips;
    this.tell = tell;
    this.redraw = redraw;
    this.hoped = null; // the order that was asked for and not yet heard
    list.addEventListener("pointerdown", (event) => this.down(event), { signal });
    list.addEventListener("pointermove", (event) => this.over(event), { signal });
    list.addEventListener("pointerup", () => this.drop(true), { signal });
    list.addEventListener("pointercancel", () => this.drop(false), { signal });
  }

  // The clips as they are shown now.
  sorted() {
    const clips = this.clips();
    if (!this.hoped) return clips;
    const place = (clip) => {
      const at = this.hoped.indexOf(clip.id);
      return at < 0 ? this.hoped.length : at;
    };
    return [...clips].sort((a, b) => place(a) - place(b));
  }

  heard() {
    if (!this.dragged) this.hoped = null;
  }

  move(id, by) {
    const ids = this.sorted().map((clip) => clip.id);
    const from = ids.indexOf(id);
    const to = from + by;
    if (from < 0 || to < 0 || to >= ids.length) return;
    ids.splice(to, 0, ...ids.splice(from, 1));
    this.ask(ids);
  }

  ask(ids) {
    this.hoped = ids;
    this.redraw();
    this.tell(ids);
  }

  down(event) {
    const handle = event.target.closest(".handle");
    if (!handle || event.button !== 0) return;
    const row = handle.closest("[data-clip]");
    this.dragged = { id: row.dataset.clip, before: this.sorted().map((clip) => clip.id).join() };
    this.list.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
  }

  over(event) {
    if (!this.dragged) return;
    const { id } = this.dragged;
    const ids = this.sorted().map((clip) => clip.id).filter((one) => one !== id);
    const others = [...this.list.children].filter((row) => row.dataset.clip !== id);
    const after = others.filter((row) => {
      const box = row.getBoundingClientRect();
      return event.clientY > box.top + box.height / 2;
    }).length;
    ids.splice(after, 0, id);
    if (ids.join() === this.sorted().map((clip) => clip.id).join()) return;
    this.hoped = ids;
    this.redraw();
  }

  drop(done) {
    if (!this.dragged) return;
    const { before } = this.dragged;
    this.dragged = null;
    for (const row of this.list.children) row.classList.remove("dragged");
    const ids = this.sorted().map((clip) => clip.id);
    if (done && ids.join() !== before) this.tell(ids);
    else {
      this.hoped = null;
      this.redraw();
    }
  }
}
