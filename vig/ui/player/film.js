// The film itself: which frame is shown, and how to get to another one, exactly.
//
// A phone films at a variable rate, so frames are counted from a table of their true start times
// (seconds, float64; one more entry than frames: the end of the last). A seek aims at the middle
// of a frame; aiming at its start lands on the one before in about half of all tries.
//
// One seek at a time is under way. A frame asked for meanwhile waits, and only the newest waits:
// so a held key or a dragged pointer shows picture after picture and nothing queues up behind it.

import { Guard } from "./guard.js";

export const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2];
const USUAL = 1;
const STALL = 0.5; // seconds that backward play may fall behind the clock before it starts anew

export class Film {
  constructor(video, changed) {
    this.video = video;
    this.changed = changed;
    this.guard = new Guard(video);
    this.ac = new AbortController();
    const on = (type, f) => video.addEventListener(type, f, { signal: this.ac.signal });
    for (const type of ["play", "pause", "ratechange", "error", "waiting", "playing"]) {
      on(type, () => this.changed());
    }
    on("loadedmetadata", () => this.aim());
    on("seeked", () => this.arrived());
    on("ended", () => this.ended());
    this.speed = USUAL; // chosen by the person
    this.reset();
    this.follow();
  }

  reset() {
    this.times = null;
    this.frame = 0; // on screen
    this.target = null; // wanted, and not on screen yet
    this.aimed = null; // being sought by the browser
    this.loop = null; // {first, last} frames, or null
    this.stopAfter = null; // last frame of the stretch being played, or null
    this.shuttle = null; // speed for as long as J or L lasts, or null
    this.backward = 0;
  }

  load(source, times) {
    this.rest();
    this.reset();
    this.times = times;
    this.video.src = source;
  }

