// What details are put together from: sections, lists, facts, and links to processes and resources.

import { button, el, quoted } from "./dom.js";
import { command } from "./model.js";
import { moment, plain, shortCommand, shortened, visible } from "./text.js";

/** A list shows so many of its things before one asks for more. */
export const FIRST = 12;

/** A heading with a count, and what stands below it; nothing if there is nothing. */
export function section(title, count, ...content) {
  return el(
    "section",
    {},
    el("h3", {}, title, count === null ? null : el("span", { class: "count" }, String(count))),
    content,
  );
}

/** A list of which the first are shown, and the others when asked for. */
export function list(items, make, app, first = FIRST) {
  const element = el("ul", { class: "list" }, items.slice(0, first).map(make));
  if (items.length <= first) return element;
  const rest = button(
    app.t("details.more", { n: Math.min(items.length - first, 400) }),
    () => {
      element.append(...items.slice(first, first + 400).map(make));
      rest.remove();
    },
    { class: "quiet" },
  );
  return [element, rest];
}

/** Facts as pairs of names and values; what is null is left out. */
export function facts(pairs) {
  return el(
    "dl",
    {},
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

/** A link to a process: selects it, and shows its lane. */
export function processLink(process, app, most = 60) {
  if (!process?.node) return "?";
  const go = () => {
    app.select(process.id);
    app.reveal(process.id);
  };
  return el(
    "button",
    { type: "button", class: "link", click: go, title: shortened(command(process), 1000) },
    quoted(shortened(shortCommand(command(process)), most)),
    el("span", { class: "soft" }, ` ${process.node.pid}`),
  );
}

/** A link to a resource: everyone who touched it lights up. */
export function resourceLink(id, app, most = 56) {
  const resource = app.model.resources.get(id);
  if (!resource) return el("span", { class: "soft" }, visible(id));
  const { node, name } = resource;
  const address = plain(node.remote) || plain(node.local);
  return el(
    "button",
    { type: "button", class: "link path", click: () => app.select(id), title: shortened(name, 4200) },
    quoted(shortened(address || name, most)),
  );
}

export function since(time, app) {
  return moment(time - app.model.start, Math.max((time - app.model.start) / 1e4, 1000), app.state.language);
}
