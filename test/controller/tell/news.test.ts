import assert from "node:assert/strict";
import { test } from "node:test";
import { hasDrifted, saysAnother } from "../../../src/controller/tell/news.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";

function status(observedRps: string, message = ""): PipelineStatus {
  const condition = { type: "Ready", status: "True", reason: "Ready", observedGeneration: 1 } as const;
  return {
    load: { observedRps, at: "2026-01-01T00:00:00Z" },
    conditions: [{ ...condition, message, lastTransitionTime: "2026-01-01T00:00:00Z" }],
  };
}

test("a load that is measured a little otherwise each time has not drifted, wherever a rounding would lie", () => {
  for (const [was, is] of [
    ["7.95", "8.05"],
    ["9.95", "10.05"],
    ["0.0995", "0.1005"],
    ["0", "0"],
  ] as const) {
    assert.equal(hasDrifted(status(is), status(was)), false, `${was} → ${is}`);
    assert.equal(hasDrifted(status(was), status(is)), false, `${is} → ${was}`);
  }
});

test("another load, a first one, and other words have", () => {
  assert.ok(hasDrifted(status("8.5"), status("8")));
  assert.ok(hasDrifted(status("0.1"), status("0")));
  assert.ok(hasDrifted(status("8"), {}));
  assert.ok(hasDrifted(status("8", "all is well"), status("8")));
});

test("numbers and words alone are nothing that must be told at once", () => {
  assert.equal(saysAnother(status("16", "all is well"), status("8")), false);
  assert.ok(
    saysAnother({ ...status("8"), plan: { decisionId: "0", feasible: false, stages: [] } as never }, status("8")),
  );
});

test("that replicas are on their way, or no longer, is told at once; how far they have come is not", () => {
  const progress = { variant: "a", replicas: 4, ready: 1, since: "2026-01-01T00:00:00Z" };
  const coming = (more: Partial<typeof progress> | null): PipelineStatus => ({
    ...status("8"),
    ...(more === null ? {} : { rollouts: [{ stage: "s", progress: { ...progress, ...more } }] }),
  });
  const was = coming({});
  for (const is of [coming(null), coming({ variant: "b" }), coming({ replicas: 5 })]) {
    assert.ok(saysAnother(is, was));
    assert.ok(saysAnother(was, is));
  }
  for (const more of [{ ready: 2 }, { since: "2026-01-01T00:01:00Z" }]) {
    assert.equal(saysAnother(coming(more), was), false);
    assert.ok(hasDrifted(coming(more), was));
  }
});

test("why requests go back is told at once", () => {
  const from = { variant: "a", batch: 1, batchTimeoutSeconds: "0", replicas: 4 };
  const switching = { from, phase: "Returning", since: "2026-01-01T00:00:00Z" } as const;
  const returning = (lost?: true): PipelineStatus => ({
    ...status("8"),
    rollouts: [{ stage: "s", switching: { ...switching, ...(lost === undefined ? {} : { lost }) } }],
  });
  assert.ok(saysAnother(returning(true), returning()));
});

test("while replicas are on their way it is told that somebody looks, else not", () => {
  const later = (of: PipelineStatus): PipelineStatus => ({
    ...of,
    load: { observedRps: "8", at: "2026-01-01T00:01:00Z" },
  });
  const progress = { variant: "a", replicas: 4, ready: 1, since: "2026-01-01T00:00:00Z" };
  const coming: PipelineStatus = { ...status("8"), rollouts: [{ stage: "s", progress }] };
  assert.ok(hasDrifted(later(coming), coming));
  assert.equal(hasDrifted(later(status("8")), status("8")), false);
});
