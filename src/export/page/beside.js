// Two runs in one page: which process of the one is which of the other, and what is different.

/** What stands before a lane that is not as it is in the other run. */
export const SIGNS = { changed: "≠", onlyA: "−", onlyB: "+" };

export class Comparison {
  /** `told` is the document of the page's element `comparison`; see docs/compare.md. */
  constructor(told) {
    this.told = told;
    this.partners = new Map();
    for (const [a, b] of told.pairs) {
      const ids = [`${told.a.key}:process-${a}`, `${told.b.key}:process-${b}`];
      this.partners.set(ids[0], ids[1]);
      this.partners.set(ids[1], ids[0]);
    }
    this.changed = new Set(told.changed);
    /** When the first process of each run was first seen. */
    this.starts = new Map([told.a, told.b].map(({ key, start }) => [key, start]));
  }

  /** Whose a process is: `A` or `B`. */
  sideOf(process) {
    return process.id.startsWith(`${this.told.a.key}:`) ? "A" : "B";
  }

  /** A process with the one that is the same, that of the first run first. */
  pairOf(process, model) {
    const partner = model.processes.get(this.partners.get(process.id));
    if (!partner?.told) return [process];
    return this.sideOf(process) === "A" ? [process, partner] : [partner, process];
  }

  /** How a process differs: a key of `SIGNS`, or null. */
  markOf(process) {
    if (!this.partners.has(process.id)) return `only${this.sideOf(process)}`;
    return this.changed.has(process.id) ? "changed" : null;
  }
}

/** The comparison that a page is about, or null. */
export function comparisonOf(page) {
  const element = page.getElementById("comparison");
  return element ? new Comparison(JSON.parse(element.textContent)) : null;
}
