// The page's state, and the parts that show it. A change goes through `set` or `viewed`; at the next
// frame each part looks at what it shows, and does again what is not so any more.

import { Accessible } from "./a11y.js";
import { Address } from "./address.js";
import { comparisonOf } from "./beside.js";
import { failures } from "./blame.js";
import { prepare, sizesFor } from "./canvas.js";
import { palette } from "./colours.js";
import { oncePerFrame } from "./dom.js";
import { drawAxis, drawLanes } from "./draw.js";
import { chosenFlows } from "./edges.js";
import { none, passes } from "./filters.js";
import { read } from "./hash.js";
import { giveColours, writeNotice, writeRange, writeTitle, writeWords } from "./heading.js";
import { preferred, translator } from "./i18n.js";
import { listenKeys } from "./keyboard.js";
import { layout } from "./layout.js";
import { EventLoader } from "./loader.js";
import { Minimap } from "./minimap.js";
import { Model, failed, lifetime } from "./model.js";
import { Panel } from "./panel.js";
import { Pointer } from "./pointer.js";
import { Scale, View, idleGaps } from "./scale.js";
import { search } from "./search.js";
import { Table } from "./table.js";
import { Toolbar } from "./toolbar.js";
import { Wrong } from "./wrong.js";

const INITIAL = {
  selected: null,
  event: null,
  colour: "program",
  flows: "selected",
  gaps: true,
  language: "en",
  theme: "auto",
  tab: "details",
  query: "",
  table: false,
  panel: true,
};

/** So few processes have room for higher lanes. */
const FEW_LANES = 12;

export class App {
  constructor(source) {
    this.source = source;
    this.comparison = comparisonOf(document);
    this.model = new Model(this.comparison?.starts ?? null);
    this.about = source.about();
    this.initial = {
      ...INITIAL,
      tab: this.comparison ? "compare" : INITIAL.tab,
      language: this.about.default_language ?? preferred(navigator.languages ?? []),
    };
    const asked = read(location.hash);
    this.state = { ...this.initial, open: new Set(), closed: new Set(), filters: none(), ...asked.state };
    this.askedView = asked.view;
    // On a small screen the lanes come first.
    this.state.panel = innerWidth > 800 || asked.state.selected !== undefined;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.hover = null;
    this.draw = oncePerFrame(() => this.#frame());
    this.keys = {};
  }

  async start() {
    this.#words();
    this.#theme();
    try {
      this.model.apply(await this.source.flow());
    } catch (error) {
      writeNotice(this.t("broken", { why: error.message }));
      throw error;
    }
    this.scroller = document.getElementById("scroller");
    this.canvas = document.getElementById("lanes");
    this.axis = document.getElementById("axis");
    this.loader = new EventLoader(this);
    this.#resize();
    this.#rescale();
    if (this.askedView) this.view.showTimes(...this.askedView);
    this.parts = [
      new Toolbar(this),
      new Wrong(this),
      new Table(this),
      new Accessible(this),
      new Address(this),
    ];
    this.panel = new Panel(this);
    this.minimap = new Minimap(this, document.getElementById("minimap"));
    this.pointer = new Pointer(this);
    listenKeys(this);
    this.#listen();
    this.#frame();
    if (this.state.selected) this.reveal(this.state.selected);
    this.unsubscribe = this.source.subscribe((part) => this.arrived(part));
    document.documentElement.dataset.ready = "true";
    await this.loader.readThings();
    document.documentElement.dataset.complete = "true";
    if (this.model.resources.has(this.state.selected)) this.select(this.state.selected, this.state.event);
    this.draw();
  }

  /** New nodes and links: from the source's subscription, or events that were asked for. */
  arrived(part) {
    if (this.model.apply(part)) this.#rescale();
    this.draw();
  }

  #listen() {
    new ResizeObserver(() => {
      this.#resize();
      this.draw();
    }).observe(document.getElementById("time"));
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.dark.addEventListener("change", () => this.set({}));
  }

  /** All that is read without being asked for is there: what is idle is known. */
  settle() {
    if (this.state.gaps) this.#rescale();
    this.draw();
  }

  /** Changes the state, and lets everything see it. */
  set(change) {
    Object.assign(this.state, change);
    if ("gaps" in change) this.#rescale();
    this.#words();
    this.#theme();
    this.draw();
  }

  /** What is on screen has changed: the part of the time. */
  viewed() {
    this.draw();
  }

  fit() {
    this.view.fit();
    this.viewed();
  }

