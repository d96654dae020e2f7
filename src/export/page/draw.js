// A frame of the timeline, from back to front.

import { drawBars } from "./bars.js";
import { FONT } from "./canvas.js";
import { drawBranches, drawFlows, drawOrder } from "./edges.js";
import { drawGutter } from "./gutter.js";
import { rowAt } from "./layout.js";
import { tickStep } from "./scale.js";
import { duration, moment } from "./text.js";

/**
 * Draws the lanes. `frame` has `context`, `width`, `height`, `top` (how far it is scrolled down),
 * and what `App.frame` puts together: model, layout, view, colours, sizes, language, state.
 */
export function drawLanes(frame) {
  const { height, layout, top } = frame;
  clear(frame);
  const rows = [];
  for (let at = rowAt(layout.rows, top); at < layout.rows.length; at += 1) {
    if (layout.rows[at].y >= top + height) break;
    rows.push(layout.rows[at]);
  }
  frame.rows = rows;
  drawRowGrounds(frame);
  inTime(frame, () => {
    drawGrid(frame);
    drawBranches(frame);
    drawBars(frame);
    drawFlows(frame);
    drawOrder(frame);
  });
  drawGutter(frame);
}

/** Draws beside the gutter, where time begins at 0, on the gaps. */
function inTime(frame, draw) {
  const { context, width, height, sizes } = frame;
  context.save();
  context.beginPath();
  context.rect(sizes.gutter, 0, width - sizes.gutter, height);
  context.clip();
  context.translate(sizes.gutter + sizes.left, 0);
  drawGaps(frame, 0, height);
  draw();
  context.restore();
}

function clear({ context, width, height, colours }) {
  context.fillStyle = colours.background;
  context.fillRect(0, 0, width, height);
}

function drawRowGrounds({ context, rows, top, width, colours, state, hover }) {
  for (const row of rows) {
    const at = row.id === state.selected ? colours.selected : row.id === hover ? colours.hover : null;
    if (row.kind === "machine") {
      context.fillStyle = colours.raised;
      context.fillRect(0, row.y - top, width, row.height);
    }
    if (!at) continue;
    context.fillStyle = at;
    context.fillRect(0, row.y - top, width, row.height);
  }
}

/** Times that are compressed: a band that says how long it is. */
export function drawGaps({ context, view, colours }, from, to) {
  for (const segment of view.scale.segments) {
    if (!segment.gap) continue;
    const [x0, x1] = [view.x(segment.t0), view.x(segment.t1)];
    if (x1 < -20 || x0 > view.width + 100) continue;
    context.fillStyle = colours.gap;
    context.fillRect(x0, from, x1 - x0, to - from);
    context.strokeStyle = colours.gapLine;
    context.lineWidth = 1;
    context.setLineDash([2, 4]);
    context.beginPath();
    for (const x of [Math.round(x0) + 0.5, Math.round(x1) - 0.5]) {
      context.moveTo(x, from);
      context.lineTo(x, to);
    }
    context.stroke();
    context.setLineDash([]);
  }
}

/** Times of round numbers that are on screen, as `[time, x]`, and the step between them. */
export function ticks(view, room = 110) {
  const step = tickStep(view.perPixel, room);
  const found = [];
  for (const segment of view.scale.segments) {
    if (segment.gap) continue;
    const from = Math.max(segment.t0, view.time(-60));
    const to = Math.min(segment.t1, view.time(view.width + 80));
    const origin = view.scale.start;
    for (let n = Math.ceil((from - origin) / step); origin + n * step <= to; n += 1) {
      found.push([n * step, view.x(origin + n * step)]);
    }
  }
  return { step, found };
}

function drawGrid({ context, view, height, colours }) {
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (const [, x] of ticks(view).found) {
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, height);
  }
  context.stroke();
}

/** The axis above the lanes: moments since the start, and how long the gaps are, the longest first. */
export function drawAxis(frame) {
  const { context, width, height, colours } = frame;
  clear(frame);
  inTime(frame, () => drawMoments(frame));
  context.strokeStyle = colours.line;
  context.beginPath();
  context.moveTo(0, height - 0.5);
  context.lineTo(width, height - 0.5);
  context.stroke();
}

function drawMoments({ context, view, width, height, colours, sizes, language, t }) {
  context.font = `11px ${FONT}`;
  context.textAlign = "center";
  const taken = [];
  const right = width - sizes.gutter - sizes.left;
  const label = (text, at, colour) => {
    const half = context.measureText(text).width / 2 + 6;
    const x = Math.min(Math.max(at, half - sizes.left - 2), right - half + 4);
    if (taken.some(([from, to]) => x + half > from && x - half < to)) return;
    taken.push([x - half, x + half]);
    context.fillStyle = colour;
    context.fillText(text, x, height / 2 + 1);
  };
  const gaps = view.scale.segments.filter(({ gap }) => gap);
  for (const segment of gaps.sort((a, b) => b.t1 - b.t0 - (a.t1 - a.t0))) {
    const x = (view.x(segment.t0) + view.x(segment.t1)) / 2;
    if (x < 0 || x > view.width) continue;
    label(`⋯ ${t("lanes.gap", { time: duration(segment.t1 - segment.t0, language) })}`, x, colours.soft);
  }
  const { step, found } = ticks(view);
  for (const [time, x] of found) label(moment(time, step, language), x, colours.soft);
}
