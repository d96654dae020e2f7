// The page's address follows the view, and the view follows an address that is put in.

import { none } from "./filters.js";
import { read, write } from "./hash.js";

/** Milliseconds without a change after which the address follows: browsers mind too many. */
const QUIET = 250;

export class Address {
  constructor(app) {
    this.app = app;
    this.written = null;
    addEventListener("hashchange", () => this.#follow());
  }

  #follow() {
    const { app } = this;
    if (location.hash.slice(1) === this.written) return;
    const { state, view } = read(location.hash);
    Object.assign(app.state, app.initial, { open: new Set(), closed: new Set(), filters: none() }, state);
    app.set({});
    if (view) app.view.showTimes(...view);
    else app.view.fit();
    if (state.selected) app.reveal(state.selected);
  }

  refresh() {
    const { app } = this;
    const { view } = app;
    const times = view.whole ? null : [view.time(0), view.time(view.width)];
    const text = write(app.state, times, app.initial);
    if (text === (this.written ?? location.hash.slice(1))) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.written = text;
      history.replaceState(null, "", text ? `#${text}` : location.href.split("#")[0]);
    }, QUIET);
  }
}
