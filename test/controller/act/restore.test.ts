import assert from "node:assert/strict";
import { test } from "node:test";
import { stepsBack, type Former } from "../../../src/controller/act/restore.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";

function former(variant: string, now: number, ready: number, before: number | null): Former {
  const target = { variant, apiVersion: "apps/v1", kind: "Deployment", name: variant };
  return {
    view: { target, scale: { replicas: now, selector: parseSelector(`app=${variant}`), at: 0, since: 0 } },
    ready,
    replicas: before,
  };
}

function told(targets: readonly Former[], routed: string | null) {
  const { steps, waits } = stepsBack([{ targets, routed }]);
  const scales = (all: typeof steps.up) => all.map(({ view, replicas }) => `${view.target.variant}→${replicas}`);
  return {
    up: scales(steps.up),
    routes: steps.routes.map(({ view }) => view.target.variant),
    down: scales(steps.down),
    waits,
  };
}

test("without a Service all numbers are set at once", () => {
  assert.deepEqual(told([former("a", 0, 0, 2), former("b", 3, 3, 0), former("c", 1, 1, 1)], null), {
    up: ["a→2"],
    routes: [],
    down: ["b→0"],
    waits: false,
  });
});

test("what is somebody else's, or was never taken over, is left", () => {
  assert.deepEqual(told([former("a", 4, 4, null), former("b", 1, 1, null)], null), {
    up: [],
    routes: [],
    down: [],
    waits: false,
  });
});

test("a Service goes back once as many as before are ready, and only then does what serves go down", () => {
  const at = (now: number, ready: number, routed: string) =>
    told([former("a", now, ready, 2), former("b", 3, 3, 0)], routed);
  assert.deepEqual(at(0, 0, "b"), { up: ["a→2"], routes: [], down: [], waits: true });
  assert.deepEqual(at(2, 1, "b"), { up: [], routes: [], down: [], waits: true });
  assert.deepEqual(at(2, 2, "b"), { up: [], routes: ["a"], down: [], waits: true });
  assert.deepEqual(at(2, 2, "a"), { up: [], routes: [], down: ["b→0"], waits: false });
});

test("a Service does not go where nothing ran", () => {
  assert.deepEqual(told([former("a", 1, 1, 0), former("b", 2, 2, 0)], "b"), {
    up: [],
    routes: [],
    down: ["a→0", "b→0"],
    waits: false,
  });
});

test("one stage that waits keeps no other from its numbers", () => {
  const { steps, waits } = stepsBack([
    { targets: [former("a", 0, 0, 1), former("b", 1, 1, 0)], routed: "b" },
    { targets: [former("c", 5, 5, 1)], routed: "c" },
  ]);
  assert.deepEqual([steps.down.map(({ view }) => view.target.name), waits], [["c"], true]);
});