  // Frame times that came after the film.
  count(times) {
    this.times = times;
    this.changed();
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

  get here() {
    return this.target ?? this.frame;
  }

  get now() {
    return this.times ? this.times[this.here] : 0;
  }

  get playing() {
    return !this.video.paused || this.backward > 0;
  }

  // How fast it plays, or will.
  get rate() {
    return this.shuttle ?? this.speed;
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

  // The frame that starts at a time, give or take the rounding of a container's clock.
  named(seconds) {
    const before = this.at(seconds);
    const after = Math.min(before + 1, this.frames - 1);
    return this.times[after] - seconds < seconds - this.times[before] ? after : before;
  }

  inside(n) {
    return Math.min(Math.max(Math.round(n), 0), this.frames - 1);
  }

  // ---- to another frame

  seek(n) {
    if (!this.ready) return;
    this.target = this.inside(n);
    if (this.aimed === null) this.aim();
    this.changed();
  }

  // At once, whatever is being sought: for a film that is about to play from there.
  cut(n) {
    if (!this.ready) return;
    this.target = this.inside(n);
    this.aim();
  }

  aim() {
    if (this.target === null || this.video.readyState < 1) return;
    this.aimed = this.target;
    this.video.currentTime = (this.times[this.aimed] + this.times[this.aimed + 1]) / 2;
  }

  arrived() {
    if (this.video.seeking || this.aimed === null) return;
    const reached = this.aimed;
    this.aimed = null;
    this.frame = reached;
    if (this.target === reached) this.target = null;
    else this.aim();
    // While it plays, the next picture on screen says when the guard may go.
    if (!this.outside(reached) && this.video.paused) this.guard.lift();
    this.changed();
  }

  step(by) {
    this.pause();
    this.stopAfter = null;
    this.seek(this.here + by);
  }

  // A key held down: the next step only once the last one is on screen.
  stepOn(by) {
    if (this.target === null) this.step(by);
  }

  // By a time rather than a number of frames.
  jump(seconds) {
    this.stopAfter = null;
    this.seek(this.at(this.now + seconds + 1e-6));
  }

  // ---- playing

  play() {
    this.turn(0);
    if (!this.loop && this.here >= this.frames - 1) this.cut(0);
    if (this.loop && !this.looped(this.here)) this.cut(this.loop.first);
    this.video.playbackRate = this.rate;
    return this.video.play().catch(() => {});
  }

  pause() {
    const played = this.playing;
    this.rest();
    // The browser may be a moment ahead of the picture; from here on both mean the same frame.
    if (played && this.ready && this.aimed === null) this.seek(this.here);
  }

  rest() {
    this.turn(0);
    this.shuttle = null;
    this.video.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  // Plays the frames from first to last, both shown, then stops there (or goes round, if looped).
  playStretch(first, last) {
    this.rest();
    this.cut(first);
    this.stopAfter = last;
    if (this.loop) this.loop = { first, last };
    return this.play();
  }

  setLoop(stretch) {
    this.loop = stretch;
    if (stretch) this.stopAfter = null;
    this.changed();
  }

  setSpeed(rate) {
    this.speed = rate;
    this.shuttle = null;
    this.hurry();
  }

  // L and J: play on or back at the chosen speed; again: the next faster one.
  forward() {
    if (this.video.paused) {
      this.shuttle = null;
      this.play();
    } else {
      this.shuttle = faster(this.rate);
      this.hurry();
    }
  }

  reverse() {
    if (this.backward > 0) this.shuttle = faster(this.rate);
    else this.shuttle = null;
    this.turn(this.rate);
  }

  hurry() {
    if (this.backward) this.turn(this.rate);
    else this.video.playbackRate = this.rate;
    this.changed();
  }

  // Browsers cannot play backwards: frame after frame is sought by the clock, none left out as
  // long as the machine keeps up.
  turn(rate) {
    cancelAnimationFrame(this.ticker);
    this.backward = rate;
    if (!rate) return;
    this.video.pause();
    this.stopAfter = null;
    let [from, since] = [this.now, performance.now()];
    const tick = (clock) => {
      if (!this.backward) return;
      this.ticker = requestAnimationFrame(tick);
      if (this.target !== null) return;
      const wanted = from - ((clock - since) / 1000) * rate;
      if (this.loop && this.frame <= this.loop.first) {
        [from, since] = [this.times[this.loop.last], clock];
        this.seek(this.loop.last);
      } else if (this.frame === 0) {
        this.rest();
        this.changed();
      } else if (wanted < this.times[this.frame]) {
        if (this.times[this.frame] - wanted > STALL * rate) [from, since] = [this.times[this.frame - 1], clock];
        const next = Math.min(this.at(Math.max(wanted, 0)), this.frame - 1);
        this.seek(Math.max(next, this.loop?.first ?? 0));
      }
    };
    this.ticker = requestAnimationFrame(tick);
    this.changed();
  }

  looped(n) {
    return n >= this.loop.first && n <= this.loop.last;
  }

  // The last frame that may be shown while it plays, or null.
  get end() {
    return this.loop ? this.loop.last : this.stopAfter;
  }

  outside(n) {
    return this.loop ? !this.looped(n) : this.stopAfter !== null && n > this.stopAfter;
  }

  // ---- what is on screen

  follow() {
    const { video } = this;
    if (!video.requestVideoFrameCallback) {
      const look = () => {
        if (!video.paused) this.shown(video.currentTime);
        this.handle = requestAnimationFrame(look);
      };
      this.unfollow = () => cancelAnimationFrame(this.handle);
      return look();
    }
    const shown = (now, meta) => {
      this.shown(meta.mediaTime);
      this.handle = video.requestVideoFrameCallback(shown);
    };
    this.unfollow = () => video.cancelVideoFrameCallback(this.handle);
    this.handle = video.requestVideoFrameCallback(shown);
  }

  shown(mediaTime) {
    if (!this.ready || this.aimed !== null) return;
    this.frame = this.named(mediaTime);
    if (!this.video.paused) this.keepWithin();
    this.changed();
  }

  // Near the end of a stretch the guard's picture stands over the film's, so that a late answer of
  // the browser shows no frame from outside.
  keepWithin() {
    const { end, frame } = this;
    if (end === null) return this.guard.lift();
    if (!this.outside(frame)) {
      this.guard.lift();
      if (this.times[end + 1] - this.times[frame] < 0.4 * this.rate) {
        this.guard.hold((at) => !this.outside(at === null ? frame : this.named(at)));
      }
    }
    if (frame < end && !(this.loop && frame < this.loop.first)) return;
    if (this.loop) this.cut(this.loop.first);
    else this.halt();
  }

  halt() {
    const last = this.stopAfter;
    this.rest();
    this.seek(last);
    this.stopAfter = null;
  }

  ended() {
    if (this.loop) {
      this.cut(this.loop.first);
      this.play();
    } else {
      this.rest();
      this.stopAfter = null;
    }
    this.changed();
  }

  close() {
    this.ac.abort();
    this.rest();
    this.unfollow();
    this.guard.close();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

function faster(rate) {
  return SPEEDS.find((one) => one > rate + 1e-9) ?? SPEEDS[SPEEDS.length - 1];
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
