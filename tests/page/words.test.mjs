import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS, kindOf } from "../../src/export/page/calls.js";
import { MODES, barColours, contrast, durationStep, palette } from "../../src/export/page/colours.js";
import { WORDS as en } from "../../src/export/page/en.js";
import { WORDS as fr } from "../../src/export/page/fr.js";
import { preferred, translator } from "../../src/export/page/i18n.js";
import {
  bytes,
  duration,
  moment,
  program,
  shortCommand,
  shortened,
  visible,
} from "../../src/export/page/text.js";

test("both languages have the same words, with the same parameters", () => {
  assert.deepEqual(Object.keys(fr), Object.keys(en));
  const parameters = (text) =>
    [
      ...new Set(
        [text]
          .flat()
          .join(" ")
          .match(/\{\w+\}/g),
      ),
    ].sort();
  for (const key of Object.keys(en)) assert.deepEqual(parameters(fr[key]), parameters(en[key]), key);
});

test("one and several", () => {
  assert.equal(translator("en")("counts.processes", { n: 1 }), "1 process");
  assert.equal(translator("en")("counts.calls", { n: 12345 }), "12,345 calls");
  assert.equal(translator("fr")("lanes.threads", { n: 2 }), "2 fils");
});

test("the browser's languages decide", () => {
  assert.equal(preferred(["de-DE", "fr-CA", "en"]), "fr");
  assert.equal(preferred(["de"]), "en");
});

test("amounts and times", () => {
  assert.equal(bytes(1234567, "en"), "1.2 MB");
  assert.equal(bytes(12, "fr"), "12 o");
  assert.equal(duration(999, "en"), "999 ns");
  assert.equal(duration(57.94e6, "en"), "57.9 ms");
  assert.equal(duration(10800e9, "en"), "3 h 00 min");
  assert.equal(moment(3725e9, 1e9, "en"), "1:02:05");
  assert.equal(moment(400e6, 200e6, "en"), "400 ms");
});

test("no character of a name is hidden", () => {
  assert.equal(visible("a\nb"), "a↵b");
  assert.equal(visible("\u202egnp.txt"), "\\u{202e}gnp.txt");
  assert.equal(visible({ base64: "/w==", text: "\ufffd" }), "\ufffd");
});

test("long texts keep both ends", () => {
  const short = shortened(`/start/${"x".repeat(4000)}/end`, 40);
  assert.equal(short.length, 40);
  assert.match(short, /^\/start.*…x*\/end$/);
});

test("programs by name", () => {
  assert.equal(program("/usr/bin/cc -c a.c"), "cc");
  assert.equal(program("'/opt/my tool/run' x"), "run");
  assert.equal(shortCommand("/usr/bin/cc -c a.c"), "cc -c a.c");
});

test("every text on every bar can be read, in both themes", () => {
  for (const theme of ["light", "dark"]) {
    const colours = palette(theme);
    for (const mode of MODES) {
      for (let n = 0; n < 60; n += 1) {
        const about = { name: `p${n}`, length: 6 ** (n % 12), errors: n, calls: 60, failed: n % 7 === 0 };
        const { fill, text } = barColours(mode, about, 6 ** 11, colours);
        assert.ok(contrast(fill, text) >= 4.5, `${theme} ${mode} ${text} on ${fill}`);
      }
    }
    for (const ground of ["background", "raised", "hover", "selected", "badSoft"]) {
      assert.ok(contrast(colours.text, colours[ground]) >= 7, `${theme} text on ${ground}`);
      assert.ok(
        contrast(colours.bad, colours[ground]) >= 4.5,
        `${theme} bad on ${ground}: ${contrast(colours.bad, colours[ground])}`,
      );
    }
    for (const ground of ["background", "raised", "hover", "selected"]) {
      for (const name of ["soft", "accent"]) {
        assert.ok(contrast(colours[name], colours[ground]) >= 4.5, `${theme} ${name} on ${ground}`);
      }
    }
  }
});

test("longer is darker", () => {
  const steps = [1, 1e3, 1e6, 1e9].map((ns) => durationStep(ns, 1e9));
  assert.deepEqual(steps, [...steps].sort());
  assert.equal(durationStep(1e9, 1e9), 5);
});

test("kinds of calls", () => {
  assert.equal(KINDS[kindOf({ event: "call", call: "recvmsg" })], "network");
  assert.equal(KINDS[kindOf({ event: "call", call: "no_such_call" })], "other");
  assert.equal(KINDS[kindOf({ event: "signal" })], "signal");
});
