// Bars: when a process lived, what it executed, how it ended, and its events where there is room.

import { FONT, fitted } from "./canvas.js";
import { barColours } from "./colours.js";
import { failed, lifetime } from "./model.js";
import { duration, visible } from "./text.js";
import { STRIP, drawTicks } from "./ticks.js";

/** Bars that are lower have no text. */
const LEAST = 10;

/** Where in its row the bar is: `[y, height]`, from the top of the picture. */
export function barPlace(row, { top, sizes }) {
  if (row.kind === "thread" && !sizes.narrow) return [row.y - top + 3, row.height - 6];
  const below = sizes.narrow ? row.height - sizes.bar - 5 : (sizes.lane - sizes.bar) / 2;
  return [row.y - top + below, sizes.bar];
}

export function drawBars(frame) {
  const { context } = frame;
  for (const row of frame.rows) {
    context.globalAlpha = row.dim || (frame.lit && !isLit(row, frame.lit)) ? 0.28 : 1;
    if (row.kind === "process") drawProcess(row, frame);
    else if (row.kind === "group") drawGroup(row, frame);
    else if (row.kind === "thread") drawThread(row, frame);
  }
  context.globalAlpha = 1;
}

/** Whether a lane is one of those that have to do with the selected resource. */
export function isLit(row, processes) {
  if (row.kind === "group") return row.members.some((process) => processes.has(process));
  return processes.has(row.process);
}

/** The colours of a process's bar in the mode that is chosen. */
function coloursOf(process, { state, colours, model, longest }) {
  const { node } = process;
  return barColours(
    state.colour,
    {
      name: process.name,
      length: lifetime(process, model.end),
      errors: node.errors,
      calls: node.calls,
      failed: failed(process),
    },
    longest,
    colours,
  );
}

function drawProcess(row, frame) {
  const { context, view, colours, model, state } = frame;
  const { process } = row;
  const [y, height] = barPlace(row, frame);
  const end = process.end ?? model.end;
  const [x0, x1] = [view.x(process.start), view.x(end)];
  const right = Math.max(x1, x0 + 2);
  if (right < -20 || x0 > view.width + 100) return;
  const { fill, text } = coloursOf(process, frame);
  bar(context, x0, right, y, height, fill, process.end === null);
  drawExecutions(process, frame, x0, right, y, height);
  const own = process.threads[0];
  const drawn =
    own?.events && !row.threadsOpen
      ? drawTicks(own.events, frame, { from: x0, to: right, y, height, text, process })
      : false;
  if (!drawn && state.colour !== "calls" && !frame.users)
    drawBarText(process, frame, x0, right, y, own?.events ? height - STRIP : height, text);
  if (failed(process)) drawEnd(process, frame, x1, y, height);
  const failure = process.node.failure;
  if (failure) drawBlame(context, view.x(failure.time + model.offset(process.id)), y, colours);
  if (frame.matches?.has(process.id)) outline(context, x0, right, y, height, colours.match, 2);
  if (row.id === state.selected) outline(context, x0, right, y, height, colours.accent, 1.5);
  if (state.event && !row.threadsOpen)
    for (const thread of process.threads) drawMark(thread.events, frame, y, height);
}

/** A mark at the event that is selected. */
function drawMark(events, { context, view, colours, state }, y, height) {
  const at = events && state.event ? events.find(state.event) : -1;
  if (at < 0) return;
  const x0 = view.x(events.start[at]);
  const x1 = Math.max(view.x(events.end[at] ?? events.start[at]), x0 + 2);
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  context.strokeRect(x0 - 1, y - 3, x1 - x0 + 2, height + 6);
}

