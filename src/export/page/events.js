// The events of one thread, in order, with what drawing them needs beside one another.

import { kindOf, sleeps } from "./calls.js";
import { basename, bytes, number, visible } from "./text.js";

/** So many nodes may overlap: a pattern has no more calls, and comes once anew before it is one. */
const LONGEST = 32;

export class Events {
  constructor() {
    this.nodes = [];
    this.start = [];
    this.end = [];
    this.kind = [];
    this.failed = [];
    this.runs = null;
    this.folded = []; // nodes that stand for several events
  }

  get length() {
    return this.nodes.length;
  }

  add(node, offset) {
    const start = node.started + offset;
    let at = this.nodes.length;
    while (at > 0 && this.nodes[at - 1].ordinal >= node.ordinal) at -= 1;
    const again = this.nodes[at]?.ordinal === node.ordinal ? 1 : 0;
    const end = node.ended === null ? null : node.ended + offset;
    const put = (list, value) => (at === list.length ? list.push(value) : list.splice(at, again, value));
    put(this.start, start);
    put(this.end, end);
    put(this.kind, kindOf(node));
    put(this.failed, node.error !== undefined || (node.errors ?? 0) > 0);
    put(this.nodes, node);
    if (node.count > 1) this.folded = null;
    this.runs = null;
  }

  /** The first event that starts at or after a time. */
  from(time) {
    let [low, high] = [0, this.start.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.start[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether several events of which others alternate with those of a run belong with it. */
  #within(run, at) {
    return this.nodes[run.from].count > 1 && this.nodes[at].count > 1 && this.start[at] < run.end;
  }

  /** The indices of nodes that stand for several events: they may go on while others begin. */
  several() {
    this.folded ??= this.nodes.flatMap((node, at) => (node.count > 1 ? [at] : []));
    return this.folded;
  }

  /** Times at which something happens. Of several events that are one node they are taken as regular. */
  *marks() {
    for (const [at, start] of this.start.entries()) {
      yield start;
      if (this.end[at] !== null) yield this.end[at];
    }
    for (const at of this.several()) {
      yield* spread(this.start[at], this.end[at] ?? this.start[at], this.nodes[at].count);
    }
  }

  /** The index of the event of that id, or of the one that stands for it and others; −1 if there is none. */
  find(id) {
    const ordinal = Number(id.slice(id.lastIndexOf("-") + 1));
    const thread = (of) => of.slice(0, of.lastIndexOf("-"));
    if (this.length === 0 || thread(this.nodes[0].id) !== thread(id)) return -1;
    let [low, high] = [0, this.nodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.nodes[middle].ordinal <= ordinal) low = middle + 1;
      else high = middle;
    }
    if (this.nodes[low - 1]?.ordinal === ordinal) return low - 1;
    // The places of a pattern overlap: of those that go on beyond it, the one that is in step.
    let found = -1;
    for (let at = low - 1; at >= Math.max(0, low - LONGEST); at -= 1) {
      const { ordinal: first, last = first, count = 1 } = this.nodes[at];
      if (last < ordinal) continue;
      if (found < 0) found = at;
      if ((ordinal - first) % Math.max(1, Math.trunc((last - first) / (count - 1))) === 0) return at;
    }
    return found;
  }

  /** Runs of equal calls: `[{from, to}]`, indices of the first and behind the last. */
  collapsed() {
    if (this.runs) return this.runs;
    this.runs = [];
    for (let at = 0; at < this.nodes.length; at += 1) {
      const last = this.runs[this.runs.length - 1];
      const end = this.end[at] ?? Infinity;
      if (last && (alike(this.nodes[last.from], this.nodes[at]) || this.#within(last, at))) {
        last.to = at + 1;
        last.end = Math.max(last.end, end);
      } else {
        this.runs.push({ from: at, to: at + 1, end });
      }
    }
    return this.runs;
  }
}

/** Times that are as far from each other as `count` events between two times would be. */
export function* spread(from, to, count) {
  const steps = Math.min(count, 400);
  for (let step = 1; step < steps; step += 1) yield from + ((to - from) * step) / steps;
}

/** Whether two events are shown as one when they follow each other. */
function alike(a, b) {
  return (
    a.event === b.event &&
    a.call === b.call &&
    !a.calls &&
    !b.calls &&
    (a.error === undefined) === (b.error === undefined) &&
    a.execution === b.execution &&
    a.event === "call"
  );
}

const MOVES = new Set(["read", "write", "reads", "writes", "copies"]);

/** The bytes that an event moved, or 0. */
function moved(node) {
  if (node.bytes !== undefined) return node.bytes ?? 0;
  const moves = (node.uses ?? []).some((use) => MOVES.has(use.verb)) && node.result > 0;
  return moves ? node.result : 0;
}

/** What the events `from` to `to` are together: for each name of a call how many, what they moved and failed. */
function summary(events, from, to) {
  const sums = new Map();
  for (let at = from; at < to; at += 1) {
    const node = events.nodes[at];
    const sum = sums.get(node.call) ?? { call: node.call, count: 0, bytes: 0, node };
    sum.count += node.count ?? 1;
    sum.bytes += moved(node);
    sums.set(node.call, sum);
  }
  return [...sums.values()];
}

/** A short text for the events `from` to `to`: `read ×41, 1.2 MB`. */
export function eventText(events, from, to, language) {
  const first = events.nodes[from];
  if (first.event !== "call") return visible(first.label);
  if (first.calls && to === from + 1) return several(first.calls, language);
  const sums = summary(events, from, to);
  const texts = sums.slice(0, 3).map((sum) => sumText(sum, language));
  return texts.join(", ") + (sums.length > 3 ? ", …" : "");
}

function sumText({ call, count, bytes: moves, node }, language) {
  const error = node.error === undefined ? "" : ` ${node.error}`;
  const amount = moves > 0 ? `, ${bytes(moves, language)}` : "";
  if (count > 1) return `${call}${error} ×${number(count, language)}${amount}`;
  const about = object(node);
  return `${call}${about ? ` ${about}` : ""}${amount}${error}`;
}

/** Calls of several names, the most frequent first: `read ×40, lseek ×3`. */
function several(calls, language) {
  return Object.entries(calls)
    .sort((a, b) => b[1] - a[1])
    .map(([call, n]) => (n > 1 ? `${call} ×${number(n, language)}` : call))
    .join(", ");
}

/** What an event is about, shortly: the last part of the name of what it used. */
function object(node) {
  const use = node.uses?.[0];
  if (!use) return "";
  const name = use.resource.slice(use.resource.indexOf(":") + 1);
  return name.startsWith("file/") ? visible(basename(name)) : "";
}

/** Whether the time of an event is time of sleep. */
export const asleep = (node) => node.call !== undefined && sleeps(node.call);
