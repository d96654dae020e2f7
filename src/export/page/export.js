// The picture as a file, and on paper.

import { prepare } from "./canvas.js";
import { drawAxis, drawLanes } from "./draw.js";
import { View } from "./scale.js";
import { palette } from "./colours.js";

/** No browser makes a canvas that is higher, or larger, than this. */
const HIGHEST = 16000;
const LARGEST = 120e6;

/** All lanes as they are now, from the first to the last: a canvas. */
export function picture(app, { theme = app.theme, width = app.width, ratio = 2 } = {}) {
  const axis = 26;
  const height = Math.max(40, Math.min(app.layout.height + 8, HIGHEST / ratio - axis, LARGEST / (ratio * ratio * width)));
  const canvas = document.createElement("canvas");
  const context = prepare(canvas, width, height + axis, ratio);
  const view = new View(app.scale, app.view.width);
  view.u0 = app.view.u0;
  view.u1 = app.view.u1;
  const frame = { ...app.frame(), colours: palette(theme), hover: null, view, context, width };
  context.save();
  context.translate(0, axis);
  drawLanes({ ...frame, top: 0, height });
  context.restore();
  drawAxis({ ...frame, height: axis });
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

/** Prints what is on screen: all lanes, dark on white. */
export async function printPage(app) {
  await forPaper(app);
  print();
}

/** Puts the picture into the page for the printer. */
export async function forPaper(app) {
  const image = document.getElementById("printed");
  image.src = picture(app, { theme: "light" }).toDataURL("image/png");
  image.hidden = false;
  await image.decode();
}
