// The side panel: details of what is selected, or the list of resources.

import { processDetails } from "./details.js";
import { groupDetails, resourceDetails, threadDetails } from "./detailsmore.js";
import { button, el, fill } from "./dom.js";
import { findings } from "./findings.js";
import { overview } from "./overview.js";
import { Resources } from "./resources.js";

export class Panel {
  constructor(app) {
    this.app = app;
    /** What can be shown; the comparison where there is one. */
    this.names = [...(app.comparison ? ["compare"] : []), "details", "resources"];
    this.element = document.getElementById("panel");
    this.tabs = el("div", { role: "tablist", keydown: (event) => this.#arrow(event) });
    this.body = el("div", { class: "body", role: "tabpanel", id: "panel-body", tabindex: "0" });
    this.resources = new Resources(app);
    this.close = button("×", () => app.set({ panel: false }), { class: "close quiet" });
    fill(this.element, el("div", { class: "tabs" }, this.tabs, this.close), this.body);
  }

  focus() {
    this.app.set({ panel: true });
    this.body.focus();
  }

  #arrow(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.stopPropagation();
    const { names } = this;
    const at = names.indexOf(this.app.state.tab);
    this.app.set({ tab: names[(at + by + names.length) % names.length] });
    requestAnimationFrame(() => this.tabs.querySelector("[aria-selected=true]").focus());
  }

  refresh() {
    const { app } = this;
    const { state } = app;
    const tab = this.names.includes(state.tab) ? state.tab : "details";
    document.body.classList.toggle("without-panel", !state.panel);
    document.body.classList.toggle("something-selected", state.selected !== null);
    if (!state.panel) return;
    const key = [
      tab,
      state.selected,
      state.event,
      state.open.has(`threads:${state.selected}`),
      state.language,
      app.model.applied,
      app.loader.busy,
      app.theme,
    ].join("|");
    if (key === this.key) return;
    const same = this.shown === `${tab} ${state.selected}`;
    this.shown = `${tab} ${state.selected}`;
    this.key = key;
    this.#tabs(tab);
    const scroll = same ? this.body.scrollTop : 0;
    this.body.setAttribute("aria-labelledby", `tab-${tab}`);
    if (tab === "resources") this.resources.show(this.body);
    else if (tab === "compare") fill(this.body, findings(app));
    else fill(this.body, this.#details());
    this.body.scrollTop = scroll;
  }

  #tabs(chosen) {
    const { app } = this;
    fill(
      this.tabs,
      this.names.map((tab) =>
        button(app.t(`tab.${tab}`), () => app.set({ tab }), {
          role: "tab",
          id: `tab-${tab}`,
          "aria-selected": String(tab === chosen),
          "aria-controls": "panel-body",
          tabindex: tab === chosen ? "0" : "-1",
        }),
      ),
    );
    this.close.setAttribute("aria-label", app.t("tool.close"));
    this.close.title = app.t("tool.close");
  }

  #details() {
    const { app } = this;
    const { selected } = app.state;
    const { model } = app;
    if (model.processes.get(selected)?.told) return processDetails(model.processes.get(selected), app);
    if (model.threads.has(selected)) return threadDetails(model.threads.get(selected), app);
    if (model.resources.has(selected)) return resourceDetails(model.resources.get(selected), app);
    const row = app.layout.rows.find((one) => one.id === selected);
    if (row?.kind === "group") return groupDetails(row, app);
    return overview(app);
  }
}
