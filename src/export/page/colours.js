// Colours. Told apart without seeing red and green alike (after Paul Tol's schemes); texts on them
// have a contrast of 4.5 and more. Red is kept for what failed.

const LIGHT = {
  background: "#ffffff",
  raised: "#f6f7f9",
  line: "#e3e6ea",
  grid: "#eef0f3",
  text: "#1b2026",
  soft: "#59626d",
  faint: "#8a939e",
  accent: "#1f5fd0",
  accentSoft: "#e5eefc",
  bad: "#b3261e",
  badSoft: "#fbe3e0",
  badBar: "#e9a29b",
  warn: "#8a5a00",
  link: "#9aa3ae",
  flow: "#1f5fd0",
  gap: "#f1f2f4",
  gapLine: "#c3c9d0",
  bar: "#d5dae1",
  barText: "#1b2026",
  hover: "#f1f4f8",
  selected: "#e5eefc",
  match: "#ffd45e",
  series: ["#a9c8ee", "#9ad6cb", "#d6d28a", "#efcf9b", "#c8bdec", "#a4dcee", "#e2bbd8", "#c2d9a4"],
  kinds: [
    "#2f74c8",
    "#d98a1f",
    "#3d9b8f",
    "#9a56b0",
    "#53606e",
    "#b9c1ca",
    "#b5a24a",
    "#8d97a3",
    "#c2448f",
    "#1b2026",
  ],
  ramp: ["#e8edf4", "#c5d8ee", "#94bbe2", "#5a95d0", "#2c6bb0", "#123f77"],
  rampText: ["#1b2026", "#1b2026", "#1b2026", "#0b1016", "#ffffff", "#ffffff"],
};

const DARK = {
  background: "#12161b",
  raised: "#191e25",
  line: "#2a313a",
  grid: "#1e242b",
  text: "#e7ebf0",
  soft: "#a3adb8",
  faint: "#75808c",
  accent: "#7fb0ff",
  accentSoft: "#1b2c47",
  bad: "#ff8f85",
  badSoft: "#3a1f1e",
  badBar: "#87403a",
  warn: "#f0bd5a",
  link: "#5d6874",
  flow: "#7fb0ff",
  gap: "#171c22",
  gapLine: "#3a434d",
  bar: "#3a434e",
  barText: "#eef2f6",
  hover: "#1b2129",
  selected: "#1b2c47",
  match: "#8a6a12",
  series: ["#2d5383", "#20625a", "#5c5a1f", "#6b5121", "#50448a", "#1d5b72", "#6d3d62", "#41592a"],
  kinds: [
    "#6aa8f0",
    "#f0ab4f",
    "#5cc2b4",
    "#c58be0",
    "#9aa7b5",
    "#4a545f",
    "#d2be62",
    "#7d8895",
    "#ef86c2",
    "#e7ebf0",
  ],
  ramp: ["#27303b", "#27435f", "#2a5f92", "#3474b0", "#72aade", "#b5d6f5"],
  rampText: ["#eef2f6", "#eef2f6", "#eef2f6", "#ffffff", "#0b1016", "#0b1016"],
};

/** The colours of the theme `light` or `dark`. */
export const palette = (theme) => (theme === "dark" ? DARK : LIGHT);

/** What processes can be coloured by. */
export const MODES = ["program", "calls", "duration", "errors"];

/** A number from a name, always the same (FNV-1a). */
function hashOf(name) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/** Which step of the ramp a length of time has: each is about six times the one before. */
export function durationStep(ns, longest) {
  if (!(ns > 0)) return 0;
  const below = Math.log(Math.max(longest, 1) / ns) / Math.log(6);
  return Math.max(0, Math.min(5, 5 - Math.floor(below)));
}

/** Fill and text of a process's bar. */
export function barColours(mode, { name, length, errors, calls, failed }, longest, colours) {
  if (mode === "duration") {
    const step = durationStep(length, longest);
    return { fill: colours.ramp[step], text: colours.rampText[step] };
  }
  if (mode === "errors") {
    if (failed) return { fill: colours.badBar, text: colours.barText };
    const share = calls > 0 ? errors / calls : 0;
    const step = errors === 0 ? 0 : Math.min(3, 1 + Math.floor(share * 6));
    return { fill: colours.ramp[step], text: colours.rampText[step] };
  }
  if (mode === "calls") return { fill: colours.bar, text: colours.barText };
  return { fill: colours.series[hashOf(name) % colours.series.length], text: colours.barText };
}

/** The contrast of two colours `#rrggbb` (WCAG 2). */
export function contrast(a, b) {
  const light = (colour) => {
    const [r, g, blue] = [1, 3, 5]
      .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}
