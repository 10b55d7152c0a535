import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Decision } from "../../src/core/decide.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { StageRollout } from "../../src/core/rollout.ts";
import type { Run } from "../../src/core/run-log.ts";
import { outcomes } from "../../src/core/run-log.ts";
import type { Control } from "../../src/sim/scenario.ts";
import { plannedLoad } from "../../src/core/load.ts";
import { percentile } from "../../src/core/percentile.ts";
import { arrivalsOf } from "../../src/workload/arrivals.ts";
import { drawsOf } from "../../src/workload/draws.ts";
import { exponential, stream } from "../../src/workload/streams.ts";
import { draws, hold, pipelineOf, plan, scenarioOf, script, variant } from "../fixtures.ts";
import { both } from "./both.ts";

/** "start–end variant×m outcome" of every visit of a stage, in queue order. */
function visitsOf(run: Run, stage: number): string[] {
  const records = run.visitRecords;
  assert.ok(records);
  const text: string[] = [];
  for (const [row, of] of records.stage.entries()) {
    if (of !== stage) continue;
    const outcome = outcomes[records.outcome[row] ?? -1];
    const request = records.request[row];
    const started = `${records.start[row]}–${records.end[row]} v${records.variant[row]}×${records.batchSize[row]}`;
    text.push(`${request}@${records.arrival[row]}: ${Number.isNaN(records.start[row]) ? "" : `${started} `}${outcome}`);
  }
  return text;
}

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === "number" && Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

