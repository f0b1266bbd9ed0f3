// The film itself: which frame is shown, and how to get to another one, exactly.
//
// A phone films at a variable rate, so frames are counted from a table of their true start times
// (seconds, float64; one more entry than frames: the end of the last). A seek aims at the middle
// of a frame; aiming at its start lands on the one before in about half of all tries.

export class Film {
  constructor(video, changed) {
    this.video = video;
    this.changed = changed;
    this.times = null;
    this.frame = 0;
    this.target = null; // frame that a seek under way will show
    this.loop = null; // {first, last} frames, or null
    this.stopAfter = null; // last frame of the stretch being played, or null
    this.slow = 1;
    this.backward = 0;
    this.ac = new AbortController();
    const on = (type, f) => video.addEventListener(type, f, { signal: this.ac.signal });
    for (const type of ["play", "pause", "ratechange", "loadedmetadata", "error", "waiting", "playing"]) {
      on(type, () => this.changed());
    }
    on("seeked", () => this.arrived());
    on("ended", () => this.ended());
    const shown = (now, meta) => {
      this.shown(meta.mediaTime);
      this.handle = video.requestVideoFrameCallback(shown);
    };
    this.handle = video.requestVideoFrameCallback(shown);
  }

  load(source, times) {
    this.times = times;
    this.frame = 0;
    this.target = null;
    this.loop = null;
    this.stopAfter = null;
    this.video.src = source;
  }

  get ready() {
    return this.times !== null;
  }

  get frames() {
    return this.times ? this.times.length - 1 : 0;
  }

  get length() {
    return this.times ? this.times[this.times.length - 1] : 0;
  }

  get now() {
    return this.times ? this.times[this.target ?? this.frame] : 0;
  }

  get here() {
    return this.target ?? this.frame;
  }

  get playing() {
    return !this.video.paused || this.backward > 0;
  }

  start(n) {
    return this.times[Math.min(Math.max(n, 0), this.frames)];
  }

  // The frame shown at a time in seconds.
  at(seconds) {
    let low = 0;
    let high = this.frames - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  seek(n) {
    if (!this.ready) return;
    n = Math.min(Math.max(Math.round(n), 0), this.frames - 1);
    this.target = n;
    this.video.currentTime = (this.times[n] + this.times[n + 1]) / 2;
    this.changed();
  }

  step(by) {
    this.pause();
    this.stopAfter = null;
    this.seek(this.here + by);
  }

  // By a time rather than a number of frames.
  jump(seconds) {
    this.stopAfter = null;
    this.seek(this.at(this.now + seconds));
  }

  play() {
    this.reverse(0);
    if (this.here >= this.frames - 1) this.seek(0);
    this.video.playbackRate = this.slow;
    return this.video.play().catch(() => {});
  }

  pause() {
    this.reverse(0);
    this.video.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  // Plays the frames from first to last, both shown, then stops there (or goes round, if looped).
  playStretch(first, last) {
    this.pause();
    this.seek(first);
    this.stopAfter = last;
    if (this.loop) this.loop = { first, last };
    return this.play();
  }

  setLoop(stretch) {
    this.loop = stretch;
    this.changed();
  }

  setSpeed(rate) {
    this.slow = rate;
    this.video.playbackRate = rate;
    this.changed();
  }

  faster() {
    if (this.video.paused) {
      this.slow = 1;
      this.play();
    } else {
      this.setSpeed(Math.min(this.video.playbackRate * 2, 4));
    }
  }

  // Browsers cannot play backwards: this seeks back by the clock, every 80 ms.
  reverse(rate) {
    clearInterval(this.ticker);
    this.backward = rate;
    if (!rate) return;
    this.video.pause();
    this.ticker = setInterval(() => {
      if (this.video.seeking) return;
      if (this.frame === 0) this.reverse(0);
      else this.seek(Math.min(this.at(this.start(this.frame) - 0.08 * rate), this.frame - 1));
    }, 80);
    this.changed();
  }

  shown(mediaTime) {
    if (!this.ready) return;
    this.frame = this.at(mediaTime + 1e-6);
    if (this.target === this.frame) this.target = null;
    if (!this.video.paused && !this.video.seeking) {
      if (this.loop && this.frame >= this.loop.last) this.seek(this.loop.first);
      else if (this.stopAfter !== null && this.frame >= this.stopAfter) this.halt();
    }
    this.changed();
  }

  halt() {
    const last = this.stopAfter;
    this.stopAfter = null;
    this.video.pause();
    if (this.frame !== last) this.seek(last);
  }

  // No new frame is announced when the sought one was on screen already.
  arrived() {
    if (this.target !== null) {
      this.frame = this.target;
      this.target = null;
    }
    this.changed();
  }

  ended() {
    if (this.loop) {
      this.seek(this.loop.first);
      this.play();
    }
    this.changed();
  }

  close() {
    this.ac.abort();
    clearInterval(this.ticker);
    this.video.cancelVideoFrameCallback(this.handle);
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

// 134.26 -> "2:14" or "2:14.2"; times are cut, never rounded up into the next second.
export function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds + 1e-6);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  const tenth = tenths ? `.${Math.min(9, Math.floor((seconds + 1e-6 - whole) * 10))}` : "";
  return `${minutes}:${rest}${tenth}`;
}

export const seconds = (micros) => micros / 1e6;
export const micros = (time) => Math.round(time * 1e6);
