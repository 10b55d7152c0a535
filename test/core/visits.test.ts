import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Stage } from "../../src/core/pipeline.ts";
import { countPaths, graphOf, pathsOf } from "../../src/core/graph.ts";
import { visitsOf } from "../../src/core/visits.ts";
import { stream } from "../../src/workload/streams.ts";

/** "name: after, after × fan-out" for each stage. */
function stages(...lines: readonly string[]): readonly Stage[] {
  return lines.map((line) => {
    const [name = "", rest = ""] = line.split(":");
    const [after = "", fanOut = "1"] = rest.split("×");
    const names = after.split(",").map((one) => one.trim());
    return { name: name.trim(), after: names.filter((one) => one !== ""), fanOut: Number(fanOut), variants: [] };
  });
}

const near = (a: number | undefined, b: number, message?: string): void =>
  assert.ok(a !== undefined && Math.abs(a - b) < 1e-12, `${message ?? ""} ${a} is not ${b}`);

test("a chain: each stage serves what the fan-outs before it make", () => {
  const visits = visitsOf(stages("a:", "b: a × 2.5", "c: b × 0.5"));
  assert.deepEqual(
    visits.map(({ items }) => items),
    [1, 2.5, 1.25],
  );
  near(visits[1]?.share, 1);
  // Two items or three, each of which goes on with one half: none with 1/4 or 1/8.
  near(visits[2]?.share, 1 - (0.5 * 0.25 + 0.5 * 0.125));
  assert.equal(visits[0]?.paths, 1);
});

test("a join takes one item of the requests that come by at any of its predecessors", () => {
  const visits = visitsOf(stages("a: × 1", "cars: a × 0.6", "people: a × 0.3", "answer: cars, people × 2"));
  near(visits[1]?.share, 0.6);
  near(visits[2]?.share, 0.3);
  near(visits[3]?.share, 1 - 0.4 * 0.7);
  near(visits[3]?.items, 2 * (1 - 0.4 * 0.7));
  assert.deepEqual(pathsOf(stages("a:", "b: a", "c: a", "d: b, c")), [
    [0, 1, 3],
    [0, 2, 3],
  ]);
  assert.equal(countPaths(stages("a:", "x:", "b: a, x", "c: a", "d: b, c")), 3);
});

test("the paths for each one that leads through a stage", () => {
  // a b d, a c d, x b d.
  const visits = visitsOf(stages("a:", "x:", "b: a, x", "c: a", "d: b, c"));
  assert.deepEqual(
    visits.map(({ paths }) => paths),
    [3 / 2, 3, 3 / 2, 3, 1],
  );
});

test("shares and items of any graph are those of drawing requests", () => {
  const graph = fc.integer({ min: 1, max: 7 }).chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, s) =>
        fc.record({
          after: fc.subarray(Array.from({ length: s }, (__, i) => i)),
          fanOut: fc.constantFrom(1, 1, 2, 0.5, 0.8, 1.3, 2.4),
        }),
      ),
    ),
  );
  fc.assert(
    fc.property(graph, fc.integer(), (drawn, seed) => {
      const made = drawn.map(({ after, fanOut }, s): Stage => ({
        name: `s${s}`,
        after: after.map((i) => `s${i}`),
        fanOut,
        variants: [],
      }));
      const visits = visitsOf(made);
      const { predecessors } = graphOf(made);
      const draw = stream(seed, "visits");
      const requests = 4000;
      const seen = made.map(() => ({ requests: 0, items: 0, squares: 0 }));
      for (let request = 0; request < requests; request++) {
        const items: number[] = [];
        made.forEach(({ fanOut }, s) => {
          const before = predecessors[s] ?? [];
          const entering =
            before.length === 0
              ? 1
              : before.length === 1
                ? (items[before[0] ?? 0] ?? 0)
                : before.some((p) => (items[p] ?? 0) > 0)
                  ? 1
                  : 0;
          let made = 0;
          for (let i = 0; i < entering; i++) {
            made += Math.floor(fanOut) + (draw() < fanOut - Math.floor(fanOut) ? 1 : 0);
          }
          items[s] = made;
          const counts = seen[s];
          if (counts === undefined) return;
          counts.items += made;
          counts.squares += made * made;
          if (made > 0) counts.requests++;
        });
      }
      visits.forEach(({ items, share }, s) => {
        const counts = seen[s];
        assert.ok(counts);
        const mean = counts.items / requests;
        const sd = Math.sqrt(Math.max(0, counts.squares / requests - mean * mean) / requests);
        assert.ok(Math.abs(mean - items) <= 6 * sd + 1e-9, `items of ${s}: ${items}, drawn ${mean}`);
        const shareSd = Math.sqrt((share * (1 - share)) / requests);
        assert.ok(Math.abs(counts.requests / requests - share) <= 6 * shareSd + 1e-9, `share of ${s}`);
      });
    }),
    { numRuns: 60, seed: 1 },
  );
});
