// The way out, on every page, and the watch beside it: a page whose person has gone signs itself out.
//
// A moving pointer or a key counts as a person, a page that redraws itself does not. A film that plays
// counts as a review being shown, for an hour at most: one left looping must not stay open all day.

import { listen } from "./curtain.js";

const TOLD_EVERY = 20_000; // ms between two signs of life
const ASKED_EVERY = 5_000; // ms between two questions whether this page may stay
const doors = new WeakMap();

export default function mount({ parentElement, data }) {
  let door = doors.get(parentElement);
  if (!door) {
    door = open(parentElement);
    doors.set(parentElement, door);
  }
  door.say(data);
  return () => {
    door.close();
    doors.delete(parentElement);
  };
}

function open(parent) {
  const ac = new AbortController();
  const button = parent.querySelector("button");
  let moved = true;
  let told = 0;
  const note = () => (moved = true);
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
    document.addEventListener(type, note, { signal: ac.signal, capture: true, passive: true });
  }
  button.addEventListener("click", () => leave("/account/lock"), { signal: ac.signal });
  listen(films, ac.signal);
  let screen = null;
  const ticker = setInterval(look, ASKED_EVERY);
  look();

  async function look() {
    const due = Date.now() - told >= TOLD_EVERY;
    const sign = !due ? "" : moved ? "?active=1" : filmPlays() ? "?showing=1" : "";
    if (sign) {
      moved = false;
      told = Date.now();
    }
    try {
      const answer = await post(`/account/here${sign}`);
      if (answer.status === 401) gone();
      // Another session in this browser: a visit began or ended, and this page is of the one before.
      const now = answer.headers.get("x-vig-screen");
      if (screen !== null && now !== null && now !== screen) {
        hideEverything();
        location.replace("/");
      }
      screen ??= now;
    } catch {
      // the server is away; Streamlit says so itself
    }
  }
  return {
    say: (data) => {
      const visit = parent.querySelector(".visit");
      const link = parent.querySelector("a");
      parent.querySelector(".who").textContent = data?.visit ? "" : (data?.who ?? "");
      visit.hidden = !data?.visit;
      visit.textContent = data?.visit ? `Visit: ${data.visit}` : "";
      link.textContent = data?.visit ? "End the visit" : "Go on a visit";
      link.href = data?.visit ? "/account/visit/end" : "/account/visit";
    },
    close: () => {
      ac.abort();
      clearInterval(ticker);
    },
  };
}

async function leave(path) {
  hideEverything();
  try {
    await post(path);
  } finally {
    gone();
  }
}

function gone() {
  hideEverything();
  location.replace("/account/sign-in");
}

function hideEverything() {
  for (const video of films()) {
    video.pause();
    video.removeAttribute("src");
  }
  document.body.style.visibility = "hidden";
}

function filmPlays() {
  return films().some((video) => !video.paused);
}

// Components live in shadow roots, so a plain querySelector would not find their films.
function films(root = document) {
  const found = [...root.querySelectorAll("video")];
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) found.push(...films(element.shadowRoot));
  }
  return found;
}

function post(path) {
  return fetch(path, { method: "POST", headers: { "x-vig-request": "1" }, credentials: "same-origin", redirect: "manual" });
}
