import assert from "node:assert/strict";
import { test } from "node:test";
import { assess } from "../../src/core/assess.ts";
import { bindingPins } from "../../src/core/binding-pins.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { InputError } from "../../src/core/errors.ts";
import { choicesOf, settingsOf } from "../../src/core/options.ts";
import { unpinned } from "../../src/core/pins.ts";
import type { Limits, Pins, Pipeline, Stage, Variant } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { tail } from "../../src/core/queueing/tail.ts";
import { pinsBind, relaxations } from "../../src/core/relax.ts";
import { shortfalls } from "../../src/core/shortfall.ts";
import { visitsOf } from "../../src/core/visits.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, variant } from "../fixtures.ts";

interface Given extends Pick<Stage, "pin" | "forbid"> {
  readonly small?: Partial<Variant>;
  readonly large?: Partial<Variant>;
  readonly limits?: Limits;
}

/** One stage: a replica of "small" serves 10 rps with accuracy 0.5, one of "large" 5 rps with 0.9, both with one core. */
function pipeline({ small, large, limits, ...pins }: Given): Pipeline {
  const variants = [
    variant("small", { 1: 0.1, 2: 0.2 }, { accuracy: 0.5, ...small }),
    variant("large", { 1: 0.2, 2: 0.4 }, { accuracy: 0.9, ...large }),
  ];
  const plain = pipelineOf([variants], {
    sla: { seconds: 1, quantile: 0.99 },
    ...(limits === undefined ? {} : { limits }),
  });
  return { ...plain, stages: plain.stages.map((stage) => ({ ...stage, ...pins })) };
}

function plannerOf(given: Given, policy = "ipa", policies: Pipeline["policies"] = {}): Planner {
  const of = { ...pipeline(given), policies };
  return { pipeline: of, policy: policyOf(of, policy), predictor: reactive, queueing: paper, solver: exhaustive };
}

const words = (plan: Plan): string => plan.map((one) => `${one.variant}/${one.batch}/${one.replicas}`).join(" ");
const planFor = (planner: Planner, load: number): string => words(decide(planner, load, []).plan);

test("pins, forbids and the policy's pins: only what all of them leave is offered", () => {
  const offered = (given: Given, pins?: Pins): string => {
    const of = pipeline(given);
    return of.stages
      .flatMap((stage) => settingsOf(of, stage, pins).map((one) => `${one.variant.name}/${one.batch}`))
      .join(" ");
  };
  assert.equal(offered({}), "small/1 small/2 large/1 large/2");
  assert.equal(offered({ pin: { variants: ["large"] } }), "large/1 large/2");
  assert.equal(offered({ forbid: { variants: ["large"], batches: [1] } }), "small/2");
  assert.equal(offered({ pin: { batches: [1] } }, { variants: ["small"] }), "small/1");
  assert.equal(offered({ pin: { replicas: 2 } }, { replicas: 3 }), "");
  assert.equal(offered({ pin: { replicas: 2 }, small: { minReplicas: 3 } }), "large/1 large/2");
  assert.equal(offered({ limits: { replicas: 2, batch: 1 }, large: { minReplicas: 3 } }), "small/1");
});

test("bounds of replicas hold where the variant runs, and nowhere else", () => {
  // At 20 rps large needs 4 replicas, and is worth it.
  assert.equal(planFor(plannerOf({}), 20), "large/1/4");
  assert.equal(planFor(plannerOf({ large: { minReplicas: 5 } }), 20), "large/1/5");
  assert.equal(planFor(plannerOf({ large: { maxReplicas: 3 } }), 20), "small/1/2");
  assert.equal(planFor(plannerOf({ large: { maxReplicas: 3 }, small: { minReplicas: 3 } }), 20), "small/1/3");
  assert.equal(planFor(plannerOf({ pin: { replicas: 4 } }), 20), "large/1/4");
  assert.equal(planFor(plannerOf({ forbid: { variants: ["large"] }, pin: { replicas: 4 } }), 20), "small/1/4");
});

test("tail: numbers of replicas are offered from the fewest allowed on, until one more gains less than a millisecond", () => {
  const counts = (small: Partial<Variant>, load: number): readonly number[] => {
    const of = pipeline({ small, pin: { variants: ["small"], batches: [1] } });
    return visitsOf(of.stages).flatMap((visited) =>
      choicesOf(of, visited, undefined, tail, load).map((one) => one.replicas),
    );
  };
  const free = counts({}, 15);
  assert.equal(free[0], 2);
  assert.ok(free.length > 2);
  assert.deepEqual(counts({ minReplicas: 3 }, 15), free.slice(1));
  assert.deepEqual(counts({ maxReplicas: 3 }, 15), [2, 3]);
  // Beyond the last that is worthwhile: the fewest allowed, and no more.
  assert.deepEqual(counts({ minReplicas: 30 }, 15), [30]);
  assert.deepEqual(counts({ minReplicas: 2, maxReplicas: 2 }, 20), []);
});

