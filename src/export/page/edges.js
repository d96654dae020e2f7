// What is between lanes: branches at forks, joins at waits, data that went from one to another, and
// the order in which a resource was touched.

import { barPlace, groupTop } from "./bars.js";
import { FONT } from "./canvas.js";
import { basename, bytes, number, shortened } from "./text.js";

/** Of the lanes on screen, how each branched off its parent's and joined it again. */
export function drawBranches(frame) {
  const { context, layout, colours, state } = frame;
  const drawn = new Set();
  const lines = { plain: [], bad: [], chosen: [] };
  for (const row of frame.rows) {
    if (row.kind === "group") {
      branchGroup(row, frame, lines.plain);
      continue;
    }
    if (row.kind !== "process" || !row.process.parent) continue;
    const above = layout.rowOf.get(row.process.parent.id);
    if (!above || above === row) continue;
    const chosen = row.id === state.selected || row.process.parent.id === state.selected;
    branch(row, above, frame, drawn, chosen ? lines.chosen : lines.plain);
    join(row, frame, drawn, chosen ? lines.chosen : frame.grave.has(row.process) ? lines.bad : lines.plain);
  }
  // On a narrow screen the lines cross the names.
  if (frame.sizes.narrow) context.globalAlpha = 0.45;
  stroke(context, lines.plain, colours.link, 1);
  stroke(context, lines.bad, colours.bad, 1);
  context.globalAlpha = 1;
  stroke(context, lines.chosen, colours.accent, 1.5);
}

function stroke(context, lines, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (const [xa, ya, xb, yb] of lines) {
    const radius = Math.min(4, Math.abs(xb - xa));
    context.moveTo(xa, ya);
    context.lineTo(xa, yb - Math.sign(yb - ya) * radius);
    context.quadraticCurveTo(xa, yb, xa + Math.sign(xb - xa) * radius, yb);
    context.lineTo(xb, yb);
  }
  context.stroke();
}

const under = (row, frame) => {
  const [y, height] = barPlace(row, frame);
  return Math.max(y + height, -2);
};

function branch(row, above, frame, drawn, lines) {
  const { view } = frame;
  const x = Math.round(view.x(row.process.start)) + 0.5;
  if (x < -20 || x > view.width + 100) return;
  const [y, height] = barPlace(row, frame);
  const start = Math.max(view.x(row.process.start), x);
  // Of branches on one pixel, only the part that no other has drawn.
  const key = `${above.index} ${x}`;
  const from = drawn.has(key) ? y - frame.sizes.lane / 2 : under(above, frame);
  drawn.add(key);
  lines.push([x - 3, from, Math.max(start, x), y + height / 2]);
}

/** A group branches off where its first one does, and joins where its last one does. */
function branchGroup(row, frame, lines) {
  const { layout, view } = frame;
  const { parent } = row.members[0];
  const above = parent && layout.rowOf.get(parent.id);
  if (!above || above.index >= row.index) return;
  const y = groupTop(row, frame);
  const first = Math.round(view.x(row.members[0].start)) + 0.5;
  lines.push([first - 3, under(above, frame), first, y + 6]);
  const joins = row.members.map((process) => process.join).filter((joined) => joined?.by === parent);
  if (joins.length === 0) return;
  const last = Math.round(view.x(joins.reduce((most, joined) => Math.max(most, joined.time), 0))) + 0.5;
  lines.push([last + 3, under(above, frame), last, y + 6]);
}

function join(row, frame, drawn, lines) {
  const { view, layout } = frame;
  const { join: joined } = row.process;
  if (!joined) return;
  const target = layout.rowOf.get(joined.by.id);
  if (!target || target === row || target.y > row.y) return;
  const x = Math.round(view.x(joined.time)) + 0.5;
  if (x < -20 || x > view.width + 100) return;
  const [y, height] = barPlace(row, frame);
  const end = view.x(row.process.end ?? joined.time);
  const key = `join ${target.index} ${x}`;
  const from = drawn.has(key) ? y - frame.sizes.lane / 2 : under(target, frame);
  drawn.add(key);
  lines.push([Math.max(x, end) + 3, from, Math.min(end, x), y + height / 2]);
}

/** The passages of data that are to be seen: of the selection, or all. */
export function chosenFlows({ model, state }) {
  if (state.flows === "none") return [];
  if (state.flows === "all") {
    return [...model.links.values()].filter(
      (link) => link.kind === "passage" && link.carrier !== "overwrite",
    );
  }
  const process = model.processOf(state.selected);
  const links = process ? model.passagesOfProcess(process) : (model.passagesOf.get(state.selected) ?? []);
  return links.filter((link) => link.kind === "passage" && link.carrier !== "overwrite");
}

