// The list of resources: files, pipes, sockets and so on. One that is clicked shows who touched it.

import { isSystem, sortOf, traffic } from "./deeds.js";
import { resourceDetails } from "./detailsmore.js";
import { button, el, fill, quoted } from "./dom.js";
import { matcher } from "./search.js";
import { bytes, plain, shortened } from "./text.js";

const ROW = 40;

const ORDERS = {
  users: (a, b) => b.uses - a.uses,
  bytes: (a, b) => traffic(b.node) - traffic(a.node),
  first: (a, b) => (a.node.first ?? Infinity) - (b.node.first ?? Infinity),
  name: (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)),
};

/** The resources of a class (or of all), whose name has the words, in that order. */
export function listed(model, { kind, words, order, system }) {
  const matches = matcher(words);
  return [...model.resources.values()]
    .filter(({ id, node }) => model.usesOf.has(id) && (kind === "all" || node.class === kind))
    .filter((resource) => system || !isSystem(resource))
    .filter(({ node, name }) => !matches || matches(`${name} ${plain(node.local)} ${plain(node.remote)}`))
    .map((resource) => ({ ...resource, uses: model.usesOf.get(resource.id).length }))
    .sort(ORDERS[order]);
}

export class Resources {
  constructor(app) {
    this.app = app;
    this.choice = { kind: "all", words: "", order: "bytes", system: false };
    this.scroll = 0;
  }

  show(body) {
    const { app } = this;
    const chosen = app.model.resources.get(app.state.selected);
    if (chosen) {
      fill(
        body,
        button(`← ${app.t("tab.resources")}`, () => app.select(null), { class: "quiet back" }),
        resourceDetails(chosen, app),
      );
      return;
    }
    this.box = el("div", { class: "resources" });
    fill(body, this.#controls(), this.box);
    this.#fill();
  }

  #controls() {
    const { app, choice } = this;
    const { t } = app;
    const change = (name) => (event) => {
      choice[name] = event.target.type === "checkbox" ? event.target.checked : event.target.value;
      this.#fill();
    };
    const words = el("input", {
      type: "search",
      placeholder: t("resources.filter"),
      "aria-label": t("resources.filter"),
      input: change("words"),
    });
    words.value = choice.words;
    const kinds = new Map();
    for (const { id, node } of app.model.resources.values()) {
      if (app.model.usesOf.has(id)) kinds.set(node.class, (kinds.get(node.class) ?? 0) + 1);
    }
    const kind = el(
      "select",
      { "aria-label": t("details.class"), change: change("kind") },
      el("option", { value: "all" }, t("resources.all")),
      [...kinds]
        .sort((a, b) => b[1] - a[1])
        .map(([name, n]) => el("option", { value: name }, `${t(`class.${name}`)} (${n})`)),
    );
    kind.value = choice.kind;
    const order = el(
      "select",
      { "aria-label": t("resources.sort"), change: change("order") },
      Object.keys(ORDERS).map((name) => el("option", { value: name }, t(`resources.sort.${name}`))),
    );
    order.value = choice.order;
    const system = el("input", { type: "checkbox", change: change("system") });
    system.checked = choice.system;
    return el(
      "div",
      { class: "controls" },
      words,
      el("div", { class: "pair" }, kind, order),
      el("label", { class: "check" }, system, t("resources.system")),
    );
  }

  #fill() {
    const { app, box } = this;
    const items = listed(app.model, this.choice);
    if (items.length === 0) {
      fill(box, el("p", { class: "soft" }, app.t(app.loader.complete ? "resources.none" : "reading.things")));
      return;
    }
    const inner = el("div", { class: "rows", role: "list" });
    inner.style.height = `${items.length * ROW}px`;
    const folded = app.about.counts?.folded_files ?? 0;
    const note = folded > 0 ? el("p", { class: "soft" }, app.t("resources.folded", { n: folded })) : null;
    fill(box, note, inner);
    const scroller = box.parentElement;
    let shown = "";
    const draw = () => {
      if (!box.isConnected) return;
      const from = Math.max(0, Math.floor((scroller.scrollTop - box.offsetTop) / ROW) - 6);
      const to = Math.min(items.length, from + Math.ceil(scroller.clientHeight / ROW) + 12);
      if (shown === `${from} ${to}`) return;
      shown = `${from} ${to}`;
      fill(
        inner,
        items.slice(from, to).map((resource, at) => this.#row(resource, from + at, items.length)),
      );
    };
    scroller.onscroll = draw;
    draw();
  }

  #row({ id, node, name }, index, size) {
    const { app } = this;
    const { t } = app;
    const address = plain(node.remote) || plain(node.local);
    const moved = traffic(node);
    const about = [
      sortOf(node, t),
      t("resources.used", { n: app.model.usersOf(id).length }),
      moved > 0 ? bytes(moved, app.state.language) : "",
    ];
    const item = el(
      "div",
      {
        role: "listitem",
        "aria-setsize": String(size),
        "aria-posinset": String(index + 1),
        class: node.deleted ? "gone" : "",
      },
      el(
        "button",
        { type: "button", click: () => app.select(id), title: shortened(name, 1000) },
        el(
          "span",
          { class: "name" },
          quoted(shortened(address ? `${node.protocol ?? ""} ${address}` : name, 46)),
        ),
        el(
          "span",
          { class: "soft" },
          about.filter(Boolean).join(" · "),
          node.deleted ? el("span", { class: "pill deleted" }, t("end.deleted")) : null,
        ),
      ),
    );
    item.style.top = `${index * ROW}px`;
    return item;
  }
}
