// Texts for people: what the document's strings, numbers and times look like.

/** A `text` of the document: a string, or bytes that are no UTF-8. */
export function plain(text) {
  if (text === null || text === undefined) return "";
  return typeof text === "string" ? text : text.text;
}

// Controls, and the characters that would turn around or hide what follows them.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const PICTURED = { "\n": "↵", "\t": "⇥", "\r": "\\r", "\u0000": "\\0", "\u001b": "\\e" };

/** The text with every character visible, so that no name looks like another one. */
export function visible(text) {
  return plain(text).replace(HIDDEN, (c) => PICTURED[c] ?? `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** The text in at most `most` characters: its middle is left out, as both ends tell something. */
export function shortened(text, most) {
  const shown = visible(text);
  if (shown.length <= most) return shown;
  const head = Math.ceil((most - 1) * 0.4);
  return `${shown.slice(0, head)}…${shown.slice(shown.length - (most - 1 - head))}`;
}

/** The last part of a path. */
export function basename(path) {
  const shown = plain(path);
  const end = shown.replace(/\/+$/, "");
  return end.slice(end.lastIndexOf("/") + 1) || shown;
}

/** The name of the program in a command line, without its directory. */
export function program(commandLine) {
  const shown = plain(commandLine);
  const first = shown.startsWith("'")
    ? shown.slice(1, shown.indexOf("'", 1) < 0 ? undefined : shown.indexOf("'", 1))
    : shown.split(" ", 1)[0];
  return basename(first);
}

/** The command line with the program's name instead of its path. */
export function shortCommand(commandLine) {
  const shown = plain(commandLine);
  if (!shown.startsWith("/")) return shown;
  const first = shown.split(" ", 1)[0];
  return basename(first) + shown.slice(first.length);
}

const numbers = new Map();

/** A number in the language's digits and separators. */
export function number(value, language, digits = 0) {
  const key = `${language} ${digits}`;
  if (!numbers.has(key)) {
    numbers.set(key, new Intl.NumberFormat(language, { maximumFractionDigits: digits }));
  }
  return numbers.get(key).format(value);
}

const UNITS = [
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** An amount of bytes: `1.2 MB`. In French a byte is an octet. */
export function bytes(value, language) {
  const localized = (unit) => (language === "fr" ? unit.replace("B", "o") : unit);
  for (const [size, unit] of UNITS) {
    if (value >= size) {
      const scaled = value / size;
      return `${number(scaled, language, scaled < 100 ? 1 : 0)} ${localized(unit)}`;
    }
  }
  return `${number(value, language)} ${localized("B")}`;
}

/** A length of time, in nanoseconds, to three digits or so. */
export function duration(ns, language) {
  const size = Math.abs(ns);
  if (size < 1e3) return `${number(ns, language)} ns`;
  if (size < 1e6) return `${scaled(ns / 1e3, language)} µs`;
  if (size < 1e9) return `${scaled(ns / 1e6, language)} ms`;
  if (size < 60e9) return `${scaled(ns / 1e9, language)} s`;
  const seconds = Math.round(size / 1e9);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const sign = ns < 0 ? "−" : "";
  return sign + (h > 0 ? `${h} h ${pad(m)} min` : `${m} min ${pad(s)} s`);
}

function scaled(value, language) {
  const size = Math.abs(value);
  return number(value, language, size < 10 ? 2 : size < 100 ? 1 : 0);
}

const pad = (value) => String(value).padStart(2, "0");

/** A moment since the run's start, as exact as `step`, the distance of what stands beside it. */
export function moment(ns, step, language) {
  if (Math.abs(ns) >= 60e9 && step >= 1e6) {
    const total = Math.abs(ns) / 1e9;
    const [h, m] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
    const digits = step < 1e9 ? Math.min(3, Math.ceil(-Math.log10(step / 1e9))) : 0;
    const s = number(total % 60, language, digits);
    const sign = ns < 0 ? "−" : "";
    return sign + (h > 0 ? `${h}:${pad(m)}:${s.padStart(2, "0")}` : `${m}:${s.padStart(2, "0")}`);
  }
  const size = Math.max(Math.abs(ns), step);
  const [unit, name] =
    size >= 1e9 ? [1e9, "s"] : size >= 1e6 ? [1e6, "ms"] : size >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return `${number(ns / unit, language, digits)} ${name}`;
}
