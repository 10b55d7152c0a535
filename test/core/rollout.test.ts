import assert from "node:assert/strict";
import { test } from "node:test";
import { rollOut } from "../../src/core/rollout.ts";
import type { StagePlan } from "../../src/core/plan.ts";

const of = (variant: string, replicas: number): StagePlan => ({
  stage: "s0",
  variant,
  batch: 1,
  batchTimeout: 0,
  replicas,
});
const [a, b] = [of("a", 2), of("b", 3)];
const count = (variant: string, ready: number) => ({ stage: "s0", variant, ready, starting: 0, serving: 0 });

test("the same variant serves as wanted at once", () => {
  const more = { ...a, replicas: 5, batch: 4 };
  assert.deepEqual(rollOut(more, a, [count("a", 2)]), { serving: more, targets: [{ variant: "a", replicas: 5 }] });
});

test("another variant is made before the old one breaks", () => {
  const both = [
    { variant: "a", replicas: 2 },
    { variant: "b", replicas: 3 },
  ];
  assert.deepEqual(rollOut(b, a, [count("a", 2)]), { serving: a, targets: both });
  assert.deepEqual(rollOut(b, a, [count("a", 2), count("b", 2)]), { serving: a, targets: both });
  assert.deepEqual(rollOut(b, a, [count("a", 2), count("b", 3)]), {
    serving: b,
    targets: [{ variant: "b", replicas: 3 }],
  });
});
