import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Observation } from "../../src/core/cluster.ts";
import { tick } from "../../src/core/loop.ts";
import { formulate } from "../../src/core/formulate.ts";
import { givenUp } from "../../src/core/given-up.ts";
import { nextBest } from "../../src/core/next-best.ts";
import {
  defaults,
  unrestrained,
  type Adaptation,
  type Pipeline,
  type Stage,
  type Variant,
} from "../../src/core/pipeline.ts";
import { samePlan, type Plan } from "../../src/core/plan.ts";
import { holds, isSolved, objectiveOf, planOf, type Option } from "../../src/core/problem.ts";
import type { Setup } from "../../src/core/setup.ts";
import { findDecision, parseDecisions } from "../../src/formats/decision-journal.ts";
import { simulate } from "../../src/sim/simulator.ts";
import { explainDecision } from "../../src/study/explain-decision.ts";
import { scenarioOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import type { Trace } from "../../src/workload/trace.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";
import { recordRun, textOf } from "../recorded-run.ts";

const small = variant("small", { 1: 0.2, 2: 0.3, 4: 0.5 }, { accuracy: 0.6, startUp: { mean: 3 } });
const large = variant("large", { 1: 0.5, 2: 0.9 }, { accuracy: 0.9, coresPerReplica: 2, startUp: { mean: 5 } });

function pipeline(changes: Partial<Pipeline> = {}, adaptation: Partial<Adaptation> = {}): Pipeline {
  return pipelineOf(
    [
      [small, large],
      [small, large],
    ],
    {
      sla: { seconds: 3, quantile: 0.99 },
      limits: { replicas: 8, batch: 4 },
      adaptation: { ...defaults.adaptation, loadWindow: 1, predictor: "max", movement: unrestrained, ...adaptation },
      ...changes,
    },
  );
}

const setupOf = (of: Pipeline, rest: Partial<Setup> = {}): Setup => ({
  pipeline: of,
  policy: "ipa",
  predictor: "max",
  queueing: "tail",
  engine: "exact",
  ...rest,
});

/** Calm for 45 s, busy for 60, calm again. */
const step: Trace = {
  kind: "rates",
  name: "step",
  rates: Float64Array.from({ length: 200 }, (_, second) => (second >= 45 && second < 105 ? 9 : 2)),
};

const moving = {
  ...unrestrained,
  stabilization: 30,
  tolerance: 0.1,
  scaleUp: { replicas: 1, share: 0 },
  switchInterval: 40,
  cost: { start: 0.1, switch: 0.2 },
};

describe("a run's decisions, made again from their journal", () => {
  const setups: readonly (readonly [string, Setup])[] = [
    ["ipa", setupOf(pipeline())],
    ["ipa with movement", setupOf(pipeline({}, { movement: moving, history: 30 }))],
    ["ipa with standby", setupOf(pipelineOf([[{ ...small, standby: 2 }, large]], pipelineWithStandby()))],
    [
      "ipa on the paper's model, exhaustively",
      setupOf(pipeline(), { queueing: "paper", engine: "exhaustive", predictor: "arima" }),
    ],
    ["hpa", setupOf(pipeline(), { policy: "hpa" })],
    ["switcher", setupOf(pipeline(), { policy: "switcher" })],
    ["no plan is feasible", setupOf(pipeline({ limits: { replicas: 8, batch: 4, cores: 6 } }))],
    ["no load is worth nothing", setupOf(pipeline({ objective: { kind: "maxAccuracy", accuracy: "rank-sum" } }))],
  ];
  for (const [name, setup] of setups) {
    test(`${name}: the same to the byte, and fed to the loop anew the same run`, async () => {
      const { run, entries } = await recordRun(setup, step);
      assert.ok(entries.length >= 10);
      const journal = parseDecisions([{ path: "j", text: textOf(setup, entries) }]);
      assert.deepEqual([...journal.entries.values()], entries);
      for (const { decision_id } of entries) {
        const found = findDecision(journal, decision_id);
        const planner = await assemble(found.setup);
        const explained = explainDecision(planner, found.entry.seen, found.entry.decision);
        assert.deepEqual([explained.reproduced, explained.difference], [true, null]);
        assert.equal(explained.solved === null, found.entry.decision.outcome === null);
      }
      // The simulator's loop with what the journal says: what it sees is what was recorded, and so is all that comes of it.
      const recorded = [...journal.entries.values()];
      const planner = await assemble(setup);
      let next = 0;
      const again = simulate(scenarioOf(planner, step, 1), (seen) => {
        const entry = recorded[next++];
        assert.ok(entry !== undefined);
        assert.deepEqual(entry.seen, seen);
        return tick(planner, entry.seen);
      });
      assert.deepEqual(again, run);
    });
  }
});

function pipelineWithStandby(): Partial<Pipeline> {
  return { sla: { seconds: 3, quantile: 0.99 }, limits: { replicas: 8, batch: 4 } };
}

/** What a stage sees in the middle of a run. */
function seeing(rates: Observation["load"]["rates"], running: Plan, state: Observation["state"] = null): Observation {
  return { now: 100, load: { end: 100, step: 1, rates }, running, replicas: [], stages: [], state };
}

async function explained(setup: Setup, seen: Observation) {
  const planner = await assemble(setup);
  return explainDecision(planner, seen, tick(planner, seen));
}

describe("what was behind a decision", () => {
  test("a limit that binds, and the next-best plan with what it would have lost", async () => {
    const objective = { kind: "weighted", accuracy: "pas", alpha: 10, beta: 1, delta: 0.01 } as const;
    const one = setupOf(pipelineOf([[small, large]], { sla: { seconds: 3, quantile: 0.99 }, objective }));
    const free = (await explained(one, seeing([4, 4], []))).solved;
    assert.ok(free !== null && isSolved(free.decided.outcome));
    assert.deepEqual(free.binding, []);
    assert.ok(free.nextBest !== null && free.nextBest.loses > 0 && !free.nextBest.tie);
    assert.ok(!samePlan(free.nextBest.plan, free.decided.plan));
    // Of two stages that are alike one may have what the other has.
    const alike = (await explained(setupOf(pipeline()), seeing([4, 4], []))).solved;
    assert.equal(alike?.nextBest?.tie, true);

    const tight = (await explained(setupOf(pipeline({ sla: { seconds: 0.9, quantile: 0.99 } })), seeing([4, 4], [])))
      .solved;
    assert.deepEqual(tight?.binding, ["sla"]);
  });

  test("the stages' pins, and what one decision may move", async () => {
    const best = (await explained(setupOf(pipeline()), seeing([4, 4], []))).decision.plan;
    const of = pipeline({}, { movement: { ...unrestrained, scaleUp: { replicas: 1, share: 0 }, switchInterval: 1e6 } });
    const running = plan(["small", 1], ["small", 1]);
    const state = { planning: { load: 4, asked: [], switchedAt: { s0: 99, s1: 99 } } };
    const { solved, decision } = await explained(setupOf(of), seeing([1, 1], running, state));
    assert.ok(!samePlan(decision.plan, best));
    assert.ok(solved?.binding.includes("movement"), String(solved?.binding));

    const [s0, s1] = pipeline().stages;
    assert.ok(s0 !== undefined && s1 !== undefined);
    const pinned = pipeline({
      stages: [{ ...s0, pin: { variants: ["small"] } }, s1],
      objective: { kind: "maxAccuracy", accuracy: "pas" },
    });
    const bound = (await explained(setupOf(pinned), seeing([1, 1], []))).solved;
    assert.deepEqual(bound?.binding, ["pins"]);
    assert.deepEqual(bound?.pins, [
      { stage: "s0", pin: "pin.variants", value: ["small"], variant: null, alone: true, by: "pipeline" },
    ]);
  });

  test("what may run, and who says so: the file, the cluster, replicas that did not come up, or a switch", async () => {
    const most = pipelineOf([[small, large]], {
      sla: { seconds: 3, quantile: 0.99 },
      limits: { replicas: 8, batch: 4 },
      objective: { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 },
    });
    const [stage] = most.stages;
    assert.ok(stage !== undefined);
    const who = async (of: Pipeline, changes: Partial<Observation>): Promise<readonly string[]> => {
      const seen = { ...seeing([4, 4], plan(["small", 3])), ...changes };
      const { solved, decision } = await explained(setupOf(of), seen);
      return (solved?.pins ?? [])
        .map(({ pin, value, by }) => `${pin} ${String(value)}: ${by}`)
        .concat(decision.plan[0]?.variant ?? "");
    };
    assert.deepEqual(await who(most, {}), ["large"]);
    const forbids = { ...most, stages: [{ ...stage, forbid: { variants: ["large"] } }] };
    assert.deepEqual(await who(forbids, {}), ["forbid.variants large: pipeline", "small"]);
    const variants = [{ stage: "s0", variants: ["small"] }];
    assert.deepEqual(await who(most, { restrictions: variants }), ["forbid.variants large: cluster", "small"]);
    assert.deepEqual(await who(forbids, { restrictions: variants }), ["forbid.variants large: pipeline", "small"]);
    const held = [{ stage: "s0", replicas: { large: { fewest: 1, most: 1 } } }];
    assert.deepEqual(await who(most, { restrictions: held }), ["maxReplicas 1: cluster", "small"]);
    const counts = [{ stage: "s0", variant: "small", ready: 3, starting: 0, serving: 3 }];
    const setbacks = [{ variant: "large", most: 0, until: 150, failures: 1 }];
    const barred = { rollouts: { s0: { setbacks } } };
    assert.deepEqual(await who(most, { replicas: counts, state: barred }), ["forbid.variants large: setback", "small"]);
    const from = { stage: "s0", variant: "large", batch: 1, batchTimeout: 0, replicas: 9 };
    const switching = {
      rollouts: { s0: { switching: { from, phase: "Draining", since: 99 }, setbacks: [] } },
    } as const;
    const draining = [...counts, { stage: "s0", variant: "large", ready: 9, starting: 0, serving: 0 }];
    assert.deepEqual(await who(most, { replicas: draining, state: switching }), [
      "forbid.variants large: switch",
      "small",
    ]);
  });

  test("too few replicas, and who says so: the file's maximum, a number that somebody holds, or replicas that did not come up", async () => {
    const who = async (most: number | undefined, changes: Partial<Observation>): Promise<unknown> => {
      const bounded = pipelineOf([[{ ...small, ...(most === undefined ? {} : { maxReplicas: most }) }]], {
        limits: { replicas: 8, batch: 4 },
        sla: { seconds: 3, quantile: 0.99 },
      });
      const seen = { ...seeing([30, 30], plan(["small", 1])), ...changes };
      const { solved } = await explained(setupOf(bounded), seen);
      return solved?.shortfalls.map(({ by, replicas }) => `${by} ${replicas}`).join();
    };
    assert.equal(await who(1, {}), "variant 1");
    const held = [{ stage: "s0", replicas: { small: { fewest: 1, most: 1 } } }];
    assert.equal(await who(undefined, { restrictions: held }), "cluster 1");
    const counts = [{ stage: "s0", variant: "small", ready: 1, starting: 0, serving: 1 }];
    const setbacks = [{ variant: "small", most: 1, until: 150, failures: 1 }];
    assert.equal(await who(undefined, { replicas: counts, state: { rollouts: { s0: { setbacks } } } }), "setback 1");
  });

  test("a number that somebody holds is theirs, whatever the file says; what is not held is the file's, whoever holds another", async () => {
    const who = async (
      { pin, ...of }: Partial<Variant> & Pick<Stage, "pin">,
      held: Readonly<Record<string, number>>,
      policy: Partial<Setup> = {},
    ): Promise<unknown> => {
      // The large one, of which no number would do, carries less than the small one.
      const shape = pipelineOf([[{ ...small, ...of }, large]], {
        limits: { replicas: 8, batch: 1 },
        sla: { seconds: 3, quantile: 0.99 },
        policies: { rim: { s0: { replicas: 6 } } },
      });
      const stages = shape.stages.map((stage) => (pin === undefined ? stage : { ...stage, pin }));
      const counts = Object.entries(held).map(([name, n]) => [name, { fewest: n, most: n }] as const);
      const restrictions = [{ stage: "s0", replicas: Object.fromEntries(counts) }];
      const seen = { ...seeing([90, 90], plan(["small", 3])), restrictions };
      const { solved } = await explained(setupOf({ ...shape, stages }, policy), seen);
      return solved?.shortfalls.map(({ by, replicas, pinned }) => `${by} ${replicas}${pinned ? " pinned" : ""}`).join();
    };
    for (const held of [3, 8, 10]) assert.equal(await who({}, { small: held }), `cluster ${held}`);
    assert.equal(await who({ maxReplicas: 5 }, { small: 5 }), "cluster 5");
    assert.equal(await who({ pin: { replicas: 5 } }, { small: 5 }), "cluster 5");
    assert.equal(await who({ pin: { replicas: 5 } }, { large: 1 }), "stage 5 pinned");
    assert.equal(await who({ maxReplicas: 5 }, { large: 1 }), "variant 5");
    assert.equal(await who({}, { large: 1 }), "limits 8");
    // The limit is raised for the one that is held alone.
    assert.equal(await who({}, { large: 10 }), "limits 8");
    assert.equal(await who({}, { large: 1 }, { policy: "rim" }), "policy 6 pinned");
  });

  test("and so are the bounds that keep a better plan away", async () => {
    const who = async (load: number, most: number, pin: Stage["pin"], held: number): Promise<unknown> => {
      const limits = { replicas: most, batch: 1 };
      const shape = pipelineOf([[small, large]], { sla: { seconds: 3, quantile: 0.99 }, limits });
      const stages = shape.stages.map((stage) => (pin === undefined ? stage : { ...stage, pin }));
      const restrictions = [{ stage: "s0", replicas: { large: { fewest: held, most: held } } }];
      const seen = { ...seeing([load, load], plan(["small", 3])), restrictions };
      const { solved } = await explained(setupOf({ ...shape, stages }), seen);
      return solved?.pins.map((one) => `${one.pin} ${String(one.value)} of ${one.variant}: ${one.by}`);
    };
    assert.deepEqual(await who(4, 8, { replicas: 5 }, 1), [
      "minReplicas 5 of small: pipeline",
      "maxReplicas 1 of large: cluster",
    ]);
    // Three of the large one are more than the limit, and carry too little; of the small one three would do.
    assert.deepEqual(await who(11, 2, undefined, 3), ["maxReplicas 2 of small: pipeline"]);
  });

  test("staying with the plan in force: what it would have promised, lost and broken", async () => {
    const one = pipelineOf([[small]], { sla: { seconds: 3, quantile: 0.99 } });
    const staying = async (load: number, running: Plan) => {
      const { solved, decision } = await explained(setupOf(one), seeing([load, load], running));
      return { ...solved?.staying, plan: decision.plan, outcome: solved?.decided.outcome };
    };
    const enough = await staying(4, plan(["small", 3]));
    assert.deepEqual(enough.promised?.violations, []);
    assert.equal(enough.promised?.cores, 3);
    assert.ok(enough.outcome !== undefined && isSolved(enough.outcome));
    assert.equal(enough.loses, enough.outcome.objective - (10 * 0.6 - 3));
    const few = await staying(9, plan(["small", 1]));
    assert.deepEqual(
      few.promised?.violations.map(({ row }) => row),
      ["capacity s0", "sla"],
    );
    const same = await staying(4, enough.plan);
    assert.deepEqual([same.promised, same.loses], [undefined, undefined]);
    assert.equal((await staying(4, [])).promised, undefined);
    // Where nothing keeps all limits, there is nothing to lose.
    const tight = { ...one, limits: { replicas: 1, batch: 1 } };
    const { solved } = await explained(setupOf(tight), seeing([9, 9], plan(["small", 2])));
    assert.equal(solved?.staying?.loses, null);
  });

  test("what serves while a switch is under way, and not what is being prepared", async () => {
    const of = setupOf(pipelineOf([[small, large]]));
    const from = { stage: "s0", variant: "small", batch: 1, batchTimeout: 0, replicas: 4 };
    const serving = async (
      phase: "Preparing" | "Routed",
      ...counts: readonly (readonly [string, number, number])[]
    ) => {
      const state = { rollouts: { s0: { switching: { from, phase, since: 90 }, setbacks: [] } } };
      const replicas = counts.map(([name, ready, serves]) => ({
        stage: "s0",
        variant: name,
        ready,
        starting: 0,
        serving: serves,
      }));
      return (await explained(of, { ...seeing([4, 4], plan(["large", 3]), state), replicas })).serving;
    };
    const old = { stage: "s0", variant: "small" };
    assert.deepEqual(await serving("Preparing", ["small", 3, 3], ["large", 1, 0]), [{ ...old, replicas: 3, ready: 1 }]);
    assert.deepEqual(await serving("Routed", ["small", 3, 0], ["large", 2, 2]), []);
    // Nothing is counted: as it was remembered.
    assert.deepEqual(await serving("Preparing"), [{ ...old, replicas: 4, ready: null }]);
    assert.deepEqual(await serving("Routed"), []);
  });

  test("an infeasible problem: what would help, and no next-best plan", async () => {
    const { solved, decision } = await explained(
      setupOf(pipeline({ limits: { replicas: 8, batch: 4, cores: 2 } })),
      seeing([9, 9], []),
    );
    assert.equal(decision.reason, "best-effort");
    assert.deepEqual(solved?.binding, ["cores"]);
    assert.ok(solved?.relaxations.some(({ row, value }) => row === "cores" && value !== null && value > 2));
    assert.equal(solved?.nextBest, null);
  });

  test("a plan that is held for want of data: which are missing", async () => {
    const running = plan(["small", 1], ["small", 1]);
    const { solved, missing, decision } = await explained(
      setupOf(pipeline({}, { loadWindow: 2 })),
      seeing([1, 1, null, 1, 1, null, null, 1, 1, 1, 1, null], running),
    );
    assert.deepEqual([decision.reason, decision.plan, solved], ["held-no-data", running, null]);
    assert.deepEqual(missing, {
      window: 2,
      windows: 6,
      missing: 4,
      newest: true,
      spans: [
        { from: 90, to: 96 },
        { from: 98, to: 100 },
      ],
      coarse: false,
    });
    const none = await explained(setupOf(pipeline()), seeing([], running));
    assert.equal(none.missing?.windows, 0);
    const coarse = { ...seeing([3, 3], running), load: { end: 100, step: 5, rates: [3, 3] } };
    assert.equal((await explained(setupOf(pipeline()), coarse)).missing?.coarse, true);
  });

  test("a decision that was given up: what was held is the same, and what it would have been", async () => {
    const planner = await assemble(setupOf(pipeline()));
    const seen = seeing([9, 9], plan(["small", 1], ["small", 1]));
    const held = givenUp(seen);
    assert.deepEqual([held.plan, held.reason], [seen.running, "held-timeout"]);
    const explanation = explainDecision(planner, seen, held);
    assert.deepEqual([explanation.reproduced, explanation.difference, explanation.givenUp], [true, null, true]);
    assert.deepEqual(explanation.decision, tick(planner, seen));
    assert.equal(explanation.decision.reason, "first");
    assert.ok(explanation.solved !== null);
    // It may not have moved anything.
    const moved = explainDecision(planner, seen, { ...held, plan: explanation.decision.plan });
    assert.deepEqual([moved.reproduced, moved.difference?.path], [false, "plan.0.replicas"]);
  });

  test("a recorded decision that is another one: what differs first", async () => {
    const planner = await assemble(setupOf(pipeline()));
    const seen = seeing([4, 4], []);
    const made = tick(planner, seen);
    const [first, ...rest] = made.plan;
    assert.ok(first !== undefined);
    const other = { ...made, plan: [{ ...first, replicas: 7 }, ...rest] };
    const explanation = explainDecision(planner, seen, other);
    assert.equal(explanation.reproduced, false);
    assert.deepEqual(explanation.difference, { path: "plan.0.replicas", before: 7, after: first.replicas });
    const reordered = Object.fromEntries(Object.entries(made).toReversed()) as unknown as typeof made;
    const { reproduced, difference } = explainDecision(planner, seen, reordered);
    assert.deepEqual([reproduced, difference], [false, null]);
  });
});

test("the next-best plan is the second of all that there are", async () => {
  const { solver, queueing, policy } = await assemble(setupOf(pipeline()));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 6, max: 40 }),
      fc.double({ min: 0, max: 40, noNaN: true }),
      (load, tenths, alpha) => {
        const of = pipeline({
          sla: { seconds: tenths / 10, quantile: 0.99 },
          objective: { kind: "weighted", accuracy: "pas", alpha, beta: 1, delta: 0.01 },
        });
        const problem = formulate({ pipeline: of, policy, queueing }, load, []);
        const outcome = solver(problem);
        fc.pre(isSolved(outcome));
        const [first = [], second = []] = problem.options;
        const all = first
          .flatMap((a) => second.map((b): readonly Option[] => [a, b]))
          .filter((options) => holds(problem, options));
        const others = all.filter((options) => !samePlan(planOf(options), planOf(outcome.options)));
        const found = nextBest(problem, outcome, solver);
        if (others.length === 0) assert.equal(found, null);
        else {
          const best = Math.max(...others.map((options) => objectiveOf(problem, options)));
          assert.ok(found !== null && Math.abs(outcome.objective - found.loses - best) < 1e-9);
          assert.equal(found.tie, Math.abs(found.loses) <= 1e-9 * Math.max(1, Math.abs(outcome.objective)));
        }
      },
    ),
    { numRuns: 40 },
  );
});