test("policies fix the least or most accurate of what may run, and rim takes the stage's own replicas", () => {
  assert.equal(planFor(plannerOf({ forbid: { variants: ["small"] } }, "fa2-low"), 20), "large/1/4");
  assert.equal(planFor(plannerOf({ pin: { variants: ["small"] } }, "fa2-high"), 20), "small/1/2");
  assert.equal(planFor(plannerOf({ large: { minReplicas: 5 }, pin: { replicas: 4 } }, "fa2-high"), 20), "small/1/4");
  assert.equal(planFor(plannerOf({ pin: { replicas: 5 } }, "rim"), 20), "large/1/5");
  // Where the policy's own pins leave the most accurate nothing, it fixes the next.
  const batches = { "fa2-high": { s0: { replicas: 2 } } };
  assert.equal(planFor(plannerOf({ large: { minReplicas: 3 } }, "fa2-high", batches), 20), "small/1/2");
});

test("a policy that leaves a stage nothing is refused, with what it contradicts", () => {
  const says = (given: Given, pins: Pins, policy = "ipa"): string => {
    try {
      plannerOf(given, policy, { [policy]: { s0: pins } });
      return "";
    } catch (error) {
      assert.ok(error instanceof InputError && error.code === "bad_value");
      return /contradicts (.*)\. Make/.exec(error.message)?.[1] ?? error.message;
    }
  };
  assert.equal(says({ pin: { replicas: 2 } }, { replicas: 3 }), "its own pin");
  assert.equal(says({ pin: { variants: ["small"] } }, { variants: ["large"] }, "fa2-low"), "its own pin");
  assert.equal(says({ forbid: { batches: [2] } }, { batches: [2] }), "its own forbid");
  const bounds = "the minReplicas and maxReplicas of its variants";
  assert.equal(says({ large: { maxReplicas: 2 } }, { variants: ["large"], replicas: 3 }, "rim"), bounds);
  assert.equal(says({ limits: { replicas: 9, batch: 1 } }, { batches: [2] }, "static"), "limits");
  assert.equal(says({ large: { profile: [] } }, { variants: ["large"] }), "the batches that these variants offer");
  const several = { pin: { variants: ["small"] }, large: { minReplicas: 3 } };
  assert.match(says(several, { variants: ["large"], replicas: 2 }), /^its own pin, forbid and bounds of replicas/);
  assert.equal(says({ pin: { replicas: 2 } }, { replicas: 2 }, "rim"), "");
  // What stages alone leave nothing of is not the policy's doing.
  assert.equal(says({ forbid: { variants: ["small", "large"] } }, { variants: ["small"] }), "");
});

test("assess names the pin, the forbid or the bound that a plan breaks", () => {
  const broken = (given: Given, replicas: number): readonly string[] =>
    assess(plannerOf(given), 10, [
      { stage: "s0", variant: "small", batch: 1, batchTimeout: 0, replicas },
    ]).violations.map(({ row, value, limit }) => `${row}: ${value} for ${limit}`);
  assert.deepEqual(broken({ pin: { variants: ["small"], batches: [1], replicas: 2 } }, 2), []);
  assert.deepEqual(broken({ pin: { replicas: 3 } }, 2), ["pin s0: 2 for 3"]);
  assert.deepEqual(broken({ pin: { variants: ["large"] } }, 2), ["pin s0: 2 for 2"]);
  assert.deepEqual(broken({ forbid: { variants: ["small"] } }, 2), ["forbid s0: 2 for 0"]);
  assert.deepEqual(broken({ forbid: { batches: [1] } }, 2), ["forbid s0: 2 for 0"]);
  assert.deepEqual(broken({ small: { minReplicas: 3 } }, 2), ["min_replicas s0: 2 for 3"]);
  assert.deepEqual(broken({ small: { maxReplicas: 1 } }, 2), ["replicas s0: 2 for 1"]);
  assert.deepEqual(broken({ large: { minReplicas: 3, maxReplicas: 3 } }, 2), []);
});

test("the nearest plan keeps pins and bounds; there is none where the fewest replicas exceed the budget", () => {
  const nearest = decide(plannerOf({ small: { maxReplicas: 2 }, large: { maxReplicas: 5 } }), 100, []);
  assert.deepEqual([nearest.reason, words(nearest.plan)], ["best-effort", "large/1/5"]);
  const budget = { replicas: 9, batch: 1, cores: 3 };
  const within = decide(plannerOf({ limits: budget, small: { minReplicas: 2 } }), 100, []);
  assert.equal(words(within.plan), "small/1/3");
  const bounds = { small: { minReplicas: 4 }, large: { minReplicas: 4 } };
  assert.equal(decide(plannerOf({ limits: budget, ...bounds }), 10, []).reason, "held-infeasible");
});

