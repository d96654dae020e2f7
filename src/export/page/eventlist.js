// The events of a process as a list in which only what is to be seen is in the page.

import { button, el, fill, quoted } from "./dom.js";
import { eventText } from "./events.js";
import { zoomTo } from "./lanes.js";
import { duration, moment, shortened } from "./text.js";

const ROW = 22;

export function eventList(process, app) {
  const { t } = app;
  const state = app.loader.stateOf(process);
  const title = (n) =>
    el("h3", {}, t("details.events"), n === null ? null : el("span", { class: "count" }, String(n)));
  if (state === "none")
    return el("section", {}, title(null), el("p", { class: "soft" }, t("details.events.none")));
  if (state === "to read") {
    return el(
      "section",
      {},
      title(null),
      app.loader.busy > 0
        ? el("p", { class: "soft" }, t("search.reading"))
        : button(t("details.events.load"), () => app.loader.read([process])),
    );
  }
  const entries = entriesOf(process);
  return el("section", {}, title(entries.length), rolling(entries, process, app));
}

/** The events of all its threads, by time: `[events, index]`. */
function entriesOf(process) {
  const told = process.threads.filter((thread) => thread.events);
  const entries = told.flatMap(({ events }) => events.nodes.map((_, at) => [events, at]));
  if (told.length > 1) entries.sort(([a, i], [b, j]) => a.start[i] - b.start[j]);
  return entries;
}

function rolling(entries, process, app) {
  const inner = el("div", { class: "rows" });
  inner.style.height = `${entries.length * ROW}px`;
  const box = el(
    "div",
    { class: "events", tabindex: "0", role: "list", "aria-label": app.t("details.events") },
    inner,
  );
  let shown = "";
  const draw = () => {
    const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
    const to = Math.min(entries.length, from + Math.ceil((box.clientHeight || 320) / ROW) + 16);
    if (shown === `${from} ${to}`) return;
    shown = `${from} ${to}`;
    fill(
      inner,
      entries.slice(from, to).map((entry, at) => row(entry, from + at, entries.length, process, app)),
    );
  };
  box.addEventListener("scroll", draw, { passive: true });
  const chosen = entries.findIndex(([events, at]) => events.nodes[at].id === app.state.event);
  requestAnimationFrame(() => {
    if (chosen >= 0) box.scrollTop = Math.max(0, chosen * ROW - 100);
    draw();
  });
  draw();
  return box;
}

function row([events, at], index, size, process, app) {
  const node = events.nodes[at];
  const { language } = app.state;
  const text = node.count > 1 ? eventText(events, at, at + 1, language) : node.label;
  const length = events.end[at] === null ? "…" : duration(events.end[at] - events.start[at], language);
  const swatch = el("i");
  swatch.style.background = app.colours.kinds[events.kind[at]];
  const go = () => {
    app.set({ event: node.id });
    zoomTo(app, process.id, events.start[at]);
  };
  const item = el(
    "div",
    {
      role: "listitem",
      "aria-setsize": String(size),
      "aria-posinset": String(index + 1),
      class: [events.failed[at] ? "failed" : "", node.id === app.state.event ? "selected" : ""].join(" "),
      title: shortened(text, 2000),
      click: go,
    },
    swatch,
    el("span", { class: "when" }, moment(events.start[at] - app.model.start, 1000, language)),
    el("code", {}, quoted(shortened(text, 300))),
    el("span", { class: "soft" }, length),
  );
  item.style.top = `${index * ROW}px`;
  return item;
}
