import assert from "node:assert/strict";
import { test } from "node:test";
import { failures, outcome, telling } from "../../src/export/page/blame.js";
import { Events, eventText } from "../../src/export/page/events.js";
import { Model, alone } from "../../src/export/page/model.js";
import { KEY, documentOf, processNode, sample } from "./sample.mjs";

test("processes know their children, and who waited for them", () => {
  const model = sample();
  const [root] = model.runs.get(KEY).processes;
  assert.deepEqual(
    root.children.map((child) => child.name),
    ["cat", "sort", "grep"],
  );
  assert.equal(root.children[0].join.by, root);
});

test("who used a resource comes in the order of first use", () => {
  const users = sample().usersOf(`${KEY}:file/data/in`);
  assert.deepEqual(
    users.map((user) => user.process.name),
    ["sh", "cat"],
  );
});

test("what a program's files are executed for is a use of them", () => {
  const model = sample();
  assert.deepEqual(
    model.usersOf(`${KEY}:file/usr/bin/sort`).map((user) => user.process.name),
    ["sort"],
  );
});

test("what a process does before it executes anything is its own", () => {
  const model = sample();
  const use = {
    id: `${KEY}:use-3`,
    kind: "use",
    source: `${KEY}:process-3`,
    target: `${KEY}:file/data/in`,
    revision: 1,
    deeds: { opens: 1 },
    first: 1,
    last: 2,
  };
  model.apply({ nodes: [], links: [use] });
  assert.equal(model.usersOf(`${KEY}:file/data/in`)[0].process.name, "sort");
  assert.ok(model.usesOfProcess(model.process(`${KEY}:process-3`)).includes(use));
});

test("a node that comes again replaces what was", () => {
  const model = new Model();
  model.apply(documentOf([processNode(1, null, "sh", 0, null, { end: "running", deleted: false })], []));
  assert.equal(model.process(`${KEY}:process-1`).end, null);
  model.apply({ nodes: [processNode(1, null, "sh", 0, 50)], links: [] });
  assert.equal(model.process(`${KEY}:process-1`).end, 50e6);
  assert.equal(model.runs.get(KEY).processes.length, 1);
});

test("a child may be told of before its parent", () => {
  const model = new Model();
  model.apply(documentOf([processNode(2, 1, "cat", 1, 2)], []));
  model.apply({ nodes: [processNode(1, null, "sh", 0, 5)], links: [] });
  assert.deepEqual(
    model.process(`${KEY}:process-1`).children.map((child) => child.name),
    ["cat"],
  );
});

test("the first failure comes first, with its reason and what followed from it", () => {
  const [first, second] = failures(sample());
  assert.equal(first.process.name, "sort");
  assert.equal(first.failure.error, "ENOENT");
  assert.deepEqual(
    first.consequences.map((process) => process.name),
    ["sh"],
  );
  assert.equal(second.process.name, "grep");
  assert.equal(outcome(sample()).name, "sh");
});

test("the line that tells most of what was said", () => {
  assert.equal(
    telling("Traceback:\n  File x\nFileNotFoundError: [Errno 2] No such file\nValueError: error\n"),
    "ValueError: error",
  );
  assert.equal(
    telling("a.c: In function:\na.c:2:1: error: expected ;\n    2 | int\n      | ^~~\n"),
    "a.c:2:1: error: expected ;",
  );
  assert.equal(telling("what?\n\n"), "what?");
  assert.equal(telling(undefined), "");
});

test("runs on one time axis begin when they did", () => {
  const model = sample();
  const other = documentOf([{ ...processNode(1, null, "sh", 0, 5), id: "ffffffffffff:process-1" }], []);
  Object.assign(other.meta.runs[0], { key: "ffffffffffff", started_ns: "1767323046000000000" });
  model.apply(other);
  assert.equal(model.process("ffffffffffff:process-1").start, 1e9);
});

test("events are kept in order, and runs of equal calls are one", () => {
  const model = sample();
  const event = (ordinal, call, more = {}) => ({
    id: `${KEY}:event-2-${ordinal}`,
    class: "event",
    label: call,
    thread: `${KEY}:thread-2`,
    execution: `${KEY}:execution-2-1`,
    ordinal,
    event: "call",
    call,
    started: ordinal * 1e6,
    ended: ordinal * 1e6 + 5,
    ...more,
  });
  const uses = [{ resource: "x", verb: "reads" }];
  model.apply({
    nodes: [event(3, "read", { result: 5, uses }), event(1, "openat"), event(2, "read", { result: 7, uses })],
    links: [],
  });
  const { events } = model.threads.get(`${KEY}:thread-2`);
  assert.deepEqual(
    events.nodes.map((node) => node.ordinal),
    [1, 2, 3],
  );
  assert.deepEqual(
    events.collapsed().map(({ from, to }) => [from, to]),
    [
      [0, 1],
      [1, 3],
    ],
  );
});

test("events that stand for several and alternate are told together", () => {
  const events = new Events();
  const several = (ordinal, call, started) => ({
    id: `k:event-2-${ordinal}`,
    ordinal,
    event: "call",
    call,
    count: 500,
    last: ordinal + 998,
    started,
    ended: started + 1e6,
    bytes: 1500,
  });
  events.add(several(1, "read", 10), 0);
  events.add(several(2, "write", 20), 0);
  assert.deepEqual(events.several(), [0, 1]);
  assert.equal(eventText(events, 0, 2, "en"), "read ×500, 1.5 kB, write ×500, 1.5 kB");
  assert.deepEqual([401, 402].map((ordinal) => events.find(`k:event-2-${ordinal}`)), [0, 1]);
  assert.equal(events.find("k:event-3-401"), -1);
  assert.ok([...events.marks()].length > 500);
});

test("time with children is not a process's own", () => {
  const child = (start, end) => ({ told: true, start, end, children: [] });
  const process = { start: 10, end: 100, children: [child(50, 70), child(20, 40), child(30, 60)] };
  assert.equal(alone(process, 200), 10 + 30);
  assert.equal(alone({ ...process, end: null }, 200), 10 + 130);
  assert.equal(alone(child(5, null), 9), 4);
});