function bar(context, x0, x1, y, height, fill, goesOn) {
  const left = Math.max(x0, -40);
  const width = Math.min(x1, 20000) - left;
  context.fillStyle = fill;
  if (width < 4) {
    context.fillRect(left, y, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(left, y, width, height, goesOn ? [3, 0, 0, 3] : 3);
  context.fill();
}

function outline(context, x0, x1, y, height, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.roundRect(Math.max(x0, -40) - 1, y - 1, Math.min(x1, 20000) - Math.max(x0, -40) + 2, height + 2, 4);
  context.stroke();
}

/** Before its first exec a forked process is paler; every further exec is a line. */
function drawExecutions(process, { context, view, colours }, x0, x1, y, height) {
  const left = Math.max(x0, -40);
  for (const [at, execution] of process.executions.entries()) {
    const x = Math.min(view.x(execution.start), x1);
    if (x - x0 < 3) continue;
    context.fillStyle = colours.background;
    if (at > 0) {
      context.fillRect(Math.round(x), y, 1, height);
      continue;
    }
    const before = context.globalAlpha;
    context.globalAlpha = before * 0.5;
    context.fillRect(left, y, x - left, height);
    context.globalAlpha = before;
  }
}

/** In a bar: the programs if there were several, otherwise how long it took. */
function drawBarText(process, frame, x0, x1, y, height, colour) {
  const { context, view, language, model, sizes } = frame;
  if (height < LEAST) return;
  context.font = `11px ${FONT}`;
  context.textAlign = "left";
  context.fillStyle = colour;
  const programs = process.executions;
  const put = (text, from, to) => {
    const left = Math.max(from + 6, 4);
    const shown = fitted(context, text, Math.min(to, view.width + sizes.right) - left - 4);
    if (shown) context.fillText(shown, left, y + height / 2 + 0.5);
  };
  if (programs.length > 1) {
    for (const [at, execution] of programs.entries()) {
      const to = programs[at + 1] ? view.x(programs[at + 1].start) : x1;
      put(visible(execution.node.label), view.x(execution.start), to);
    }
    return;
  }
  const length = duration(lifetime(process, model.end), language);
  if (context.measureText(length).width + 12 < Math.min(x1, view.width) - Math.max(x0, 0))
    put(length, x0, x1);
}

/** How a process failed, at the end of its bar. */
function drawEnd(process, { context, colours, t, view, grave, sizes }, x, y, height) {
  const colour = grave.has(process) ? colours.bad : colours.warn;
  context.fillStyle = colour;
  context.fillRect(x - 2, y, 3, height);
  const text = endText(process, t);
  context.font = `600 11px ${FONT}`;
  context.textAlign = "left";
  const width = context.measureText(text).width;
  if (x + width + 10 > view.width + sizes.right + 2) return;
  context.fillStyle = colours.background;
  context.fillRect(x + 3, y + 1, width + 6, height - 2);
  context.fillStyle = colour;
  context.fillText(text, x + 6, y + height / 2 + 0.5);
}

/** How a process ended, in short. */
export function endText(process, t) {
  const { end, exit_code: code, signal_name: signal } = process.node;
  return t(`end.${end}`, { code: String(code ?? ""), signal: signal ?? "" });
}

function drawBlame(context, x, y, colours) {
  context.fillStyle = colours.bad;
  context.beginPath();
  context.moveTo(x - 4.5, y - 3.5);
  context.lineTo(x + 4.5, y - 3.5);
  context.lineTo(x, y + 4);
  context.fill();
}

function drawThread(row, frame) {
  const { context, view, model, colours, state } = frame;
  const { thread } = row;
  const [y, height] = barPlace(row, frame);
  const [x0, x1] = [view.x(thread.start), view.x(thread.end ?? model.end)];
  const right = Math.max(x1, x0 + 2);
  bar(context, x0, right, y, height, colours.bar, thread.end === null);
  if (thread.events)
    drawTicks(thread.events, frame, {
      from: x0,
      to: right,
      y,
      height,
      text: colours.barText,
      process: row.process,
    });
  if (row.id === state.selected) outline(context, x0, right, y, height, colours.accent, 1.5);
  drawMark(thread.events, frame, y, height);
}

/** Where the bars of a group begin, from the top of the picture. */
export function groupTop(row, { top, sizes }) {
  return row.y - top + (sizes.narrow ? row.height - row.bars - 5 : (row.height - row.bars) / 2);
}

/** Many processes as thin bars; what would fall on one pixel is drawn once, what failed on top. */
function drawGroup(row, frame) {
  const { context, view, colours, model, grave } = frame;
  const { members, packed } = row;
  const y0 = groupTop(row, frame);
  const single = packed.count === 1;
  const step = single ? row.bars : row.thin;
  const heights = row.plot ? plotted(row, frame) : null;
  const last = new Float64Array(packed.count).fill(-1e9);
  const bad = [];
  for (const [at, process] of members.entries()) {
    const [x0, x1] = [view.x(process.start), view.x(process.end ?? model.end)];
    if (x1 < -4 || x0 > view.width + 100) continue;
    const line = packed.rows[at];
    const height = heights ? heights(process) : step - (single ? 0 : 1);
    const y = y0 + (line + 1) * step - height - (single ? 0 : 1);
    if (failed(process)) bad.push([x0, x1, y, height, grave.has(process)]);
    if (x1 < last[line] && !heights) continue;
    const from = heights ? x0 : Math.max(x0, last[line]);
    const to = Math.max(x1 - (x1 - x0 > 3 ? 1 : 0), from + 1);
    last[line] = to;
    context.fillStyle = coloursOf(process, frame).fill;
    context.fillRect(from, y, to - from, height);
  }
  for (const [x0, x1, y, height, isGrave] of bad) {
    context.fillStyle = isGrave ? colours.bad : colours.warn;
    context.fillRect(x0, y, Math.max(x1 - x0, 2), height);
  }
}

/** How high the bar of one that took so long is: the longest as high as there is room. */
function plotted(row, { model }) {
  const length = (process) => Math.max(lifetime(process, model.end), 1);
  row.longest ??= row.members.reduce((most, process) => Math.max(most, length(process)), 1);
  return (process) => Math.max(3, (length(process) / row.longest) * row.bars);
}
