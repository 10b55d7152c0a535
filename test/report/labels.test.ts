import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels } from "../../src/report/labels.ts";

test("labels stand above their points where nothing is in the way", () => {
  const places = placeLabels(
    [
      { name: "ipa", x: 100, y: 100 },
      { name: "rim", x: 300, y: 50 },
    ],
    400,
  );
  assert.deepEqual(
    places?.map(({ dy }) => dy),
    [-16, -16],
  );
});

test("a label stands beside its point where another point is above, or an edge is near", () => {
  const places = placeLabels(
    [
      { name: "low", x: 200, y: 100 },
      { name: "high", x: 200, y: 84 },
      { name: "fa2-high", x: 395, y: 100 },
    ],
    400,
  );
  assert.deepEqual(
    places?.map(({ textAnchor }) => textAnchor),
    ["start", "middle", "end"],
  );
});

test("no place is better than one that covers something", () => {
  const crowd = Array.from({ length: 7 }, (_, i) => ({ name: "a-long-name", x: 200 + 3 * i, y: 100 + 3 * i }));
  assert.equal(placeLabels(crowd, 400), null);
});
