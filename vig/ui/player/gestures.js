// What a person did, on its way to Python: one at a time, numbered, said back as `heard`.
//
// Two quick ones cannot swallow each other, and one that got no answer is sent again; Python lets
// a number that it has heard already go by.

const LATE = 6_000; // ms without an answer until a gesture is sent once more

export class Gestures {
  constructor(send) {
    this.send = send;
    this.queue = [];
    this.sent = 0;
  }

  say(gesture) {
    const last = this.queue[this.queue.length - 1]?.number ?? this.sent;
    const number = Math.max(Date.now(), last + 1);
    this.queue.push({ number, ...gesture });
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
    this.late = setTimeout(() => this.next(), LATE);
  }

  close() {
    clearTimeout(this.late);
  }
}
