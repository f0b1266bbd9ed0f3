// One picture of the film, as large as the window. Nothing of it is saved: letting a picture leave
// the house is asked for elsewhere, and of the family's agreement.

import { clock } from "./film.js";

export class Large {
  constructor(room) {
    this.room = room;
    this.dialog = room.one("dialog.large");
    this.canvas = this.dialog.querySelector("canvas");
    this.dialog.querySelector("button").addEventListener("click", () => this.close());
    this.dialog.addEventListener("close", () => this.wipe());
  }

  get open() {
    return this.dialog.open;
  }

  toggle() {
    if (this.open) return this.close();
    this.room.film.pause();
    this.dialog.showModal();
    this.draw();
  }

  // Also after each step, while it is open.
  draw() {
    const { film, data } = this.room;
    if (!this.open || film.target !== null || !film.video.videoWidth) return;
    this.canvas.width = film.video.videoWidth;
    this.canvas.height = film.video.videoHeight;
    this.canvas.getContext("2d").drawImage(film.video, 0, 0);
    this.dialog.querySelector(".whose-large").textContent = `${data.picture} · ${clock(film.now, true)}`;
  }

  close() {
    if (this.open) this.dialog.close();
  }

  wipe() {
    this.canvas.width = this.canvas.height = 1;
  }
}
