import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelector } from "../../../src/controller/see/selector.ts";

const pods = {
  video: { app: "video", tier: "a" },
  canary: { app: "video", tier: "b", canary: "" },
  other: { app: "audio", tier: "a" },
};

const table = [
  ["app=video", ["video", "canary"], true],
  ["app==video,tier=a", ["video"], true],
  ["app in (video,audio),tier=a", ["video", "other"], false],
  ["app notin (audio)", ["video", "canary"], false],
  ["app!=audio", ["video", "canary"], false],
  ["canary", ["canary"], false],
  ["app=video,!canary", ["video"], false],
  // Nothing is asked, or what is asked is not understood: then nothing is meant.
  ["", [], false],
  ["app=video,tier>(3)", [], false],
] as const;

for (const [text, matching, isPlain] of table) {
  test(`selector "${text}" means ${matching.join(" and ") || "nothing"}`, () => {
    const selector = parseSelector(text);
    const found = Object.entries(pods).flatMap(([name, labels]) => (selector.matches(labels) ? name : []));
    assert.deepEqual(found, matching);
    assert.equal(selector.isPlain, isPlain, "whether a Service can say it");
  });
}
