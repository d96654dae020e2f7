// What there is to tell of the event that is selected.

import { meaning } from "./blame.js";
import { button, el, quoted } from "./dom.js";
import { eventText } from "./events.js";
import { command } from "./model.js";
import { duration, moment, shortCommand, shortened, visible } from "./text.js";

/** The selected event, if it is one of that process: a box; otherwise nothing. */
export function eventDetails(process, app) {
  const { t, state } = app;
  // The call to blame has a box of its own.
  if (!state.event || state.event === process.node?.failure?.event) return null;
  for (const { events } of process.threads) {
    const at = events ? events.find(state.event) : -1;
    if (at < 0) continue;
    const node = events.nodes[at];
    const text =
      node.count > 1 ? `${eventText(events, at, at + 1, state.language)} — ${node.label}` : node.label;
    const length =
      events.end[at] === null ? "" : ` · ${duration(events.end[at] - events.start[at], state.language)}`;
    return el(
      "div",
      { class: `event ${node.error ? "bad" : ""}` },
      el(
        "h3",
        {},
        t("event.title"),
        el(
          "span",
          { class: "count" },
          moment(events.start[at] - app.model.start, 1000, state.language),
          length,
        ),
      ),
      el("p", {}, el("code", {}, quoted(shortened(text, 4200)))),
      node.error ? el("p", {}, `${node.error}: ${meaning(node.error, state.language)}`) : null,
      uses(node, app),
      leads(node, app),
    );
  }
  return null;
}

function uses(node, app) {
  const used = (node.uses ?? []).filter((use) => app.model.resources.has(use.resource));
  if (used.length === 0) return null;
  return el(
    "p",
    { class: "soft" },
    `${app.t("event.uses")}: `,
    used.slice(0, 6).map((use, at) => {
      const { name } = app.model.resources.get(use.resource);
      return [
        at > 0 ? ", " : "",
        button(visible(shortened(name, 80)), () => app.select(use.resource), { class: "link path" }),
      ];
    }),
  );
}

/** Events that led to it, or to which it led. */
function leads(node, app) {
  const links = app.model.leads.get(node.id) ?? [];
  return links.slice(0, 12).map((link) => {
    const back = link.target === node.id;
    const other = back ? link.source : link.target;
    const process = app.model.processOf(threadOf(other));
    const name = process ? shortened(shortCommand(command(process)), 60) : visible(other);
    const go = () => {
      if (!process) return;
      app.loader.read([process]);
      app.select(process.id, other);
      app.reveal(process.id);
    };
    return el(
      "p",
      { class: "soft" },
      `${app.t(back ? "event.because" : "event.then")} (${app.t(`why.${link.why}`)}): `,
      button(name, go, { class: "link" }),
    );
  });
}

/** The thread of an event's id: `KEY:event-3-17` is one of `KEY:thread-3`. */
const threadOf = (id) => id.replace(/:event-(\d+)-.*$/, ":thread-$1");
