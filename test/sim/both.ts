import assert from "node:assert/strict";
import type { Run } from "../../src/core/run-log.ts";
import type { Control, Scenario } from "../../src/sim/scenario.ts";
import { simulate } from "../../src/sim/simulator.ts";
import type { Draws } from "../../src/workload/draws.ts";
import { referenceSimulate } from "./reference-simulator.ts";

/**
 * S15: runs the simulator and the reference on the same draws and holds them to the same result:
 * records as bytes, sums and means to 1e-12 relative. Returns the simulator's.
 */
export function both(scenario: Scenario, draws: Draws, control: Control): Run {
  const run = simulate(scenario, control, draws);
  const reference = referenceSimulate(
    scenario,
    {
      arrivals: draws.arrivals,
      serviceFactor: (stage, request, item, sigma) => draws.service[stage]?.(request, item, sigma) ?? NaN,
      fanOut: (stage, request, item) => draws.fanOut[stage]?.(request, item) ?? NaN,
      startUp: (stage, ordinal, variant) => draws.startUp[stage]?.(ordinal, variant) ?? NaN,
    },
    control,
  );
  const { requestRecords, visitRecords, ...rest } = run;
  assert.deepEqual(requestRecords, reference.requestRecords);
  assert.deepEqual(visitRecords, reference.visitRecords);
  const { requestRecords: _, visitRecords: __, ...expected } = reference;
  assert.deepEqual(differences(rest, expected).slice(0, 10), []);
  return run;
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
