// The processes as a table, which can be sorted: the same facts as the lanes, in rows.

import { endText } from "./bars.js";
import { el, fill, quoted } from "./dom.js";
import { passes } from "./filters.js";
import { command, failed, lifetime } from "./model.js";
import { duration, moment, number, shortCommand, shortened } from "./text.js";

/** So many rows are put in the page at once. */
const PAGE = 300;

const COLUMNS = {
  command: (process) => command(process),
  pid: (process) => process.node.pid,
  start: (process) => process.start,
  duration: (process, app) => lifetime(process, app.model.end),
  end: (process) =>
    `${failed(process) ? 0 : 1} ${process.node.signal_name ?? ""} ${process.node.exit_code ?? ""}`,
  calls: (process) => process.node.calls,
  errors: (process) => process.node.errors,
};

export class Table {
  constructor(app) {
    this.app = app;
    this.box = document.getElementById("table");
    this.order = { column: "start", down: false };
    this.most = PAGE;
  }

  refresh() {
    const { app } = this;
    this.box.hidden = !app.state.table;
    document.getElementById("time").classList.toggle("tabled", app.state.table);
    if (!app.state.table) return;
    const key = [
      app.keys.layout,
      app.state.language,
      app.state.selected,
      JSON.stringify(this.order),
      this.most,
    ].join();
    if (key === this.key) return;
    this.key = key;
    this.#fill();
  }

  #rows() {
    const { app, order } = this;
    const test = passes(app.state.filters, app.model);
    const value = COLUMNS[order.column];
    const rows = [...app.model.processes.values()].filter(
      (process) => process.told && (!test || test(process)),
    );
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
    rows.sort((a, b) => compare(value(a, app), value(b, app)) * (order.down ? -1 : 1));
    return rows;
  }

  #fill() {
    const { app } = this;
    const { t } = app;
    const rows = this.#rows();
    const scroll = this.box.scrollTop;
    fill(
      this.box,
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            Object.keys(COLUMNS).map((column) => this.#head(column)),
          ),
        ),
        el(
          "tbody",
          {},
          rows.slice(0, this.most).map((process) => this.#row(process)),
        ),
      ),
      rows.length > this.most
        ? el(
            "button",
            { type: "button", class: "quiet", click: () => this.#more() },
            t("details.more", { n: Math.min(PAGE, rows.length - this.most) }),
          )
        : null,
    );
    this.box.scrollTop = scroll;
  }

  #more() {
    this.most += PAGE;
    this.app.draw();
  }

  #head(column) {
    const { order, app } = this;
    const by = () => {
      this.order = {
        column,
        down: order.column === column ? !order.down : !["command", "start", "pid", "end"].includes(column),
      };
      app.draw();
    };
    const sorted = order.column === column ? (order.down ? "descending" : "ascending") : "none";
    return el(
      "th",
      { scope: "col", "aria-sort": sorted, class: ["command", "end"].includes(column) ? null : "number" },
      el(
        "button",
        { type: "button", click: by },
        app.t(`table.${column}`),
        sorted === "none" ? "" : order.down ? " ↓" : " ↑",
      ),
    );
  }

  #row(process) {
    const { app } = this;
    const { language, selected } = app.state;
    const open = () => {
      app.select(process.id);
      app.reveal(process.id);
    };
    const cells = [
      el(
        "td",
        {},
        el(
          "button",
          { type: "button", class: "link", click: open },
          quoted(shortened(shortCommand(command(process)), 120)),
        ),
      ),
      el("td", { class: "number" }, String(process.node.pid)),
      el("td", { class: "number" }, moment(process.start - app.model.start, 1000, language)),
      el("td", { class: "number" }, duration(lifetime(process, app.model.end), language)),
      el("td", { class: `end ${failed(process) ? "bad" : ""}` }, endText(process, app.t)),
      el("td", { class: "number" }, number(process.node.calls, language)),
      el("td", { class: "number" }, number(process.node.errors, language)),
    ];
    return el(
      "tr",
      {
        class: process.id === selected ? "selected" : null,
        "aria-selected": process.id === selected ? "true" : null,
      },
      cells,
    );
  }
}
