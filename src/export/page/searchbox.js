// The search field, and what was found beneath it.

import { sortOf } from "./deeds.js";
import { el, fill, quoted } from "./dom.js";
import { command } from "./model.js";
import { asksForErrors, matcher } from "./search.js";
import { plain, shortCommand, shortened } from "./text.js";

/** So many of each sort are listed. */
const LISTED = 8;

export class SearchBox {
  constructor(app) {
    this.app = app;
    this.input = el("input", {
      id: "search",
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": "found",
      "aria-autocomplete": "list",
      input: () => this.#changed(),
      keydown: (event) => this.#key(event),
      focus: () => this.#show(true),
    });
    this.input.value = app.state.query;
    this.list = el("div", { id: "found", role: "listbox", hidden: true });
    this.element = el("div", { class: "search" }, this.input, this.list);
    this.open = false;
    document.addEventListener("pointerdown", (event) => {
      if (!this.element.contains(event.target)) this.#show(false);
    });
    this.element.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.element.contains(event.relatedTarget)) this.#show(false);
    });
  }

  #changed() {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.later = null;
      this.app.set({ query: this.input.value });
      if (asksForErrors(this.input.value)) this.app.loader.readAll();
      this.#show(true);
    }, 120);
  }

  #show(open) {
    this.open = open && this.input.value.trim() !== "";
    this.key = null;
    this.app.draw();
  }

  refresh() {
    const { app } = this;
    const key = [app.state.query, app.state.language, app.model.applied, this.open, app.loader.busy].join(
      "|",
    );
    if (key === this.key) return;
    this.key = key;
    const { t } = app;
    this.input.placeholder = t("tool.search");
    this.input.setAttribute("aria-label", t("tool.search"));
    // What was just written and is not searched for yet stays, though the field was left.
    if (document.activeElement !== this.input && !this.later) this.input.value = app.state.query;
    const result = this.open ? app.matches : null;
    this.list.hidden = !result;
    this.list.setAttribute("aria-label", t("tool.search"));
    this.input.setAttribute("aria-expanded", String(!!result));
    if (result) this.#fill(result);
  }

  #fill(result) {
    const { app } = this;
    const { t } = app;
    const go =
      (id, event = null) =>
      () => {
        app.select(id, event);
        app.reveal(id);
        this.#show(false);
        document.getElementById("tree").focus();
      };
    const sections = [
      this.#section("search.commands", result.commands, (process) => [
        shortCommand(command(process)),
        this.#detail(process),
        go(process.id),
      ]),
      this.#section("search.errors", result.errors, (error) => [
        error.text,
        shortCommand(command(error.process)),
        go(error.process.id, error.event),
      ]),
      this.#section("search.resources", result.resources, (resource) => [
        resource.name,
        sortOf(resource.node, t),
        go(resource.id),
      ]),
      this.#section("search.glances", result.glances, ({ path, process, member }) => [
        path,
        `${t(`details.${member}`)}: ${shortCommand(command(process))}`,
        go(process.id),
      ]),
      this.#section("search.peers", result.peers, (resource) => [
        plain(resource.node.remote) || plain(resource.node.local) || resource.name,
        resource.node.protocol ?? t(`class.${resource.node.class}`),
        go(resource.id),
      ]),
    ];
    const nothing = sections.every((section) => section === null);
    fill(
      this.list,
      sections,
      app.loader.busy > 0
        ? el("p", { class: "soft" }, t("search.reading"))
        : nothing
          ? el("p", { class: "soft" }, t("search.none"))
          : null,
    );
    const options = this.list.querySelectorAll("[role=option]");
    for (const [at, option] of options.entries()) option.id = `found-${at}`;
  }

  /** Of a process: the argument that was found, where its last command line does not have it. */
  #detail(process) {
    const matches = matcher(this.app.state.query);
    if (matches(command(process))) return `pid ${process.node.pid}`;
    const line = process.executions.map((execution) => execution.line).find(matches);
    return line ?? `pid ${process.node.pid}`;
  }

  #section(title, { items, count }, describe) {
    if (count === 0) return null;
    const { t } = this.app;
    return el(
      "div",
      { role: "group", "aria-label": t(title) },
      el("p", { class: "title" }, t(title), el("span", { class: "count" }, String(count))),
      items.slice(0, LISTED).map((item) => {
        const [text, detail, click] = describe(item);
        return el(
          "div",
          { role: "option", "aria-selected": "false", tabindex: "-1", click, title: shortened(text, 1000) },
          quoted(shortened(text, 90)),
          el("span", { class: "soft" }, quoted(shortened(detail, 40))),
        );
      }),
      count > LISTED ? el("p", { class: "soft" }, t("search.more", { n: count - LISTED })) : null,
    );
  }

  #key(event) {
    const options = [...this.list.querySelectorAll("[role=option]")];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.open) this.#show(false);
      else {
        this.input.value = "";
        this.app.set({ query: "" });
        this.input.blur();
      }
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next =
        options[Math.max(0, Math.min(options.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
      options[at]?.setAttribute("aria-selected", "false");
      next?.setAttribute("aria-selected", "true");
      next?.scrollIntoView({ block: "nearest" });
      if (next) this.input.setAttribute("aria-activedescendant", next.id);
    } else if (event.key === "Enter") {
      event.preventDefault();
      (options[at] ?? options[0])?.click();
    }
  }
}
