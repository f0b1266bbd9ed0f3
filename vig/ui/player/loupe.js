// A small second picture of the film: one frame of it, or a stretch that plays by itself.

export class Loupe {
  constructor(film, label) {
    this.film = film; // the room's Film: it knows the true time of every frame
    this.video = document.createElement("video");
    this.video.className = "loupe";
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.preload = "auto";
    this.video.disablePictureInPicture = true;
    this.video.disableRemotePlayback = true;
    this.video.setAttribute("aria-label", label);
    this.video.addEventListener("contextmenu", (event) => event.preventDefault());
    this.video.addEventListener("loadedmetadata", () => this.go());
    this.frame = null;
    this.stretch = null;
  }

  // Aims at the middle of the frame, as the film itself does.
  show(frame) {
    if (frame === this.frame) return;
    this.frame = frame;
    const source = this.film.video.currentSrc || this.film.video.src;
    if (source && this.video.src !== source) this.video.src = source;
    else this.go();
  }

  go() {
    if (this.frame === null || this.video.readyState < 1) return;
    this.video.currentTime = (this.film.start(this.frame) + this.film.start(this.frame + 1)) / 2;
  }

  // Plays the frames from first to last once, and stops on the last.
  play(first, last, { sound = false, rate = 1 } = {}) {
    this.frame = null;
    this.show(first);
    this.video.muted = !sound;
    this.video.playbackRate = rate;
    cancelAnimationFrame(this.ticker);
    const end = (this.film.start(last) + this.film.start(last + 1)) / 2;
    const look = () => {
      if (this.video.currentTime >= end) {
        this.pause();
        this.frame = null;
        this.show(last);
      } else if (!this.video.paused) this.ticker = requestAnimationFrame(look);
    };
    return this.video.play().then(look, () => {});
  }

  get playing() {
    return !this.video.paused;
  }

  pause() {
    cancelAnimationFrame(this.ticker);
    this.video.pause();
  }

  close() {
    this.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
