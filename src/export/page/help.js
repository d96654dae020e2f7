// The list of keys.

import { button, el, fill } from "./dom.js";

/** Names of keys, and what they do. */
const HELP = [
  [["↓", "↑", "J", "K"], "help.move"],
  [["←", "→"], "help.fold"],
  [["+", "−"], "help.zoom"],
  [["A", "D"], "help.pan"],
  [["0"], "help.fit"],
  [["F"], "help.focus"],
  [["/"], "help.search"],
  [["N", "P"], "help.failure"],
  [["1", "2", "3"], "help.tabs"],
  [["T"], "help.theme"],
  [["Esc"], "help.clear"],
  [["?"], "help.help"],
];

export function help({ t }) {
  const dialog = document.getElementById("help");
  fill(
    dialog,
    el("h2", {}, t("help.title")),
    el(
      "dl",
      {},
      HELP.map(([keys, what]) => [
        el(
          "dt",
          {},
          keys.map((key) => el("kbd", {}, key)),
        ),
        el("dd", {}, t(what)),
      ]),
    ),
    el("p", { class: "soft" }, t("help.mouse")),
    button(t("tool.close"), () => dialog.close()),
  );
  dialog.setAttribute("aria-label", t("help.title"));
  if (!dialog.open) dialog.showModal();
}
