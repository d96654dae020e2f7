// What there is to tell of a process.

import { endText } from "./bars.js";
import { button, copy, el, quoted } from "./dom.js";
import { eventDetails } from "./eventdetails.js";
import { eventList } from "./eventlist.js";
import { amounts, deedsText, isSystem } from "./deeds.js";
import { flowText } from "./edges.js";
import { command, failed, lifetime } from "./model.js";
import { reasonElement } from "./wrong.js";
import { duration, moment, number, plain, shortCommand, shortened, visible } from "./text.js";

/** A list shows so many of its things before one asks for more. */
const FIRST = 12;

/** A heading with a count, and what stands below it; nothing if there is nothing. */
export function section(title, count, ...content) {
  return el("section", {}, el("h3", {}, title, count === null ? null : el("span", { class: "count" }, String(count))), content);
}

/** A list of which the first are shown, and the others when asked for. */
export function list(items, make, app, first = FIRST) {
  const element = el("ul", { class: "list" }, items.slice(0, first).map(make));
  if (items.length <= first) return element;
  const rest = button(app.t("details.more", { n: Math.min(items.length - first, 400) }), () => {
    element.append(...items.slice(first, first + 400).map(make));
    rest.remove();
  }, { class: "quiet" });
  return [element, rest];
}

/** Facts as pairs of names and values; what is null is left out. */
export function facts(pairs) {
  return el("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** A link to a process: selects it, and shows its lane. */
export function processLink(process, app, most = 60) {
  if (!process?.node) return "?";
  const go = () => {
    app.select(process.id);
    app.reveal(process.id);
  };
  return el("button", { type: "button", class: "link", click: go, title: shortened(command(process), 1000) },
    quoted(shortened(shortCommand(command(process)), most)), el("span", { class: "soft" }, ` ${process.node.pid}`));
}

/** A link to a resource: everyone who touched it lights up. */
export function resourceLink(id, app, most = 56) {
  const resource = app.model.resources.get(id);
  if (!resource) return el("span", { class: "soft" }, visible(id));
  const { node } = resource;
  const name = plain(node.name) || node.label;
  const address = plain(node.remote) || plain(node.local);
  return el("button", { type: "button", class: "link path", click: () => app.select(id), title: shortened(name, 4200) },
    quoted(shortened(address || name, most)));
}

export function since(time, app) {
  return moment(time - app.model.start, Math.max((time - app.model.start) / 1e4, 1000), app.state.language);
}

export function processDetails(process, app) {
  const { t, model } = app;
  const { node } = process;
  const dead = node.deleted === true;
  return el("article", {},
    el("header", {},
      el("h2", {}, quoted(shortened(shortCommand(command(process)), 300))),
      el("p", { class: "pills" },
        el("span", { class: `pill ${failed(process) ? "bad" : ""}` }, endText(process, t)),
        dead ? el("span", { class: "pill deleted" }, t("end.deleted")) : null)),
    eventDetails(process, app),
    node.failure ? blame(process, app) : null,
    facts([
      [t("details.pid"), String(node.pid)],
      [t("details.parent"), process.parent ? processLink(process.parent, app, 40) : null],
      [t("details.started"), since(process.start, app)],
      [t("details.ended"), process.end === null ? null : since(process.end, app)],
      [t("details.duration"), duration(lifetime(process, model.end), app.state.language)],
      [t("details.waited"), process.join ? processLink(process.join.by, app, 40) : null],
      [t("details.threads"), node.threads > 1 ? number(node.threads, app.state.language) : null],
      [t("details.calls"), callsText(node, app)],
      ...lastProgram(process, app),
    ]),
    actions(process, app),
    executions(process, app),
    environment(process, app),
    files(process, app),
    peers(process, app),
    flows(process, app),
    signals(process, app),
    children(process, app),
    eventList(process, app));
}

function callsText(node, app) {
  const { language } = app.state;
  const calls = number(node.calls, language);
  return node.errors > 0 ? app.t("details.calls.failed", { calls, errors: number(node.errors, language) }) : calls;
}

function lastProgram(process, app) {
  const last = process.executions.findLast((execution) => execution.node.argv);
  const code = (text) => el("code", { class: "path" }, quoted(shortened(text, 1000)));
  if (!last) return [];
  return [
    [app.t("details.executable"), last.node.executable ? code(last.node.executable) : null],
    [app.t("details.cwd"), last.node.cwd ? code(last.node.cwd) : null],
    [app.t("details.moniker"), process.node.moniker ? code(process.node.moniker) : null],
  ];
}

function blame(process, app) {
  const { failure } = process.node;
  const show = async () => {
    await app.loader.read([process]);
    app.set({ event: failure.event });
    app.zoomTo(process.id, failure.time + app.model.offset(process.id));
    app.reveal(process.id);
  };
  return el("div", { class: "blame" }, el("h3", {}, app.t("details.blame")),
    el("p", {}, reasonElement(failure, app)),
    el("p", { class: "soft" }, `${since(failure.time + app.model.offset(process.id), app)} `,
      button(app.t("details.blame.show"), show, { class: "quiet" })));
}

function actions(process, app) {
  const { t } = app;
  const { pid, deleted } = process.node;
  const put = (label, text, living) => button(t(label), async () => {
    await copy(text);
    app.say(t("copied"));
  }, { disabled: living && deleted, title: living && deleted ? t("action.dead") : text.slice(0, 300) });
  return el("div", { class: "actions", role: "group", "aria-label": t("action.title") },
    button(t("action.only"), () => app.zoomTo(process.id)),
    put("action.command", command(process), false),
    put("action.attach", `rtrace attach ${pid}`, true),
    put("action.kill", `kill ${pid}`, true));
}

function executions(process, app) {
  const { t } = app;
  const ran = process.executions.filter((execution) => execution.node.argv);
  if (ran.length === 0) return null;
  const last = ran[ran.length - 1];
  return [
    section(t("details.arguments"), last.node.argv.length,
      el("ol", { class: "arguments", start: "0" }, last.node.argv.slice(0, 200).map((argument) =>
        el("li", {}, el("code", {}, quoted(shortened(argument, 4200) || " ")))))),
    ran.length > 1 ? section(t("details.executions"), ran.length, list(ran, (execution) =>
      el("li", {}, el("span", { class: "soft when" }, since(execution.start, app)), " ",
        el("code", { title: shortened(execution.node.executable, 1000) }, quoted(shortened(execution.node.label, 200)))), app)) : null,
  ];
}

function environment(process, app) {
  const { t, model } = app;
  const last = process.executions.findLast((execution) => execution.node.argv);
  if (!last) return null;
  const { environment: env } = last.node;
  if (env === null || env === undefined) return section(t("details.environment"), null, el("p", { class: "soft" }, t("details.environment.unknown")));
  const entries = [...(env.set ?? []).map((text) => ["+", plain(text)]), ...(env.unset ?? []).map((text) => ["−", plain(text)])];
  const says = env.base === null ? t("details.environment.whole")
    : entries.length === 0 ? t("details.environment.same") : t("details.environment.difference");
  const base = env.base === null ? null : model.processOf(env.base);
  return section(t("details.environment"), entries.length,
    el("p", { class: "soft" }, says, " ", base && base !== process ? processLink(base, app, 30) : null),
    entries.length > 0 ? list(entries, ([sign, text]) => el("li", { class: sign === "+" ? "added" : "removed" },
      el("code", {}, `${sign} `, quoted(shortened(text, 400)))), app, 6) : null);
}

function files(process, app) {
  const { t, model } = app;
  const uses = model.usesOfProcess(process)
    .map((use) => ({ use, resource: model.resources.get(use.target) }))
    .filter(({ resource }) => resource && resource.node.class !== "socket");
  const isFile = ({ resource }) => ["file", "directory"].includes(resource.node.class);
  const own = uses.filter((one) => isFile(one) && !isSystem(one.resource.node));
  const system = uses.filter((one) => isFile(one) && isSystem(one.resource.node));
  const other = uses.filter((one) => !isFile(one));
  const weight = ({ use }) => (use.deeds.writes || use.deeds.makes ? 4 : 0) + (use.deeds.reads ? 2 : 0) + (use.deeds.execs ? 1 : 0);
  const part = (title, items) => {
    items.sort((a, b) => weight(b) - weight(a) || a.use.first - b.use.first);
    return items.length === 0 ? null : section(t(title), items.length, list(items, ({ use, resource }) => useItem(use, resource, app), app, title === "details.system" ? 4 : FIRST));
  };
  return [part("details.files", own), part("details.other", other), part("details.system", system)];
}

function useItem(use, resource, app) {
  return el("li", {}, resourceLink(resource.id, app),
    resource.node.deleted ? el("span", { class: "pill deleted" }, app.t("end.deleted")) : null,
    el("span", { class: "soft deeds" }, deedsText(use.deeds, app.t), amounts(use, app)));
}

function peers(process, app) {
  const { t, model } = app;
  const uses = model.usesOfProcess(process)
    .map((use) => ({ use, resource: model.resources.get(use.target) }))
    .filter(({ resource }) => resource?.node.class === "socket");
  if (uses.length === 0) return null;
  return section(t("details.peers"), uses.length, list(uses, ({ use, resource }) => {
    const { node } = resource;
    const users = node.peer ? model.usersOf(node.peer).map((user) => user.process).filter((one) => one !== process) : [];
    const ends = [plain(node.local), plain(node.remote)].filter(Boolean).map((end) => shortened(end, 60)).join(" → ");
    return el("li", {}, resourceLink(resource.id, app, 48), el("span", { class: "soft deeds" },
      [node.protocol, ends].filter(Boolean).join(" "), " ", deedsText(use.deeds, t), amounts(use, app)),
    users.slice(0, 3).map((one) => processLink(one, app, 30)));
  }, app));
}

function flows(process, app) {
  const { t, model } = app;
  const links = model.passagesOfProcess(process).filter((link) => link.kind === "passage" && link.carrier !== "overwrite");
  if (links.length === 0) return null;
  return section(t("details.flows"), links.length, list(links, (link) => {
    const out = model.processOf(link.source) === process;
    const other = model.processOf(out ? link.target : link.source);
    return el("li", {}, el("span", { class: "soft way" }, t(out ? "details.flows.out" : "details.flows.in")), " ",
      processLink(other, app, 36), el("span", { class: "soft deeds" },
        link.through ? resourceLink(link.through, app, 32) : null, link.carrier === "content" ? "" : ` ${flowText(link, frameOf(app))}`));
  }, app));
}

const frameOf = (app) => ({ model: app.model, language: app.state.language, t: app.t });

function signals(process, app) {
  const { t, model } = app;
  const own = new Set(process.executions.map((execution) => execution.id));
  const found = model.signals.filter((link) => link.signal_name !== "SIGCHLD" && (own.has(link.source) || own.has(link.target)));
  if (found.length === 0) return null;
  return section(t("details.signals"), found.length, list(found, (link) => {
    const out = own.has(link.source);
    return el("li", {}, el("b", {}, link.signal_name), " ", el("span", { class: "soft" }, t(out ? "details.signals.to" : "details.signals.from")), " ",
      processLink(model.processOf(out ? link.target : link.source), app, 36));
  }, app));
}

function children(process, app) {
  const told = process.children.filter((child) => child.told);
  if (told.length === 0) return null;
  return section(app.t("details.children"), told.length, list(told, (child) =>
    el("li", {}, processLink(child, app, 44), failed(child) ? el("span", { class: "pill bad" }, endText(child, app.t)) : null,
      el("span", { class: "soft deeds" }, duration(lifetime(child, app.model.end), app.state.language))), app));
}
