import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decide } from "../../src/core/decide.ts";
import type { Leeway } from "../../src/core/movement/leeway.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { Solver } from "../../src/core/problem.ts";
import { remembering } from "../../src/study/remember.ts";
import { assemble } from "../../src/study/setup.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

const base = pipelineOf([[variant("v", { 1: 0.2, 2: 0.3 })]], { limits: { replicas: 2, batch: 2 } });
const holding = { ...base, onInfeasible: "hold" as const };
const setup = { pipeline: holding, policy: "ipa", predictor: "max", queueing: "paper", engine: "exact" };
const running = [{ stage: base.stages[0]?.name ?? "", variant: "v", batch: 2, batchTimeout: 0.5, replicas: 2 }];

test("a plan that is held is the running one, with its own time-outs, each time", async () => {
  const planner = await assemble(setup);
  const make = remembering(planner);
  const tooMuch = 1000;
  const later = running.map((stage) => ({ ...stage, batchTimeout: 0.25 }));
  for (const runs of [running, later, running]) {
    const decision = make(planner, tooMuch, runs);
    assert.equal(decision.reason, "held-infeasible");
    assert.equal(decision.plan, runs);
  }
});

test("what is remembered is what would be decided, by its own planner or another", async () => {
  const planner = await assemble(setup);
  const make = remembering(planner);
  for (const load of [2, 5, 2, 5, 2]) assert.deepEqual(make(planner, load, running), decide(planner, load, running));
  const other = await assemble(setup);
  assert.deepEqual(
    make({ ...other, pipeline: base }, 1000, running),
    decide({ ...other, pipeline: base }, 1000, running),
  );
});

const bounds = fc.record({ fewest: fc.integer({ min: 1, max: 3 }), most: fc.constantFrom(2, 3, 4, Infinity) });
const leeways = fc.oneof(
  fc.constant<Leeway>([]),
  fc
    .tuple(fc.constantFrom(["small"], ["large"], ["small", "large"]), fc.constantFrom(["small"], ["small", "large"]))
    .chain((may) => fc.tuple(...may.map((names) => fc.record(Object.fromEntries(names.map((n) => [n, bounds])))))),
);

/** A few loads, running plans and leeways, of which calls are made: the same comes again, and what differs in one thing only. */
const calls = fc
  .record({
    loads: fc.shuffledSubarray([1, 4, 9, 20, 200], { minLength: 2, maxLength: 2 }),
    plans: fc.shuffledSubarray<Plan>(
      [
        [],
        plan(["small", 2], ["small", 1]),
        plan(["small", 2, 2], ["small", 1]),
        plan(["large", 2], ["small", 3]),
        plan(["small", 2, 2, 0.3], ["large", 1]),
        plan(["small", 2, 2, 0.1], ["large", 1]),
      ],
      { minLength: 3, maxLength: 3 },
    ),
    leeways: fc.array(leeways, { minLength: 3, maxLength: 3 }),
    order: fc.array(fc.nat(17), { minLength: 30, maxLength: 30 }),
  })
  .map((of) =>
    of.order.map((n) => ({
      load: of.loads[n % 2] ?? 1,
      runs: of.plans[Math.floor(n / 2) % 3] ?? [],
      leeway: of.leeways[Math.floor(n / 6)] ?? [],
    })),
  );

const settings = fc.record({
  onInfeasible: fc.constantFrom("best-effort" as const, "hold" as const),
  cost: fc.record({ start: fc.constantFrom(0, 0.3, 4), switch: fc.constantFrom(0, 1, 50) }),
  standby: fc.tuple(...[0, 1, 2, 3].map(() => fc.constantFrom(0, 0, 1, 3))),
  queueing: fc.constantFrom("paper", "tail"),
  cores: fc.constantFrom(undefined, 8, 14),
});

test("with any leeway, standby and costs, and either way where no plan is feasible, what is remembered is what would be decided", async () => {
  const seen = { remembered: 0, reasons: new Set<string>(), changes: 0 };
  await fc.assert(
    fc.asyncProperty(settings, calls, async (given, all) => {
      const stage = (small: number, large: number) => [
        variant("small", { 1: 0.1, 2: 0.15 }, { accuracy: 0.5, standby: small }),
        variant("large", { 1: 0.25, 2: 0.4 }, { accuracy: 0.9, standby: large }),
      ];
      const { onInfeasible, cost, standby, queueing, cores } = given;
      const [a = 0, b = 0, c = 0, d = 0] = standby;
      const { adaptation } = base;
      const pipeline = pipelineOf([stage(a, b), stage(c, d)], {
        sla: { seconds: 1.5, quantile: 0.9 },
        limits: { replicas: 5, batch: 2, ...(cores === undefined ? {} : { cores }) },
        onInfeasible,
        adaptation: { ...adaptation, movement: { ...adaptation.movement, cost } },
      });
      const planner = await assemble({ ...setup, pipeline, queueing });
      let solved = 0;
      const counting = { ...planner, solver: (...of: Parameters<Solver>) => (solved++, planner.solver(...of)) };
      const make = remembering(counting);
      for (const { load, runs, leeway } of all) {
        const before = solved;
        const made = make(counting, load, runs, leeway);
        if (solved === before) seen.remembered++;
        assert.deepEqual(made, decide(planner, load, runs, leeway));
        seen.reasons.add(made.reason);
        if (made.change > 0) seen.changes++;
      }
    }),
    { numRuns: 60, seed: 20240607, endOnFailure: true },
  );
  assert.ok(seen.remembered > 400 && seen.changes > 300, JSON.stringify(seen));
  for (const reason of ["first", "unchanged", "best-effort", "limited", "held-infeasible", "better-plan"]) {
    assert.ok(seen.reasons.has(reason), `${reason} among ${[...seen.reasons].join()}`);
  }
});