test("what stages pin binds where without it a plan is better; there is nothing to lift where nothing is pinned", () => {
  const binds = (given: Given, load: number): boolean => {
    const planner = plannerOf(given);
    const { outcome } = decide(planner, load, []);
    assert.ok(outcome);
    return pinsBind(planner, load, [], outcome, exhaustive);
  };
  assert.equal(binds({ forbid: { variants: ["large"] } }, 20), true);
  assert.equal(binds({ forbid: { variants: ["small"] } }, 20), false);
  assert.equal(binds({ large: { minReplicas: 9 } }, 20), true);
  assert.equal(binds({ large: { maxReplicas: 4 }, small: { maxReplicas: 1 } }, 30), true);
  const plain = pipeline({});
  assert.equal(unpinned(plain), plain);
  assert.deepEqual(unpinned(pipeline({ pin: {}, forbid: {}, small: { minReplicas: 2, maxReplicas: 3 } })), plain);
});

test("which of what stages pin binds: each alone, or else all of it together", () => {
  const which = (
    given: Given,
    load: number,
    changed: (of: Pipeline) => Pipeline = (same) => same,
  ): readonly string[] => {
    const { pipeline: of, ...rest } = plannerOf(given);
    const planner = { ...rest, pipeline: changed(of) };
    const { outcome } = decide(planner, load, []);
    assert.ok(outcome);
    const found = bindingPins(planner, load, [], outcome, exhaustive);
    assert.equal(found.length > 0, pinsBind(planner, load, [], outcome, exhaustive));
    return found.map(
      ({ stage, pin, value, variant: name, alone }) =>
        `${stage} ${pin} ${String(value)}${name === null ? "" : ` of ${name}`}${alone ? "" : " together"}`,
    );
  };
  assert.deepEqual(which({ forbid: { variants: ["large"] }, small: { maxReplicas: 9 } }, 20), [
    "s0 forbid.variants large",
  ]);
  assert.deepEqual(which({ forbid: { variants: ["small"] }, pin: { batches: [1] } }, 20), []);
  assert.deepEqual(which({ pin: { variants: ["small"] } }, 20), ["s0 pin.variants small"]);
  assert.deepEqual(which({ pin: { replicas: 6 } }, 20), ["s0 pin.replicas 6"]);
  assert.deepEqual(which({ large: { minReplicas: 9 } }, 20), ["s0 minReplicas 9 of large"]);
  // large is kept away twice: neither forbid nor bound alone is in the way.
  assert.deepEqual(which({ forbid: { variants: ["large"] }, large: { maxReplicas: 3 } }, 20), [
    "s0 forbid.variants large together",
    "s0 maxReplicas 3 of large together",
  ]);
  // Nothing can run: either would do.
  const none = { large: { maxReplicas: 5 }, small: { maxReplicas: 2 } };
  assert.deepEqual(which(none, 30), ["s0 maxReplicas 2 of small", "s0 maxReplicas 5 of large"]);
  assert.deepEqual(which({ ...none, forbid: { batches: [2] } }, 30), [
    "s0 maxReplicas 2 of small",
    "s0 maxReplicas 5 of large",
  ]);
  // Of two stages the one that is in the way; what the other forbids costs nothing.
  const twice = (of: Pipeline): Pipeline => {
    const [first] = of.stages;
    assert.ok(first !== undefined);
    const { forbid: _forbid, ...free } = first;
    return { ...of, stages: [first, { ...free, name: "s1", after: ["s0"], forbid: { batches: [2] } }] };
  };
  assert.deepEqual(which({ forbid: { variants: ["large"] } }, 20, twice), ["s0 forbid.variants large"]);
});

test("what would help: the load that the most replicas carry; and which bound is short", () => {
  const planner = plannerOf({ large: { minReplicas: 2, maxReplicas: 5 }, small: { maxReplicas: 2 } });
  const load = relaxations(planner, 100, [], exhaustive).find(({ row }) => row === "load");
  assert.deepEqual(load, { row: "load", value: 25, exact: true });
  assert.deepEqual(shortfalls(planner, 30), [
    { stage: "s0", replicas: 2, pinned: false, by: "variant", needs: { replicas: 3, variant: "small", batch: 1 } },
  ]);
  assert.deepEqual(shortfalls(plannerOf({ pin: { replicas: 2 } }), 30), [
    { stage: "s0", replicas: 2, pinned: true, by: "stage", needs: { replicas: 3, variant: "small", batch: 1 } },
  ]);
});
