// Mouse, pen and fingers on the lanes: what is under them, and what they do.

import { groupTop } from "./bars.js";
import { el, fill } from "./dom.js";
import { eventText } from "./events.js";
import { foldable, indentOf } from "./gutter.js";
import { fold, foldThreads, zoomTo } from "./lanes.js";
import { rowAt } from "./layout.js";
import { command, lifetime } from "./model.js";
import { duration, moment, shortCommand, shortened } from "./text.js";

/** So many pixels at the right of a name are the words "8 threads". */
const THREADS = 70;

/** What is at a place of the lanes: `{row, process, event, fold}`, as far as there is. */
function hit(app, x, y) {
  const { layout, sizes, view, model } = app;
  const row = layout.rows[rowAt(layout.rows, y + app.top)];
  if (!row || y + app.top < row.y) return null;
  const place = x - sizes.gutter - sizes.left;
  const names = sizes.narrow ? y + app.top - row.y < row.height - sizes.bar - 5 : x < sizes.gutter;
  if (names) {
    const fold = foldable(row) && x < indentOf(row, sizes) + 14;
    // What says how many threads there are opens them.
    const threads = row.threaded && x > (sizes.narrow ? app.width : sizes.gutter) - THREADS;
    return { row, process: row.process ?? null, fold, threads };
  }
  if (row.kind === "group") return { row, process: memberAt(row, view, model, place, y - app.top, app) };
  return { row, process: row.process ?? null, event: eventAt(row, view, place), time: view.time(place) };
}

function memberAt(row, view, model, x, y, app) {
  const line = row.packed.count === 1 ? 0 : Math.floor((y + app.top - groupTop(row, app)) / row.thin);
  let best = null;
  for (const [at, process] of row.members.entries()) {
    if (row.packed.rows[at] !== line) continue;
    const [x0, x1] = [view.x(process.start), view.x(process.end ?? model.end)];
    const away = Math.max(x0 - x, x - x1, 0);
    if (away <= 3 && (!best || away < best.away)) best = { process, away };
  }
  return best?.process ?? null;
}

/** The event of a lane at a pixel: its index, or the nearest one within three pixels. */
function eventAt(row, view, x) {
  const events = (row.thread ?? (row.threadsOpen ? null : row.process?.threads[0]))?.events;
  if (!events || events.length === 0) return null;
  const time = view.time(x);
  const at = Math.min(Math.max(events.from(time + 1) - 1, 0), events.length - 1);
  if (time < events.start[0] - view.perPixel * 3) return null;
  return { events, at };
}

export class Pointer {
  constructor(app) {
    this.app = app;
    this.tip = document.getElementById("tip");
    this.pointers = new Map();
    this.drag = null;
    const { canvas, scroller } = app;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#end(event));
    canvas.addEventListener("pointerleave", () => this.#leave());
    canvas.addEventListener("dblclick", (event) => this.#double(event));
    scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #at(event) {
    const box = this.app.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    const [x, y] = this.#at(event);
    this.pointers.set(event.pointerId, [x, y]);
    if (event.button === 0) this.drag = { x, y, top: this.app.scroller.scrollTop, moved: false };
  }

  #move(event) {
    const [x, y] = this.#at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.#over(x, y);
      return;
    }
    if (this.pointers.size === 2) this.#pinch(event.pointerId, [x, y]);
    else if (this.drag) this.#pull(event, x, y, before);
    this.pointers.set(event.pointerId, [x, y]);
  }

