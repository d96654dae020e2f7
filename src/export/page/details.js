// What there is to tell of a process.

import { endText } from "./bars.js";
import { button, copy, el, quoted } from "./dom.js";
import { eventDetails } from "./eventdetails.js";
import { eventList } from "./eventlist.js";
import { foldThreads, zoomTo } from "./lanes.js";
import { command, failed, lifetime } from "./model.js";
import { facts, list, processLink, section, since } from "./parts.js";
import { duration, number, plain, shortCommand, shortened, visible } from "./text.js";
import { files, flows, peers, signals, waits } from "./usage.js";
import { reasonElement } from "./wrong.js";

export function processDetails(process, app) {
  const { t, model } = app;
  const { node } = process;
  const dead = node.deleted === true;
  return el(
    "article",
    {},
    el(
      "header",
      {},
      el("h2", {}, quoted(shortened(shortCommand(command(process)), 300))),
      el(
        "p",
        { class: "pills" },
        el("span", { class: `pill ${failed(process) ? "bad" : ""}` }, endText(process, t)),
        dead ? el("span", { class: "pill deleted" }, t("end.deleted")) : null,
      ),
    ),
    eventDetails(process, app),
    node.failure ? blame(process, app) : null,
    node.said
      ? section(
          t("details.said"),
          null,
          el("pre", { class: "said", tabindex: "0" }, quoted(spoken(node.said))),
        )
      : null,
    facts([
      [t("details.pid"), String(node.pid)],
      [t("details.parent"), process.parent ? processLink(process.parent, app, 40) : null],
      [t("details.started"), since(process.start, app)],
      [t("details.ended"), process.end === null ? null : since(process.end, app)],
      [t("details.duration"), duration(lifetime(process, model.end), app.state.language)],
      [t("details.waited"), process.join ? processLink(process.join.by, app, 40) : null],
      [t("details.threads"), node.threads > 1 ? threads(process, app) : null],
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
    waits(process, app),
    children(process, app),
    eventList(process, app),
  );
}

function threads(process, app) {
  const shown = app.state.open.has(`threads:${process.id}`);
  return [
    number(process.node.threads, app.state.language),
    " ",
    button(app.t(shown ? "details.threads.hide" : "details.threads.show"), () => foldThreads(app, process), {
      class: "quiet",
    }),
  ];
}

/** What a process said: its lines stay lines. */
const spoken = (said) => plain(said).trimEnd().split("\n").map(visible).join("\n");

function callsText(node, app) {
  const { language } = app.state;
  const calls = number(node.calls, language);
  return node.errors > 0
    ? app.t("details.calls.failed", { calls, errors: number(node.errors, language) })
    : calls;
}

function lastProgram(process, app) {
  const last = process.executions.at(-1);
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
    zoomTo(app, process.id, failure.time + app.model.offset(process.id));
    app.reveal(process.id);
  };
  return el(
    "div",
    { class: "blame" },
    el("h3", {}, app.t("details.blame")),
    el("p", {}, reasonElement(failure, app)),
    el(
      "p",
      { class: "soft" },
      `${since(failure.time + app.model.offset(process.id), app)} `,
      button(app.t("details.blame.show"), show, { class: "quiet" }),
    ),
  );
}

function actions(process, app) {
  const { t } = app;
  const { pid, deleted } = process.node;
  const put = (label, text, living) =>
    button(
      t(label),
      async () => {
        await copy(text);
        app.say(t("copied"));
      },
      { disabled: living && deleted, title: living && deleted ? t("action.dead") : text.slice(0, 300) },
    );
  return el(
    "div",
    { class: "actions", role: "group", "aria-label": t("action.title") },
    button(t("action.only"), () => zoomTo(app, process.id)),
    put("action.command", command(process), false),
    put("action.attach", `rtrace attach ${pid}`, true),
    put("action.kill", `kill ${pid}`, true),
  );
}

function executions(process, app) {
  const { t } = app;
  const ran = process.executions;
  if (ran.length === 0) return null;
  const last = ran[ran.length - 1];
  return [
    section(
      t("details.arguments"),
      last.node.argv.length,
      el(
        "ol",
        { class: "arguments", start: "0", tabindex: "0" },
        last.node.argv
          .slice(0, 200)
          .map((argument) => el("li", {}, el("code", {}, quoted(shortened(argument, 4200) || " ")))),
      ),
    ),
    ran.length > 1
      ? section(
          t("details.executions"),
          ran.length,
          list(
            ran,
            (execution) =>
              el(
                "li",
                {},
                el("span", { class: "soft when" }, since(execution.start, app)),
                " ",
                el(
                  "code",
                  { title: shortened(execution.node.executable, 1000) },
                  quoted(shortened(shortCommand(execution.line), 200)),
                ),
              ),
            app,
          ),
        )
      : null,
  ];
}

function environment(process, app) {
  const { t, model } = app;
  const last = process.executions.at(-1);
  if (!last) return null;
  const { environment: env } = last.node;
  if (env === null || env === undefined)
    return section(
      t("details.environment"),
      null,
      el("p", { class: "soft" }, t("details.environment.unknown")),
    );
  const entries = [
    ...(env.set ?? []).map((text) => ["+", plain(text)]),
    ...(env.unset ?? []).map((text) => ["−", plain(text)]),
  ];
  const says =
    env.base === null
      ? t("details.environment.whole")
      : entries.length === 0
        ? t("details.environment.same")
        : t("details.environment.difference");
  const base = env.base === null ? null : model.processOf(env.base);
  return section(
    t("details.environment"),
    entries.length || null,
    el("p", { class: "soft" }, says, " ", base && base !== process ? processLink(base, app, 30) : null),
    entries.length > 0
      ? list(
          entries,
          ([sign, text]) =>
            el(
              "li",
              { class: sign === "+" ? "added" : "removed" },
              el("code", {}, `${sign} `, quoted(shortened(text, 400))),
            ),
          app,
          6,
        )
      : null,
  );
}

function children(process, app) {
  const told = process.children.filter((child) => child.told);
  if (told.length === 0) return null;
  return section(
    app.t("details.children"),
    told.length,
    list(
      told,
      (child) =>
        el(
          "li",
          {},
          processLink(child, app, 44),
          failed(child) ? el("span", { class: "pill bad" }, endText(child, app.t)) : null,
          el("span", { class: "soft deeds" }, duration(lifetime(child, app.model.end), app.state.language)),
        ),
      app,
    ),
  );
}
