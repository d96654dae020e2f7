// The events of a thread in its bar: a strip of colours where they are many, texts where there is room.

import { KINDS } from "./calls.js";
import { FONT, fitted } from "./canvas.js";
import { asleep, eventText } from "./events.js";

/** From so many pixels an event on, it is told in words. */
const ROOM = 26;

/** The signal that a child has ended: the join tells that already. */
const SIGCHLD = 17;

const SIGNAL = KINDS.indexOf("signal");

/**
 * Draws the events that are between the pixels `place.from` and `place.to`, and says whether they
 * were told in words. What falls on one pixel is drawn once: a frame costs as much as it is wide.
 */
export function drawTicks(events, frame, place) {
  const { view } = frame;
  const left = Math.max(place.from, -2);
  const right = Math.min(place.to, view.width + frame.sizes.right);
  if (right <= left || events.length === 0) return false;
  const first = Math.max(events.from(view.time(left) - 1) - 1, 0);
  const behind = events.from(view.time(right) + 1);
  const room = (right - left) / Math.max(behind - first, 1);
  const runs = runsBetween(events, first, behind);
  const words = place.height >= 12 && runs.length * ROOM <= right - left;
  if (words) drawWords(events, room >= ROOM * 2 ? singles(first, behind) : runs, frame, place, right);
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

const singles = (first, behind) =>
  Array.from({ length: behind - first }, (_, at) => ({ from: first + at, to: first + at + 1 }));

/** Every event's kind as a colour, pixel by pixel. */
function drawStrip(events, first, behind, { context, view, colours, state }, place, left, right, words) {
  const full = state.colour === "calls" && !words;
  const height = full ? place.height : 4;
  const y = place.y + place.height - height;
  const errors = state.colour === "errors";
  let at = first;
  while (at < behind) {
    const x = view.x(events.start[at]);
    if (x > right) break;
    const node = events.nodes[at];
    const end = events.end[at] === null ? right : view.x(events.end[at]);
    const from = Math.max(x, left);
    const width = Math.max(Math.min(end, right) - from, 1);
    context.fillStyle = errors && events.failed[at] ? colours.bad : colours.kinds[events.kind[at]];
    const before = context.globalAlpha;
    if (asleep(node) && width > 2) context.globalAlpha = before * 0.55;
    context.fillRect(from, y, width, height);
    context.globalAlpha = before;
    if (events.kind[at] === SIGNAL && node.signal !== SIGCHLD)
      context.fillRect(from - 0.5, place.y, 1.5, place.height);
    at = width > 1 ? at + 1 : Math.max(events.from(view.time(Math.floor(from) + 1)), at + 1);
  }
}

function drawWords(events, runs, { context, view, colours, language }, place, right) {
  context.font = `11px ${FONT}`;
  context.textAlign = "left";
  const middle = place.y + (place.height - 3) / 2;
  for (const [n, run] of runs.entries()) {
    const x = view.x(events.start[run.from]);
    const next = runs[n + 1] ? view.x(events.start[runs[n + 1].from]) : Math.min(place.to, right);
    const from = Math.max(x, 0);
    context.fillStyle = colours.background;
    const before = context.globalAlpha;
    context.globalAlpha = before * 0.6;
    if (x > place.from + 1) context.fillRect(Math.round(x), place.y, 1, place.height - 4);
    context.globalAlpha = before;
    const width = Math.min(next, right) - from - 6;
    if (width < 16) continue;
    const text =
      width > 320 && run.to - run.from === 1
        ? events.nodes[run.from].label || eventText(events, run.from, run.to, language)
        : eventText(events, run.from, run.to, language);
    const shown = fitted(context, text, width);
    if (!shown) continue;
    context.fillStyle = place.text;
    context.fillText(shown, from + 4, middle);
  }
}