  #pull(event, x, y, before) {
    const { app, drag } = this;
    if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < 4) return;
    if (!drag.moved) app.canvas.setPointerCapture(event.pointerId);
    drag.moved = true;
    this.tip.hidden = true;
    app.view.pan(before[0] - x);
    if (event.pointerType === "mouse") app.scroller.scrollTop = drag.top + drag.y - y;
    app.viewed();
  }

  #pinch(id, place) {
    const { app } = this;
    const [other] = [...this.pointers].filter(([at]) => at !== id).map(([, at]) => at);
    const before = Math.abs(this.pointers.get(id)[0] - other[0]);
    const now = Math.abs(place[0] - other[0]);
    if (this.drag) this.drag.moved = true;
    if (before < 4 || now < 4) return;
    app.view.zoom(before / now, (place[0] + other[0]) / 2 - app.sizes.gutter - app.sizes.left);
    app.viewed();
  }

  #up(event) {
    const { drag } = this;
    const [x, y] = this.#at(event);
    this.#end(event);
    if (drag && !drag.moved && event.button === 0) this.#click(x, y);
  }

  #end(event) {
    this.pointers.delete(event.pointerId);
    this.drag = null;
  }

  #click(x, y) {
    const { app } = this;
    const found = hit(app, x, y);
    if (!found) {
      app.select(null);
      return;
    }
    if (found.fold) fold(app, found.row);
    else if (found.threads) foldThreads(app, found.process);
    else if (found.row.kind === "group" && !found.process) app.select(found.row.id);
    else if (found.row.kind === "thread")
      app.select(found.row.id, found.event?.events.nodes[found.event.at].id ?? null);
    else if (found.process)
      app.select(found.process.id, found.event?.events.nodes[found.event.at].id ?? null);
  }

  #double(event) {
    const found = hit(this.app, ...this.#at(event));
    if (found?.process && !found.fold) zoomTo(this.app, found.process.id);
  }

  #wheel(event) {
    const { app } = this;
    const [x] = this.#at(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      app.view.zoom(
        Math.exp(Math.max(-60, Math.min(60, event.deltaY * lines)) / 120),
        x - app.sizes.gutter - app.sizes.left,
      );
      app.viewed();
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      app.view.pan((event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX) * lines);
      app.viewed();
    }
    this.tip.hidden = true;
  }

  #leave() {
    this.tip.hidden = true;
    if (this.app.hover === null) return;
    this.app.hover = null;
    this.app.draw();
  }

  #over(x, y) {
    const { app } = this;
    const found = hit(app, x, y);
    const id = found?.row.id ?? null;
    app.canvas.style.cursor = found ? "pointer" : "default";
    if (id !== app.hover) {
      app.hover = id;
      app.draw();
    }
    this.#show(found, x, y);
  }

  #show(found, x, y) {
    const { app, tip } = this;
    const lines = found ? this.#lines(found) : [];
    tip.hidden = lines.length === 0;
    if (tip.hidden) return;
    fill(
      tip,
      lines.map(([text, className]) => el("p", { class: className }, el("bdi", {}, text))),
    );
    const top = app.canvas.getBoundingClientRect().top - tip.parentElement.getBoundingClientRect().top;
    const width = tip.offsetWidth;
    const left = x < app.sizes.gutter ? app.sizes.gutter + 8 : x + 14;
    tip.style.left = `${Math.max(4, Math.min(left, app.width - width - 8))}px`;
    const below = y + top + 20;
    const room = app.height + top - tip.offsetHeight - 4;
    tip.style.top = `${below > room ? Math.max(0, y + top - tip.offsetHeight - 12) : below}px`;
  }

  #lines({ row, process, event, fold }) {
    const { app } = this;
    const { language } = app.state;
    if (fold || row.kind === "machine" || !process) return [];
    const since = (time) => moment(time - app.model.start, Math.max(app.view.perPixel, 1000), language);
    const lines = [
      [shortened(shortCommand(command(process)), 120), "name"],
      [
        `pid ${process.node.pid} · ${since(process.start)} · ${duration(lifetime(process, app.model.end), language)}`,
        "soft",
      ],
    ];
    if (event) {
      const { events, at } = event;
      const node = events.nodes[at];
      const run = node.count > 1 ? eventText(events, at, at + 1, language) : shortened(node.label, 240);
      const length =
        events.end[at] === null ? "" : ` · ${duration(events.end[at] - events.start[at], language)}`;
      lines.push([run, "call"], [`${since(events.start[at])}${length}`, "soft"]);
    }
    return lines;
  }
}
