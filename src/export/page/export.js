// The picture as a file, and on paper.

import { prepare } from "./canvas.js";
import { palette } from "./colours.js";
import { drawAxis, drawLanes } from "./draw.js";
import { rowAt } from "./layout.js";
import { View } from "./scale.js";

/** No browser makes a canvas that is higher, or larger, than this. */
const HIGHEST = 16000;
const LARGEST = 120e6;

const AXIS = 26;

/** The lanes from `top` on as they are now, beneath the axis: a canvas. */
function picture(app, { theme = app.theme, top = 0, most = Infinity, ratio = 2 } = {}) {
  const { width } = app;
  const possible = Math.min(HIGHEST / ratio - AXIS, LARGEST / (ratio * ratio * width), most);
  const height = Math.max(40, Math.min(app.layout.height + 8 - top, possible));
  const canvas = document.createElement("canvas");
  const context = prepare(canvas, width, height + AXIS, ratio);
  const view = new View(app.scale, app.view.width);
  view.u0 = app.view.u0;
  view.u1 = app.view.u1;
  const frame = { ...app.frame(), colours: palette(theme), hover: null, view, context, width };
  context.save();
  context.beginPath();
  context.rect(0, AXIS, width, height);
  context.clip();
  context.translate(0, AXIS);
  drawLanes({ ...frame, top, height });
  context.restore();
  drawAxis({ ...frame, height: AXIS });
  return canvas;
}

/** Saves the picture as a PNG file. */
export async function exportPng(app) {
  const blob = await new Promise((done) => picture(app).toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "rtrace.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** No more pages than these are printed: nobody reads five thousand lanes on paper. */
const PAGES = 40;

/** Prints all lanes, dark on white, as pictures that each fit a page and end between two lanes. */
export async function printPage(app) {
  const printed = document.getElementById("printed");
  const room = app.width * 0.55;
  const images = [];
  for (let top = 0; top < app.layout.height && images.length < PAGES;) {
    const last = app.layout.rows[rowAt(app.layout.rows, top + room)];
    const next = last && last.y > top ? last.y : Math.min(top + room, app.layout.height);
    const image = document.createElement("img");
    image.alt = "";
    image.src = picture(app, { theme: "light", top, most: next - top }).toDataURL("image/png");
    images.push(image);
    top = next;
  }
  printed.replaceChildren(...images);
  await Promise.all(images.map((image) => image.decode()));
  print();
}
