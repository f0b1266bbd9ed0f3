// Films on their way in: slice by slice to our own route, where each is sealed as it arrives.
//
// Sending belongs to the window and not to a page: it goes on while its person looks at another
// film. A broken line is taken up again where the server says it stopped; after a reload or a
// restart the same file, chosen again, is known by its size and its ends. The browser keeps nothing.

const SLICE = 8 * 2 ** 20;
const END = 2 ** 20;
const AT_ONCE = 2;
const OURS = { "x-vig-request": "1" };

export const ERASE = "Now erase it from the phone, its Recently Deleted and its cloud.";

/** Everything this window sends or has sent, the oldest first. */
export const all = new Set();
const watchers = new Set();

/** Have `heard` called at every change; what is given back ends that. */
export function watch(heard) {
  watchers.add(heard);
  return () => watchers.delete(heard);
}

const tell = () => watchers.forEach((heard) => heard());
export const moving = () => [...all].some((one) => one.active && !one.paused);

// Leaving in the middle asks first.
addEventListener("beforeunload", (e) => [...all].some((one) => one.active) && e.preventDefault());

/** Begin with a file; `film` is what was recorded about it. */
export const begin = (file, film) => start(new Sending(file, { ...film, name: file.name }, null));

/** Go on with a film of which a part has arrived; `file` is null where all of it has. */
export const goOn = (file, waiting) => start(new Sending(file, null, waiting));

function start(sending) {
  all.add(sending);
  tell();
  sending.run();
  return sending;
}

/** Stop and forget an upload that nobody sends. */
export async function forget(id) {
  await fetch(`/api/uploads/${id}`, { method: "DELETE", headers: OURS });
}

class Sending {
  constructor(file, film, waiting) {
    this.file = file;
    this.film = film;
    this.waiting = waiting;
    this.id = waiting?.id ?? null;
    this.size = waiting?.size ?? file.size;
    this.name = file?.name ?? "";
    this.at = waiting?.arrived ?? 0;
    this.share = 0;
    this.words = "Waiting its turn";
    this.active = true;
    this.paused = false;
    this.mayPause = false;
    this.stopped = false;
    this.trouble = null;
    this.recording = null;
  }

  async run() {
    try {
      await this.turn();
      if (!this.stopped) await this.known();
      if (!this.stopped && this.at < this.size) await this.send();
      if (!this.stopped) await this.finish();
    } catch (error) {
      if (!this.stopped) this.trouble = error.message;
    }
    this.active = false;
    this.mayPause = false;
    if (this.stopped) all.delete(this);
    tell();
  }

  /** Two at once: more only make each other slow. */
  async turn() {
    const before = () => [...all].filter((one) => one.active && !one.paused && one !== this && one.sending);
    while (!this.stopped && before().length >= AT_ONCE) await wait(200);
    this.sending = true;
  }

  /** Which upload this is: the one that waits for it, one begun earlier, or a new one. */
  async known() {
    const mark = this.file ? await markOf(this.file) : null;
    if (this.waiting) {
      if (mark && (this.file.size !== this.size || mark !== this.waiting.mark))
        throw new Error(`This is another file. The one that was begun has ${mb(this.size)} MB.`);
      this.at = (await this.offset()) ?? this.at;
      return;
    }
    const made = await ask("/api/uploads", "POST", { size: this.size, mark, film: this.film });
    this.id = made.id;
    this.at = made.offset;
  }

  async send() {
    this.mayPause = true;
    let failures = 0;
    let since = null;
    while (this.at < this.size && !this.stopped) {
      if (this.paused) {
        this.share = (this.at / this.size) * 0.5;
        this.say(`Paused at ${mb(this.at)} of ${mb(this.size)} MB`);
        since = null;
        await wait(150);
        continue;
      }
      since ??= { at: this.at, when: performance.now() };
      try {
        this.at = await this.slice(since);
        failures = 0;
      } catch (error) {
        if (error.final) throw error;
        if (this.paused || this.stopped) continue;
        failures += 1;
        since = null;
        this.say("The connection is broken. It goes on by itself when it is back.");
        await this.nap(Math.min(15000, 400 * 2 ** failures));
        this.at = (await this.offset()) ?? this.at;
      }
    }
    this.mayPause = false;
  }

  /** Wait, but not beyond a line that is back or a person who pauses or stops. */
  nap(ms) {
    const called = new Promise((go) => (this.rouse = go));
    return Promise.race([wait(ms), online(), called]);
  }

