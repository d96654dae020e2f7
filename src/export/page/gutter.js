// The left side: the tree of lanes with their names. On a narrow screen names stand above the bars.

import { endText, isLit } from "./bars.js";
import { SIGNS } from "./beside.js";
import { FONT, fitted } from "./canvas.js";
import { command, failed } from "./model.js";
import { number, plain, shortCommand, visible } from "./text.js";

/** Where the triangle of a lane is: its left side. */
export function indentOf(row, sizes) {
  const step = sizes.narrow ? 8 : 14;
  const deep = sizes.narrow ? 4 : 7;
  return 6 + Math.min(row.depth, deep) * step + Math.max(row.depth - deep, 0) * 2;
}

/** Whether a lane can be opened and closed. */
export const foldable = (row) =>
  row.kind === "group" || (row.kind === "process" && (row.process.children.length > 0 || row.threaded));

export function drawGutter(frame) {
  const { context, sizes, colours, height } = frame;
  if (!sizes.narrow) {
    context.fillStyle = colours.line;
    context.fillRect(sizes.gutter - 1, 0, 1, height);
  }
  for (const row of frame.rows) {
    if (row.kind === "machine") drawMachine(row, frame);
    else drawName(row, frame);
  }
}

function drawMachine(row, { context, top, colours, width }) {
  context.font = `600 12px ${FONT}`;
  context.textAlign = "left";
  context.fillStyle = colours.text;
  const { meta } = row.run;
  const command = (meta.command ?? []).map(plain).join(" ");
  const text = `${visible(meta.host)} · ${meta.started.slice(0, 19).replace("T", " ")} · ${visible(command)}`;
  context.fillText(fitted(context, text, width - 20), 10, row.y - top + row.height / 2);
}

function drawName(row, frame) {
  const { context, top, sizes, colours, width, state } = frame;
  const right = sizes.narrow ? width - 8 : sizes.gutter - 10;
  const middle =
    row.y - top + (sizes.narrow ? 11 : sizes.lane / 2) - (row.kind === "thread" && !sizes.narrow ? 3 : 0);
  let x = indentOf(row, sizes);
  context.globalAlpha = row.dim || (frame.lit && !isLit(row, frame.lit)) ? 0.5 : 1;
  if (foldable(row)) triangle(context, x + 5, middle, isOpen(row), colours.soft);
  x += 15;
  if (frame.comparison && row.kind === "process") x = drawSide(row, frame, x, middle);
  const badge = badgeOf(row, frame);
  let end = right;
  if (badge) {
    context.font = `600 11px ${FONT}`;
    context.textAlign = "right";
    context.fillStyle = badge.colour;
    context.fillText(badge.text, right, middle);
    end -= context.measureText(badge.text).width + 10;
  }
  context.textAlign = "left";
  const { name, rest } = namesOf(row, frame);
  context.fillStyle = row.id === state.selected ? colours.accent : badge?.bad ? colours.bad : colours.text;
  context.font = `600 12px ${FONT}`;
  const shown = fitted(context, name, end - x);
  put(shown, x, middle, frame);
  x += context.measureText(shown).width;
  context.font = `12px ${FONT}`;
  context.fillStyle = colours.soft;
  const more = fitted(context, rest, end - x);
  if (more) put(more, x, middle, frame);
  context.globalAlpha = 1;
}

/** Writes a name: where it stands among the branches, with a rim that keeps it apart from them. */
function put(text, x, y, { context, sizes, colours }) {
  if (sizes.narrow) {
    context.strokeStyle = colours.background;
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeText(text, x, y);
  }
  context.fillText(text, x, y);
}

/** Which run a lane is of, and how it differs from that of the other. */
function drawSide(row, { context, top, colours, comparison, width }, x, middle) {
  const mark = comparison.markOf(row.process);
  const colour = { changed: colours.warn, onlyA: colours.accent, onlyB: colours.accent }[mark];
  const side = comparison.sideOf(row.process);
  if (row.pair?.[0] === row.id) {
    context.fillStyle = colours.line;
    context.fillRect(0, row.y - top, width, 1);
  }
  if (mark) {
    context.fillStyle = colour;
    context.fillRect(0, row.y - top + 1, 3, row.height - 1);
  }
  context.textAlign = "left";
  context.font = `600 11px ${FONT}`;
  context.fillStyle = colours.soft;
  context.fillText(side, x, middle);
  if (mark) {
    context.font = `700 13px ${FONT}`;
    context.fillStyle = colour;
    context.fillText(SIGNS[mark], x + 11, middle);
  }
  return x + 24;
}

/** Whether a lane is open. */
export const isOpen = (row) =>
  row.kind === "group" ? row.open : row.process.children.length > 0 ? !row.closed : row.threadsOpen;

function triangle(context, x, y, open, colour) {
  context.fillStyle = colour;
  context.beginPath();
  if (open) {
    context.moveTo(x - 4, y - 2);
    context.lineTo(x + 4, y - 2);
    context.lineTo(x, y + 3);
  } else {
    context.moveTo(x - 2, y - 4);
    context.lineTo(x + 3, y);
    context.lineTo(x - 2, y + 4);
  }
  context.fill();
}

/** The line with long paths cut to their last part: the rest of a command line has to fit too. */
const shortPaths = (line) => line.replace(/(?<=\s)\/[^\s'"]{16,}\/([^\s/'"]+)/g, "…/$1");

/** The name of a lane in two parts: what it is, and the rest. */
export function namesOf(row, { language, t }) {
  if (row.kind === "group") {
    const at = row.name.indexOf(" (");
    const [name, rest] = at < 0 ? [row.name, ""] : [row.name.slice(0, at), row.name.slice(at)];
    return { name: `${visible(name)} ×${number(row.members.length, language)}`, rest: visible(rest) };
  }
  if (row.kind === "thread") return { name: "", rest: visible(row.thread.node?.label ?? row.thread.id) };
  const { process } = row;
  const forked = process.executions.length === 0 && process.node.program !== undefined;
  const line = visible(shortPaths(shortCommand(command(process))));
  const space = line.indexOf(" ");
  const [name, rest] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space)];
  if (forked) return { name: "", rest: `${line} ${t("end.fork")}` };
  return { name, rest };
}

/** What stands at the right: how it failed, or how many did, or how many threads there are. */
function badgeOf(row, { t, colours, grave }) {
  if (row.kind === "process" && failed(row.process)) {
    const bad = grave.has(row.process);
    return { text: endText(row.process, t), colour: bad ? colours.bad : colours.warn, bad };
  }
  if (row.kind === "process" && row.threaded) {
    return { text: t("lanes.threads", { n: row.process.node.threads }), colour: colours.accent };
  }
  if (row.kind === "process" && row.process.node.end === "running") {
    return { text: t("end.running"), colour: colours.soft };
  }
  if (row.kind === "group") {
    const bad = row.members.filter(failed).length;
    if (bad > 0) return { text: t("counts.failed", { n: bad }), colour: colours.bad, bad: false };
  }
  return null;
}
