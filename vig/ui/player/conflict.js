// Two people changed one thing: both versions, and the second one chooses. Nothing is overwritten.

import { act, make } from "./dom.js";

// Fills `box` with the choice, once for each conflict. settle(mine) hears what was chosen.
export function choice(box, clash, settle) {
  box.hidden = !clash;
  if (!clash || box.dataset.number === String(clash.number)) return;
  box.dataset.number = clash.number;
  const side = (words, rows) =>
    make("div", {},
      make("h3", {}, words),
      make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value || "—")])),
    );
  box.replaceChildren(
    make("p", {}, clash.words),
    make("div", { class: "both" }, side("Theirs", clash.theirs), side("Yours", clash.mine)),
    make("div", { class: "acts" },
      act("Take yours", "primary", () => settle(true)),
      act("Leave theirs", "", () => settle(false)),
    ),
  );
  box.scrollIntoView({ block: "nearest" });
}
