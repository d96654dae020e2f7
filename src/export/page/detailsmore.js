// What there is to tell of a resource, a thread, and a group of processes.

import { endText } from "./bars.js";
import { amounts, deedsText, sortOf } from "./deeds.js";
import { el, quoted } from "./dom.js";
import { eventDetails } from "./eventdetails.js";
import { eventList } from "./eventlist.js";
import { command, failed, lifetime } from "./model.js";
import { facts, list, processLink, resourceLink, section, since } from "./parts.js";
import { bytes, duration, number, shortCommand, shortened } from "./text.js";

export function resourceDetails(resource, app) {
  const { t, model } = app;
  const { node, name } = resource;
  const users = model.usersOf(resource.id);
  return el(
    "article",
    {},
    el(
      "header",
      {},
      el("h2", { class: "path" }, quoted(shortened(name, 4200))),
      el(
        "p",
        { class: "pills" },
        el("span", { class: "pill" }, sortOf(node, t)),
        node.deleted ? el("span", { class: "pill deleted" }, t("end.deleted")) : null,
      ),
    ),
    facts(resourceFacts(node, app)),
    users.length > 0 ? section(t("resources.order"), users.length, ordered(users, app)) : null,
    glancers(name, app),
  );
}

/** Who looked at it and no more, or never found it: no time is told of that. */
function glancers(name, app) {
  return ["looked_at", "missed"].map((member) => {
    const found = [
      ...new Set(
        [...app.model.glances(member)].filter(([path]) => path === name).map(([, process]) => process),
      ),
    ];
    if (found.length === 0) return null;
    return section(
      app.t(`details.${member}.by`),
      found.length,
      list(found, (process) => el("li", {}, processLink(process, app, 44)), app),
    );
  });
}

function resourceFacts(node, app) {
  const { t, model } = app;
  const { language } = app.state;
  const amount = (name) => {
    if (typeof node[name] === "number") return node[name] > 0 ? bytes(node[name], language) : null;
    const least = node[`${name}_at_least`];
    if (node[name] === undefined) return null;
    return least > 0 ? t("details.at-least", { n: bytes(least, language) }) : t("details.unknown");
  };
  const code = (value) => (value ? el("code", {}, quoted(shortened(value, 300))) : null);
  const maker = (id) => (id ? processLink(model.processOf(id), app, 40) : null);
  return [
    [t("details.protocol"), node.protocol],
    [t("details.local"), code(node.local)],
    [t("details.remote"), code(node.remote)],
    [t("details.peers"), node.peer ? resourceLink(node.peer, app) : null],
    [t("details.size"), node.size > 0 ? bytes(node.size, language) : null],
    [t("details.read"), amount("read")],
    [t("details.written"), amount("written")],
    [t("details.made-by"), maker(node.created_by)],
    [t("details.removed-by"), maker(node.deleted_by)],
    [t("details.moniker"), code(node.moniker)],
  ];
}

/** Who touched a resource, numbered as in the lanes. */
function ordered(users, app) {
  const items = users.map((user, at) => ({ ...user, at }));
  return list(
    items,
    ({ process, uses, first, at }) =>
      el(
        "li",
        { class: "user" },
        el("span", { class: "number" }, number(at + 1, app.state.language)),
        el(
          "span",
          {},
          processLink(process, app, 40),
          failed(process) ? el("span", { class: "pill bad" }, endText(process, app.t)) : null,
          el(
            "span",
            { class: "soft deeds" },
            since(first, app),
            " · ",
            uses.map((use, n) => [n > 0 ? "; " : "", deedsText(use.deeds, app.t), amounts(use, app)]),
          ),
        ),
      ),
    app,
    40,
  );
}

export function threadDetails(thread, app) {
  const { t } = app;
  return el(
    "article",
    {},
    el("header", {}, el("h2", {}, quoted(shortened(thread.node?.label ?? thread.id, 100)))),
    facts([
      [t("details.process"), processLink(thread.process, app, 40)],
      [t("details.started"), since(thread.start, app)],
      [t("details.duration"), duration((thread.end ?? app.model.end) - thread.start, app.state.language)],
      [t("details.calls"), thread.node ? number(thread.node.calls, app.state.language) : null],
    ]),
    eventDetails({ ...thread.process, threads: [thread] }, app),
    eventList({ ...thread.process, threads: [thread] }, app),
  );
}

export function groupDetails(row, app) {
  const { t, model } = app;
  const { language } = app.state;
  const { members } = row;
  const lengths = members.map((process) => lifetime(process, model.end)).sort((a, b) => a - b);
  const bad = members.filter(failed);
  return el(
    "article",
    {},
    el(
      "header",
      {},
      el("h2", {}, quoted(shortened(row.name, 200))),
      el("p", { class: "soft" }, t("details.group", { n: members.length })),
    ),
    facts([
      [t("details.started"), since(members[0].start, app)],
      [
        t("details.duration"),
        [0, 0.5, 1]
          .map((part) => duration(lengths[Math.round((lengths.length - 1) * part)], language))
          .join(" · "),
      ],
      [
        t("details.calls"),
        number(
          members.reduce((sum, process) => sum + process.node.calls, 0),
          language,
        ),
      ],
    ]),
    bad.length > 0
      ? section(
          t("counts.failed", { n: bad.length }),
          null,
          list(bad, (process) => item(process, app), app),
        )
      : null,
    section(
      t("details.process"),
      members.length,
      list(members, (process) => item(process, app), app, 30),
    ),
  );
}

function item(process, app) {
  return el(
    "li",
    {},
    processLink(process, app, 40),
    failed(process) ? el("span", { class: "pill bad" }, endText(process, app.t)) : null,
    el(
      "span",
      { class: "soft deeds", title: shortened(shortCommand(command(process)), 400) },
      duration(lifetime(process, app.model.end), app.state.language),
    ),
  );
}
