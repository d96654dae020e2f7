// The lanes as a tree for those who do not see the picture: one item a lane around the selected one,
// kept beside the canvas, and moved in by the same keys.

import { endText } from "./bars.js";
import { el, fill } from "./dom.js";
import { foldable, isOpen, namesOf } from "./gutter.js";
import { command, lifetime } from "./model.js";
import { duration, shortened, visible } from "./text.js";

/** So many items before and behind the selected lane: a screen reader asks for no more at once. */
const AROUND = 100;

/** A lane in words. */
function laneText(row, app) {
  const { t } = app;
  const { language } = app.state;
  if (row.kind === "machine") return visible(row.run.meta.host);
  if (row.kind === "group") return t("lanes.group", { name: visible(row.name), n: row.members.length });
  if (row.kind === "thread") return visible(namesOf(row, { language, t }).rest);
  const { process } = row;
  const end = `${endText(process, t)}${process.node.deleted ? `, ${t("end.deleted")}` : ""}`;
  const mark = app.comparison?.markOf(process);
  return [
    ...(app.comparison ? [app.comparison.sideOf(process)] : []),
    ...(mark ? [t(`compare.${mark}`)] : []),
    shortened(command(process), 120),
    `pid ${process.node.pid}`,
    duration(lifetime(process, app.model.end), language),
    end,
  ].join(", ");
}

export class Accessible {
  constructor(app) {
    this.app = app;
    this.tree = document.getElementById("tree");
    this.tree.addEventListener("focus", () => {
      if (!app.state.selected && app.layout.rows.length > 0) {
        const first = app.layout.rows.find((row) => row.kind !== "machine");
        if (first) app.select(first.id);
      }
    });
  }

  refresh() {
    const { app, tree } = this;
    const { rows } = app.layout;
    const chosen =
      rows.find((row) => row.id === app.state.selected) ?? app.layout.rowOf.get(app.state.selected);
    const at = chosen?.index ?? 0;
    const key = [app.keys.layout, at, app.state.language, app.model.revision, app.state.selected].join();
    if (key === this.key) return;
    this.key = key;
    const { t } = app;
    const processes = t("counts.processes", {
      n: [...app.model.processes.values()].filter((p) => p.told).length,
    });
    const length = duration(app.model.end - app.model.start, app.state.language);
    tree.setAttribute(
      "aria-label",
      `${t("lanes.label", { processes, duration: length })}. ${t("lanes.hint")}`,
    );
    app.minimap.canvas.setAttribute("aria-label", t("minimap.label"));
    const from = Math.max(0, at - AROUND);
    const items = rows.slice(from, at + AROUND).map((row) => this.#item(row, row === chosen));
    fill(tree, items);
    if (chosen) tree.setAttribute("aria-activedescendant", `lane-${at}`);
    else tree.removeAttribute("aria-activedescendant");
  }

  #item(row, chosen) {
    return el(
      "div",
      {
        role: "treeitem",
        id: `lane-${row.index}`,
        "aria-level": String(row.depth + 1),
        "aria-selected": String(chosen),
        "aria-expanded": foldable(row) ? String(isOpen(row)) : null,
        "data-id": row.id,
      },
      laneText(row, this.app),
    );
  }
}
