// One key hides everything at once, on every page: for a door that opens, or a child who asks.
//
// "." is what presenter remotes send for a black screen; it types nothing anywhere but in a field.
// What is playing stops, and starts again only by a person's hand.

export const KEY = ".";
const FIELD = /^(INPUT|TEXTAREA)$/;
// No full stop is ever typed into these, nor chosen by one in a list.
const QUIET = /^(checkbox|radio|button|submit|reset|range|color|file)$/;
let curtain = null;

export function listen(films, signal) {
  addEventListener("keydown", (event) => heard(event, films), { capture: true, signal });
}

function heard(event, films) {
  const ours = event.key === KEY && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (curtain?.open) {
    // No other key may work on what nobody sees; those of the one button keep their meaning.
    event.stopImmediatePropagation();
    if (!/^(Enter| |Tab)$/.test(event.key)) event.preventDefault();
    if (ours && !event.repeat) curtain.close();
    return;
  }
  if (!ours || event.repeat || typed(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  hide(films);
}

function typed(event) {
  const inner = event.composedPath()[0];
  return inner instanceof Element && ((FIELD.test(inner.tagName) && !QUIET.test(inner.type)) || inner.isContentEditable);
}

function hide(films) {
  for (const film of films()) film.pause();
  curtain ??= made();
  if (!curtain.isConnected) document.body.append(curtain);
  // A modal dialog lies above everything, a film in full screen too.
  curtain.showModal();
}

function made() {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "The picture is hidden");
  dialog.id = "vig-curtain";
  Object.assign(dialog.style, {
    position: "fixed", inset: "0", width: "100vw", height: "100vh", maxWidth: "none", maxHeight: "none",
    margin: "0", padding: "0", border: "0", display: "none", alignItems: "flex-end", justifyContent: "center",
    background: "#20282d",
  });
  const again = document.createElement("button");
  again.textContent = "Show again";
  again.setAttribute("aria-keyshortcuts", KEY);
  Object.assign(again.style, {
    font: "500 1rem/1 inherit", color: "#c3cbd0", background: "transparent", border: "1px solid #4a565e",
    borderRadius: ".6rem", padding: ".8rem 1.4rem", minHeight: "2.8rem", marginBottom: "3rem", cursor: "pointer",
  });
  again.addEventListener("click", () => dialog.close());
  again.autofocus = true;
  dialog.append(again);
  // Escape closes a dialog by itself; a slip of the hand must not show what was hidden.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => (dialog.style.display = "none"));
  const showModal = dialog.showModal.bind(dialog);
  dialog.showModal = () => {
    dialog.style.display = "flex";
    showModal();
  };
  return dialog;
}
