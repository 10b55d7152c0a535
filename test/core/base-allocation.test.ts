import assert from "node:assert/strict";
import { test } from "node:test";
import { baseAllocation, type Allocation } from "../../src/core/base-allocation.ts";

const on = (cores: number, ...points: readonly (readonly [batch: number, mean: number, throughput?: number])[]) => ({
  cores,
  profile: points.map(([batch, mean, throughput]) => ({
    batch,
    mean,
    p99: 1.5 * mean,
    ...(throughput === undefined ? {} : { throughput }),
  })),
});

/** 5 and 8 rps on 1 core, 10 and 16 on 2; measured, all of them less. */
const allocations: readonly Allocation[] = [on(2, [1, 0.1, 9], [8, 0.5, 14]), on(1, [1, 0.2, 4.5], [8, 1, 7])];

test("the least cores with which some batch carries the threshold", () => {
  const cores = (threshold: number): number | null => baseAllocation(allocations, { threshold, sla: 1 });
  assert.equal(cores(5), 1);
  assert.equal(cores(8), 1);
  assert.equal(cores(8.1), 2);
  assert.equal(cores(16.1), null);
  assert.equal(baseAllocation([], { threshold: 1, sla: 1 }), null);
});

test("a batch that takes longer than the stage may does not count", () => {
  assert.equal(baseAllocation(allocations, { threshold: 8, sla: 0.9 }), 2);
  assert.equal(baseAllocation(allocations, { threshold: 12, sla: 0.4 }), null);
});

test("a margin takes its share of the throughput", () => {
  assert.equal(baseAllocation(allocations, { threshold: 4, sla: 1, margin: 0.5 }), 1);
  assert.equal(baseAllocation(allocations, { threshold: 4.1, sla: 1, margin: 0.5 }), 2);
});

test("for reproduction: the measured throughput, and the 99th percentile", () => {
  const rule = { threshold: 7, sla: 1, numbers: { capacity: "measured", latency: "p99" } } as const;
  assert.equal(baseAllocation(allocations, rule), 2);
  assert.equal(baseAllocation(allocations, { ...rule, sla: 1.5 }), 1);
  assert.equal(baseAllocation(allocations, { ...rule, threshold: 7.1, sla: 1.5 }), 2);
  assert.equal(baseAllocation([on(4, [1, 0.01])], rule), null);
});
