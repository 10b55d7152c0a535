import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { outcomes, type Run, type VisitRecords } from "../../src/core/run-log.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { traceEnd } from "../../src/workload/trace.ts";
import { plainDraws, randomCase, type RandomCase } from "./random-scenarios.ts";
import { referenceHistory, referenceSimulate } from "./reference-simulator.ts";
import type { History, Replica } from "./reference-state.ts";

const SERVED = outcomes.indexOf("served");
const DROPPED = outcomes.indexOf("dropped");

function simulate({ scenario, control }: RandomCase): Run {
  return referenceSimulate(scenario, plainDraws(scenario), control);
}

function historyOf({ scenario, control }: RandomCase): History {
  return referenceHistory(scenario, plainDraws(scenario), control);
}

interface Visit {
  readonly request: number;
  readonly stage: number;
  readonly variant: number;
  readonly batchSize: number;
  readonly arrival: number;
  readonly start: number;
  readonly end: number;
  readonly outcome: number;
}

function rowsOf(records: VisitRecords | null): Visit[] {
  assert.ok(records);
  const at = (column: ArrayLike<number>, row: number): number => column[row] ?? NaN;
  return Array.from(records.request, (request, row) => ({
    request,
    stage: at(records.stage, row),
    variant: at(records.variant, row),
    batchSize: at(records.batchSize, row),
    arrival: at(records.arrival, row),
    start: at(records.start, row),
    end: at(records.end, row),
    outcome: at(records.outcome, row),
  }));
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

describe("reference simulator on random scenarios", () => {
  test("the same scenario gives the same run", () => {
    fc.assert(
      fc.property(randomCase, (one) => assert.deepEqual(simulate(one), simulate(one))),
      { numRuns: 50 },
    );
  });

  test("every request goes through the stages in order and ends once", () => {
    fc.assert(
      fc.property(randomCase, (one) => {
        const { scenario } = one;
        const run = simulate({ ...one, scenario: { ...scenario, warmup: 0 } });
        const { offered, served, dropped, inFlight } = run.requests;
        assert.equal(offered, plainDraws(scenario).arrivals.length);
        assert.equal(offered, served + dropped + inFlight);
        const visits = rowsOf(run.visitRecords);
        for (let request = 0; request < offered; request++) checkRequest(scenario, run, visits, request);
      }),
      { numRuns: 200 },
    );
  });

  test("a stage is first in, first out, and its batches are as large as their records say", () => {
    fc.assert(
      fc.property(randomCase, (one) => {
        const visits = rowsOf(simulate(one).visitRecords);
        one.scenario.pipeline.stages.forEach((_, s) => {
          const here = visits.filter((visit) => visit.stage === s);
          const started = here.filter((visit) => visit.variant >= 0);
          started.forEach((visit, i) => assert.ok(visit.start >= (started[i - 1]?.start ?? 0)));
          here.forEach((visit, i) => assert.ok(visit.arrival >= (here[i - 1]?.arrival ?? 0)));
          for (let i = 0; i < started.length;) {
            const size = started[i]?.batchSize ?? 1;
            const batch = started.slice(i, i + size);
            assert.equal(batch.length, size);
            for (const visit of batch) {
              assert.deepEqual(
                [visit.start, visit.end, visit.batchSize, visit.variant],
                [batch[0]?.start, batch[0]?.end, size, batch[0]?.variant],
              );
            }
            i += size;
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test("the intervals follow each other from 0 to T_end and add up to the run", () => {
    fc.assert(
      fc.property(randomCase, (one) => {
        const scenario = { ...one.scenario, warmup: 0 };
        const run = simulate({ ...one, scenario });
        const end = traceEnd(scenario.trace);
        run.intervals.forEach((row, i) => assert.equal(row.from, run.intervals[i - 1]?.to ?? 0));
        assert.equal(run.intervals.at(-1)?.to, end);
        assert.equal(run.intervals.length, run.decisions + 1);
        assert.equal(
          total(run.intervals, (row) => row.arrived),
          run.requests.offered,
        );
        near(
          total(run.intervals, (row) => row.costCores * (row.to - row.from)),
          run.costCores * end,
        );
        if (scenario.decisionDelay === 0) {
          near(
            total(run.intervals, (row) => row.plannedCores * (row.to - row.from)),
            run.plannedCores * end,
          );
        }
        assert.equal(
          total(run.stages, (stage) => stage.switches),
          run.switches,
        );
      }),
      { numRuns: 200 },
    );
  });

  test("S12: replicas never hold more cores than the cluster has", () => {
    fc.assert(
      fc.property(randomCase, (one) => {
        const replicas = historyOf(one).stages.flatMap((stage) => stage.replicas);
        // The sum is greatest just after one has been added.
        for (const { startedAt: now } of replicas.filter(({ startedAt }) => startedAt < Infinity)) {
          const held = replicas.filter(({ startedAt, releasedAt }) => startedAt <= now && releasedAt > now);
          const cores = total(held, ({ variant }) => variant.coresPerReplica);
          assert.ok(cores <= one.scenario.clusterCores + 1e-9, `${cores} at ${now}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("S11, S12: a stage that had a ready replica has one from then on, however full the cluster is", () => {
    fc.assert(
      fc.property(randomCase, (one) => {
        const { intervals } = simulate(one);
        intervals.slice(1).forEach(({ ready }, row) => {
          intervals[row]?.ready.forEach((before, s) => assert.ok(before === 0 || (ready[s] ?? 0) > 0));
        });
      }),
      { numRuns: 200 },
    );
  });

  test("the scenarios meet what they are there for", () => {
    const seen = {
      switches: 0,
      backAgain: 0,
      dropped: 0,
      expired: 0,
      inFlight: 0,
      late: 0,
      ties: 0,
      partial: 0,
      held: 0,
      standby: 0,
      waited: 0,
      neverStarted: 0,
      blocked: 0,
      grown: 0,
    };
    const cases = fc.sample(randomCase, { numRuns: 400, seed: 1 });
    for (const one of cases) {
      const run = simulate(one);
      const { stages, plans } = historyOf(one);
      const replicas = stages.flatMap((stage) => stage.replicas);
      // S11: asked for of another variant than the plan's.
      const isOfPlan = ({ variant, requestedAt }: Replica, s: number): boolean =>
        plans.findLast(({ from }) => from <= requestedAt)?.plan[s]?.variant === variant.name;
      if (stages.some((stage, s) => stage.replicas.some((one) => one.requestedAt > 0 && !isOfPlan(one, s))))
        seen.grown++;
      if (replicas.some(({ requestedAt, startedAt }) => requestedAt < startedAt && startedAt < Infinity)) seen.waited++;
      if (replicas.some(({ startedAt }) => startedAt === Infinity)) seen.neverStarted++;
      if (run.blocked > 0) seen.blocked++;
      const visits = rowsOf(run.visitRecords);
      const ends = new Set(visits.map((visit) => visit.end));
      if (run.switches > 0) seen.switches++;
      if (run.requests.dropped > 0) seen.dropped++;
      if (run.requests.inFlight > 0) seen.inFlight++;
      if (run.requests.late > 0) seen.late++;
      if (visits.some((visit) => visit.outcome === DROPPED && visit.variant >= 0)) seen.expired++;
      if (visits.some((visit) => visit.stage === 0 && ends.has(visit.arrival))) seen.ties++;
      if (visits.some((visit) => visit.batchSize > 1 && visit.batchSize % 2 === 1)) seen.partial++;
      // A variant took over that had no time to start.
      if (run.switches > run.replicasStarted) seen.standby++;
      if (run.intervals.some((row) => row.reason.startsWith("held"))) seen.held++;
      const variants = run.intervals.map((row) => row.plan.map((setting) => setting.variant).join());
      if (variants.some((now, i) => i > 1 && now === variants[i - 2] && now !== variants[i - 1])) seen.backAgain++;
    }
    for (const [what, count] of Object.entries(seen)) {
      assert.ok(count >= 20, `${what} in ${count} of ${cases.length} scenarios`);
    }
  });
});

function checkRequest(scenario: Scenario, run: Run, visits: readonly Visit[], request: number): void {
  const { requestRecords } = run;
  assert.ok(requestRecords);
  const own = visits.filter((visit) => visit.request === request);
  const last = own.at(-1);
  assert.ok(last !== undefined);
  own.forEach((visit, s) => {
    assert.equal(visit.stage, s);
    const previous = own[s - 1];
    assert.equal(visit.arrival, previous === undefined ? requestRecords.arrival[request] : previous.end + scenario.hop);
    if (s < own.length - 1) assert.equal(visit.outcome, SERVED);
    if (visit.variant >= 0) assert.ok(visit.start >= visit.arrival && !(visit.end <= visit.start));
  });
  const outcome = requestRecords.outcome[request];
  assert.equal(requestRecords.droppedAt[request], outcome === DROPPED ? last.stage : -1);
  if (outcome === SERVED) {
    assert.equal(own.length, scenario.pipeline.stages.length);
    assert.equal(requestRecords.departure[request], last.end);
  } else {
    assert.ok(Number.isNaN(requestRecords.departure[request]));
    // In flight between two stages the last visit was served.
    assert.ok(last.outcome === outcome || (outcome !== DROPPED && last.outcome === SERVED));
  }
}
