// Passkeys: hands the server's question to the browser and the device's answer back.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function post(path, fields = {}) {
  return fetch(path, {
    method: "POST",
    headers: { "x-vig-request": "1" },
    body: new URLSearchParams(fields),
  });
}

function listed(credentials = []) {
  return credentials.map((one) => ({ ...one, id: bytes(one.id) }));
}

async function made(question) {
  const publicKey = {
    ...question,
    challenge: bytes(question.challenge),
    user: { ...question.user, id: bytes(question.user.id) },
    excludeCredentials: listed(question.excludeCredentials),
  };
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
  return {
    id,
    rawId: text(rawId),
    type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
    },
  };
}

async function shown(question) {
  const publicKey = {
    ...question,
    challenge: bytes(question.challenge),
    allowCredentials: listed(question.allowCredentials),
  };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  return {
    id,
    rawId: text(rawId),
    type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

const ways = {
  known: { ask: "/account/second/device", tell: "/account/second/answer", answer: shown },
  new: { ask: "/account/own/device/new", tell: "/account/own/device/keep", answer: made },
};

for (const button of document.querySelectorAll("[data-device]")) {
  const way = ways[button.dataset.device];
  const says = document.getElementById("device-says");
  const say = (words) => {
    says.textContent = words;
    says.dataset.ok = "no";
  };
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    say("This browser knows no passkeys.");
    continue;
  }
  button.addEventListener("click", async () => {
    button.disabled = true;
    says.textContent = "Follow what your browser asks.";
    delete says.dataset.ok;
    try {
      const asked = await post(way.ask);
      const question = await asked.json();
      if (question.go) return location.assign(question.go);
      const answer = JSON.stringify(await way.answer(question));
      const name = document.getElementById("device-name")?.value ?? "";
      const told = await (await post(way.tell, { answer, name })).json();
      if (told.go) return location.assign(told.go);
      say([told.error, told.advice].filter(Boolean).join(" "));
    } catch {
      say("No device answered. Try again, or use another way.");
    }
    button.disabled = false;
  });
}