describe("rules of the simulator, on it and on the reference", () => {
  test("S3, S4: one server and a constant service time", () => {
    const run = both(scenarioOf(pipelineOf([[variant("a", { 1: 2 })]]), plan(["a", 1]), 10), draws([0, 1, 5]), hold);
    assert.deepEqual(visitsOf(run, 0), ["0@0: 0–2 v0×1 served", "1@1: 2–4 v0×1 served", "2@5: 5–7 v0×1 served"]);
    assert.deepEqual([...run.latencies], [2, 2, 3]);
    assert.deepEqual(run.requests, { offered: 3, served: 3, dropped: 0, inFlight: 0, late: 1 });
    near(run.stages[0]?.meanWait, 1 / 3);
    near(run.stages[0]?.meanSojourn, 7 / 3);
    near(run.accuracy, 0.5);
    near(run.accuracyOnTime, 1 / 3);
    // No tick: the first one would be at T_end.
    assert.equal(run.decisions, 0);
    assert.equal(run.intervals.length, 1);
    assert.deepEqual([run.costCores, run.plannedCores, run.objective, run.objectiveAccuracy], [1, 1, 4, 0.5]);
  });

  test("S4: a full batch leaves at once, a partial one when its oldest has waited T", () => {
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 1, 2: 1.5, 3: 2 })]]), plan(["a", 1, 3, 1.5]), 10),
      draws([0, 1, 4, 4, 4, 5]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 1.5–3 v0×2 served",
      "1@1: 1.5–3 v0×2 served",
      "2@4: 4–6 v0×3 served",
      "3@4: 4–6 v0×3 served",
      "4@4: 4–6 v0×3 served",
      "5@5: 6.5–7.5 v0×1 served",
    ]);
    assert.equal(run.stages[0]?.batches, 3);
  });

  test("S4: while all replicas are busy later arrivals still join, up to b", () => {
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 3, 2: 3 })]]), plan(["a", 1, 2, 0.5]), 10),
      draws([0, 1, 2, 3]),
      hold,
    );
    // The first leaves alone at 0.5 and keeps the replica until 3.5; the second has then long timed out.
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0.5–3.5 v0×1 served",
      "1@1: 3.5–6.5 v0×2 served",
      "2@2: 3.5–6.5 v0×2 served",
      "3@3: 6.5–9.5 v0×1 served",
    ]);
  });

  test("S4: of the idle replicas the one of the smallest id takes the batch", () => {
    // Both requests come at 8: 0 for 5 s on replica 0, 1 for 3 s on replica 1. At 10 one replica is to
    // go, and both are busy: the largest id drains, until 11. So 2 × 10 + 2 × 1 + 1 × 9 core-seconds of 20.
    const { control } = script(plan(["a", 1]));
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 1 })]]), plan(["a", 2]), 20),
      draws([8, 8], { service: [(request) => (request === 0 ? 5 : 3)] }),
      control,
    );
    near(run.costCores, 31 / 20);
  });

  test("S5: a partial batch pays for the fit, or for b if padded", () => {
    const of = pipelineOf([[variant("a", { 1: 1, 4: 2.5 })]]);
    const endsOf = (pad: boolean): number[] => {
      const run = both(scenarioOf(of, plan(["a", 1, 4, 1]), 5, { pad }), draws([0, 0.5, 0.5]), hold);
      return [...(run.visitRecords?.end ?? [])];
    };
    // Three start at 1; the line through the two points gives 2 s for three.
    for (const end of endsOf(false)) near(end, 3);
    assert.deepEqual(endsOf(true), [3.5, 3.5, 3.5]);
  });

  test("S5: the factor is asked for by the batch's first in queue order, with its σ", () => {
    const asked: (readonly number[])[] = [];
    const profile = [
      { batch: 1, mean: 1, p99: 1 },
      { batch: 2, mean: 1, p99: 2 },
    ];
    const run = both(
      scenarioOf(pipelineOf([[variant("a", {}, { profile })]]), plan(["a", 1, 2, 1]), 10),
      draws([0, 0, 4], {
        service: [
          (...key) => {
            asked.push(key);
            return 2;
          },
        ],
      }),
      hold,
    );
    // exp(zσ − σ²/2) = 2 at z = 2.3263…: σ = z − √(z² − 2 ln 2).
    const sigma = 2.3263478740408408 - Math.sqrt(2.3263478740408408 ** 2 - 2 * Math.LN2);
    // By request, item and σ; once by the simulator and once by the reference.
    const once = [
      [0, 0, sigma],
      [2, 0, 0],
    ];
    assert.deepEqual(asked, [...once, ...once]);
    assert.deepEqual(visitsOf(run, 0).at(-1), "2@4: 5–7 v0×1 served");
  });

  test("S6: too old is tested only for a place in a batch, alone, and strictly", () => {
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 3, 2: 3 })]]), plan(["a", 1, 2, 0]), 5, {
        drop: { kind: "age", seconds: 2 },
      }),
      draws([0, 0.5, 1, 1.5, 2]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0–3 v0×1 served",
      "1@0.5: dropped",
      "2@1: 3–6 v0×2 served",
      "3@1.5: 3–6 v0×2 served",
      "4@2: dropped",
    ]);
    assert.deepEqual([...(run.requestRecords?.droppedAt ?? [])], [-1, 0, -1, -1, 0]);
    assert.deepEqual(run.requests, { offered: 5, served: 3, dropped: 2, inFlight: 0, late: 3 });
    // Request 4 goes at 6, after T_end: no interval sees it. Nor the end of the batch before.
    assert.deepEqual(
      run.intervals.map(({ arrived, served, late, dropped }) => ({ arrived, served, late, dropped })),
      [{ arrived: 5, served: 1, late: 1, dropped: 1 }],
    );
  });

  test("S6: paper-age-limit takes the whole batch, before service and at the completion", () => {
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 3, 2: 3 })]]), plan(["a", 1, 2, 0]), 10, {
        drop: { kind: "paper-age-limit", seconds: 3 },
      }),
      draws([0, 0.5, 0.75, 3, 3.5, 6.5]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0–3 v0×1 served", // exactly 3 old at the end
      "1@0.5: 3–6 v0×2 dropped", // 5.5 old at the end, with its batch
      "2@0.75: 3–6 v0×2 dropped",
      "3@3: 6–9 v0×2 dropped", // 3 old at the start, not too old yet
      "4@3.5: 6–9 v0×2 dropped",
      "5@6.5: 9–12 v0×1 dropped",
    ]);
    const before = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 3, 2: 3 })]]), plan(["a", 1, 2, 0]), 10, {
        drop: { kind: "paper-age-limit", seconds: 2 },
      }),
      draws([0, 0.5, 2.5, 2.75]),
      hold,
    );
    // At 3 the next two are taken together and go together for the first one's age; then S4 is looked at anew.
    assert.deepEqual(visitsOf(before, 0), [
      "0@0: 0–3 v0×1 dropped",
      "1@0.5: dropped",
      "2@2.5: dropped",
      "3@2.75: 3–6 v0×1 dropped",
    ]);
  });

  test("S3: a full queue turns the newcomer away before anything starts at that instant", () => {
    const run = both(
      scenarioOf(pipelineOf([[variant("a", { 1: 2 })]]), plan(["a", 1]), 10, { queueCap: 1 }),
      draws([0, 0.5, 1, 5, 5]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0–2 v0×1 served",
      "1@0.5: 2–4 v0×1 served",
      "2@1: dropped",
      "3@5: 5–7 v0×1 served",
      "4@5: dropped",
    ]);
  });

  test("S1: what reaches a stage at one instant joins by request id, and starts at that instant", () => {
    const factors = [1, 3, 2];
    const run = both(
      scenarioOf(
        pipelineOf([[variant("a", { 1: 1 })], [variant("b", { 1: 4 })]], { sla: { seconds: 8, quantile: 0.99 } }),
        plan(["a", 2], ["b", 1]),
        9,
      ),
      draws([0, 0, 0], { service: [(request) => factors[request] ?? 1, () => 1] }),
      hold,
    );
    // Replica 0 serves 0 and then 2, replica 1 serves 1; 1 and 2 end together at 3.
    assert.deepEqual(visitsOf(run, 0), ["0@0: 0–1 v0×1 served", "1@0: 0–3 v0×1 served", "2@0: 1–3 v0×1 served"]);
    assert.deepEqual(visitsOf(run, 1), ["0@1: 1–5 v0×1 served", "1@3: 5–9 v0×1 served", "2@3: 9–13 v0×1 served"]);
    near(run.accuracy, 0.25);
  });

  test("S1, S15: hop lies between stages only", () => {
    const of = pipelineOf([[variant("a", { 1: 1 })], [variant("b", { 1: 1 })]]);
    const run = both(scenarioOf(of, plan(["a", 1], ["b", 1]), 5, { hop: 0.25 }), draws([0]), hold);
    assert.deepEqual(visitsOf(run, 1), ["0@1.25: 1.25–2.25 v0×1 served"]);
    assert.deepEqual([...run.latencies], [2.25]);
    assert.deepEqual([...(run.requestRecords?.departure ?? [])], [2.25]);
  });

  test("S11, S12: the new group takes the queue when it is ready, the old one drains and costs until then", () => {
    const of = pipelineOf(
      [
        [
          variant("a", { 1: 2 }, { accuracy: 0.5 }),
          variant("b", { 1: 1 }, { accuracy: 0.75, coresPerReplica: 2, startUp: { mean: 3 } }),
        ],
      ],
      { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } },
    );
    const { control, observations } = script(plan(["b", 1]));
    const run = both(scenarioOf(of, plan(["a", 1]), 12), draws([0, 3.5, 6.5, 6.75]), control);
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0–2 v0×1 served",
      "1@3.5: 3.5–5.5 v0×1 served",
      "2@6.5: 6.5–8.5 v0×1 served",
      "3@6.75: 7–8 v1×1 served",
    ]);
    assert.equal(run.switches, 1);
    assert.equal(run.replicasStarted, 1);
    near(run.costCores, (8.5 + 2 * 8) / 12);
    near(run.plannedCores, (4 + 2 * 8) / 12);
    near(run.objectiveAccuracy, (4 * 0.5 + 8 * 0.75) / 12);
    near(run.objective, (4 * 4 + 8 * 5.5) / 12);
    assert.deepEqual(
      run.intervals.map((row) => [row.from, row.to, row.costCores, row.plannedCores, ...row.ready]),
      [
        [0, 4, 1, 1, 1],
        [4, 8, 3, 2, 1],
        [8, 12, 2.125, 2, 1],
      ],
    );
    assert.deepEqual(
      run.intervals.map((row) => [row.arrived, row.served, row.latencyP50, row.latencyP99]),
      [
        [2, 1, 2, 2],
        [2, 1, 2, 2],
        [0, 2, 1.25, 2],
      ],
    );
    assert.deepEqual(
      run.intervals.map((row) => [row.predicted, row.reason]),
      [
        [null, "first"],
        [1, "unchanged"],
        [1, "unchanged"],
      ],
    );
    // S7: a tick sees what came before its own instant; the old group is no longer counted once it drains.
    assert.deepEqual(observations[0]?.replicas, [{ stage: "s0", variant: "a", ready: 1, starting: 0, serving: 1 }]);
    assert.deepEqual(observations[1]?.replicas, [{ stage: "s0", variant: "b", ready: 1, starting: 0, serving: 1 }]);
    assert.deepEqual(observations[1]?.load, { end: 8, step: 1, rates: [1, 0, 0, 1, 0, 0, 2, 0] });
  });

  test("S11: back to the variant that serves cancels the switch, then scales as S10 says", () => {
    const startUp = { mean: 5 };
    const of = pipelineOf([[variant("a", { 1: 2 }, { startUp }), variant("b", { 1: 1 }, { startUp })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    const { control, observations } = script(plan(["b", 2]), plan(["a", 2]));
    const run = both(scenarioOf(of, plan(["a", 1]), 20), draws([12.5, 12.5, 13.5]), control);
    // Two of b from 4 to 8, a second of a from 8, ready at 13.
    near(run.costCores, (20 + 2 * 4 + 12) / 20);
    assert.deepEqual(visitsOf(run, 0), [
      "0@12.5: 12.5–14.5 v0×1 served",
      "1@12.5: 13–15 v0×1 served",
      "2@13.5: 14.5–16.5 v0×1 served",
    ]);
    assert.equal(run.switches, 0);
    assert.equal(run.replicasStarted, 3);
    assert.deepEqual(
      observations.map((seen) => seen.replicas.map((group) => [group.variant, group.ready, group.starting].join(" "))),
      [["a 1 0"], ["a 1 0", "b 0 2"], ["a 1 1"], ["a 2 0"]],
    );
  });

  test("S11: a pending group that is cut down to its ready ones takes over at once", () => {
    const startUps = [0, 2, 9, 9];
    const of = pipelineOf([[variant("a", { 1: 0.5 }), variant("b", { 1: 1, 2: 1 }, { startUp: { mean: 9 } })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    const { control } = script(plan(["b", 3]), plan(["b", 1, 2, 3]));
    const run = both(
      scenarioOf(of, plan(["a", 1]), 12),
      draws([8, 9], { startUp: [(ordinal) => startUps[ordinal] ?? 0] }),
      control,
    );
    // The replica of a idles at 8, is released at 8; the later plan's b and T hold.
    assert.deepEqual(visitsOf(run, 0), ["0@8: 9–10 v1×2 served", "1@9: 9–10 v1×2 served"]);
    near(run.costCores, (8 + 4 + 4 + 8) / 12);
    assert.equal(run.switches, 1);
  });

  test("S11: as many as carry the newest load take over, and the rest comes as a scale-up", () => {
    const startUps = [0, 2, 3, 6, 7];
    const of = pipelineOf([[variant("a", { 1: 2 }), variant("b", { 1: 0.5 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 8, loadWindow: 2 },
    });
    const { control, observations } = script(plan(["b", 4]));
    const run = both(
      scenarioOf(of, plan(["a", 1]), 20),
      // In the last two seconds 3 requests: 1.5 rps, for which one of b would do. In the last one 2, which would keep it busy.
      draws([6, 7, 7.5, 11, 11, 11, 14], { startUp: [(ordinal) => startUps[ordinal] ?? NaN] }),
      control,
    );
    // Of b one is ready at 10, and takes over; the next are at 11, 14 and 15. a has its third request until 12.
    assert.deepEqual(visitsOf(run, 0), [
      "0@6: 6–8 v0×1 served",
      "1@7: 8–10 v0×1 served",
      "2@7.5: 10–10.5 v1×1 served",
      "3@11: 11–11.5 v1×1 served",
      "4@11: 11–11.5 v1×1 served",
      "5@11: 11.5–12 v1×1 served",
      "6@14: 14–14.5 v1×1 served",
    ]);
    near(run.costCores, (10 + 4 * 12) / 20);
    assert.deepEqual([run.switches, run.replicasStarted], [1, 4]);
    assert.deepEqual(
      observations.map((seen) => seen.replicas.map(({ variant: of, ready, serving }) => [of, ready, serving])),
      [[["a", 1, 1]], [["b", 4, 4]]],
    );
  });

  test("S11: how many are enough is found anew with each plan, and one that would be busy all the time is not", () => {
    const startUps = [0, 5, 7, 9];
    const of = pipelineOf([[variant("a", { 1: 1 }), variant("b", { 1: 0.5 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    const full = [3.25, 3.75, 7.25, 7.75];
    const rising = [3.5, 7.125, 7.375, 7.625, 7.875];
    const handOver = (arrivals: readonly number[], control: Control): number => {
      const { visitRecords } = both(
        scenarioOf(of, plan(["a", 9]), 20),
        draws([...arrivals, 9.25, 11.25, 13.25], { startUp: [(ordinal) => startUps[ordinal - 8] ?? 0] }),
        control,
      );
      return [...(visitRecords?.start ?? [])].find((_, row) => visitRecords?.variant[row] === 1) ?? NaN;
    };
    const wanted = plan(["b", 3]);
    // Ready at 9, 11 and 13. At 8 the load is 1 rps, or 2, which is all that one can do, or 4, which is all that two can do.
    assert.equal(handOver([3.25, 3.75, 7.5], script(wanted).control), 9.25);
    assert.equal(handOver(full, script(wanted).control), 11.25);
    assert.equal(handOver(rising, script(wanted).control), 13.25);
    // All of them where fewer are wanted than would be enough.
    assert.equal(handOver(rising, script(wanted, plan(["b", 2])).control), 11.25);
  });

  /** Plans in turn, and how many replicas of "a" there are to be meanwhile. */
  const meanwhile = (...decided: readonly (readonly [Plan, number])[]): Control => {
    const { control } = script(...decided.map(([next]) => next));
    return (seen) => {
      const replicas = decided[Math.round(seen.now / 4) - 1]?.[1];
      if (replicas === undefined) return control(seen);
      const from = { stage: "s0", variant: "a", batch: 7, batchTimeout: 7, replicas };
      const s0: StageRollout = { switching: { from, phase: "Preparing", since: 0 }, setbacks: [] };
      return { ...control(seen), state: { rollouts: { s0 } } };
    };
  };

  test("S11: the old group grows meanwhile, and what is still starting of it at the hand-over is cancelled", () => {
    const of = pipelineOf([[variant("a", { 1: 2 }, { accuracy: 0.5 }), variant("b", { 1: 0.5 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4, minLoad: 0.1 },
    });
    // b is asked for first.
    const startUps = [0, 9, 2, 3, 9];
    const grows = meanwhile([plan(["b", 1]), 3], [plan(["b", 1]), 2], [plan(["b", 1]), 4]);
    const run = both(
      scenarioOf(of, plan(["a", 1]), 20),
      draws([5, 6.5, 6.5, 7.25, 12.5, 14], { startUp: [(ordinal) => startUps[ordinal] ?? NaN] }),
      grows,
    );
    // Of a the second is ready at 6, the third at 7, with the old batch and time-out. Fewer are not asked for at 8, and one more at 12. b is ready at 13.
    assert.deepEqual(visitsOf(run, 0), [
      "0@5: 5–7 v0×1 served",
      "1@6.5: 6.5–8.5 v0×1 served",
      "2@6.5: 7–9 v0×1 served",
      "3@7.25: 7.25–9.25 v0×1 served",
      "4@12.5: 12.5–14.5 v0×1 served",
      "5@14: 14–14.5 v1×1 served",
    ]);
    // a: one until 14.5, two from 4 to 13, one from 12 to 13. b from 4.
    near(run.costCores, (14.5 + 2 * 9 + 1 + 16) / 20);
    assert.deepEqual([run.switches, run.replicasStarted], [1, 4]);
  });

  test("S11: where the old group carries less than the load, as much is enough, by what serves at the instant", () => {
    const of = pipelineOf([[variant("a", { 1: 0.5 }, { accuracy: 0.5 }), variant("b", { 1: 1 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4, loadWindow: 2 },
    });
    const arrivals = [2, 2.25, 2.5, 3, 3.5];
    const handOver = (startUps: readonly number[], control: Control): number => {
      const run = both(
        scenarioOf(of, plan(["a", 1]), 24),
        draws([...arrivals, 5.25, 6.25, 7.25, 9.25, 10.25, 11.25, 13.25], {
          startUp: [(ordinal) => startUps[ordinal] ?? NaN],
        }),
        control,
      );
      const { visitRecords } = run;
      return [...(visitRecords?.start ?? [])].find((_, row) => visitRecords?.variant[row] === 1) ?? NaN;
    };
    const wanted = plan(["b", 5]);
    // 2.5 rps until 4: three of b. One of a does 2 rps, as much as two of b, which are ready at 6.
    assert.equal(handOver([0, 1, 2, 3, 9, 9], script(wanted).control), 6.25);
    // Two of a carry it all from 5 on: so must b.
    assert.equal(handOver([0, 1, 2, 3, 9, 9, 1], meanwhile([wanted, 2])), 7.25);
    // Two of b are there before the second of a is.
    assert.equal(handOver([0, 1, 1, 3, 9, 9, 2], meanwhile([wanted, 2])), 5.25);
  });

  test("S11: a third variant replaces the one that was starting", () => {
    const startUp = { mean: 5 };
    const variants = ["a", "b", "c"].map((name) => variant(name, { 1: 1 }, { startUp }));
    const of = pipelineOf([variants], { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } });
    const { control } = script(plan(["b", 1]), plan(["c", 1]));
    const run = both(scenarioOf(of, plan(["a", 1]), 16), draws([12.5, 13]), control);
    assert.deepEqual(visitsOf(run, 0), ["0@12.5: 12.5–13.5 v0×1 served", "1@13: 13–14 v2×1 served"]);
    // a until it drains at 13.5, b from 4 to 8, c from 8.
    near(run.costCores, (13.5 + 4 + 8) / 16);
  });

  test("S10: down-scaling takes starting, then idle, then busy replicas, the largest id first", () => {
    const of = pipelineOf([[variant("a", { 1: 3 }, { startUp: { mean: 6 } })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    // 4: one more, starting until 10. 8: two fewer, of one starting, one idle (2) and two busy (0, 1).
    // 12: one fewer; both serve, so the larger id drains: it ends its batch and takes no more.
    const { control } = script(plan(["a", 4]), plan(["a", 2]), plan(["a", 1]));
    const run = both(scenarioOf(of, plan(["a", 3]), 20), draws([7, 7, 11, 11, 12, 13]), control);
    assert.deepEqual(visitsOf(run, 0), [
      "0@7: 7–10 v0×1 served",
      "1@7: 7–10 v0×1 served",
      "2@11: 11–14 v0×1 served",
      "3@11: 11–14 v0×1 served",
      "4@12: 14–17 v0×1 served",
      "5@13: 17–20 v0×1 served",
    ]);
    // Replica 0 for 20, 1 until 14, 2 until 8, 3 from 4 to 8.
    near(run.costCores, (20 + 14 + 8 + 4) / 20);
    assert.equal(run.replicasStarted, 1);
  });

  test("S17: replicas that stand by take over at once, cost all the time, and stand by again", () => {
    const startUp = { mean: 5 };
    const a = variant("a", { 1: 2 }, { startUp });
    const b = variant("b", { 1: 1 }, { startUp, standby: 2, coresPerReplica: 0.5 });
    const of = pipelineOf([[a, b]], { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } });
    const { control, observations } = script(plan(["b", 3]), plan(["b", 1]), plan(["a", 1]));
    const run = both(scenarioOf(of, plan(["a", 1]), 16), draws([3, 5, 8.5, 12.25, 14]), control);
    // Of b two stand by at 4, which are enough. The third starts at 4 and is ready at 9: it was cancelled at 8. a, asked for
    // at 12, is ready at 17.
    assert.deepEqual(visitsOf(run, 0), [
      "0@3: 3–5 v0×1 served",
      "1@5: 5–6 v1×1 served",
      "2@8.5: 8.5–9.5 v1×1 served",
      "3@12.25: 12.25–13.25 v1×1 served",
      "4@14: 14–15 v1×1 served",
    ]);
    assert.deepEqual([run.replicasStarted, run.switches], [2, 1]);
    // a until it drains at 5, two of b all the time, a third from 4 to 8; a again from 12.
    near(run.costCores, (5 + 0.5 * (2 * 16 + 4) + 4) / 16);
    near(run.plannedCores, (4 * (1 + 1) + 4 * 1.5 + 4 * 1 + 4 * (1 + 1)) / 16);
    assert.deepEqual(
      observations.map(({ replicas }) =>
        replicas.map(({ variant: name, ready, starting, serving }) => [name, ready, starting, serving]),
      ),
      [
        [
          ["a", 1, 0, 1],
          ["b", 2, 0, 0],
        ],
        [["b", 2, 1, 2]],
        [["b", 2, 0, 1]],
      ],
    );
  });

  test("S17: of several that stand by the one that is free first, then the smallest id", () => {
    const b = variant("b", { 1: 3 }, { startUp: { mean: 5 }, standby: 2 });
    const of = pipelineOf([[b]], { adaptation: { ...pipelineOf([]).adaptation, interval: 2 } });
    // Ids 0 and 1 serve from 0; at 2 the larger one leaves, busy until 4.5, and stands by; at 4 it is back.
    const { control } = script(plan(["b", 1]), plan(["b", 2]));
    const run = both(scenarioOf(of, plan(["b", 2]), 8), draws([1, 1.5, 4.25, 4.25]), control);
    assert.deepEqual(visitsOf(run, 0), [
      "0@1: 1–4 v0×1 served",
      "1@1.5: 1.5–4.5 v0×1 served",
      "2@4.25: 4.25–7.25 v0×1 served",
      "3@4.25: 4.5–7.5 v0×1 served",
    ]);
    near(run.costCores, 2);
    assert.equal(run.replicasStarted, 0);
  });

  test("S13: a start-up that takes no time serves the arrivals of the same instant", () => {
    const of = pipelineOf([[variant("a", { 1: 5 }), variant("b", { 1: 1 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    const run = both(scenarioOf(of, plan(["a", 1]), 9), draws([4, 4]), script(plan(["b", 1]), plan(["b", 2])).control);
    assert.deepEqual(visitsOf(run, 0), ["0@4: 4–5 v1×1 served", "1@4: 5–6 v1×1 served"]);
    near(run.costCores, (4 + 5 + 1) / 9);
    assert.equal(run.switches, 1);
  });

  test("S7, S13: a delayed plan counts from when it applies, and never at or after T_end", () => {
    const of = pipelineOf([[variant("a", { 1: 1 })]], { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } });
    const { control, observations } = script(plan(["a", 2]), plan(["a", 3]));
    const run = both(scenarioOf(of, plan(["a", 1]), 9, { decisionDelay: 1 }), draws([]), control);
    near(run.plannedCores, (5 + 2 * 4) / 9);
    assert.equal(run.replicasStarted, 1);
    assert.equal(run.decisions, 2);
    assert.deepEqual(
      run.intervals.map((row) => row.plan[0]?.replicas),
      [1, 1, 2],
    );
    assert.deepEqual(
      observations.map((seen) => seen.running[0]?.replicas),
      [1, 2],
    );
  });

  test("S7: the load seen is history, then counts, and nothing for what nobody measured", () => {
    const of = pipelineOf([[variant("a", { 1: 1 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 2.5, history: 4 },
    });
    const { control, observations } = script();
    both(scenarioOf(of, plan(["a", 9]), 6, { history: [7, 8] }), draws([0, 1.5, 2, 2.25, 4, 4.5, 5]), control);
    assert.deepEqual(
      observations.map((seen) => seen.load),
      [
        { end: 2, step: 1, rates: [7, 8, 1, 1] },
        { end: 5, step: 1, rates: [1, 2, 0, 2] },
      ],
    );
  });

  test("S9: a decision without a feasible plan counts and shows in its interval, held or not", () => {
    const of = pipelineOf([[variant("a", { 1: 1 }, { coresPerReplica: 2 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 2 },
      objective: { kind: "minCost", accuracy: "pas" },
    });
    const control: Control = (seen) => {
      const status = seen.now === 2 ? "infeasible" : "optimal";
      const outcome: Decision["outcome"] =
        status === "infeasible"
          ? { status, engine: "hand" }
          : { status, engine: "hand", options: [], objective: 0, bound: 0 };
      const next = seen.now === 2 ? seen.running : plan(["a", 2]);
      const reason = seen.now === 2 ? "held-infeasible" : "load-rose";
      return { at: seen.now, load: 3, planned: seen.now, plan: next, change: 0, outcome, reason, state: null };
    };
    const run = both(scenarioOf(of, plan(["a", 1]), 5), draws([]), control);
    assert.deepEqual([run.decisions, run.infeasibleDecisions], [2, 1]);
    assert.deepEqual(
      run.intervals.map((row) => [row.planned, row.reason, row.feasible, row.plan[0]?.replicas, row.objective]),
      [
        [null, "first", true, 1, -2],
        [2, "held-infeasible", false, 1, -2],
        [4, "load-rose", true, 2, -4],
      ],
    );
  });

  test("S13: what is left at the cut-off is in flight, and what happens at it still happens", () => {
    const of = pipelineOf([[variant("a", { 1: 1 })], [variant("b", { 1: 1 })]], {
      sla: { seconds: 1, quantile: 0.99 },
    });
    // Cut-off: 1 + 60. Request 0 ends its first stage at 61 and starts the next there; 1 is on a replica; 2 waits.
    const run = both(
      scenarioOf(of, plan(["a", 2], ["b", 1]), 1),
      draws([0, 0, 0.5], { service: Array.from({ length: 2 }, () => (request: number) => (request === 0 ? 61 : 100)) }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0@0: 0–61 v0×1 served",
      "1@0: 0–NaN v0×1 in_flight",
      "2@0.5: 61–NaN v0×1 in_flight",
    ]);
    assert.deepEqual(visitsOf(run, 1), ["0@61: 61–NaN v0×1 in_flight"]);
    assert.deepEqual(run.requests, { offered: 3, served: 0, dropped: 0, inFlight: 3, late: 0 });
    assert.deepEqual([run.accuracy, run.accuracyOnTime], [null, 0]);
    assert.equal(run.stages[0]?.items, 1);
  });

  test("S7: the warm-up is out of every statistic, but not out of the records", () => {
    const of = pipelineOf([[variant("a", { 1: 1 }, { startUp: { mean: 1 } })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 2 },
    });
    const { control } = script(plan(["a", 2]), plan(["a", 3]));
    const run = both(scenarioOf(of, plan(["a", 1]), 8, { warmup: 4 }), draws([1, 3.5, 3.5, 4]), control);
    assert.deepEqual(run.requests, { offered: 1, served: 1, dropped: 0, inFlight: 0, late: 0 });
    assert.equal(run.requestRecords?.arrival.length, 4);
    // Both replicas serve from 3.5 to 4.5, and only then the one that counts.
    assert.deepEqual([...run.latencies], [1.5]);
    near(run.stages[0]?.meanWait, 0.5);
    assert.equal(run.stages[0]?.batches, 1);
    near(run.costCores, 3);
    assert.equal(run.decisions, 2);
    assert.equal(run.replicasStarted, 1);
    assert.deepEqual(
      run.intervals.map((row) => row.arrived),
      [1, 2, 1, 0],
    );
  });

  test("S2: the k-th arrival is where the integral of the load reaches its due; the same for every policy", () => {
    const trace = { kind: "rates", name: "steps", rates: Float64Array.of(2, 0, 4) } as const;
    // Uniform: k − ½ = 0.5, 1.5 of the 2 in the first second; 2.5, 3.5, 4.5, 5.5 of 6 by the end of the third.
    assert.deepEqual([...arrivalsOf(trace, "uniform", 1)], [0.25, 0.75, 2.125, 2.375, 2.625, 2.875]);
    // Poisson: the sums of unit exponentials of the stream, through the same inverse.
    const unit = exponential(stream(7, "arrivals"));
    const due: number[] = [];
    for (let sum = unit(); sum < 6; sum += unit()) due.push(sum < 2 ? sum / 2 : 2 + (sum - 2) / 4);
    const poisson = [...arrivalsOf(trace, "poisson", 7)];
    assert.equal(poisson.length, due.length);
    poisson.forEach((at, k) => near(at, due[k] ?? NaN));
    // Clustered: offsets of mean 1/2 in the first second, of mean 1/4 in the third, each from its start.
    const offset = exponential(stream(7, "arrivals"));
    const expected = [offset() / 2, offset() / 2, ...Array.from({ length: 4 }, () => 2 + offset() / 4)];
    assert.deepEqual(
      [...arrivalsOf(trace, "paper-clustered", 7)],
      expected.filter((at) => at < 3).toSorted((a, b) => a - b),
    );
    // Exact instants are replayed as they are.
    assert.deepEqual(
      [...arrivalsOf({ kind: "arrivals", name: "log", arrivals: Float64Array.of(0.5, 0.5, 3) }, "poisson", 1)],
      [0.5, 0.5, 3],
    );
  });

  test("S5: noise is keyed by stage and first request: another plan meets the same", () => {
    const scenario = scenarioOf(pipelineOf([[variant("a", { 1: 1 })]]), plan(["a", 1]), 0, {
      trace: { kind: "arrivals", name: "log", arrivals: Float64Array.of(0, 0.1, 30) },
      service: "exponential",
    });
    const drawn = drawsOf(scenario, scenario.pipeline.stages);
    const times = (replicas: number): number[] => {
      const { visitRecords: visits } = both({ ...scenario, startPlan: plan(["a", replicas]) }, drawn, hold);
      return Array.from(visits?.end ?? [], (end, row) => end - (visits?.start[row] ?? NaN));
    };
    times(1).forEach((time, k) => near(time, times(2)[k] ?? NaN));
    assert.notEqual(drawn.service[0]?.(0, 0, 0), drawn.service[0]?.(1, 0, 0));
  });

  test("S8: the load planned for has the margin, the floor, and the rounding", () => {
    const planned = (load: number, rest: Parameters<typeof pipelineOf>[1]): number =>
      plannedLoad(pipelineOf([], rest), load);
    const { adaptation, reproduction } = pipelineOf([]);
    const margins = { load: 0.2, serviceTime: 0, throughput: 0 };
    near(planned(10, { margins }), 12);
    assert.equal(planned(0.1, { margins }), 1);
    assert.equal(planned(10.2, { adaptation: { ...adaptation, loadStep: 0.5 } }), 10.5);
    assert.equal(planned(10.5, { adaptation: { ...adaptation, loadStep: 0.5 } }), 10.5);
    assert.equal(planned(10.4, { reproduction: { ...reproduction, roundLoad: true } }), 10);
    assert.equal(planned(0.2, { reproduction: { ...reproduction, roundLoad: true } }), 1);
  });

  test("S16: the ⌈pN⌉-th smallest; on time up to the SLA; accuracy by the variants that served", () => {
    assert.equal(percentile(Float64Array.of(1, 2, 3, 4), 0.5), 2);
    assert.equal(percentile(Float64Array.of(1, 2, 3, 4), 0.51), 3);
    assert.equal(percentile(Float64Array.of(1, 2, 3), 0.99), 3);
    assert.equal(percentile(Float64Array.of(), 0.5), null);
    // All latencies are 2, which is the SLA. The variant changes at the tick at 4, without a start-up:
    // the replica of a drains until 5, and request 2 is served by b.
    const of = pipelineOf([[variant("a", { 1: 2 }, { accuracy: 0.5 }), variant("b", { 1: 2 }, { accuracy: 0.9 })]], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 4 },
    });
    const { control } = script(plan(["b", 1]));
    const run = both(scenarioOf(of, plan(["a", 1]), 10), draws([0, 3, 4]), control);
    assert.deepEqual(visitsOf(run, 0), ["0@0: 0–2 v0×1 served", "1@3: 3–5 v0×1 served", "2@4: 4–6 v1×1 served"]);
    assert.equal(run.requests.late, 0);
    near(run.accuracy, (0.5 + 0.5 + 0.9) / 3);
  });
});
