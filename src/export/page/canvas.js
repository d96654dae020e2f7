// Canvases: how big things are on them, and texts that fit.

export const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/**
 * Sizes in CSS pixels for a picture of that width. Lanes are higher where there are `few`, and beside
 * the last bars there is room for a text if some have `ends` to tell of.
 */
export function sizesFor(width, few = false, ends = true) {
  const narrow = width < 640;
  return {
    narrow,
    gutter: narrow ? 0 : Math.round(Math.min(400, Math.max(230, width * 0.28))),
    right: narrow ? 8 : ends ? 72 : 24,
    left: narrow ? 8 : 10,
    lane: narrow ? 40 : few ? 36 : 26,
    bar: narrow ? 14 : few ? 26 : 18,
    thread: narrow ? 38 : few ? 26 : 20,
    thin: 4,
    plot: 56,
    band: 28,
  };
}

/** A canvas of that size in CSS pixels, sharp on this screen; its context is ready to draw. */
export function prepare(canvas, width, height, ratio = globalThis.devicePixelRatio || 1) {
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.textBaseline = "middle";
  return context;
}

const widths = new Map();

/** The text cut to a width, with an ellipsis; empty if not even some of it fits. */
export function fitted(context, text, width) {
  if (width < 12) return "";
  const measure = (part) => {
    const key = `${context.font}\n${part}`;
    let size = widths.get(key);
    if (size === undefined) {
      if (widths.size > 20000) widths.clear();
      size = context.measureText(part).width;
      widths.set(key, size);
    }
    return size;
  };
  const short = text.length > 400 ? text.slice(0, 400) : text;
  if (short === text && measure(text) <= width) return text;
  let [low, high] = [0, short.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${short.slice(0, middle)}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low > 1 ? `${short.slice(0, low)}…` : "";
}