/** Draws data from who gave it to who took it. */
export function drawFlows(frame) {
  const { context, model, layout, colours, view } = frame;
  const links = frame.flows ?? [];
  context.strokeStyle = colours.flow;
  context.fillStyle = colours.flow;
  context.lineWidth = 1.5;
  const labels = [];
  const seen = new Set();
  for (const link of links) {
    const [source, target] = [model.processOf(link.source), model.processOf(link.target)];
    const [from, to] = [layout.rowOf.get(source?.id), layout.rowOf.get(target?.id)];
    if (!from || !to || from === to) continue;
    const [given, taken] = momentsOf(link, source, model);
    const [xa, xb] = [view.x(given), view.x(taken)];
    const down = to.y > from.y;
    const [ya, yb] = [edgeOf(from, frame, down), edgeOf(to, frame, !down)];
    const key = [from.index, to.index, Math.round(xa / 3), Math.round(xb / 3)].join();
    if (Math.max(xa, xb) < 0 || Math.min(xa, xb) > view.width + frame.sizes.right) continue;
    if (seen.has(key) || Math.max(ya, yb) < -50 || Math.min(ya, yb) > frame.height + 50) continue;
    seen.add(key);
    arrow(context, xa, ya, xb, yb);
    const x = (xa + xb) / 2;
    if (x >= 0 && x <= view.width) labels.push({ text: flowText(link, frame), x, y: (ya + yb) / 2 });
  }
  if (labels.length <= 14) drawLabels(frame, labels);
}

/** When data went, and when it came: the middles of both, so that one arrow stands for all of it. */
function momentsOf(link, source, model) {
  const offset = model.offset(link.id);
  const middle = (span) => (span.first + span.last) / 2 + offset;
  const taken = middle(link.taken);
  const given = link.given ? middle(link.given) : (givenTime(link, model) ?? taken);
  return [Math.min(given, taken, source.end ?? given), taken];
}

/** When the content of a file was given that another took: when its writer last wrote. */
function givenTime(link, model) {
  const use = (model.usesOf.get(link.source) ?? []).find((u) => u.target === link.through);
  return use ? use.last + model.offset(use.id) : null;
}

/** Where an arrow leaves or reaches a lane's bar: below it, or above. */
function edgeOf(row, frame, below) {
  const [y, height] = barPlace(row, frame);
  return below ? y + height - 1 : y + 1;
}

function arrow(context, xa, ya, xb, yb) {
  const way = Math.sign(yb - ya) || 1;
  const bend = Math.max(10, Math.min(Math.abs(yb - ya) * 0.6, 120)) * way;
  context.beginPath();
  context.moveTo(xa, ya);
  context.bezierCurveTo(xa, ya + bend, xb, yb - bend, xb, yb - 6 * way);
  context.stroke();
  context.beginPath();
  context.arc(xa, ya, 2.5, 0, 7);
  context.fill();
  context.beginPath();
  context.moveTo(xb, yb);
  context.lineTo(xb - 4, yb - 8 * way);
  context.lineTo(xb + 4, yb - 8 * way);
  context.fill();
}

/** What went: how much, and through what. */
export function flowText(link, { model, language, t }) {
  const name = model.resources.get(link.through)?.name ?? "";
  const through = link.carrier === "content" ? shortened(basename(name), 32) : "";
  if (link.carrier === "bytes") return bytes(link.amount, language);
  if (link.carrier === "messages") return t("details.messages", { n: link.amount });
  return through;
}

function drawLabels({ context, colours, view }, labels) {
  context.font = `11px ${FONT}`;
  context.textAlign = "center";
  const taken = [];
  for (const label of labels) {
    const half = context.measureText(label.text).width / 2 + 5;
    const x = Math.min(Math.max(label.x, half), view.width - half);
    if (
      !label.text ||
      taken.some(([tx, ty, th]) => Math.abs(ty - label.y) < 17 && Math.abs(tx - x) < half + th)
    )
      continue;
    taken.push([x, label.y, half]);
    context.fillStyle = colours.background;
    context.beginPath();
    context.roundRect(x - half, label.y - 8, half * 2, 16, 8);
    context.fill();
    context.strokeStyle = colours.flow;
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = colours.text;
    context.fillText(label.text, x, label.y + 0.5);
  }
}

/** Numbers at the lanes that touched the selected resource, in the order in which they did. */
export function drawOrder(frame) {
  const { context, layout, colours, view, language } = frame;
  context.font = `600 10px ${FONT}`;
  context.textAlign = "center";
  const seen = new Set();
  for (const [at, user] of (frame.users ?? []).entries()) {
    const row = layout.rowOf.get(user.process.id);
    if (!row || row.y + row.height < frame.top || row.y > frame.top + frame.height) continue;
    const x = view.x(user.first);
    const key = `${row.index} ${Math.round(x / 14)}`;
    if (seen.has(key) || x < -10 || x > view.width + 60) continue;
    seen.add(key);
    const [y, height] = barPlace(row, frame);
    const text = number(at + 1, language);
    const half = Math.max(8, context.measureText(text).width / 2 + 4);
    context.fillStyle = colours.accent;
    context.beginPath();
    context.roundRect(x - half, y + height / 2 - 8, half * 2, 16, 8);
    context.fill();
    context.fillStyle = colours.background;
    context.fillText(text, x, y + height / 2 + 0.5);
  }
}
