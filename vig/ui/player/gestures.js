// What a person did, on its way to Python: one at a time, numbered, said back as `heard`.
//
// The page names them too, and its name outlives what Python remembers of the page: one that comes
// again after that is still known. Two quick ones cannot swallow each other, and one that got no
// answer is sent again; Python lets a number that it has heard already go by.

const LATE = 6_000; // ms without an answer until a gesture is sent once more

export class Gestures {
  constructor(send) {
    this.send = send;
    this.queue = [];
    this.sent = 0;
    this.page = name();
  }

  say(gesture) {
    const last = this.queue[this.queue.length - 1]?.number ?? this.sent;
    const number = Math.max(Date.now(), last + 1);
    this.queue.push({ number, page: this.page, ...gesture });
    if (this.queue.length === 1) this.next();
    return number;
  }

  heard(number) {
    this.queue = this.queue.filter((gesture) => gesture.number > number);
    if (!this.queue.length) clearTimeout(this.late);
    else if (this.queue[0].number !== this.sent) this.next();
  }

  next() {
    clearTimeout(this.late);
    if (!this.queue.length) return;
    this.sent = this.queue[0].number;
    this.send(this.queue[0]);
    if (!this.closed) this.late = setTimeout(() => this.next(), LATE);
  }

  // Nothing is said again on a page that is gone.
  close() {
    this.closed = true;
    clearTimeout(this.late);
  }
}

function name() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => one.toString(16).padStart(2, "0")).join("");
}
