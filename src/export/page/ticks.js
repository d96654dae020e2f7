// The events of a thread in its bar: a strip of colours where they are many, texts where there is room.

import { KINDS } from "./calls.js";
import { FONT, fitted } from "./canvas.js";
import { asleep, eventText } from "./events.js";

/** From so many pixels an event on, each is told by itself, and not with those that are alike. */
const ROOM = 26;
/** An event that has so many pixels until the next one is told in words. */
const LEAST = 44;
/** Of more runs than these, none has room for words. */
const MOST_RUNS = 6000;

/** How high the strip of colours is at the foot of a bar. */
export const STRIP = 4;

/** The signal that a child has ended: the join tells that already. */
const SIGCHLD = 17;

const SIGNAL = KINDS.indexOf("signal");

/**
 * Draws the events that are between the pixels `place.from` and `place.to`, and says whether any
 * were told in words. What falls on one pixel is drawn once: a frame costs as much as it is wide.
 */
export function drawTicks(events, frame, place) {
  const { view } = frame;
  const left = Math.max(place.from, -2);
  const right = Math.min(place.to, view.width + frame.sizes.right);
  if (right <= left || events.length === 0) return false;
  const first = Math.max(events.from(view.time(left) - 1) - 1, 0);
  const behind = events.from(view.time(right) + 1);
  const runs = runsBetween(events, first, behind);
  const each = right - left >= (behind - first) * ROOM * 2;
  const words =
    place.height >= 12 &&
    runs.length <= MOST_RUNS &&
    drawWords(events, each ? singles(events, first, behind) : runs, frame, place, right);
  drawSeveral(events, frame, place, left, right, words);
  drawStrip(events, first, behind, frame, place, left, right, words);
  return words;
}

/** The collapsed runs that have any of the events `first` to `behind`. */
function runsBetween(events, first, behind) {
  const runs = events.collapsed();
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle].to <= first) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < runs.length && runs[last].from < behind) last += 1;
  return runs.slice(low, last);
}

function singles(events, first, behind) {
  const runs = [];
  for (let at = first; at < behind; at += 1)
    runs.push({ from: at, to: at + 1, end: events.end[at] ?? Infinity });
  return runs;
}

/** How high the strip of colours is, and where it is: all of the bar, if it is coloured by calls. */
function stripOf(place, { state }, words) {
  const height = state.colour === "calls" && !words ? place.height : STRIP;
  return [place.y + place.height - height, height];
}

/** Nodes that stand for several events. One that goes on while another one begins has only half the height. */
function drawSeveral(events, frame, place, left, right, words) {
  const { context, view, colours } = frame;
  const [y, height] = stripOf(place, frame, words);
  let until = -Infinity;
  for (const at of events.several()) {
    const [start, end] = [events.start[at], events.end[at] ?? Infinity];
    const [x0, x1] = [Math.max(view.x(start), left), Math.min(end === Infinity ? right : view.x(end), right)];
    if (x1 <= left || x0 >= right) continue;
    const beside = start < until ? height / 2 : 0;
    context.fillStyle = colours.kinds[events.kind[at]];
    context.fillRect(x0, y + beside, Math.max(x1 - x0, 1), height - beside);
    until = Math.max(until, end);
  }
}

/**
 * Every event's kind as a colour, pixel by pixel. Of events that begin in one pixel the last one may
 * be longer than that.
 */
function drawStrip(events, first, behind, frame, place, left, right, words) {
  const { context, view, colours, state } = frame;
  const [y, height] = stripOf(place, frame, words);
  for (let at = first; at < behind;) {
    const next = Math.max(events.from(view.time(Math.floor(view.x(events.start[at])) + 1)), at + 1);
    for (const one of next - at > 2 ? [at, next - 1] : [at, at + 1].slice(0, next - at)) {
      if (events.nodes[one].count > 1) continue;
      const x = view.x(events.start[one]);
      const end = events.end[one] === null ? right : view.x(events.end[one]);
      const from = Math.max(x, left);
      if (from > right) return;
      const width = Math.max(Math.min(end, right) - from, 1);
      const bad = state.colour === "errors" && events.failed[one];
      context.fillStyle = bad ? colours.bad : colours.kinds[events.kind[one]];
      const before = context.globalAlpha;
      if (width > 2 && asleep(events.nodes[one])) context.globalAlpha = before * 0.55;
      context.fillRect(from, y, width, height);
      context.globalAlpha = before;
      const signal = events.kind[one] === SIGNAL && events.nodes[one].signal !== SIGCHLD;
      if (signal) context.fillRect(from - 0.5, place.y, 1.5, place.height);
    }
    at = next;
  }
}

/** Tells of those events for which there is room, and says whether there was for any. */
function drawWords(events, runs, { context, view, colours, language }, place, right) {
  context.font = `11px ${FONT}`;
  context.textAlign = "left";
  const middle = place.y + (place.height - STRIP) / 2 + 0.5;
  let told = false;
  for (const [n, run] of runs.entries()) {
    const x = view.x(events.start[run.from]);
    const next = Math.min(runs[n + 1] ? view.x(events.start[runs[n + 1].from]) : place.to, right);
    const from = Math.max(x, 0);
    if (next - from < LEAST) continue;
    told = true;
    context.fillStyle = colours.background;
    const before = context.globalAlpha;
    context.globalAlpha = before * 0.6;
    if (x > place.from + 1) context.fillRect(Math.round(x), place.y, 1, place.height - STRIP);
    context.globalAlpha = before;
    const room = next - from - 6;
    const node = events.nodes[run.from];
    const whole = room > 320 && run.to - run.from === 1 && !(node.count > 1) && node.label;
    const shown = fitted(context, whole || eventText(events, run.from, run.to, language), room);
    context.fillStyle = place.text;
    context.fillText(shown, from + 4, middle);
  }
  return told;
}
