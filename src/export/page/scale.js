// Time and place. A `Scale` maps time (nanoseconds) to units, in which long times without any
// event are short; a `View` says which units are on screen, and how many pixels each has.

/** A gap is left out if it would take more than this part of the picture, … */
const LONGEST = 0.06;
/** … and then takes this part. What is shorter than so many nanoseconds always stays as it is. */
const COMPRESSED = 0.02;
const SHORTEST = 2e9;

/**
 * The times without events that are to be compressed, as `[from, to]` pairs in order.
 * `marks` are the times at which something is known to happen, in any order.
 */
export function idleGaps(marks, start, end) {
  const times = Float64Array.from(marks).sort();
  const gaps = []; // those that are long enough
  let count = 0;
  let last = start;
  const gap = (to) => {
    count += 1;
    if (to - last >= SHORTEST) gaps.push([last, to]);
  };
  for (const time of times) {
    if (time <= last) continue;
    gap(Math.min(time, end));
    last = time;
  }
  if (end > last) gap(end);
  gaps.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  // The longest first: when it is compressed, the next one takes more of what is left.
  const chosen = [];
  let length = end - start;
  for (const one of gaps.slice(0, 40)) {
    const size = one[1] - one[0];
    if (size < length * LONGEST) break;
    chosen.push(one);
    length -= size * 0.98;
  }
  const left = chosen.reduce((sum, gap) => sum - (gap[1] - gap[0]), end - start);
  // Little would be won, or it is not the exception: time that is true to scale is worth more.
  if (left > (end - start) * 0.6 || chosen.length > count / 2) return [];
  return chosen.sort((a, b) => a[0] - b[0]);
}

export class Scale {
  /** A scale over `[start, end]`; each gap of `gaps` takes little room. */
  constructor(start, end, gaps = []) {
    this.start = start;
    this.end = Math.max(end, start + 1);
    const idle = gaps.reduce((sum, [from, to]) => sum + to - from, 0);
    const active = Math.max(this.end - start - idle, 1);
    const room = active * COMPRESSED;
    this.segments = [];
    let at = start;
    let unit = 0;
    const add = (to, length, gap) => {
      this.segments.push({ t0: at, t1: to, u0: unit, u1: unit + length, gap });
      at = to;
      unit += length;
    };
    for (const [from, to] of gaps) {
      if (from > at) add(from, from - at, false);
      add(to, Math.min(room, to - from), true);
    }
    if (this.end > at || this.segments.length === 0) add(this.end, this.end - at, false);
    /** How many units there are; one that is not compressed is a nanosecond. */
    this.length = unit;
  }

  unit(time) {
    const s = this.#segment(time, "t1");
    return s.u0 + ((time - s.t0) * (s.u1 - s.u0)) / (s.t1 - s.t0 || 1);
  }

  time(unit) {
    const s = this.#segment(unit, "u1");
    return s.t0 + ((unit - s.u0) * (s.t1 - s.t0)) / (s.u1 - s.u0 || 1);
  }

  #segment(value, end) {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle][end] > value) high = middle;
      else low = middle + 1;
    }
    return this.segments[low];
  }
}

export class View {
  constructor(scale, width) {
    this.scale = scale;
    this.width = width;
    this.u0 = 0;
    this.u1 = scale.length;
  }

  x(time) {
    return ((this.scale.unit(time) - this.u0) * this.width) / (this.u1 - this.u0);
  }

  time(x) {
    return this.scale.time(this.u0 + (x * (this.u1 - this.u0)) / this.width);
  }

  /** How many nanoseconds a pixel has where time is not compressed. */
  get perPixel() {
    return (this.u1 - this.u0) / this.width;
  }

  /** Whether all of the run is to be seen. */
  get whole() {
    return this.u0 <= 0 && this.u1 >= this.scale.length;
  }

  show(u0, u1) {
    const least = 200; // nanoseconds: no call is quicker
    const length = Math.min(Math.max(u1 - u0, least), this.scale.length);
    const middle = (u0 + u1) / 2;
    const from = Math.min(Math.max(middle - length / 2, 0), this.scale.length - length);
    this.u0 = from;
    this.u1 = from + length;
  }

  showTimes(from, to) {
    this.show(this.scale.unit(from), this.scale.unit(to));
  }

  /** Zooms by a factor (below one: nearer), such that what is at pixel `x` stays there. */
  zoom(factor, x) {
    const at = this.u0 + (x * (this.u1 - this.u0)) / this.width;
    this.show(at + (this.u0 - at) * factor, at + (this.u1 - at) * factor);
  }

  pan(pixels) {
    const by = (pixels * (this.u1 - this.u0)) / this.width;
    const from = Math.min(Math.max(this.u0 + by, 0), this.scale.length - (this.u1 - this.u0));
    this.show(from, from + this.u1 - this.u0);
  }

  fit() {
    this.show(0, this.scale.length);
  }
}

/** A round length of time of which about `room` pixels are one. */
export function tickStep(perPixel, room) {
  const least = perPixel * room;
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  if (least > 1e9) return (seconds.find((s) => s * 1e9 >= least) ?? Math.ceil(least / 86400e9) * 86400) * 1e9;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * (1 - 1e-9));
}
