// What was done to a resource, in words.

import { bytes } from "./text.js";

const ORDER = [
  "execs",
  "writes",
  "shared_maps",
  "makes",
  "truncates",
  "removes",
  "alters",
  "reads",
  "maps",
  "lists",
  "connects",
  "opens",
  "looks",
  "others",
  "failures",
];

/** What says little where something else was done: every file that is read was opened and closed. */
const FAINT = ["opens", "looks", "others"];

/** The deeds of a use: `read ×3, failed`. */
export function deedsText(deeds, t) {
  const done = ORDER.filter((deed) => deeds[deed] > 0);
  const strong = done.filter((deed) => !FAINT.includes(deed));
  const told = strong.some((deed) => deed !== "failures") ? strong : done;
  return told.map((deed) => `${t(`deed.${deed}`)}${deeds[deed] > 1 ? ` ×${deeds[deed]}` : ""}`).join(", ");
}

/** How much was read and written, if it is known: ` ← 12 kB → 3 B`. */
export function amounts(use, app) {
  const { language } = app.state;
  const told = (name) => {
    if (use[name] > 0) return bytes(use[name], language);
    const least = use[`${name}_at_least`];
    return use[name] === null && least > 0 ? `≥ ${bytes(least, language)}` : null;
  };
  const [read, written] = [told("read"), told("written")];
  return `${read ? ` · ← ${read}` : ""}${written ? ` · → ${written}` : ""}`;
}

const SYSTEM = /^\/(usr|lib|lib32|lib64|libx32|etc|proc|sys|bin|sbin|opt)(\/|$)|^\/(dev)$/;

/** Whether a path is one of the system's own, which seldom tells anything of a batch. */
export function isSystem({ node, name }) {
  return SYSTEM.test(name) && !node.modified && !node.created_by;
}

/** What sort of resource it is, in a word; of files that are told of together, how many they are. */
export const sortOf = (node, t) =>
  node.class === "files" ? t("counts.files", { n: node.files }) : t(`class.${node.class}`);

/** Bytes that went to or from a resource; 0 where that is not known. */
export function traffic(node) {
  const part = (name) => node[name] ?? node[`${name}_at_least`] ?? 0;
  return part("read") + part("written");
}
