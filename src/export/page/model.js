// The graph as the page keeps it: what documents have told so far, joined. Documents may come one
// after the other; a node or link that comes again replaces what was.

import { Events, spread } from "./events.js";
import { plain, program } from "./text.js";

const keyOf = (id) => id.slice(0, 12);

/** What lanes are made of. */
const LANES = new Set(["run", "machine", "process", "execution", "thread"]);

export class Model {
  /** `starts`: by the keys of runs, when each begins that is to begin at the same time. */
  constructor(starts = null) {
    this.starts = starts;
    this.runs = new Map();
    this.machines = new Map();
    this.processes = new Map();
    this.executions = new Map();
    this.threads = new Map();
    this.resources = new Map();
    this.links = new Map();
    this.usesOf = new Map(); // of a resource, and of an execution
    this.passagesOf = new Map(); // the same, and of what they went through
    this.waitsOf = new Map(); // of who could not go on
    this.signals = [];
    this.leads = new Map(); // of an event
    this.base = null;
    this.start = 0;
    this.end = 0;
    this.revision = 0; // counts what was applied of runs, processes, programs and threads
    this.applied = 0; // and of all else, too
  }

  /**
   * Takes a document in: `{meta, nodes, links, glances}`; of a part, some may be missing. Whether
   * lanes have changed.
   */
  apply(document) {
    for (const run of document.meta?.runs ?? []) this.#run(run);
    for (const node of document.nodes ?? []) this.#node(node);
    for (const link of document.links ?? []) this.#link(link);
    for (const glance of document.glances ?? []) this.#glance(glance);
    this.applied += 1;
    const changed =
      document.meta !== undefined ||
      (document.nodes ?? []).some((node) => LANES.has(node.class)) ||
      (document.links ?? []).some((link) => link.kind === "join" || link.kind === "signal");
    if (!changed) return false;
    this.#extent();
    this.revision += 1;
    return true;
  }

