import assert from "node:assert/strict";
import { test } from "node:test";
import { Scale, View, idleGaps, tickStep } from "../../src/export/page/scale.js";

const S = 1e9;

test("a scale without gaps is the time itself", () => {
  const scale = new Scale(5, 105);
  assert.equal(scale.length, 100);
  assert.equal(scale.unit(55), 50);
  assert.equal(scale.time(50), 55);
});

test("long times without events are gaps, and short ones are not", () => {
  const marks = [0, 1 * S, 2 * S, 3600 * S, 3601 * S];
  assert.deepEqual(idleGaps(marks, 0, 3601 * S), [[2 * S, 3600 * S]]);
  assert.deepEqual(
    idleGaps(
      [0, 1, 2, 3, 4, 5].map((n) => n * S),
      0,
      5 * S,
    ),
    [],
  );
});

test("a gap that would win little is not compressed", () => {
  const marks = Array.from({ length: 91 }, (_, at) => at * S);
  assert.deepEqual(idleGaps(marks, 0, 100 * S), []);
});

test("three hours with events in two minutes keep most of the room for the events", () => {
  const marks = [];
  for (const from of [0, 5000, 10740]) for (let n = 0; n < 400; n += 1) marks.push((from + n * 0.1) * S);
  const end = 10780 * S;
  const scale = new Scale(0, end, idleGaps(marks, 0, end));
  const busy = scale.segments.filter((s) => !s.gap).reduce((sum, s) => sum + s.u1 - s.u0, 0);
  assert.ok(busy / scale.length > 0.9, `${busy / scale.length}`);
});

test("units and times lead back to each other, and keep their order, across gaps", () => {
  const scale = new Scale(0, 1000 * S, [
    [10 * S, 500 * S],
    [510 * S, 990 * S],
  ]);
  let before = -1;
  for (let time = 0; time <= 1000; time += 3) {
    const unit = scale.unit(time * S);
    assert.ok(unit > before);
    before = unit;
    assert.ok(Math.abs(scale.time(unit) - time * S) < 1);
  }
});

test("zooming keeps what is under the pointer where it is", () => {
  const view = new View(new Scale(0, 1e6), 1000);
  const time = view.time(300);
  view.zoom(0.1, 300);
  assert.ok(Math.abs(view.x(time) - 300) < 1e-6);
  assert.equal(view.whole, false);
});

test("a view never leaves the run", () => {
  const view = new View(new Scale(0, 1e6), 1000);
  view.zoom(0.01, 0);
  view.pan(-5000);
  assert.equal(view.u0, 0);
  view.pan(1e9);
  assert.equal(Math.round(view.u1), 1e6);
  view.zoom(1e9, 10);
  assert.ok(view.whole);
});

test("a run of no length can be shown", () => {
  const view = new View(new Scale(7, 7), 500);
  assert.ok(Number.isFinite(view.x(7)));
});

test("ticks are round", () => {
  assert.equal(tickStep(1, 90), 100);
  assert.equal(tickStep(1e6, 110), 200e6);
  assert.equal(tickStep(1e9, 50), 60e9);
});
