// Which processes are to be seen: by how they ended, what they did, and their program.

import { failed } from "./model.js";

/** The ways to filter: for each group its tests by name. Programs are a group of their own. */
export const TESTS = {
  outcome: {
    ok: (process) => process.node.end === "exited" && process.node.exit_code === 0,
    failed: (process) => process.node.end === "exited" && process.node.exit_code !== 0,
    killed: (process) => process.node.end === "killed",
    running: (process) => process.node.end === "running" || process.node.end === "let go",
  },
  has: {
    errors: (process) => process.node.errors > 0,
    network: (process, model) => uses(process, model, (_, resource) => resource?.node.class === "socket"),
    writes: (process, model) =>
      uses(
        process,
        model,
        (use, resource) =>
          resource?.node.class === "file" &&
          (use.deeds.writes > 0 || use.deeds.makes > 0 || use.deeds.shared_maps > 0),
      ),
    threads: (process) => process.node.threads > 1,
  },
};

function uses(process, model, test) {
  return model.usesOfProcess(process).some((use) => test(use, model.resources.get(use.target)));
}

/** No filter: everything is to be seen. */
export const none = () => ({ outcome: new Set(), has: new Set(), program: new Set() });

export const isNone = (filters) => Object.values(filters).every((names) => names.size === 0);

/** A function that says of a process whether the filters let it through; null if all do. */
export function passes(filters, model) {
  if (isNone(filters)) return null;
  return (process) => {
    const { outcome, has, program } = filters;
    if (outcome.size > 0 && ![...outcome].some((name) => TESTS.outcome[name](process, model))) return false;
    if (program.size > 0 && !program.has(process.name)) return false;
    return [...has].every((name) => TESTS.has[name](process, model));
  };
}

/** How many processes each filter would show, by group and name. */
export function counts(model) {
  const found = { outcome: new Map(), has: new Map(), program: new Map() };
  const one = (group, name) => found[group].set(name, (found[group].get(name) ?? 0) + 1);
  for (const process of model.processes.values()) {
    if (!process.told) continue;
    one("program", process.name);
    for (const group of ["outcome", "has"]) {
      for (const [name, test] of Object.entries(TESTS[group])) if (test(process, model)) one(group, name);
    }
  }
  return found;
}

/** Those that are shown, of all: for the count beside the filter. */
export function shownOf(filters, model) {
  const test = passes(filters, model);
  const told = [...model.processes.values()].filter((process) => process.told);
  return {
    of: told.length,
    n: test ? told.filter(test).length : told.length,
    failed: told.filter(failed).length,
  };
}
