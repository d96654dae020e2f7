// The page's words, in its languages. `{name}` stands for a parameter; a pair of texts is for one
// and for several of `n`.

import { WORDS as en } from "./en.js";
import { WORDS as fr } from "./fr.js";

export const LANGUAGES = { en, fr };

const rules = new Map();

/** A function from keys (and parameters) to the texts of a language. */
export function translator(language) {
  const words = LANGUAGES[language] ?? en;
  if (!rules.has(language)) rules.set(language, new Intl.PluralRules(language));
  const format = new Intl.NumberFormat(language);
  return (key, parameters = {}) => {
    let text = words[key] ?? en[key] ?? key;
    if (Array.isArray(text)) text = text[rules.get(language).select(parameters.n) === "one" ? 0 : 1];
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = parameters[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? format.format(value) : value;
    });
  };
}

/** The language that a browser asks for, among those that there are. */
export function preferred(asked, fallback = "en") {
  for (const tag of asked) {
    const language = tag.split("-")[0];
    if (LANGUAGES[language]) return language;
  }
  return LANGUAGES[fallback] ? fallback : "en";
}
