import assert from "node:assert/strict";
import { test } from "node:test";
import { layout, pack, rowAt } from "../../src/export/page/layout.js";
import { Model } from "../../src/export/page/model.js";
import { KEY, documentOf, processNode, sample } from "./sample.mjs";

const SIZES = { lane: 26, thread: 20, thin: 4, band: 28 };
const state = (more = {}) => ({ open: new Set(), closed: new Set(), selected: null, shown: null, ...more });
const names = (lanes) => lanes.rows.map((row) => (row.kind === "process" ? row.process.name : row.kind));

/** A shell that runs `count` times the same, one after the other; the last one fails. */
function many(count) {
  const model = new Model();
  const nodes = [processNode(1, null, "sh loop", 0, count + 1)];
  for (let n = 0; n < count; n += 1) {
    nodes.push(processNode(n + 2, 1, "true", n, n + 1, { exit_code: n === count - 1 ? 1 : 0 }));
  }
  model.apply(documentOf(nodes, [], count + 1));
  return model;
}

test("a lane a process, each below the one that made it, by start", () => {
  const lanes = layout(sample(), state(), SIZES);
  assert.deepEqual(names(lanes), ["sh", "cat", "sort", "grep"]);
  assert.deepEqual(
    lanes.rows.map((row) => row.depth),
    [0, 1, 1, 1],
  );
  assert.equal(lanes.height, 4 * 26);
});

test("a closed lane stands for what is below it", () => {
  const lanes = layout(sample(), state({ closed: new Set([`${KEY}:process-1`]) }), SIZES);
  assert.deepEqual(names(lanes), ["sh"]);
  assert.equal(lanes.rowOf.get(`${KEY}:process-3`), lanes.rows[0]);
});

test("many alike are one lane, with those that failed by themselves", () => {
  const lanes = layout(many(5000), state(), SIZES);
  assert.deepEqual(names(lanes), ["sh", "group", "true"]);
  assert.equal(lanes.rows[1].members.length, 5000);
  assert.equal(lanes.rows[2].process.node.exit_code, 1);
});

test("a group that is opened has a lane for each", () => {
  const closed = layout(many(5000), state(), SIZES);
  const lanes = layout(many(5000), state({ open: new Set([closed.rows[1].id]) }), SIZES);
  assert.equal(lanes.rows.length, 5002);
});

test("one of a closed group that is selected is to be seen", () => {
  const lanes = layout(many(100), state({ selected: `${KEY}:process-50` }), SIZES);
  assert.equal(lanes.rows[2].id, `${KEY}:process-50`);
});

test("few are never grouped", () => {
  assert.equal(layout(many(30), state(), SIZES).rows.length, 31);
});

test("a filter keeps those on the way, dimmed", () => {
  const lanes = layout(sample(), state({ shown: (process) => process.name === "sort" }), SIZES);
  assert.deepEqual(names(lanes), ["sh", "sort"]);
  assert.deepEqual(
    lanes.rows.map((row) => row.dim),
    [true, false],
  );
});

test("bars that overlap are in different rows", () => {
  const packed = pack(
    [
      { start: 0, end: 10 },
      { start: 5, end: 15 },
      { start: 12, end: 20 },
    ],
    20,
  );
  assert.deepEqual(packed, { rows: [0, 1, 0], count: 2 });
});

test("the row at a place", () => {
  const { rows } = layout(sample(), state(), SIZES);
  assert.equal(rowAt(rows, 0), 0);
  assert.equal(rowAt(rows, 26), 1);
  assert.equal(rowAt(rows, 1000), 4);
});