  #words() {
    if (this.keys.language === this.state.language) return;
    this.keys.language = this.state.language;
    this.t = translator(this.state.language);
    writeWords(this.state.language, this.t);
  }

  #theme() {
    this.theme = this.state.theme === "auto" ? (this.dark.matches ? "dark" : "light") : this.state.theme;
    if (this.keys.theme === this.theme) return;
    this.keys.theme = this.theme;
    this.colours = palette(this.theme);
    giveColours(this.theme, this.colours);
  }

  #resize() {
    const width = document.getElementById("time").clientWidth;
    const ends = [...this.model.processes.values()].some((process) => process.told && failed(process));
    this.sizes = sizesFor(width, this.model.processes.size <= FEW_LANES, ends);
    this.width = width;
    this.height = this.scroller.clientHeight;
    const room = Math.max(width - this.sizes.gutter - this.sizes.left - this.sizes.right, 40);
    if (this.view) this.view.width = room;
    this.room = room;
    this.keys.layout = null;
  }

  #rescale() {
    const { model } = this;
    const gaps =
      this.state.gaps && (this.loader?.settled ?? false)
        ? idleGaps(model.marks(this.loader.small), model.start, model.end)
        : [];
    const before =
      this.view && !this.view.whole ? [this.view.time(0), this.view.time(this.view.width)] : null;
    this.scale = new Scale(model.start, model.end, gaps);
    this.view = new View(this.scale, this.room);
    if (before) this.view.showTimes(...before);
    this.longest = 1;
    for (const process of model.processes.values()) {
      if (process.told) this.longest = Math.max(this.longest, lifetime(process, model.end));
    }
  }

  /** Selects a process, resource, thread or group; with `event`, one of its events. */
  select(id, event = null) {
    const resource = this.model.resources.has(id);
    const tab = id === null ? this.state.tab : resource ? "resources" : "details";
    this.set({ selected: id, event, tab, panel: id === null ? this.state.panel : true });
    const [user] = resource ? this.model.usersOf(id) : [];
    if (user) this.reveal(user.process.id);
  }

  /** Scrolls to a lane, opening what it is in. */
  reveal(id) {
    const process = this.model.processOf(id);
    if (!process) return;
    for (let at = process.parent; at; at = at.parent) this.state.closed.delete(at.id);
    // The panel may open, and leave less room for lanes, before the next frames.
    this.revealing = { id: process.id, frames: 3 };
    this.draw();
  }

  #reveal() {
    if (!this.revealing) return;
    const { id } = this.revealing;
    this.revealing.frames -= 1;
    if (this.revealing.frames <= 0) this.revealing = null;
    else this.draw();
    const row = this.layout.rowOf.get(id);
    if (!row) return;
    const { scrollTop, clientHeight } = this.scroller;
    if (row.y < scrollTop || row.y + row.height > scrollTop + clientHeight) {
      this.scroller.scrollTop = row.y - clientHeight / 3;
      this.draw();
    }
  }

  /** One step back: the event, then the selection, then the search. */
  escape() {
    if (this.state.event) this.set({ event: null });
    else if (this.state.selected) this.select(null);
    else this.set({ query: "" });
  }

  get failures() {
    if (this.keys.failures !== this.model.revision) {
      this.keys.failures = this.model.revision;
      this.found = failures(this.model);
      // The processes that failed for a reason, or with consequences, and those who failed in consequence.
      const grave = this.found.filter((failure) => failure.grave);
      this.grave = new Set(grave.flatMap(({ process, consequences }) => [process, ...consequences]));
    }
    return this.found;
  }

  /** What the search finds, or null. */
  get matches() {
    const key = `${this.state.query === "" ? 0 : this.model.applied} ${this.state.query}`;
    if (this.keys.search !== key) {
      this.keys.search = key;
      this.result = search(this.model, this.state.query);
    }
    return this.result;
  }

  /** The lanes as they are to be now. */
  lanes() {
    this.#layout();
    return this.layout;
  }

  #layout() {
    const { state } = this;
    // One of a closed group that is selected has a lane until another one is.
    const at = this.layout?.rowOf.get(state.selected);
    if (!at || (at.kind === "group" && at.id !== state.selected)) this.revealed = state.selected;
    const filters = Object.values(state.filters).map((names) => [...names].join());
    const filtered = filters.some((names) => names !== "");
    const key = [
      filtered ? this.model.applied : this.model.revision,
      ...state.open,
      ...state.closed,
      this.sizes.lane,
      this.revealed,
      ...filters,
    ].join("|");
    if (this.keys.layout === key) return;
    this.keys.layout = key;
    const shown = passes(state.filters, this.model);
    this.layout = layout(this.model, { ...state, selected: this.revealed, shown, beside: this.comparison }, this.sizes);
  }

  /** All that drawing needs to know. */
  frame() {
    const { model, layout: lanes, view, colours, sizes, state, hover, longest, t, comparison } = this;
    const users = model.resources.has(state.selected) ? model.usersOf(state.selected) : null;
    const frame = {
      model,
      layout: lanes,
      view,
      colours,
      sizes,
      state,
      hover,
      longest,
      t,
      users,
      comparison,
      language: state.language,
    };
    frame.grave = this.failures && this.grave;
    frame.flows = chosenFlows(frame);
    frame.lit = users?.length > 0 ? new Set(users.map((user) => user.process)) : null;
    frame.matches = this.matches?.processes ?? null;
    return frame;
  }

  #frame() {
    if (!this.view) return;
    this.#layout();
    const { width, height } = this;
    document.getElementById("spacer").style.height = `${Math.max(this.layout.height + 8, height)}px`;
    this.top = this.scroller.scrollTop;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const frame = { ...this.frame(), width, height, top: this.top };
    drawLanes({ ...frame, context: prepare(this.canvas, width, height) });
    const tall = this.axis.clientHeight;
    drawAxis({ ...frame, height: tall, context: prepare(this.axis, width, tall) });
    this.minimap.draw();
    writeRange(this);
    writeNotice(this.layout.rows.length > 0 ? null : this.t("lanes.empty"));
    for (const part of this.parts) part.refresh();
    this.panel.refresh();
    this.#title();
    this.#reveal();
    this.loader.look();
  }

  #title() {
    const key = [this.state.language, this.model.revision].join();
    if (this.keys.title === key) return;
    this.keys.title = key;
    writeTitle(this);
  }

  /** Tells people who hear the page. */
  say(text) {
    document.getElementById("said").textContent = text;
  }
}
