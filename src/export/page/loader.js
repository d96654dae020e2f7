// What to read when: first what the processes used; then the events of lanes on screen, as soon as
// there is room to tell of them.

import { rowAt } from "./layout.js";

/** A lane gets its events when it has no more than so many calls for each of its pixels on screen, … */
const DENSE = 40;
/** … or when the page has no more than so many. */
const FEW = 30000;

export class EventLoader {
  constructor(app) {
    this.app = app;
    this.available = new Set(app.source.threads?.() ?? []);
    this.asked = new Set();
    this.busy = 0;
    this.small = told(app.about.counts) <= FEW && this.available.size > 0;
    /** Whether all that the processes used has been read. */
    this.complete = false;
    /** Whether it is known when nothing happened: of a small run when all events are read. */
    this.settled = false;
  }

  /** Reads what the processes used, while the page can be used already. */
  async readThings() {
    await painted();
    await this.#take(this.app.source.things?.() ?? []);
    this.complete = true;
    if (this.small) return;
    this.settled = true;
    this.app.settle();
  }

  /** Takes in one part after the other, and lets the browser do what comes up between them. */
  async #take(parts) {
    for await (const part of parts) {
      this.app.model.apply(part);
      await pause();
    }
  }

  /** Reads the events of those lanes on screen that want them. */
  look() {
    const { app } = this;
    const wanted = [];
    if (this.small) {
      if (this.complete && !this.settled && !this.reading) this.#settle();
      return;
    }
    const { rows } = app.layout;
    for (let at = rowAt(rows, app.top); at < rows.length && rows[at].y < app.top + app.height; at += 1) {
      const row = rows[at];
      if (row.kind !== "process" && row.kind !== "thread") continue;
      if (row.id === app.state.selected || this.#roomFor(row.process)) wanted.push(row.process);
    }
    if (wanted.length > 0) this.read(wanted);
  }

  async #settle() {
    this.reading = true;
    await this.readAll();
    this.settled = true;
    this.app.settle();
  }

  #roomFor(process) {
    const { view, model } = this.app;
    const x0 = Math.max(view.x(process.start), 0);
    const x1 = Math.min(view.x(process.end ?? model.end), view.width);
    if (x1 - x0 < 12) return false;
    const part = (view.time(x1) - view.time(x0)) / Math.max((process.end ?? model.end) - process.start, 1);
    return process.node.calls * part <= (x1 - x0) * DENSE;
  }

  /** The ids under which the page may have a process's events. */
  idsOf(process) {
    const ids = [
      process.id,
      process.id.replace(":process-", ":thread-"),
      ...process.threads.map((thread) => thread.id),
    ];
    return [...new Set(ids)].filter((id) => this.available.has(id));
  }

  /** Whether there are events of a process, and whether they are still to be read. */
  stateOf(process) {
    const ids = this.idsOf(process);
    if (ids.length === 0) return process.threads.some((thread) => thread.events) ? "read" : "none";
    return ids.every((id) => this.asked.has(id)) && process.threads.some((thread) => thread.events)
      ? "read"
      : "to read";
  }

  /** Reads the events of processes that were not read yet. */
  async read(processes) {
    const ids = processes.flatMap((process) => this.idsOf(process)).filter((id) => !this.asked.has(id));
    if (ids.length === 0) return;
    for (const id of ids) this.asked.add(id);
    this.busy += 1;
    try {
      await this.#take(this.app.source.events(ids));
    } finally {
      this.busy -= 1;
      this.app.draw();
    }
  }

  /** Reads all events that there are. */
  readAll() {
    return this.read([...this.app.model.processes.values()].filter((process) => process.told));
  }
}

/** When the picture is on screen; of a page that is not looked at, after a while. */
const painted = () =>
  new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 300);
  });

/** Lets the browser do what has come up meanwhile. */
const pause = () => globalThis.scheduler?.yield?.() ?? new Promise((done) => setTimeout(done));

/** How many events the page tells of one by one. */
const told = (counts) => (counts ? counts.events - counts.folded : Infinity);
