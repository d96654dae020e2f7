// "What went wrong": how the run ended, which command failed first, and why.

import { endText } from "./bars.js";
import { killer, meaning, outcome, telling } from "./blame.js";
import { button, el, fill, quoted } from "./dom.js";
import { command, failed } from "./model.js";
import { moment, plain, shortCommand, shortened } from "./text.js";

/** So many failures are shown before one asks for more. */
const FIRST = 3;

/** How a process ended, as a clause: `exited with 1`. */
export function ended(process, t) {
  const { end, exit_code: code, signal_name: signal } = process.node;
  return end === "killed" ? t("wrong.kill", { signal }) : t("wrong.exit", { code: String(code) });
}

/** Why a process failed: the failed call in words, in parts: `{before, names, after}`. */
export function reason(failure, t, language) {
  const about = [...failure.names.map(plain), plain(failure.peer)].filter(Boolean);
  const text = t("wrong.call", { call: "\u0000", meaning: meaning(failure.error, language) });
  const [before, after] = text.split("\u0000");
  return { before, call: failure.call ?? "?", names: about, after, error: failure.error };
}

/** The reason as elements. */
export function reasonElement(failure, app) {
  const why = reason(failure, app.t, app.state.language);
  return el(
    "span",
    { class: "why" },
    why.before,
    el("code", {}, why.call),
    why.names.map((name) => [
      " ",
      el("code", { class: "path", title: shortened(name, 1000) }, quoted(shortened(name, 120))),
    ]),
    why.after,
    " ",
    el("span", { class: "soft" }, `(${why.error})`),
  );
}

export class Wrong {
  constructor(app) {
    this.app = app;
    this.section = document.getElementById("wrong");
    this.all = false;
    this.hidden = false;
  }

  refresh() {
    const { app } = this;
    // Of two runs the panel tells what is different.
    if (app.comparison) return;
    const key = [app.model.revision, app.state.language, this.all, this.hidden, app.sizes.narrow].join();
    if (key === this.key) return;
    this.key = key;
    const grave = app.failures.filter((failure) => failure.grave);
    const root = outcome(app.model);
    const bad = grave.length > 0;
    this.section.hidden = root === null;
    this.section.className = bad ? (root && failed(root) ? "bad" : "warn") : "good";
    fill(this.section, this.#head(root, grave), bad && !this.hidden ? this.#list(grave) : null);
  }

  #head(root, grave) {
    const { t } = this.app;
    const says =
      root && failed(root)
        ? t("wrong.run", { how: ended(root, t) })
        : root?.node.end === "running"
          ? t("wrong.runs")
          : grave.length > 0
            ? t("wrong.well", { n: grave.length })
            : this.app.failures.length > 0
              ? t("wrong.only-answers", { n: this.app.failures.length })
              : t("wrong.good");
    return el(
      "div",
      { class: "head" },
      el("h2", { id: "wrong-title" }, grave.length > 0 ? t("wrong.title") : says),
      grave.length > 0 ? el("p", {}, says) : null,
      grave.length > 0
        ? button(this.hidden ? t("wrong.open") : t("wrong.hide"), () => this.#toggle(), {
            class: "quiet",
            "aria-expanded": String(!this.hidden),
          })
        : null,
    );
  }

  #toggle() {
    this.hidden = !this.hidden;
    this.app.draw();
  }

  #list(grave) {
    const { app } = this;
    const { t } = app;
    const few = app.sizes.narrow ? 1 : FIRST;
    const shown = this.all ? grave.slice(0, 200) : grave.slice(0, few);
    const answers = app.failures.length - grave.length;
    const more = grave.length - shown.length;
    return [
      el(
        "ol",
        { class: this.all ? "all" : "" },
        shown.map((failure, at) => this.#item(failure, at)),
      ),
      more > 0 || this.all || answers > 0
        ? el(
            "p",
            { class: "more soft" },
            more > 0
              ? button(t("wrong.more", { n: more }), () => this.#more(true), { class: "quiet" })
              : null,
            this.all && grave.length > few
              ? button(t("wrong.less"), () => this.#more(false), { class: "quiet" })
              : null,
            answers > 0 ? t("wrong.answers", { n: answers }) : null,
          )
        : null,
    ];
  }

  #more(all) {
    this.all = all;
    this.app.draw();
  }

  /** Why it failed: who killed it, or the call to blame; and what it said of it itself. */
  #reason(process, failure) {
    const { app } = this;
    const sender = process.node.end === "killed" ? killer(process, app.model) : null;
    const said = telling(process.node.said);
    const parts = [];
    if (sender) {
      parts.push(
        app.t("wrong.sent"),
        " ",
        el("code", {}, quoted(shortened(shortCommand(command(sender)), 100))),
      );
    } else if (failure) parts.push(reasonElement(failure, app));
    if (said) parts.push(el("span", { class: "said" }, quoted(shortened(said, 200))));
    return parts.length > 0 ? parts : el("span", { class: "soft" }, app.t("wrong.no-reason"));
  }

  #item({ process, failure, consequences }, at) {
    const { app } = this;
    const { t } = app;
    const { language } = app.state;
    const time =
      (failure ? failure.time + app.model.offset(process.id) : (process.end ?? app.model.end)) -
      app.model.start;
    const show = () => {
      app.select(process.id, failure?.event ?? null);
      app.reveal(process.id);
    };
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "failure", click: show, title: t("wrong.show") },
        el("span", { class: "order" }, at === 0 ? t("wrong.first") : t("wrong.then")),
        el(
          "span",
          { class: "what" },
          el("code", { class: "command" }, quoted(shortened(shortCommand(command(process)), 160))),
          " ",
          el("span", {}, ended(process, t)),
          " ",
          el(
            "span",
            { class: "soft" },
            t("wrong.at", { time: moment(time, Math.max(time / 1000, 1000), language) }),
          ),
        ),
        el("span", { class: "reason" }, this.#reason(process, failure)),
        consequences.length > 0
          ? el(
              "span",
              { class: "chain soft" },
              `${t("wrong.of")} `,
              consequences
                .slice(0, 4)
                .map((one, n) => [
                  n > 0 ? " ← " : "",
                  el("code", {}, quoted(shortened(shortCommand(command(one)), 48))),
                  ` (${endText(one, t)})`,
                ]),
            )
          : null,
      ),
    );
  }
}
