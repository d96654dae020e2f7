// What is different between two runs: the likely causes, what follows from them, what else was seen.

import { SIGNS } from "./beside.js";
import { el, quoted } from "./dom.js";
import { facts, list, section } from "./parts.js";
import { duration, moment, plain, shortened, visible } from "./text.js";

/** Findings of a sort that are shown before one asks for more. */
const FIRST = { cause: 12, effect: 8, hint: 4 };

/** The body of the panel that tells of the comparison. */
export function findings(app) {
  const { t, comparison } = app;
  const { told } = comparison;
  const of = (force) => told.findings.filter((finding) => finding.force === force);
  return el(
    "article",
    { class: "findings" },
    el("h2", { class: told.equivalent ? "same" : "differ" }, t(told.equivalent ? "compare.same" : "compare.differ")),
    parting(app),
    runs(app),
    ["cause", "effect", "hint"].map((force) => part(of(force), force, app)),
    counts(app),
    told.limits.length > 0
      ? section(t("compare.limits"), null, list(told.limits, (limit) => el("li", english(), quoted(limit)), app))
      : null,
  );
}

/** Findings are told in English whatever the page's language is. */
const english = () => ({ lang: "en" });

function parting(app) {
  const { told } = app.comparison;
  const first = told.findings[told.divergence];
  if (!first) return null;
  return el("p", { class: "soft" }, app.t("compare.part", { time: at(first, app) }));
}

function at(finding, app) {
  const time = Math.max(finding.at - app.comparison.told.b.start, 0);
  return moment(time, Math.max(time / 1000, 1000), app.state.language);
}

function runs(app) {
  const { t, model, comparison } = app;
  return facts(
    [...model.runs.values()].map(({ key, meta }) => [
      key === comparison.told.a.key ? "A" : "B",
      [
        el("code", {}, quoted(shortened((meta.command ?? []).map(plain).join(" "), 200))),
        el(
          "span",
          { class: "soft" },
          ` ${visible(meta.host)}, ${meta.started.slice(0, 19).replace("T", " ")}, ${duration(meta.end, app.state.language)}`,
        ),
      ],
    ]),
  );
}

function part(found, force, app) {
  if (found.length === 0) return null;
  return section(
    app.t(`compare.${force}`),
    found.length,
    list(found, (finding) => el("li", { class: force }, item(finding, app)), app, FIRST[force]),
  );
}

/** A finding; where it is known which process it is about, it leads to its lane. */
function item(finding, app) {
  const process = finding.process === null ? null : app.model.processes.get(finding.process);
  const what = el("span", { class: "what", ...english() }, quoted(shortened(finding.what, 400)));
  const go = () => {
    app.set({ selected: process.id, event: null });
    app.reveal(process.id);
  };
  return [
    process?.told
      ? el("button", { type: "button", class: "link", click: go, title: app.t("compare.show") }, what)
      : what,
    sides(finding),
    finding.evidence.map((line) => el("p", { class: "soft", ...english() }, quoted(shortened(line, 400)))),
    finding.command === null
      ? null
      : el(
          "p",
          { class: "soft" },
          el("code", {}, quoted(shortened(finding.command, 160))),
          ` ${app.t("wrong.at", { time: at(finding, app) })}`,
        ),
  ];
}

function sides({ a, b }) {
  const side = (name, text) => [el("dt", {}, name), el("dd", english(), quoted(shortened(text, 600)))];
  const told = [
    ["A", a],
    ["B", b],
  ].filter(([, text]) => text !== null);
  return told.length > 0 ? el("dl", {}, told.map(([name, text]) => side(name, text))) : null;
}

function counts(app) {
  const { t, comparison } = app;
  const heads = ["compare.what", "compare.both", "compare.changed", "compare.onlyA", "compare.onlyB"];
  const row = (count) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", ...english() }, count.what),
      [count.same, count.changed, count.only_a, count.only_b].map((n) =>
        el("td", {}, n.toLocaleString(app.state.language)),
      ),
    );
  return el(
    "table",
    { class: "counts" },
    el("thead", {}, el("tr", {}, heads.map((key, n) => el("th", { scope: "col" }, head(t(key), n))))),
    el("tbody", {}, comparison.told.counts.map(row)),
  );
}

/** The heading of a column, with the sign that lanes have. */
const head = (text, n) => [null, null, SIGNS.changed, SIGNS.onlyA, SIGNS.onlyB][n]?.concat(" ", text) ?? text;
