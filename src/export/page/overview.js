// What there is to tell of the whole run, while nothing is selected.

import { endText } from "./bars.js";
import { isSystem } from "./deeds.js";
import { el, quoted } from "./dom.js";
import { alone, failed } from "./model.js";
import { facts, list, processLink, resourceLink, section } from "./parts.js";
import { bytes, duration, plain, shortened, visible } from "./text.js";

export function overview(app) {
  const { t, model } = app;
  const runs = [...model.runs.values()];
  return el(
    "article",
    {},
    el("p", { class: "soft" }, t("details.none")),
    runs.map((run) => about(run, app)),
    longest(app),
    written(app),
    blind(runs, app),
  );
}

function about({ meta, processes }, app) {
  const { t, model } = app;
  const first = Math.min(...processes.map(({ start }) => start));
  const last = Math.max(...processes.map(({ end }) => end ?? model.end));
  const length = processes.length > 0 ? last - first : meta.end;
  const code = (text) => el("code", {}, quoted(shortened(text, 1000)));
  return facts([
    [t("overview.command"), code((meta.command ?? []).map(plain).join(" "))],
    [t("details.cwd"), code(meta.cwd)],
    [t("overview.machine"), visible(meta.host)],
    [t("overview.kernel"), meta.kernel],
    [t("details.started"), meta.started.slice(0, 19).replace("T", " ")],
    [t("details.duration"), duration(length, app.state.language)],
  ]);
}

/** The processes that took longest while none of their children lived: where the time went. */
function longest(app) {
  const { model } = app;
  const own = [...model.processes.values()]
    .filter((process) => process.told)
    .map((process) => ({ process, time: alone(process, model.end) }))
    .sort((a, b) => b.time - a.time);
  if (own.length < 2) return null;
  return section(
    app.t("overview.longest"),
    null,
    list(
      own.slice(0, 6),
      ({ process, time }) =>
        el(
          "li",
          { class: "row" },
          processLink(process, app, 36),
          failed(process)
            ? el("span", { class: `pill ${app.grave.has(process) ? "bad" : ""}` }, endText(process, app.t))
            : null,
          el("span", { class: "soft" }, duration(time, app.state.language)),
        ),
      app,
    ),
  );
}

function written(app) {
  const { model } = app;
  const files = [...model.resources.values()].filter(
    (resource) =>
      resource.node.class === "file" &&
      (resource.node.written > 0 || resource.node.written_at_least > 0) &&
      !isSystem(resource),
  );
  if (files.length === 0) return null;
  const size = ({ node }) => node.written ?? node.written_at_least;
  files.sort((a, b) => size(b) - size(a));
  return section(
    app.t("overview.written"),
    files.length,
    list(
      files,
      (file) =>
        el(
          "li",
          { class: "row" },
          resourceLink(file.id, app, 44),
          file.node.deleted ? el("span", { class: "pill deleted" }, app.t("end.deleted")) : null,
          el("span", { class: "soft" }, bytes(size(file), app.state.language)),
        ),
      app,
      8,
    ),
  );
}

function blind(runs, app) {
  const spots = runs.flatMap((run) => run.meta.blind_spots ?? []);
  if (spots.length === 0) return null;
  return section(
    app.t("overview.blind"),
    spots.length,
    list(
      spots,
      (spot) => el("li", {}, visible(spot.why), spot.pid === null ? "" : ` (pid ${spot.pid})`),
      app,
    ),
  );
}
