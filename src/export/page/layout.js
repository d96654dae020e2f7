// Which lanes there are, one below the other: processes as a tree, each below the one that made it;
// threads below their process where asked for; many alike as one lane that can be opened.

import { failed } from "./model.js";

/** From so many lanes on, siblings that are alike are shown as one lane. */
const MANY = 60;
/** So many alike make a group. */
const GROUP = 8;
/** Of a closed group, so many that failed are shown by themselves. */
const SHOWN_FAILURES = 5;
/** Rows of thin bars in a group's lane, at most. */
const MOST_ROWS = 60;
/** A group of so many that come one after the other is drawn as how long each took. */
const PLOT = 40;

/**
 * The lanes for a model. `state` has `open` and `closed` (sets of ids of processes and groups, and
 * of threads' processes as `threads:ID`), `selected` (an id that is to be seen), and `shown`, which
 * says of a process whether it is to be seen (or null: all are).
 */
export function layout(model, state, sizes) {
  const context = { model, state, sizes, rows: [], y: 0, total: 0, kept: new Map(), rowOf: new Map() };
  const told = [...model.processes.values()].filter((process) => process.told);
  context.total = told.length;
  if (state.shown) for (const process of told) keep(context, process);
  if (state.beside) {
    context.placed = new Set();
    placeBoth(
      context,
      [...model.runs.values()].flatMap((run) => run.processes),
      0,
    );
    return { rows: context.rows, height: context.y, rowOf: context.rowOf };
  }
  for (const run of [...model.runs.values()].sort((a, b) => a.offset - b.offset)) {
    if (model.runs.size > 1) add(context, { kind: "machine", id: run.key, run, depth: 0 }, sizes.band);
    place(context, run.processes, 0, run.key);
  }
  return { rows: context.rows, height: context.y, rowOf: context.rowOf };
}

/** A process that is to be seen is seen with those that it descends from. */
function keep(context, process) {
  if (!context.state.shown(process)) return;
  if (context.kept.get(process) === "asked for") return;
  context.kept.set(process, "asked for");
  for (let at = process.parent; at && !context.kept.has(at); at = at.parent)
    context.kept.set(at, "on the way");
}

function place(context, siblings, depth, parent) {
  const shown = siblings.filter(
    (process) => process.told && (!context.state.shown || context.kept.has(process)),
  );
  shown.sort((a, b) => a.start - b.start);
  const groups = context.total > MANY ? grouped(shown) : new Map();
  const done = new Set();
  for (const process of shown) {
    const name = shape(process);
    const members = groups.get(name);
    if (!members) {
      placeProcess(context, process, depth);
    } else if (!done.has(name)) {
      done.add(name);
      placeGroup(context, members, depth, `group:${parent}:${name}`);
    }
  }
}

/** Siblings that are alike, if there are many of them. */
function grouped(siblings) {
  const groups = new Map();
  if (siblings.length < GROUP) return groups;
  for (const process of siblings) {
    const name = shape(process);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(process);
  }
  for (const [name, members] of groups) if (members.length < GROUP) groups.delete(name);
  return groups;
}

/** What makes siblings alike: the program, and the programs of their children. */
function shape(process) {
  if (process.children.length === 0) return process.name;
  return `${process.name} (${[...new Set(process.children.map((child) => child.name))].sort().slice(0, 6).join(", ")})`;
}

function placeGroup(context, members, depth, id) {
  const open = context.state.open.has(id);
  const { state, sizes } = context;
  const apart = open
    ? members
    : members.filter((process) => state.selected && within(process, context)).slice(0, 1);
  if (!open) {
    const bad = members.filter(deepFailed).filter((process) => !apart.includes(process));
    apart.push(...bad.slice(0, SHOWN_FAILURES));
    apart.sort((a, b) => a.start - b.start);
  }
  const packed = pack(members, context.model.end);
  const plot = packed.count === 1 && members.length >= PLOT;
  const thin = packed.count > 12 ? sizes.thin - 1 : sizes.thin;
  const bars = plot ? sizes.plot : packed.count === 1 ? sizes.bar : packed.count * thin;
  const height = Math.max(sizes.lane, bars + sizes.lane - sizes.bar);
  const row = { kind: "group", id, depth, members, packed, open, plot, thin, bars, name: shape(members[0]) };
  add(context, row, height);
  if (!open) for (const process of members) context.rowOf.set(process.id, row);
  for (const process of apart) placeProcess(context, process, depth + 1);
}

/** Whether the selection is this process or one that it led to. */
function within(process, context) {
  for (let at = context.model.processOf(context.state.selected); at; at = at.parent) {
    if (at === process) return true;
  }
  return false;
}

/** Whether a process or one that it led to ended badly. */
function deepFailed(process) {
  return failed(process) || process.children.some(deepFailed);
}

/** Rows in which no two bars overlap: `row` of each member, and how many there are. */
export function pack(members, now) {
  const ends = [];
  const rows = members.map((process) => {
    let row = ends.findIndex((end) => end <= process.start);
    if (row < 0 && ends.length < MOST_ROWS) row = ends.length;
    if (row < 0) row = ends.indexOf(Math.min(...ends));
    ends[row] = Math.max(ends[row] ?? 0, process.end ?? now);
    return row;
  });
  return { rows, count: ends.length };
}

/** Processes of two runs: each with the one that is the same right below it. */
function placeBoth(context, siblings, depth) {
  const { state, model, placed } = context;
  const isShown = (process) => process.told && (!state.shown || context.kept.has(process));
  for (const process of siblings.filter(isShown).sort((a, b) => a.start - b.start)) {
    if (placed.has(process)) continue;
    const pair = state.beside.pairOf(process, model).filter(isShown);
    const ids = pair.map(({ id }) => id);
    const closed = ids.some((id) => state.closed.has(id));
    for (const one of pair) placed.add(one);
    const rows = pair.map((one) => addLanes(context, one, depth, closed));
    for (const row of rows) row.pair = ids;
    if (closed) pair.forEach((one, at) => hide(context, one, rows[at]));
    else
      placeBoth(
        context,
        pair.flatMap((one) => one.children),
        depth + 1,
      );
  }
}

function placeProcess(context, process, depth) {
  const closed = context.state.closed.has(process.id);
  const row = addLanes(context, process, depth, closed);
  if (closed) hide(context, process, row);
  else place(context, process.children, depth + 1, process.id);
}

/** The lane of a process, and those of its threads. */
function addLanes(context, process, depth, closed) {
  const { state, sizes } = context;
  const threaded = process.node.threads > 1;
  const threadsOpen = threaded && state.open.has(`threads:${process.id}`);
  const row = {
    kind: "process",
    id: process.id,
    process,
    depth,
    closed,
    threaded,
    threadsOpen,
    dim: state.shown !== null && context.kept.get(process) !== "asked for",
  };
  add(context, row, sizes.lane);
  context.rowOf.set(process.id, row);
  if (threadsOpen) {
    for (const thread of process.threads) {
      const lane = { kind: "thread", id: thread.id, thread, process, depth: depth + 1 };
      add(context, lane, sizes.thread);
      context.rowOf.set(thread.id, lane);
    }
  }
  return row;
}

/** What is below a closed lane is at that lane. */
function hide(context, process, row) {
  for (const child of process.children) {
    context.rowOf.set(child.id, row);
    hide(context, child, row);
  }
}

function add(context, row, height) {
  row.y = context.y;
  row.height = height;
  row.index = context.rows.length;
  context.rows.push(row);
  context.y += height;
}

/** The first row that ends below `y`. */
export function rowAt(rows, y) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].y + rows[middle].height <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}