  /** One slice; where the server stands after it. */
  slice(since) {
    const at = this.at;
    const request = new XMLHttpRequest();
    this.request = request;
    return new Promise((done, failed) => {
      request.open("PATCH", `/api/uploads/${this.id}`);
      for (const [name, value] of Object.entries(OURS)) request.setRequestHeader(name, value);
      request.setRequestHeader("upload-offset", String(at));
      request.setRequestHeader("content-type", "application/offset+octet-stream");
      request.upload.onprogress = (e) => this.shown(at + Math.min(e.loaded, SLICE), since);
      request.onerror = request.onabort = request.ontimeout = () => failed(new Error("broken"));
      request.onload = () => {
        const now = request.getResponseHeader("upload-offset");
        if (now !== null) done(Number(now));
        else failed(refusal(request.status, request.responseText));
      };
      request.send(this.file.slice(at, at + SLICE));
    });
  }

  shown(at, since) {
    if (this.paused || this.stopped) return;
    const seconds = (performance.now() - since.when) / 1000;
    const left = seconds > 3 && at > since.at ? ((this.size - at) * seconds) / (at - since.at) : null;
    this.share = (at / this.size) * 0.5;
    this.say(`Sealing: ${mb(at)} of ${mb(this.size)} MB${left === null ? "" : `, ${about(left)} left`}`);
  }

  /** How far the server is; null while it cannot be reached. Throws where it has no such upload. */
  async offset() {
    let answer;
    try {
      answer = await fetch(`/api/uploads/${this.id}`, { method: "HEAD" });
    } catch {
      return null;
    }
    const at = answer.headers.get("upload-offset");
    if (answer.ok) return at === null ? null : Number(at);
    if (answer.status >= 500) return null;
    if (answer.status === 404) throw new Error("What had arrived is no longer there. Add the film again.");
    throw refusal(answer.status, "");
  }

  async finish() {
    this.say("Checking the film…");
    await patiently(() => ask(`/api/uploads/${this.id}/finish`, "POST", {}));
    for (;;) {
      const state = await patiently(() => ask(`/api/uploads/${this.id}`, "GET"));
      if (this.stopped) return;
      if (state.error) throw new Error([state.error, state.advice].filter(Boolean).join(" "));
      if (state.recording) {
        this.recording = state.recording;
        this.share = 1;
        return this.say(`Sealed in the vault. ${ERASE}`);
      }
      this.share = 0.5 + state.share / 2;
      this.say("Checking the film and making a copy that every browser plays…");
      await wait(400);
    }
  }

  pause() {
    this.paused = !this.paused;
    if (this.paused) this.request?.abort();
    this.rouse?.();
    tell();
  }

  async stop() {
    this.stopped = true;
    this.request?.abort();
    this.rouse?.();
    this.say("Stopping…");
    if (this.id) await forget(this.id).catch(() => {});
    all.delete(this);
    tell();
  }

  dismiss() {
    all.delete(this);
    tell();
  }

  say(words) {
    this.words = words;
    tell();
  }
}

/** SHA-256 of the first and the last MiB, as `vig/app/slices.py` reckons it. */
async function markOf(file) {
  const first = Math.min(END, file.size);
  const ends = new Blob([file.slice(0, first), file.slice(Math.max(first, file.size - END))]);
  const digest = await crypto.subtle.digest("SHA-256", await ends.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(path, method, note) {
  const answer = await fetch(path, {
    method,
    headers: method === "GET" ? {} : { ...OURS, "content-type": "application/json" },
    body: note ? JSON.stringify(note) : undefined,
  });
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer.status === 202 || answer.status === 204 ? null : answer.json();
}

/** Once more where the line broke: asking again changes nothing. */
async function patiently(act) {
  for (let failures = 0; ; failures += 1) {
    try {
      return await act();
    } catch (error) {
      if (error.final || failures >= 20) throw error;
      await wait(Math.min(15000, 400 * 2 ** failures));
    }
  }
}

function refusal(status, text) {
  let words = "The film could not be taken in.";
  try {
    const said = JSON.parse(text);
    words = [said.error, said.advice].filter(Boolean).join(" ");
  } catch {
    if (status === 401) words = "You were signed out. Sign in and choose the same film again: it goes on where it stopped.";
    if (status === 423) words = "This film goes on in another window.";
  }
  return Object.assign(new Error(words), { final: status < 500 && status !== 408 });
}

const mb = (bytes) => Math.round(bytes / 1e6).toLocaleString("en-GB");
const about = (seconds) => (seconds < 90 ? "about a minute" : `about ${Math.round(seconds / 60)} minutes`);
const wait = (ms) => new Promise((go) => setTimeout(go, ms));
const online = () => new Promise((go) => addEventListener("online", go, { once: true }));
