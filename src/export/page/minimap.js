// The whole run in a strip: how many processes lived when, where one failed, and what the timeline
// shows of it. Drag in it to choose another part.

import { prepare } from "./canvas.js";
import { drawGaps } from "./draw.js";
import { View } from "./scale.js";

/** How many processes lived at each of `columns` places of a scale. */
export function density(model, scale, columns) {
  const change = new Int32Array(columns + 1);
  const place = (time) =>
    Math.max(0, Math.min(columns - 1, Math.floor((scale.unit(time) / scale.length) * columns)));
  for (const process of model.processes.values()) {
    if (!process.told) continue;
    change[place(process.start)] += 1;
    change[place(process.end ?? model.end) + 1] -= 1;
  }
  const living = new Int32Array(columns);
  for (let at = 0, sum = 0; at < columns; at += 1) {
    sum += change[at];
    living[at] = sum;
  }
  return living;
}

export class Minimap {
  constructor(app, canvas) {
    this.app = app;
    this.canvas = canvas;
    this.key = "";
    this.picture = document.createElement("canvas");
    this.#listen();
  }

  #place() {
    const { sizes, view } = this.app;
    return { left: sizes.gutter + sizes.left, width: view.width };
  }

  draw() {
    const { app, canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    const key = [width, height, app.model.revision, app.theme, app.scale.length].join();
    if (key !== this.key) {
      this.key = key;
      this.#paint(width, height);
    }
    const context = prepare(canvas, width, height);
    context.drawImage(this.picture, 0, 0, width, height);
    const { left, width: room } = this.#place();
    const { view, colours } = app;
    const x0 = left + (view.u0 / view.scale.length) * room;
    const x1 = left + (view.u1 / view.scale.length) * room;
    if (!view.whole) {
      context.fillStyle = colours.background;
      context.globalAlpha = 0.62;
      context.fillRect(left - 4, 0, x0 - left + 4, height);
      context.fillRect(x1, 0, left + room + 4 - x1, height);
      context.globalAlpha = 1;
    }
    context.strokeStyle = view.whole ? colours.line : colours.accent;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x0 + 0.5, 2.5, Math.max(x1 - x0, 3) - 1, height - 5, 3);
    context.stroke();
  }

  #paint(width, height) {
    const { model, colours, scale } = this.app;
    const context = prepare(this.picture, width, height);
    const { left, width: room } = this.#place();
    context.translate(left, 0);
    drawGaps({ context, view: new View(scale, room), colours }, 4, height - 4);
    const columns = Math.max(1, Math.floor(room / 2));
    const living = density(model, scale, columns);
    const most = living.reduce((a, b) => Math.max(a, b), 1);
    context.fillStyle = colours.link;
    for (const [at, n] of living.entries()) {
      if (n === 0) continue;
      const tall = Math.max(2, (n / most) * (height - 14));
      context.fillRect((at * room) / columns, height - 5 - tall, room / columns - 0.5, tall);
    }
    context.fillStyle = colours.bad;
    for (const process of model.processes.values()) {
      if (!this.app.grave.has(process)) continue;
      context.fillRect((scale.unit(process.end ?? model.end) / scale.length) * room - 1, 5, 2, height - 10);
    }
  }

  #listen() {
    const { canvas, app } = this;
    let drag = null;
    const unit = (event) => {
      const { left, width } = this.#place();
      const x = event.clientX - canvas.getBoundingClientRect().left - left;
      return Math.max(0, Math.min(1, x / width)) * app.view.scale.length;
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const at = unit(event);
      const inside = !app.view.whole && at >= app.view.u0 && at <= app.view.u1;
      drag = { from: at, inside, u0: app.view.u0, u1: app.view.u1, moved: false, x: event.clientX };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag || (!drag.moved && Math.abs(event.clientX - drag.x) < 3)) return;
      drag.moved = true;
      const at = unit(event);
      if (drag.inside) app.view.show(drag.u0 + at - drag.from, drag.u1 + at - drag.from);
      else app.view.show(Math.min(at, drag.from), Math.max(at, drag.from));
      app.viewed();
    });
    const end = () => {
      if (drag && !drag.moved) {
        const half = (app.view.u1 - app.view.u0) / 2;
        app.view.show(drag.from - half, drag.from + half);
        app.viewed();
      }
      drag = null;
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("dblclick", () => app.fit());
  }
}
