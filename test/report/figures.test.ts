import assert from "node:assert/strict";
import { test } from "node:test";
import { barsFigure, linesFigure, pointsFigure } from "../../src/report/figures.ts";

const frame = { finding: "a < b", x: "Cost (cores)", y: "Accuracy (%)", width: 400 };
const points = [
  { x: 1, y: 10, label: "small" },
  { x: 3, y: 20, label: "large" },
];

test("points of a series that takes another's colour are hollow", () => {
  const svg = pointsFigure(frame, [
    { name: "ours", points },
    { name: "theirs", colourOf: "ours", points },
  ]);
  const colour = /var\(--policy-1, #0072b2\)/.source;
  assert.equal([...svg.matchAll(new RegExp(`fill="${colour}"`, "g"))].length, 2, "ours: the chart and the legend");
  assert.equal([...svg.matchAll(new RegExp(`stroke="${colour}"`, "g"))].length, 2, "theirs: the chart and the legend");
});

test("names of points stand towards the middle", () => {
  const svg = pointsFigure(frame, [{ name: "ours", points }]);
  assert.match(svg, /text-anchor="start"[^>]*><text[^>]*>small/);
  assert.match(svg, /text-anchor="end"[^>]*><text[^>]*>large/);
});

test("a logarithmic axis names its ticks by plain numbers", () => {
  const svg = linesFigure({ ...frame, logarithmicY: true }, [
    {
      name: "time",
      points: [
        { x: 1, y: 0.01 },
        { x: 2, y: 1000 },
      ],
    },
  ]);
  assert.match(svg, />0\.1</);
  assert.doesNotMatch(svg, />\d+m</);
});

test("the legend of bars in groups is drawn once", () => {
  const bars = ["video", "nlp", "sum-qa"].flatMap((group) =>
    ["lstm", "max"].map((name) => ({ group, name, value: 2 })),
  );
  const svg = barsFigure({ ...frame, x: "" }, bars);
  assert.equal([...svg.matchAll(/<path [^>]*translate\([^)]*\)[^>]*d="M-/g)].length, 2);
});
