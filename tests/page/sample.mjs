// A small graph to test with: a shell that runs a pipeline, of which one part fails.

import { Model } from "../../src/export/page/model.js";

export const KEY = "0123456789ab";
const id = (name) => `${KEY}:${name}`;
const MS = 1e6;

export function processNode(number, parent, label, from, to, more = {}) {
  return {
    id: id(`process-${number}`),
    class: "process",
    label,
    moniker: `CIM_Process.Handle=${100 + number}`,
    deleted: true,
    revision: 1,
    pid: 100 + number,
    parent: parent === null ? null : id(`process-${parent}`),
    started: from * MS,
    ended: to === null ? null : to * MS,
    end: "exited",
    exit_code: 0,
    threads: 1,
    calls: 10,
    errors: 0,
    ...more,
  };
}

export function executionNode(number, label, from, to) {
  return {
    id: id(`execution-${number}-1`),
    class: "execution",
    label: label.split(" ")[0],
    moniker: null,
    deleted: true,
    revision: 1,
    process: id(`process-${number}`),
    started: from * MS,
    ended: to * MS,
    argv: label.split(" "),
    executable: `/usr/bin/${label.split(" ")[0]}`,
    cwd: "/",
    environment: null,
    executed: [id(`file/usr/bin/${label.split(" ")[0]}`)],
    missed: number === 4 ? ["/etc/absent.conf"] : undefined,
  };
}

export function link(kind, name, source, target, more) {
  return { id: id(name), kind, source: id(source), target: id(target), revision: 1, ...more };
}

export function resourceNode(name, more = {}) {
  return {
    id: id(name),
    class: "file",
    label: name.replace(/^file/, ""),
    moniker: null,
    deleted: false,
    revision: 1,
    ...more,
  };
}

export function documentOf(nodes, links, end = 100) {
  return {
    meta: {
      format: "rtrace-batchflow",
      version: 1,
      detail: "resource",
      runs: [
        {
          key: KEY,
          started: "2026-01-02T03:04:05Z",
          started_ns: "1767323045000000000",
          host: "vm",
          command: ["sh"],
          end: end * MS,
        },
      ],
    },
    nodes,
    links,
  };
}

const failure = {
  event: id("event-3-7"),
  time: 39 * MS,
  call: "openat",
  error: "ENOENT",
  names: ["/data/in"],
};

export function sample() {
  const model = new Model();
  model.apply(
    documentOf(
      [
        processNode(1, null, "sh batch", 0, 100, { exit_code: 1 }),
        processNode(2, 1, "cat in", 10, 30),
        processNode(3, 1, "sort -n", 20, 40, { exit_code: 2, failure }),
        processNode(4, 1, "grep x", 50, 60, { exit_code: 1 }),
        executionNode(1, "sh batch", 0, 100),
        executionNode(2, "cat in", 11, 30),
        executionNode(3, "sort -n", 21, 40),
        executionNode(4, "grep x", 51, 60),
        resourceNode("file/data/in"),
        resourceNode("resource-9", { class: "socket", label: "socket:[9]", remote: "10.0.0.1:80" }),
      ],
      [
        link("fork", "fork-2", "process-1", "process-2", {}),
        link("join", "join-2", "process-2", "process-1", { time: 30 * MS }),
        link("use", "use-2", "execution-2-1", "file/data/in", {
          deeds: { reads: 2 },
          first: 12 * MS,
          last: 13 * MS,
        }),
        link("use", "use-1", "execution-1-1", "file/data/in", {
          deeds: { writes: 1 },
          first: 5 * MS,
          last: 6 * MS,
        }),
        link("passage", "content-1", "execution-1-1", "execution-2-1", {
          carrier: "content",
          amount: 1,
          certain: 1,
          through: id("file/data/in"),
          taken: { first: 12 * MS, last: 13 * MS },
        }),
      ],
    ),
  );
  return model;
}