  #run(meta) {
    const started = BigInt(meta.started_ns);
    this.base ??= started;
    const run = this.runs.get(meta.key) ?? { key: meta.key, processes: [] };
    this.runs.set(meta.key, Object.assign(run, { meta, offset: this.starts ? -this.starts.get(meta.key) : Number(started - this.base) }));
  }

  /** What is to be added to a time of that id's run. */
  offset(id) {
    return this.runs.get(keyOf(id))?.offset ?? 0;
  }

  #node(node) {
    if (node.class === "event") this.#event(node);
    else if (node.class === "process") this.#process(node);
    else if (node.class === "execution") this.#execution(node);
    else if (node.class === "thread") this.#thread(node);
    else if (node.class === "machine") this.machines.set(keyOf(node.id), node);
    else if (node.class !== "run") this.#resource(node);
  }

  #timed(thing, node) {
    const offset = this.offset(node.id);
    thing.node = node;
    thing.start = node.started + offset;
    thing.end = node.ended === null ? null : node.ended + offset;
    return thing;
  }

  #process(node) {
    const known = this.process(node.id);
    this.#timed(known, node);
    known.told = true;
    known.name = program(node.label) || String(node.pid);
    const parent = node.parent === null ? null : this.process(node.parent);
    if (known.parent === undefined) {
      known.parent = parent;
      (parent?.children ?? this.runs.get(keyOf(node.id))?.processes ?? []).push(known);
    }
  }

  /** The process of that id, which may be told of only later. */
  process(id) {
    if (!this.processes.has(id)) {
      this.processes.set(id, {
        id,
        node: null,
        told: false,
        name: "",
        start: 0,
        end: null,
        parent: undefined,
        children: [],
        executions: [],
        threads: [],
        join: null,
      });
    }
    return this.processes.get(id);
  }

  #execution(node) {
    const known = this.executions.get(node.id);
    if (known) {
      this.#timed(known, node);
      return;
    }
    const process = this.process(node.process);
    const execution = this.#timed({ id: node.id, process, line: node.argv.map(plain).join(" ") }, node);
    this.executions.set(node.id, execution);
    insert(process.executions, execution);
    // That a program's own files were executed is told of here, and counts as a use as any other.
    for (const target of node.executed ?? []) {
      const deeds = { execs: 1 };
      this.#use({
        id: `${node.id}/executed`,
        kind: "use",
        source: node.id,
        target,
        deeds,
        first: node.started,
        last: node.started,
      });
    }
  }

  #thread(node) {
    const known = this.threads.get(node.id);
    if (known) {
      this.#timed(known, node);
      return;
    }
    const process = this.process(node.process);
    const thread = this.#timed({ id: node.id, process, events: null }, node);
    this.threads.set(node.id, thread);
    insert(process.threads, thread);
  }

  #resource(node) {
    const known = this.resources.get(node.id) ?? { id: node.id };
    const name = node.class === "files" ? `${node.label}/` : plain(node.name) || node.label;
    this.resources.set(node.id, Object.assign(known, { node, name }));
  }

  /** Some of the paths that somebody looked at, or missed: the rest of what its node tells. */
  #glance({ id, ...told }) {
    const node = (this.executions.get(id) ?? this.processes.get(id))?.node;
    if (!node) return;
    for (const member of ["looked_at", "missed"]) {
      if (told[member]) (node[member] ??= []).push(...told[member]);
      const counts = Object.entries(told[`${member}_in`] ?? {});
      const known = (node[`${member}_in`] ??= {});
      for (const [directory, count] of counts) known[directory] = (known[directory] ?? 0) + count;
    }
  }

  #event(node) {
    let thread = this.threads.get(node.thread);
    if (!thread) {
      // A process with one thread: that is no node unless events are told.
      const process = this.executions.get(node.execution)?.process ?? this.processOf(node.thread);
      if (!process) return;
      thread = { id: node.thread, process, events: null, start: process.start, end: process.end, node: null };
      this.threads.set(node.thread, thread);
      insert(process.threads, thread);
    }
    thread.events ??= new Events();
    thread.events.add(node, this.offset(node.id));
  }

  #link(link) {
    if (link.kind === "lead") {
      push(this.leads, link.source, link);
      push(this.leads, link.target, link);
      return;
    }
    const known = this.links.get(link.id);
    if (known) {
      Object.assign(known, link);
      return;
    }
    this.links.set(link.id, link);
    if (link.kind === "join") {
      if (link.waited > 0) push(this.waitsOf, link.target, link);
      this.process(link.source).join = {
        by: this.process(link.target),
        time: link.time + this.offset(link.id),
      };
    } else if (link.kind === "use") {
      this.#use(link);
    } else if (link.kind === "passage" || link.kind === "database") {
      for (const id of new Set([link.source, link.target, link.through])) push(this.passagesOf, id, link);
    } else if (link.kind === "held_up") {
      push(this.waitsOf, link.target, link);
    } else if (link.kind === "signal") {
      this.signals.push(link);
    }
  }

  #use(link) {
    push(this.usesOf, link.source, link);
    push(this.usesOf, link.target, link);
  }

  #extent() {
    let [start, end] = [Infinity, 0];
    for (const process of this.processes.values()) {
      if (!process.told) continue;
      start = Math.min(start, process.start);
      end = Math.max(end, process.end ?? process.start);
    }
    for (const run of this.runs.values()) end = Math.max(end, run.meta.end + run.offset);
    this.start = Number.isFinite(start) ? start : 0;
    this.end = end;
  }

  /**
   * Times at which something happens, to find those at which nothing does. Unless all events `areTold`,
   * what was done often is taken as done regularly.
   */
  *marks(areTold = false) {
    for (const process of this.processes.values()) {
      yield process.start;
      if (process.end !== null) yield process.end;
      if (process.join) yield process.join.time;
    }
    for (const execution of this.executions.values()) yield execution.start;
    for (const link of this.links.values()) {
      const offset = this.offset(link.id);
      for (const span of [link, link.taken, link.given]) {
        if (span?.first === undefined || span.first === null) continue;
        yield span.first + offset;
        yield span.last + offset;
      }
      if (link.deeds && !areTold) yield* spread(link.first + offset, link.last + offset, deedsOf(link.deeds));
    }
    for (const { events } of this.threads.values()) if (events) yield* events.marks();
  }

  /** What a process is in links: itself before its first execution, and then these. */
  doersOf(process) {
    return [process, ...process.executions];
  }

  /** The uses of a process: its own, and those of all that it executed. */
  usesOfProcess(process) {
    return this.doersOf(process).flatMap((doer) => this.usesOf.get(doer.id) ?? []);
  }

  passagesOfProcess(process) {
    return this.doersOf(process).flatMap((doer) => this.passagesOf.get(doer.id) ?? []);
  }

  /**
   * Who only looked at paths (`looked_at`), or tried them in vain (`missed`): `[path, process,
   * count]`. A path that ends with a slash stands for so many in that directory.
   */
  *glances(member, doers = [...this.processes.values(), ...this.executions.values()]) {
    for (const doer of doers) {
      for (const path of doer.node?.[member] ?? []) yield [plain(path), doer.process ?? doer, 1];
      for (const [directory, count] of Object.entries(doer.node?.[`${member}_in`] ?? {}))
        yield [`${directory}/`, doer.process ?? doer, count];
    }
  }

  /** The process of an execution's id, or of a process's or thread's own. */
  processOf(id) {
    return (
      this.executions.get(id)?.process ??
      this.processes.get(id) ??
      this.threads.get(id)?.process ??
      // A thread that is no node is the only one of the process that has its number.
      this.processes.get(id?.replace(":thread-", ":process-")) ??
      null
    );
  }

  /** Who used a resource, in the order in which they began to: `[{process, uses, first}]`. */
  usersOf(resource) {
    const users = new Map();
    for (const use of this.usesOf.get(resource) ?? []) {
      const process = this.processOf(use.source);
      if (!process) continue;
      const first = use.first + this.offset(use.id);
      const user = users.get(process) ?? { process, uses: [], first };
      user.uses.push(use);
      user.first = Math.min(user.first, first);
      users.set(process, user);
    }
    return [...users.values()].sort((a, b) => a.first - b.first);
  }
}

/** Whether a process ended badly. */
export const failed = (process) =>
  process.node !== null && (process.node.end === "killed" || (process.node.exit_code ?? 0) !== 0);

/** The command line of a process, as it was last. */
export const command = (process) => process.node.label || `pid ${process.node.pid}`;

/** How long a process lived; one that has not ended until `now`. */
export const lifetime = (process, now) => (process.end ?? now) - process.start;

/** How long none of its children lived: what it did, or waited for, itself. */
export function alone(process, now) {
  let [covered, time] = [process.start, 0];
  const children = process.children.filter((child) => child.told); // A list of its own.
  for (const child of children.sort((a, b) => a.start - b.start)) {
    time += Math.max(child.start - covered, 0);
    covered = Math.max(covered, child.end ?? now);
  }
  return time + Math.max((process.end ?? now) - covered, 0);
}

function push(map, key, value) {
  if (key === undefined) return;
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Puts a thing into a list that is ordered by start: almost always at its end. */
function insert(list, thing) {
  let at = list.length;
  while (at > 0 && list[at - 1].start > thing.start) at -= 1;
  list.splice(at, 0, thing);
}

/** How many calls a use is; few say nothing of the time between them. */
function deedsOf(deeds) {
  const sum = Object.values(deeds).reduce((a, b) => a + b, 0);
  return sum > 20 ? sum : 0;
}
