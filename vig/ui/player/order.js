// The order in which the micro-clips will be shown: by dragging a row, or by the arrow keys.

export class Order {
  // clips() -> [{id}], plan() -> version of the order as it is drawn, busy() -> whether a gesture
  // is on its way, tell(ids, version) -> number of the gesture, redraw()
  constructor(list, { clips, plan, busy, tell, redraw, signal }) {
    this.list = list;
    this.clips = clips;
    this.plan = plan;
    this.busy = busy;
    this.tell = tell;
    this.redraw = redraw;
    this.hoped = null; // the order that was asked for and not yet heard
    this.base = null; // { ids, plan }: the order that the wish was made from
    this.wish = false; // whether `hoped` is still to be said
    this.sent = null; // number of the order on its way
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

  heard(data) {
    if (this.sent !== null && data.heard >= this.sent) this.sent = null;
    if (this.wish && !this.dragged) this.send();
    else if (!this.dragged && this.sent === null) this.hoped = this.base = null;
  }

  // Once everything before it was answered: an order that was asked for just after another, or just
  // after a clip was kept, is made from what those two left. Where a colleague put the clips in
  // another order meanwhile it names the old plan, and so is refused and not written over theirs.
  send() {
    if (this.busy()) return;
    const ids = this.sorted().map((clip) => clip.id);
    const now = this.clips().map((clip) => clip.id);
    const both = (some, others) => some.filter((id) => others.includes(id)).join();
    const own = both(now, this.base.ids) === both(this.base.ids, now);
    this.wish = false;
    this.sent = this.tell(ids, own ? this.plan() : this.base.plan);
    this.base = { ids, plan: this.base.plan };
  }

  begin() {
    this.base ??= { ids: this.clips().map((clip) => clip.id), plan: this.plan() };
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
    this.begin();
    this.hoped = ids;
    this.wish = true;
    this.redraw();
    this.send();
  }

  down(event) {
    const handle = event.target.closest(".handle");
    if (!handle || event.button !== 0) return;
    const row = handle.closest("[data-clip]");
    this.begin();
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
    if (done && ids.join() !== before) return this.ask(ids);
    if (!this.wish && this.sent === null) this.hoped = this.base = null;
    this.redraw();
  }
}
