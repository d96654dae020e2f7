// The menu of filters: how processes ended, what they did, their programs; each with a count.

import { button, el, fill } from "./dom.js";
import { TESTS, counts, isNone, none, shownOf } from "./filters.js";
import { visible } from "./text.js";

export class FilterMenu {
  constructor(app) {
    this.app = app;
    this.box = el("div", { class: "menu wide" });
    this.button = el("summary", {}, app.t("tool.filter"));
    this.element = el("details", { class: "drop", toggle: () => this.fill() }, this.button, this.box);
  }

  /** How many are shown, if not all. */
  refresh() {
    const { state, t, model } = this.app;
    const filtered = !isNone(state.filters);
    this.button.textContent = filtered ? t("counts.shown", shownOf(state.filters, model)) : t("tool.filter");
    this.element.classList.toggle("active", filtered);
    this.fill();
  }

  fill() {
    if (!this.element.open) return;
    const { app } = this;
    const { t, model, state } = app;
    const found = counts(model);
    const programs = [...found.program].sort((a, b) => b[1] - a[1]).slice(0, 40);
    fill(
      this.box,
      el(
        "div",
        { class: "columns" },
        el(
          "div",
          {},
          this.#group(
            "outcome",
            Object.keys(TESTS.outcome).map((name) => [
              name,
              t(`filter.${name}`),
              found.outcome.get(name) ?? 0,
            ]),
          ),
          this.#group(
            "has",
            Object.keys(TESTS.has).map((name) => [name, t(`filter.${name}`), found.has.get(name) ?? 0]),
          ),
        ),
        this.#group(
          "program",
          programs.map(([name, n]) => [name, visible(name), n]),
        ),
      ),
      el(
        "p",
        { class: "foot" },
        button(t("filter.clear"), () => app.set({ filters: none() }), { disabled: isNone(state.filters) }),
      ),
    );
  }

  #group(group, entries) {
    const { app } = this;
    const change = (name, on) => {
      const filters = { ...app.state.filters, [group]: new Set(app.state.filters[group]) };
      if (on) filters[group].add(name);
      else filters[group].delete(name);
      app.set({ filters });
    };
    return el(
      "fieldset",
      { class: group },
      el("legend", {}, app.t(`filter.${group}`)),
      entries.map(([name, label, n]) => {
        const box = el("input", {
          type: "checkbox",
          value: name,
          change: (event) => change(name, event.target.checked),
          disabled: n === 0 && !app.state.filters[group].has(name),
        });
        box.checked = app.state.filters[group].has(name);
        return el(
          "label",
          { class: "check" },
          box,
          el("bdi", {}, label),
          el("span", { class: "count" }, String(n)),
        );
      }),
    );
  }
}
