import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control, Mode } from "../../../src/core/control.ts";
import { observe, planInForce, type Sight } from "../../../src/controller/see/observe.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import { signalsOf } from "../../../src/controller/act/signals.ts";
import type { TargetView } from "../../../src/controller/see/targets.ts";
import { pipelineOf, variant } from "../../fixtures.ts";

const pipeline = pipelineOf([[variant("a", { 1: 0.1 }), variant("b", { 1: 0.1 })]]);

function control(dataPlane: "None" | "Service"): Control {
  const targets = ["a", "b"].map((name) => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name }));
  const service = dataPlane === "Service" ? { name: "s", port: 80, targetPort: 8080 } : null;
  const stage = { stage: "s0", dataPlane, service, serviceTime: null, targets };
  return { mode: "Act", onDelete: "Keep", load: null, latency: null, fallback: null, stages: [stage] };
}

function view(name: string, replicas: number, rest: Partial<TargetView> = {}): TargetView {
  const of = pipeline.stages[0]?.variants.find((one) => one.name === name);
  if (of === undefined) throw new RangeError(name);
  const target = { variant: name, apiVersion: "apps/v1", kind: "Deployment", name };
  const scale = { replicas, selector: parseSelector(`app=${name}`), at: 0, since: 0 };
  return { stage: "s0", variant: of, target, scale, ready: replicas, refused: null, coming: 0, differs: null, ...rest };
}

function seen(views: readonly TargetView[], dataPlane: "None" | "Service", rest: Partial<Sight> = {}) {
  const of = control(dataPlane);
  const load = { end: 0, step: 1, rates: [1] };
  const sight: Sight = {
    mode: "Act",
    now: 0,
    load,
    views,
    routed: [null],
    unroutable: [],
    plan: [],
    state: null,
    ...rest,
  };
  return observe(of, sight, planInForce(pipeline, of, sight), []);
}

test("a plan may choose what the data plane can carry out, and whoever follows a signal", () => {
  const views = [view("a", 2), view("b", 0)];
  const variants = (dataPlane: "None" | "Service", mode: Mode) =>
    seen(views, dataPlane, { mode, routed: ["a"] }).restrictions?.[0]?.variants;
  assert.deepEqual(variants("None", "Act"), ["a"]);
  assert.equal(variants("Service", "Act"), undefined);
  assert.equal(variants("Service", "Recommend"), undefined);
  assert.deepEqual(variants("Service", "Signal"), ["a"]);
});

test("what a Service cannot select, or while it is another's, is not chosen", () => {
  const odd = view("b", 0, { scale: { replicas: 0, selector: parseSelector("app in (b,c)"), at: 0, since: 0 } });
  const restricted = (views: readonly TargetView[], rest: Partial<Sight>) =>
    seen(views, "Service", { routed: ["a"], ...rest }).restrictions?.[0]?.variants;
  assert.deepEqual(restricted([view("a", 2), odd], {}), ["a"]);
  assert.deepEqual(restricted([view("a", 2), view("b", 0)], { unroutable: ["s0"] }), ["a"]);
});

test("Pods that were not profiled as they are do not begin to serve; those that serve go on", () => {
  const replicas = (differing: string, routed: string) =>
    seen(
      ["a", "b"].map((name) => view(name, 2, name === differing ? { differs: "they differ" } : {})),
      "Service",
      { routed: [routed] },
    ).replicas.map(({ variant: name, ready, serving, refused }) => [name, ready, serving, refused]);
  assert.deepEqual(replicas("b", "a"), [
    ["a", 2, 2, undefined],
    ["b", 0, 0, "Resources"],
  ]);
  assert.deepEqual(replicas("b", "b"), [
    ["a", 2, 0, undefined],
    ["b", 2, 2, undefined],
  ]);
});

test("a signal is of what serves, and does not fall where nothing may go down", () => {
  const plan = [{ stage: "s0", variant: "a", batch: 1, batchTimeout: 0, replicas: 2 }];
  const views = [view("a", 5), view("b", 3)];
  assert.deepEqual(signalsOf(plan, views, true), [{ stage: "s0", variant: "a", replicas: 2 }]);
  assert.deepEqual(signalsOf(plan, views, false), [{ stage: "s0", variant: "a", replicas: 5 }]);
});
