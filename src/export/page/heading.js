// What the page says outside of its parts: its head, its words, its colours.

import { duration, moment, plain, shortCommand, visible } from "./text.js";

/** Which part of the time is to be seen, in words. */
export function writeRange({ view, model, state }) {
  const [from, to] = [0, view.width].map((x) => view.time(x) - model.start);
  const step = Math.max((to - from) / 1000, 1);
  const text = `${moment(from, step, state.language)} – ${moment(to, step, state.language)} (${duration(to - from, state.language)})`;
  document.getElementById("range").textContent = text;
}

/** What was run. */
export function writeTitle({ model, t, comparison }) {
  const runs = [...model.runs.values()];
  const commands = runs.map((run) => visible(run.meta.command.map(plain).join(" ")));
  const several = comparison ? t("compare.title") : t("run.several", { n: runs.length });
  const title = runs.length > 1 ? several : (commands[0] ?? "");
  const heading = document.getElementById("command");
  heading.textContent = shortCommand(title) || "rtrace";
  heading.title = commands.join("\n");
  document.title = t("title", { command: shortCommand(title) });
}

/** The words that stand in the page itself, in a language. */
export function writeWords(language, t) {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
}

/** Gives the style sheet the colours of a theme. */
export function giveColours(theme, colours) {
  const { style, dataset } = document.documentElement;
  dataset.theme = theme;
  for (const [name, colour] of Object.entries(colours)) {
    if (typeof colour === "string") style.setProperty(`--${name}`, colour);
  }
}

/** What stands where lanes would be, if there are none. */
export function writeNotice(text) {
  const notice = document.getElementById("notice");
  notice.hidden = text === null;
  if (text !== null) notice.textContent = text;
}
