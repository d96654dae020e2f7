// Search: in command lines, names of resources, addresses of peers, and errors.

import { command } from "./model.js";
import { plain } from "./text.js";

/** What is looked for in no more than so many of each sort. */
const MOST = 50;

/**
 * Whether a text has all words of the query, in any order and case. A text that ends with a slash
 * stands for what is in that directory: it has every path that begins with it.
 */
export function matcher(query) {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return null;
  return (text) => {
    const low = text.toLowerCase();
    const isDirectory = low.length > 1 && low.endsWith("/");
    return words.every((word) => low.includes(word) || (isDirectory && word.startsWith(low)));
  };
}

/** A place to put what is found into: a list that is cut, and how many there were. */
function found() {
  return { items: [], count: 0 };
}

function put(place, item) {
  place.count += 1;
  if (place.items.length < MOST) place.items.push(item);
}

/**
 * Searches the model. Of what is found: `commands` (processes), `resources`, `peers` (resources),
 * `errors` (`{process, event, text, time}`). `processes` are the ids of all that have to do with it.
 */
export function search(model, query) {
  const matches = matcher(query);
  if (!matches) return null;
  const result = {
    commands: found(),
    resources: found(),
    peers: found(),
    errors: found(),
    glances: found(),
    processes: new Set(),
    texts: new Set(),
    blamed: new Set(), // events that processes tell of as the cause of their failure
  };
  for (const process of model.processes.values()) {
    if (!process.told) continue;
    searchProcess(model, process, matches, result);
  }
  searchGlances(model, matches, result);
  for (const resource of model.resources.values()) searchResource(resource, matches, result);
  for (const thread of model.threads.values()) searchEvents(thread, matches, result);
  return result;
}

function searchProcess(model, process, matches, result) {
  const lines = [
    command(process),
    String(process.node.pid),
    ...process.executions.map((execution) => execution.line),
  ];
  if (lines.some(matches)) {
    put(result.commands, process);
    result.processes.add(process.id);
  }
  const { failure } = process.node;
  if (failure && matches(failureText(failure))) {
    result.blamed.add(failure.event);
    put(result.errors, {
      process,
      event: failure.event,
      text: failureText(failure),
      time: failure.time + model.offset(process.id),
    });
    result.processes.add(process.id);
  }
}

/** A failed call in one line. */
function failureText(failure) {
  return [failure.error, failure.call, ...failure.names.map(plain), plain(failure.peer)]
    .filter(Boolean)
    .join(" ");
}

/** Paths that were only looked at are no resources: each is listed with the first who did. */
function searchGlances(model, matches, result) {
  const seen = new Set();
  for (const member of ["missed", "looked_at"]) {
    for (const [path, process] of model.glances(member)) {
      if (!matches(path)) continue;
      result.processes.add(process.id);
      if (!seen.has(path)) put(result.glances, { path, process, member });
      seen.add(path);
    }
  }
}

function searchResource(resource, matches, result) {
  const { node, name } = resource;
  const addresses = [node.local, node.remote, node.server, node.database].map(plain).filter(Boolean);
  if (addresses.some(matches)) put(result.peers, resource);
  else if (matches(name)) put(result.resources, resource);
}

const ERRNO = /^E[A-Z0-9]+$/i;

/** Events are searched as far as they have been read: for errors, and calls that failed. */
function searchEvents(thread, matches, result) {
  const { events, process } = thread;
  if (!events) return;
  const { failure } = process.node;
  const blamed = result.blamed.has(failure?.event) ? events.find(failure.event) : -1;
  for (let at = 0; at < events.length; at += 1) {
    if (!events.failed[at]) continue;
    const node = events.nodes[at];
    const found = failuresOf(node).filter(([text]) => matches(text));
    if (found.length === 0) continue;
    result.processes.add(process.id);
    const count = found.reduce((sum, [, n]) => sum + n, at === blamed ? -1 : 0);
    if (count === 0) continue;
    const [[text]] = found;
    // The same again, be it of another process, is counted and not listed.
    const { errors, texts } = result;
    errors.count += count;
    if (!texts.has(text) && errors.items.length < MOST)
      errors.items.push({ process, event: node.id, text, time: events.start[at] });
    texts.add(text);
  }
}

/** What failed of an event, or of those that are one: `[text, how many]`. */
function failuresOf(node) {
  const text = node.count > 1 ? `${node.error ?? ""} ${node.label}` : node.label;
  if (!node.failures) return [[text, node.errors ?? 1]];
  const calls = Object.keys(node.calls ?? { [node.call]: 1 }).join(", ");
  return Object.entries(node.failures).map(([error, count]) => [`${error}: ${calls}`, count]);
}

/** Whether a query looks for an error, which only events have. */
export const asksForErrors = (query) =>
  query
    .trim()
    .split(/\s+/)
    .some((word) => ERRNO.test(word));
