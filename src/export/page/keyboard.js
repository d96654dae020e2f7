// Keys. Those of the tree move between lanes; the others work wherever nothing is being written.

import { foldable, isOpen } from "./gutter.js";
import { help } from "./help.js";
import { fold as foldLane, scrollTo, zoomTo } from "./lanes.js";

const WRITES = new Set(["INPUT", "TEXTAREA", "SELECT"]);

/** Moves the selection by so many lanes. */
export function step(app, by) {
  const rows = app.layout.rows.filter((row) => row.kind !== "machine");
  if (rows.length === 0) return;
  const chosen =
    app.layout.rowOf.get(app.state.selected) ?? rows.find((row) => row.id === app.state.selected);
  const at = rows.indexOf(chosen);
  const row = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
  app.select(row.id);
  scrollTo(app, row);
}

/** Closes the lane that is selected, or goes to the one that it is in; or opens it, or goes in. */
function fold(app, open) {
  const row =
    app.layout.rows.find((one) => one.id === app.state.selected) ?? app.layout.rowOf.get(app.state.selected);
  if (!row) return step(app, 0);
  if (foldable(row) && isOpen(row) !== open) return foldLane(app, row);
  if (open) return step(app, 1);
  const outer = app.layout.rows
    .slice(0, row.index)
    .reverse()
    .find((one) => one.depth < row.depth);
  if (outer && outer.kind !== "machine") {
    app.select(outer.id);
    scrollTo(app, outer);
  }
  return undefined;
}

/** Goes to the next failure, or the one before. */
export function failure(app, by) {
  const list = app.failures.filter((one) => one.grave);
  if (list.length === 0) return;
  const at = list.findIndex((one) => one.process.id === app.state.selected);
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length;
  const { process, failure: call } = list[next];
  app.select(process.id, call?.event ?? null);
  app.reveal(process.id);
}

function commands(app) {
  const middle = () => app.view.width / 2;
  const zoom = (factor) => {
    app.view.zoom(factor, middle());
    app.viewed();
  };
  const pan = (part) => {
    app.view.pan(app.view.width * part);
    app.viewed();
  };
  return {
    "+": () => zoom(0.7),
    "=": () => zoom(0.7),
    "-": () => zoom(1 / 0.7),
    a: () => pan(-0.2),
    d: () => pan(0.2),
    0: () => app.fit(),
    f: () => zoomTo(app, app.state.selected),
    n: () => failure(app, 1),
    p: () => failure(app, -1),
    j: () => step(app, 1),
    k: () => step(app, -1),
    1: () => app.set({ tab: "details", panel: true }),
    2: () => app.set({ tab: "resources", panel: true }),
    3: () => app.set({ table: !app.state.table }),
    t: () => app.set({ theme: app.theme === "dark" ? "light" : "dark" }),
    Escape: () => app.escape(),
    "/": () => document.getElementById("search").focus(),
    "?": () => help(app),
  };
}

export function listenKeys(app) {
  const does = commands(app);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || WRITES.has(event.target.tagName)) return;
    if (document.querySelector("dialog[open]")) return;
    const command = does[event.key] ?? does[event.key.toLowerCase()];
    if (!command) return;
    event.preventDefault();
    command();
  });
  document.getElementById("tree").addEventListener("keydown", (event) => {
    const moves = {
      ArrowDown: () => step(app, 1),
      ArrowUp: () => step(app, -1),
      ArrowRight: () => fold(app, true),
      ArrowLeft: () => fold(app, false),
      PageDown: () => step(app, 15),
      PageUp: () => step(app, -15),
      Home: () => step(app, -1e9),
      End: () => step(app, 1e9),
      Enter: () => app.panel.focus(),
      " ": () => app.panel.focus(),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  document.getElementById("minimap").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: "a", ArrowRight: "d", ArrowUp: "+", ArrowDown: "-", Home: "0" }[event.key];
    if (!by) return;
    event.preventDefault();
    does[by]();
  });
}
