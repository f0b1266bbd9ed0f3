// A film on its way in: slice by slice to our own route, where each is sealed as it arrives.
//
// A broken line is taken up again where the server says it stopped; the browser keeps no file name,
// only the upload's id under the size and date of the file, so that choosing the same film after a
// reload goes on with it.

const SLICE = 16 * 2 ** 20;
const OURS = { "x-vig-request": "1" };
const parts = new WeakMap();

export default function mount({ parentElement, data, setTriggerValue }) {
  let part = parts.get(parentElement);
  if (!part) {
    part = new Uploader(parentElement.querySelector(".up"));
    parts.set(parentElement, part);
  }
  part.done = (recording) => setTriggerValue("done", recording);
  part.update(data);
  return () => {
    part.close();
    parts.delete(parentElement);
  };
}

class Uploader {
  constructor(root) {
    this.one = (selector) => root.querySelector(selector);
    this.ac = new AbortController();
    const on = (target, type, f) => target.addEventListener(type, f, { signal: this.ac.signal });
    const input = this.one("input");
    on(input, "change", () => this.take(input.files[0]));
    on(this.one(".pause"), "click", () => this.pause());
    on(this.one(".stop"), "click", () => this.stop());
    const drop = this.one(".drop");
    on(drop, "dragover", (e) => {
      e.preventDefault();
      drop.classList.add("over");
    });
    on(drop, "dragleave", () => drop.classList.remove("over"));
    on(drop, "drop", (e) => {
      e.preventDefault();
      drop.classList.remove("over");
      this.take(e.dataTransfer.files[0]);
    });
    // Leaving the page in the middle of an upload asks first.
    on(window, "beforeunload", (e) => this.running && e.preventDefault());
  }

  update(data) {
    this.data = data;
    const ready = !data.why_not;
    this.one(".drop").classList.toggle("wait", !ready);
    this.one("input").disabled = !ready;
    this.one(".lead").textContent = ready ? data.lead : data.why_not;
  }

  async take(file) {
    if (!file || this.data.why_not || this.running) return;
    this.film = this.data.film; // the agreement as it stood when the film was chosen
    this.running = true;
    this.stopped = false;
    this.paused = false;
    this.trouble(null);
    this.view(true);
    try {
      await this.send(file);
      if (!this.stopped) await this.finish(file);
    } catch (error) {
      this.trouble(error.message);
    }
    this.running = false;
    this.view(false);
    this.one("input").value = "";
  }

  async send(file) {
    const key = `vig-upload:${file.size}:${file.lastModified}`;
    this.key = key;
    this.id = sessionStorage.getItem(key);
    let at = this.id ? await this.offset() : null;
    if (at === null) {
      const made = await this.ask("/api/uploads", "POST", { size: file.size });
      this.id = made.id;
      at = 0;
      sessionStorage.setItem(key, this.id);
    }
    let failures = 0;
    while (at < file.size && !this.stopped) {
      this.say(`Sealing: ${mb(at)} of ${mb(file.size)} MB`, (at / file.size) * 0.5);
      if (this.paused) {
        await wait(200);
        continue;
      }
      try {
        at = await this.slice(file, at);
        failures = 0;
      } catch (error) {
        if (error.final || ++failures > 8) throw error;
        this.say("The connection broke; trying again…", null);
        await wait(Math.min(8000, 300 * 2 ** failures));
        at = (await this.offset()) ?? at;
      }
    }
  }

  async slice(file, at) {
    this.sending = new AbortController();
    const answer = await fetch(`/api/uploads/${this.id}`, {
      method: "PATCH",
      signal: this.sending.signal,
      headers: { ...OURS, "upload-offset": String(at), "content-type": "application/offset+octet-stream" },
      body: file.slice(at, at + SLICE),
    });
    const now = answer.headers.get("upload-offset");
    if (now !== null) return Number(now);
    if (answer.status === 423) throw new Error("The last slice is still being sealed.");
    throw await refusal(answer);
  }

  async offset() {
    const answer = await fetch(`/api/uploads/${this.id}`, { method: "HEAD" });
    const at = answer.headers.get("upload-offset");
    return answer.ok && at !== null ? Number(at) : null;
  }

  async finish(file) {
    this.one(".pause").hidden = true;
    await this.ask(`/api/uploads/${this.id}/finish`, "POST", { ...this.film, name: file.name });
    for (;;) {
      const state = await this.ask(`/api/uploads/${this.id}`, "GET");
      if (state.error) {
        sessionStorage.removeItem(this.key);
        if (this.stopped) return;
        throw new Error([state.error, state.advice].filter(Boolean).join(" "));
      }
      if (state.recording) {
        sessionStorage.removeItem(this.key);
        this.say("Done.", 1);
        this.done(state.recording);
        return;
      }
      this.say("Checking the film and making a copy that every browser plays…", 0.5 + state.share / 2);
      await wait(400);
    }
  }

  pause() {
    this.paused = !this.paused;
    if (this.paused) this.sending?.abort();
    this.one(".pause").textContent = this.paused ? "Go on" : "Pause";
  }

  async stop() {
    this.stopped = true;
    this.sending?.abort();
    this.say("Stopping…", null);
    if (this.key) sessionStorage.removeItem(this.key);
    if (this.id) await fetch(`/api/uploads/${this.id}`, { method: "DELETE", headers: OURS });
  }

  async ask(path, method, note) {
    const answer = await fetch(path, {
      method,
      headers: method === "GET" ? {} : { ...OURS, "content-type": "application/json" },
      body: note ? JSON.stringify(note) : undefined,
    });
    if (!answer.ok) throw await refusal(answer);
    return answer.status === 202 || answer.status === 204 ? null : answer.json();
  }

  view(going) {
    this.one(".going").hidden = !going;
    this.one(".drop").hidden = going;
    this.one(".pause").hidden = false;
    this.one(".pause").textContent = "Pause";
    if (going) this.say("Sealing…", 0);
  }

  say(words, share) {
    this.one(".what").textContent = words;
    if (share !== null) this.one("progress").value = share;
  }

  trouble(words) {
    this.one(".trouble").hidden = !words;
    this.one(".trouble").textContent = words ?? "";
  }

  close() {
    this.ac.abort();
    this.stopped = true;
    this.sending?.abort();
  }
}

async function refusal(answer) {
  let words = "The film could not be taken in.";
  try {
    const said = await answer.json();
    words = [said.error, said.advice].filter(Boolean).join(" ");
  } catch {
    if (answer.status === 401) words = "You were signed out. Sign in and choose the same film again: it goes on where it stopped.";
  }
  return Object.assign(new Error(words), { final: answer.status < 500 && answer.status !== 408 });
}

const mb = (bytes) => (bytes / 1e6).toFixed(0);
const wait = (ms) => new Promise((go) => setTimeout(go, ms));
