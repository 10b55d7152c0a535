import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { latencyCuts, lpText, milpOf, noGood } from "../../src/solver/milp.ts";
import type { Problem } from "../../src/core/problem.ts";
import { chosenOption, mean, problemOf } from "./problems.ts";

const sum = problemOf({
  alpha: 2,
  options: [
    [
      chosenOption({ score: 0.5, penalty: 1, uses: [1] }),
      chosenOption({ score: 1, penalty: 3, uses: [3], latency: mean(0.2) }),
    ],
    [chosenOption({ score: 0.25, penalty: 2, uses: [2], latency: mean(0.1) })],
  ],
  rows: [{ name: "cores", limit: 4 }],
});

const product = problemOf(
  {
    combine: "product",
    options: [
      [chosenOption({ score: 0.5 }), chosenOption({ score: 1, penalty: 0.25 })],
      [chosenOption({ score: 0.75 }), chosenOption({ score: 0.75, penalty: 0.5 }), chosenOption({ score: 0 })],
      [chosenOption({ score: 0.5, latency: mean(0.125) })],
    ],
  },
  0.5,
);

const composed = problemOf(
  {
    alpha: 0,
    options: [
      [
        chosenOption({ penalty: 1, latency: { mean: 0.25, forming: 0.125, excessSquared: 0.0625 } }),
        chosenOption({ penalty: 2, latency: mean(0.25) }),
      ],
      [chosenOption({ latency: { mean: 0.25, forming: 0.0625, excessSquared: 0 } })],
    ],
  },
  0.75,
);

const first = (problem: Problem) => problem.options.flatMap((ofStage) => ofStage.slice(0, 1));

const golden = {
  sum: () => lpText(milpOf(sum), milpOf(sum).value),
  product: () => lpText(milpOf(product), milpOf(product).value),
  composed: () =>
    lpText(milpOf(composed), milpOf(composed).value, [
      noGood("refused", composed, first(composed)),
      ...latencyCuts("latency_cut", composed, first(composed)),
    ]),
};

for (const [name, text] of Object.entries(golden)) {
  test(`LP text of a tiny problem: ${name}`, async () => {
    assert.equal(text(), await readFile(new URL(`../golden/milp-${name}.lp`, import.meta.url), "utf8"));
  });
}
