import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Run } from "../../src/core/run-log.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { simulate } from "../../src/sim/simulator.ts";
import { arrivalsOf } from "../../src/workload/arrivals.ts";
import { serviceFactor, startUpTime } from "../../src/workload/service-times.ts";
import { randomCase } from "./random-scenarios.ts";
import { referenceSimulate, type Draws } from "./reference-simulator.ts";

// S15: the sweep over stages gives what a plain list of events gives. Records are compared as bytes,
// sums and means to 1e-12.

/** The simulator's own random numbers, for the reference. */
function drawsOf({ pipeline, trace, arrivals, service, seed }: Scenario): Draws {
  const factors = pipeline.stages.map((stage) => serviceFactor(service, seed, stage.name));
  const startUps = pipeline.stages.map((stage) => startUpTime(seed, stage.name));
  return {
    arrivals: arrivalsOf(trace, arrivals, seed),
    serviceFactor: (stage, request, item, sigma) => factors[stage]?.(request, item, sigma) ?? NaN,
    startUp: (stage, ordinal, variant) => startUps[stage]?.(ordinal, variant) ?? NaN,
  };
}

/** Where two results differ by more than rounding; the paths with both values. */
function differences(actual: unknown, expected: unknown, path = ""): readonly string[] {
  if (typeof actual === "number" && typeof expected === "number") {
    const near = Object.is(actual, expected) || Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected));
    return near ? [] : [`${path}: ${actual}, reference ${expected}`];
  }
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) {
    return Object.is(actual, expected) ? [] : [`${path}: ${String(actual)}, reference ${String(expected)}`];
  }
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...keys].flatMap((key) =>
    differences(Reflect.get(actual, key), Reflect.get(expected, key), `${path}.${key}`),
  );
}

function check(scenario: Scenario, control: Parameters<typeof simulate>[1]): void {
  const { requestRecords, visitRecords, ...rest } = simulate(scenario, control);
  const reference: Run = referenceSimulate(scenario, drawsOf(scenario), control);
  assert.deepEqual(requestRecords, reference.requestRecords);
  assert.deepEqual(visitRecords, reference.visitRecords);
  const { requestRecords: _, visitRecords: __, ...expected } = reference;
  assert.deepEqual(differences(rest, expected).slice(0, 10), []);
}

test("S15: the simulator gives the bytes of the reference on 1,000 random scenarios", () => {
  fc.assert(
    fc.property(randomCase, ({ scenario, control }) => check(scenario, control)),
    { numRuns: 1000, seed: 20_240_101 },
  );
});
