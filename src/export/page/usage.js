// What a process did to the rest of the world: files, peers, data, signals.

import { amounts, deedsText, isSystem } from "./deeds.js";
import { el, quoted } from "./dom.js";
import { flowText } from "./edges.js";
import { FIRST, list, processLink, resourceLink, section } from "./parts.js";
import { duration, plain, shortened } from "./text.js";

export function files(process, app) {
  const { t, model } = app;
  const uses = model
    .usesOfProcess(process)
    .map((use) => ({ use, resource: model.resources.get(use.target) }))
    .filter(({ resource }) => resource && resource.node.class !== "socket");
  const isFile = ({ resource }) => ["file", "files", "directory"].includes(resource.node.class);
  const own = uses.filter((one) => isFile(one) && !isSystem(one.resource));
  const system = uses.filter((one) => isFile(one) && isSystem(one.resource));
  const other = uses.filter((one) => !isFile(one));
  const weight = ({ use }) =>
    (use.deeds.writes || use.deeds.makes ? 4 : 0) + (use.deeds.reads ? 2 : 0) + (use.deeds.execs ? 1 : 0);
  const part = (title, items) => {
    items.sort((a, b) => weight(b) - weight(a) || a.use.first - b.use.first);
    return items.length === 0
      ? null
      : section(
          t(title),
          items.length,
          list(
            items,
            ({ use, resource }) => useItem(use, resource, app),
            app,
            title === "details.system" ? 4 : FIRST,
          ),
        );
  };
  return [
    app.loader.complete ? null : el("p", { class: "soft" }, t("reading.things")),
    part("details.files", own),
    part("details.other", other),
    part("details.system", system),
    glances("missed", process, app),
    glances("looked_at", process, app),
  ];
}

/** Paths that it only looked at, or never found: each once, or how many there are in a directory. */
function glances(member, process, app) {
  const { model, t } = app;
  const counts = new Map();
  for (const [path, , count] of model.glances(member, model.doersOf(process)))
    counts.set(path, path.endsWith("/") ? (counts.get(path) ?? 0) + count : 1);
  if (counts.size === 0) return null;
  const item = ([path, count]) =>
    el(
      "li",
      {},
      el("code", { title: shortened(path, 4200) }, quoted(shortened(path, 80))),
      count > 1 ? el("span", { class: "soft deeds" }, ` ${t("counts.files", { n: count })}`) : null,
    );
  const sum = [...counts.values()].reduce((a, b) => a + b, 0);
  return section(t(`details.${member}`), sum, list([...counts], item, app, 4));
}

function useItem(use, resource, app) {
  return el(
    "li",
    {},
    resourceLink(resource.id, app),
    resource.node.deleted ? el("span", { class: "pill deleted" }, app.t("end.deleted")) : null,
    el("span", { class: "soft deeds" }, deedsText(use.deeds, app.t), amounts(use, app)),
  );
}

export function peers(process, app) {
  const { t, model } = app;
  const uses = model
    .usesOfProcess(process)
    .map((use) => ({ use, resource: model.resources.get(use.target) }))
    .filter(({ resource }) => resource?.node.class === "socket");
  if (uses.length === 0) return null;
  return section(
    t("details.peers"),
    uses.length,
    list(
      uses,
      ({ use, resource }) => {
        const { node } = resource;
        const users = node.peer
          ? model
              .usersOf(node.peer)
              .map((user) => user.process)
              .filter((one) => one !== process)
          : [];
        const ends = [plain(node.local), plain(node.remote)]
          .filter(Boolean)
          .map((end) => shortened(end, 60))
          .join(" → ");
        return el(
          "li",
          {},
          resourceLink(resource.id, app, 48),
          el(
            "span",
            { class: "soft deeds" },
            [node.protocol, ends].filter(Boolean).join(" "),
            " ",
            deedsText(use.deeds, t),
            amounts(use, app),
          ),
          users.slice(0, 3).map((one) => processLink(one, app, 30)),
        );
      },
      app,
    ),
  );
}

export function flows(process, app) {
  const { t, model } = app;
  const links = model
    .passagesOfProcess(process)
    .filter((link) => link.kind === "passage" && link.carrier !== "overwrite");
  if (links.length === 0) return null;
  return section(
    t("details.flows"),
    links.length,
    list(
      links,
      (link) => {
        const out = model.processOf(link.source) === process;
        const other = model.processOf(out ? link.target : link.source);
        return el(
          "li",
          {},
          el("span", { class: "soft way" }, t(out ? "details.flows.out" : "details.flows.in")),
          " ",
          processLink(other, app, 36),
          el(
            "span",
            { class: "soft deeds" },
            link.through ? resourceLink(link.through, app, 32) : null,
            link.carrier === "content" ? "" : ` ${flowText(link, frameOf(app))}`,
          ),
        );
      },
      app,
    ),
  );
}

const frameOf = (app) => ({ model: app.model, language: app.state.language, t: app.t });

export function signals(process, app) {
  const { t, model } = app;
  const own = new Set(model.doersOf(process).map((doer) => doer.id));
  const found = model.signals.filter(
    (link) => link.signal_name !== "SIGCHLD" && (own.has(link.source) || own.has(link.target)),
  );
  if (found.length === 0) return null;
  return section(
    t("details.signals"),
    found.length,
    list(
      found,
      (link) => {
        const out = own.has(link.source);
        return el(
          "li",
          {},
          el("b", {}, link.signal_name),
          " ",
          el("span", { class: "soft" }, t(out ? "details.signals.to" : "details.signals.from")),
          " ",
          processLink(model.processOf(out ? link.target : link.source), app, 36),
        );
      },
      app,
    ),
  );
}

/** Whom it had to wait for, and for how long. */
export function waits(process, app) {
  const { t, model } = app;
  const links = model.doersOf(process).flatMap((doer) => model.waitsOf.get(doer.id) ?? []);
  if (links.length === 0) return null;
  links.sort((a, b) => b.waited - a.waited);
  const item = (link) =>
    el(
      "li",
      { class: "row" },
      processLink(model.processOf(link.source), app, 36),
      el(
        "span",
        { class: "soft" },
        `${t(`held.${link.why ?? "end"}`)} · ${duration(link.waited, app.state.language)}`,
      ),
    );
  return section(t("details.waits"), links.length, list(links, item, app, 6));
}
