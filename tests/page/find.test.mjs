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
