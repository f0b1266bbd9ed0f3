// The pages before the door: show what is typed, say how strong it is, print, and do not send twice.

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    for (const id of button.dataset.show.split(" ")) {
      const field = document.getElementById(id);
      if (field) field.type = open ? "text" : "password";
    }
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Hide" : "Show";
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// After a way back from elsewhere: a step of our own, with which the browser shows our cookie again.
for (const link of document.querySelectorAll("[data-go]")) location.replace(link.href);

for (const form of document.forms) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[data-busy]");
    if (button) {
      button.textContent = button.dataset.busy;
      button.disabled = true;
    }
  });
}

const field = document.querySelector("[data-strength]");
if (field) {
  const said = document.getElementById("strength");
  let waiting = 0;
  let asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 250);
  });
  async function ask() {
    const turn = ++asked;
    if (!field.value) {
      said.textContent = "\u00a0";
      delete said.dataset.ok;
      return;
    }
    const answer = await fetch(field.dataset.strength, {
      method: "POST",
      headers: { "x-vig-request": "1" },
      body: new URLSearchParams({ passphrase: field.value }),
    });
    if (!answer.ok || turn !== asked) return;
    const { ok, words } = await answer.json();
    said.textContent = words;
    said.dataset.ok = ok ? "yes" : "no";
  }
}
