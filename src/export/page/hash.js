// The view in the page's address: what is behind `#`, so that a link leads to the same view.

import { MODES } from "./colours.js";
import { none } from "./filters.js";
import { LANGUAGES } from "./i18n.js";

const LISTS = ["open", "closed"];
const CHOICES = {
  colour: "c",
  flows: "d",
  language: "l",
  theme: "th",
  tab: "tab",
  query: "q",
  selected: "sel",
  event: "ev",
};
/** What a choice can be; of the others anything. */
const KNOWN = {
  colour: MODES,
  flows: ["selected", "all", "none"],
  language: Object.keys(LANGUAGES),
  theme: ["auto", "light", "dark"],
  tab: ["details", "resources", "compare"],
};

/** The state as text; what is as it would be without is left out. `view` is in nanoseconds, or null. */
export function write(state, view, initial) {
  const parts = new URLSearchParams();
  for (const [name, key] of Object.entries(CHOICES)) {
    if (state[name] && state[name] !== initial[name]) parts.set(key, state[name]);
  }
  if (view) parts.set("t", view.map((time) => Math.round(time)).join("-"));
  if (!state.gaps) parts.set("gaps", "0");
  if (state.table) parts.set("table", "1");
  for (const name of LISTS) {
    if (state[name].size > 0 && state[name].size <= 40) parts.set(name, [...state[name]].join("|"));
  }
  for (const [group, names] of Object.entries(state.filters)) {
    if (names.size > 0) parts.set(`f.${group}`, [...names].join("|"));
  }
  return parts.toString();
}

/** What an address says: `{state, view}`, of which a part may be missing. Garbage is passed over. */
export function read(text) {
  const parts = new URLSearchParams(text.replace(/^#/, ""));
  const state = {};
  for (const [name, key] of Object.entries(CHOICES)) {
    if (parts.has(key) && (KNOWN[name]?.includes(parts.get(key)) ?? true)) state[name] = parts.get(key);
  }
  if (parts.get("gaps") === "0") state.gaps = false;
  if (parts.get("table") === "1") state.table = true;
  for (const name of LISTS) if (parts.has(name)) state[name] = new Set(parts.get(name).split("|"));
  const filters = none();
  let filtered = false;
  for (const group of Object.keys(filters)) {
    if (!parts.has(`f.${group}`)) continue;
    filters[group] = new Set(parts.get(`f.${group}`).split("|"));
    filtered = true;
  }
  if (filtered) state.filters = filters;
  const times = (parts.get("t") ?? "").match(/^(-?\d+)-(-?\d+)$/);
  const view = times ? [Number(times[1]), Number(times[2])] : null;
  return { state, view: view && view[1] > view[0] ? view : null };
}
