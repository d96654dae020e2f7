import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, none, passes, shownOf } from "../../src/export/page/filters.js";
import { read, write } from "../../src/export/page/hash.js";
import { asksForErrors, search } from "../../src/export/page/search.js";
import { sample } from "./sample.mjs";

test("commands, paths, peers and errors are found", () => {
  const model = sample();
  assert.deepEqual(
    search(model, "SORT -n").commands.items.map((process) => process.name),
    ["sort"],
  );
  assert.equal(search(model, "data/in").resources.count, 1);
  assert.equal(search(model, "10.0.0.1").peers.count, 1);
  const { errors, processes } = search(model, "enoent");
  assert.equal(errors.items[0].process.name, "sort");
  assert.equal(processes.size, 1);
  assert.equal(search(model, "absent.conf").glances.items[0].process.name, "grep");
  assert.equal(search(model, "  "), null);
  assert.ok(asksForErrors("EACCES"));
});

test("filters count, and let through what they say", () => {
  const model = sample();
  assert.equal(counts(model).outcome.get("failed"), 3);
  const filters = { ...none(), outcome: new Set(["ok"]) };
  assert.equal(passes(none(), model), null);
  assert.deepEqual(shownOf(filters, model), { n: 1, of: 4, failed: 3 });
  filters.has.add("writes");
  assert.equal(shownOf(filters, model).n, 0);
});

test("an address leads back to the same view", () => {
  const initial = {
    selected: null,
    event: null,
    colour: "program",
    flows: "selected",
    language: "en",
    theme: "auto",
    tab: "details",
    query: "",
  };
  const state = {
    ...initial,
    selected: "k:file/a&b=c#d",
    colour: "calls",
    language: "fr",
    query: "é|x",
    gaps: false,
    table: false,
    open: new Set(["group:k:true"]),
    closed: new Set(),
    filters: { ...none(), program: new Set(["sh", "a|b".slice(0, 1)]) },
  };
  const back = read(`#${write(state, [1500.4, 2e9], initial)}`);
  assert.deepEqual(back.view, [1500, 2e9]);
  for (const name of ["selected", "colour", "language", "query", "gaps", "open", "filters"])
    assert.deepEqual(back.state[name], state[name]);
});

test("garbage in an address is no view", () => {
  assert.deepEqual(read("#t=9-1&zz=%%%&c"), { state: {}, view: null });
});

const event = (ordinal, more) => ({
  id: `0123456789ab:event-3-${ordinal}`,
  class: "event",
  event: "call",
  thread: "0123456789ab:thread-3",
  execution: "0123456789ab:execution-3-1",
  label: `call ${ordinal}`,
  call: "read",
  ordinal,
  started: ordinal * 1e6,
  ended: ordinal * 1e6 + 1000,
  uses: [],
  ...more,
});

test("an event is found by its id in what it is folded into", () => {
  const model = sample();
  // A pattern of two calls that came five times, one call alone, and calls of several names.
  const nodes = [
    event(30, { count: 5, last: 38 }),
    event(31, { call: "write", count: 5, last: 39 }),
    event(40),
    event(41, { count: 100, last: 200, calls: { read: 60, openat: 40 }, errors: 7, failures: { EIO: 7 } }),
  ];
  model.apply({ nodes, links: [] });
  const { events } = model.threads.get("0123456789ab:thread-3");
  const found = (ordinal) => events.find(`0123456789ab:event-3-${ordinal}`);
  assert.deepEqual([30, 31, 34, 37, 38, 39, 40, 41, 77, 200, 201, 29].map(found), [
    0, 1, 0, 1, 0, 1, 2, 3, 3, 3, -1, -1,
  ]);
  assert.equal(events.find("0123456789ab:event-4-30"), -1);
});

test("errors are found in what they are folded into", () => {
  const model = sample();
  const more = { count: 9, last: 49, calls: { read: 5, openat: 4 }, errors: 4, failures: { EIO: 3, EMFILE: 1 } };
  const nodes = [event(41, more), event(50, { count: 3, last: 52, errors: 3, error: "EIO" })];
  model.apply({ nodes, links: [] });
  const { errors, processes } = search(model, "eio");
  assert.equal(errors.count, 6);
  assert.equal(errors.items[0].event, "0123456789ab:event-3-41");
  assert.deepEqual([...processes], ["0123456789ab:process-3"]);
  assert.equal(search(model, "emfile openat").errors.count, 1);
  assert.equal(search(model, "enoent call").errors.count, 0);
});

test("what was done often is regular only as long as no event tells when", () => {
  const model = sample();
  const marks = (areTold) => [...model.marks(areTold)].filter((time) => time > 65e6 && time < 95e6).length;
  const id = (name) => `0123456789ab:${name}`;
  const use = { id: id("use-9"), kind: "use", source: id("execution-1-1"), target: id("file/data/in") };
  model.apply({ links: [{ ...use, deeds: { reads: 100 }, first: 62e6, last: 99e6 }] });
  assert.ok(marks(false) > 50);
  assert.equal(marks(true), 0);
});

test("what the processes used comes in parts", () => {
  const model = sample();
  const revision = model.revision;
  const id = "0123456789ab:execution-4-1";
  const glances = [
    { id, looked_at: ["/a"], missed_in: { "/opt/x": 3 } },
    { id, looked_at: ["/b"], missed_in: { "/opt/x": 2 } },
  ];
  assert.equal(model.apply({ glances: [glances[0]] }), false);
  model.apply({ glances: [glances[1]] });
  assert.equal(model.revision, revision, "no lane has changed");
  const told = (member) => [...model.glances(member)].map(([path, process, count]) => [path, process.name, count]);
  assert.deepEqual(told("looked_at"), [["/a", "grep", 1], ["/b", "grep", 1]]);
  assert.deepEqual(told("missed"), [["/etc/absent.conf", "grep", 1], ["/opt/x/", "grep", 5]]);
  // The path of a file that is told of by its directory leads there.
  assert.equal(search(model, "/opt/x/y/z").glances.items[0].path, "/opt/x/");
  assert.equal(search(model, "/opt/xy").glances.count, 0);
});
