// The tools at the top: search, filter, colour, data, zoom, and the menu with the rest.

import { KINDS } from "./calls.js";
import { MODES } from "./colours.js";
import { button, copy, el, fill } from "./dom.js";
import { exportPng, printPage } from "./export.js";
import { FilterMenu } from "./filtermenu.js";
import { help } from "./help.js";
import { LANGUAGES } from "./i18n.js";
import { foldAll } from "./lanes.js";
import { SearchBox } from "./searchbox.js";
import { duration, visible } from "./text.js";

const NAMES = { en: "English", fr: "Français" };

export class Toolbar {
  constructor(app) {
    this.app = app;
    this.box = document.getElementById("tools");
    this.searchBox = new SearchBox(app);
    document.addEventListener("click", (event) => this.#outside(event));
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return;
        const open = this.box.querySelector("details[open]");
        if (!open) return;
        open.open = false;
        open.querySelector("summary").focus();
        event.stopPropagation();
      },
      true,
    );
  }

  #outside(event) {
    for (const menu of this.box.querySelectorAll("details[open]"))
      if (!menu.contains(event.target)) menu.open = false;
  }

  refresh() {
    const { app } = this;
    this.searchBox.refresh();
    const key = [
      app.state.language,
      app.model.revision,
      app.loader.complete,
      app.state.colour,
      app.state.flows,
      app.state.gaps,
      app.theme,
      app.state.theme,
      app.state.panel,
      JSON.stringify(Object.values(app.state.filters).map((names) => [...names])),
    ].join();
    if (key === this.key) return;
    this.key = key;
    this.#about();
    if (!this.built || this.built !== app.state.language) this.#build();
    this.#values();
  }

  #about() {
    const { app } = this;
    const { t } = app;
    const { language } = app.state;
    const processes = [...app.model.processes.values()].filter((process) => process.told);
    const calls = processes.reduce((sum, process) => sum + process.node.calls, 0);
    const run = [...app.model.runs.values()][0];
    const when = run
      ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(
          new Date(run.meta.started.replace(/(\.\d{3})\d*Z$/, "$1Z")),
        )
      : "";
    const parts = [
      run ? t("run.on", { host: visible(run.meta.host), when }) : "",
      duration(app.model.end - app.model.start, language),
      t("counts.processes", { n: processes.length }),
      t("counts.calls", { n: calls }),
    ];
    fill(
      document.getElementById("about"),
      parts.filter(Boolean).map((part) => el("span", {}, part)),
    );
  }

  #build() {
    const { app } = this;
    const { t } = app;
    this.built = app.state.language;
    const colour = () =>
      select(
        t("tool.colour"),
        MODES.map((mode) => [mode, t(`colour.${mode}`)]),
        (value) => app.set({ colour: value }),
      );
    const flows = () =>
      select(
        t("tool.flows"),
        ["selected", "all", "none"].map((name) => [name, t(`flows.${name}`)]),
        (value) => app.set({ flows: value }),
      );
    this.colours = { menu: colour(), corner: colour() };
    this.flows = { menu: flows(), corner: flows() };
    this.panel = button("◨", () => app.set({ panel: !app.state.panel }), {
      title: t("tool.panel"),
      "aria-label": t("tool.panel"),
      id: "toggle",
    });
    fill(
      document.getElementById("corner"),
      labelled(t("tool.colour"), this.colours.corner),
      labelled(t("tool.flows"), this.flows.corner),
    );
    this.language = select(
      t("tool.language"),
      Object.keys(LANGUAGES).map((name) => [name, NAMES[name]]),
      (value) => app.set({ language: value }),
    );
    this.theme = select(
      t("tool.theme"),
      ["auto", "light", "dark"].map((name) => [name, t(`tool.theme.${name}`)]),
      (value) => app.set({ theme: value }),
    );
    this.gaps = el("input", {
      type: "checkbox",
      id: "gaps",
      change: (event) => app.set({ gaps: event.target.checked }),
    });
    this.filterMenu = new FilterMenu(app);
    const middle = () => app.view.width / 2;
    const zoom = (factor) => () => {
      app.view.zoom(factor, middle());
      app.viewed();
    };
    fill(
      this.box,
      this.searchBox.element,
      this.filterMenu.element,
      el(
        "div",
        { class: "zoom", role: "group" },
        button("−", zoom(1.6), { title: t("tool.out"), "aria-label": t("tool.out") }),
        button("+", zoom(0.6), { title: t("tool.in"), "aria-label": t("tool.in") }),
        button("⤢", () => app.fit(), { title: t("tool.fit"), "aria-label": t("tool.fit"), id: "fit" }),
      ),
      el(
        "details",
        { class: "drop right" },
        el("summary", { id: "more" }, t("tool.more")),
        el(
          "div",
          { class: "menu" },
          el(
            "div",
            { class: "narrow-only" },
            labelled(t("tool.colour"), this.colours.menu),
            labelled(t("tool.flows"), this.flows.menu),
          ),
          el("label", { class: "check" }, this.gaps, t("tool.gaps")),
          el("hr"),
          button(t("tab.processes"), () => app.set({ table: !app.state.table }), { class: "item" }),
          button(t("tool.expand"), () => foldAll(app, true), { class: "item" }),
          button(t("tool.collapse"), () => foldAll(app, false), { class: "item" }),
          el("hr"),
          button(t("tool.png"), () => exportPng(app), { class: "item", id: "png" }),
          button(t("tool.print"), () => printPage(app), { class: "item" }),
          button(
            t("tool.link"),
            async () => {
              await copy(location.href);
              app.say(t("copied"));
            },
            { class: "item" },
          ),
          el("hr"),
          labelled(t("tool.language"), this.language),
          labelled(t("tool.theme"), this.theme),
          button(t("tool.help"), () => help(app), { class: "item" }),
        ),
      ),
      this.panel,
    );
  }

  #values() {
    const { state } = this.app;
    for (const one of Object.values(this.colours)) one.value = state.colour;
    for (const one of Object.values(this.flows)) one.value = state.flows;
    this.panel.setAttribute("aria-pressed", String(state.panel));
    this.language.value = state.language;
    this.theme.value = state.theme;
    this.gaps.checked = state.gaps;
    this.#legend();
    this.filterMenu.refresh();
  }

  /** What the colours of events say. */
  #legend() {
    const { t, colours } = this.app;
    const kinds = KINDS.map((kind, at) => [t(`kind.${kind}`), colours.kinds[at]]);
    fill(
      document.getElementById("legend"),
      kinds.map(([name, colour]) => {
        const swatch = el("i");
        swatch.style.background = colour;
        return el("span", {}, swatch, name);
      }),
    );
  }
}

function select(label, choices, change) {
  return el(
    "select",
    { "aria-label": label, change: (event) => change(event.target.value) },
    choices.map(([value, text]) => el("option", { value }, text)),
  );
}

const labelled = (text, control) =>
  el("div", { class: "choice" }, el("span", { "aria-hidden": "true" }, text), control);
