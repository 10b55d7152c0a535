import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control, Mode } from "../../../src/core/control.ts";
import type { Pipeline } from "../../../src/core/pipeline.ts";
import { heldBy } from "../../../src/controller/see/held.ts";
import { observe, planInForce } from "../../../src/controller/see/observe.ts";
import type { Sight } from "../../../src/controller/see/sight.ts";
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

function seen(
  views: readonly TargetView[],
  dataPlane: "None" | "Service",
  rest: Partial<Sight> = {},
  now: Pipeline = pipeline,
) {
  const of = control(dataPlane);
  const load = { end: 0, step: 1, rates: [1] };
  const sight: Sight = {
    mode: "Act",
    now: 0,
    load,
    views,
    unresolved: [],
    routed: [null],
    orphans: [0],
    unroutable: [],
    plan: [],
    state: null,
    ...rest,
  };
  return observe(of, sight, planInForce(now, of, sight), []);
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

test("the batch of a plan leaves a choice only while the pipeline offers it", () => {
  const profile = { 1: 0.1, 2: 0.12, 4: 0.2 };
  const offering = pipelineOf([[variant("a", profile), variant("b", profile)]]);
  const pinned = { ...offering, stages: offering.stages.map((stage) => ({ ...stage, pin: { batches: [4] } })) };
  const known = { plan: [{ ...ran("a", 3), batch: 2 }], routed: ["a"] };
  const batches = (now: Pipeline) =>
    seen([view("a", 3), view("b", 0)], "Service", known, now).restrictions?.[0]?.batches;
  assert.deepEqual(batches(offering), [2]);
  assert.deepEqual(batches(pinned), [4]);
});

test("in Signal what the Service selects is in force, and not what was planned before", () => {
  const views = [view("a", 2), view("b", 1)];
  const running = (mode: Mode, routed: string | null) =>
    seen(views, "Service", { mode, plan: [ran("b", 1)], routed: [routed] }).running;
  assert.deepEqual(running("Signal", "a"), [ran("a", 2)]);
  assert.deepEqual(running("Signal", null), [ran("b", 1)]);
  // What acts may be about to switch.
  assert.deepEqual(running("Act", "a"), [ran("b", 1)]);
});

const ran = (variantOf: string, replicas: number) => ({
  stage: "s0",
  variant: variantOf,
  batch: 1,
  batchTimeout: 0,
  replicas,
});
const gone = (name: string, reason: "NotFound" | "Forbidden" = "NotFound") => ({ stage: "s0", variant: name, reason });
const none = { fewest: 0, most: 0 };

test("what has no target runs with no replicas and is left out; where a plan may switch, the plan is to do it", () => {
  const views = [view("b", 3)];
  const lost = { views, unresolved: [gone("a")], plan: [ran("a", 2)] };
  const service = seen(views, "Service", lost);
  assert.deepEqual(service.running, [ran("a", 0)]);
  assert.deepEqual(service.restrictions, [{ stage: "s0", batches: [1], replicas: { a: none } }]);
});

test("what runs and cannot be looked at is held as it is planned: no other takes its place where none may be chosen", () => {
  const held = { a: { fewest: 2, most: 2 } };
  const count = { stage: "s0", variant: "a", ready: 2, starting: 0, serving: 2 };
  for (const reason of ["NotFound", "Forbidden"] as const) {
    const lost = { unresolved: [gone("a", reason)], plan: [ran("a", 2)] };
    // Whatever the others run, and also where there are none.
    for (const views of [[view("b", 3)], []]) {
      const { running, restrictions, replicas } = seen(views, "None", lost);
      assert.deepEqual(running, [ran("a", 2)]);
      assert.deepEqual(restrictions, [{ stage: "s0", variants: ["a"], batches: [1], replicas: held }]);
      assert.deepEqual(replicas.at(-1), count);
    }
  }
  // By a Service what is not there can be left; what may only not be scaled serves on.
  const lost = { unresolved: [gone("a", "Forbidden")], plan: [ran("a", 2)], routed: ["a"], orphans: [1] };
  const service = seen([view("b", 0)], "Service", lost);
  assert.deepEqual(service.running, [ran("a", 2)]);
  assert.deepEqual(service.restrictions, [{ stage: "s0", batches: [1], replicas: held }]);
  assert.deepEqual(service.replicas.at(-1), { ...count, ready: 1, serving: 1 });
  // So is what a switch came from whose other end the spec does not have any more.
  const switching = { from: ran("a", 2), phase: "Preparing", since: 0 } as const;
  const state = { rollouts: { s0: { switching, setbacks: [] } } };
  const left = { unresolved: [gone("a", "Forbidden"), gone("b")], plan: [ran("former", 3)], state };
  assert.deepEqual(seen([], "Service", left).running, [ran("a", 2)]);
  // What does not run is left out.
  const other = seen([view("a", 2)], "None", { unresolved: [gone("b", "Forbidden")], plan: [ran("a", 2)] });
  assert.deepEqual(other.restrictions?.[0]?.replicas, { b: none });
});

test("until a switch is routed what it comes from is held, and what it goes to is not", () => {
  const from = { from: ran("a", 2), phase: "Preparing", since: 0 } as const;
  const state = { rollouts: { s0: { switching: from, setbacks: [] } } };
  const held = (name: string, phase: "Preparing" | "Ready" | "Routed", routed: string | null = null) => {
    const rollouts = { s0: { switching: { ...from, phase }, setbacks: [] } };
    const unresolved = [gone(name, "Forbidden")];
    const sight = { mode: "Act", unresolved, plan: [ran("b", 3)], state: { ...state, rollouts } } as const;
    return heldBy(control("Service"), { ...sight, routed: [routed] });
  };
  assert.deepEqual(held("a", "Preparing"), [{ stage: "s0", variant: "a", replicas: 2 }]);
  assert.deepEqual(held("b", "Preparing"), []);
  assert.deepEqual(held("a", "Routed"), []);
  // It was routed, and nobody has seen that yet.
  assert.deepEqual(held("b", "Ready", "b"), [{ stage: "s0", variant: "b", replicas: 3 }]);
  assert.deepEqual(held("b", "Routed"), [{ stage: "s0", variant: "b", replicas: 3 }]);
});

test("a target that is there again has the replicas that are found, also where a switch came from it", () => {
  const switching = { from: ran("a", 0), phase: "Preparing", since: 0 } as const;
  const state = { rollouts: { s0: { switching, setbacks: [] } } };
  const views = [view("a", 3), view("b", 1)];
  const back = seen(views, "Service", { plan: [ran("a", 0)], routed: ["a"], state });
  assert.deepEqual(back.running, [ran("a", 3)]);
  assert.equal(back.state?.rollouts?.["s0"]?.switching?.from.replicas, 3);
  const other = { rollouts: { s0: { switching: { ...switching, from: ran("a", 5) }, setbacks: [] } } };
  const away = seen([view("b", 1)], "Service", { unresolved: [gone("a")], plan: [ran("b", 2)], state: other });
  assert.equal(away.state?.rollouts?.["s0"]?.switching?.from.replicas, 0);
});

test("Pods that outlive their target serve on", () => {
  const lost = { unresolved: [gone("a")], plan: [ran("a", 2)], routed: ["a"], orphans: [2] };
  assert.deepEqual(seen([view("b", 1)], "Service", lost).replicas, [
    { stage: "s0", variant: "b", ready: 1, starting: 0, serving: 0 },
    { stage: "s0", variant: "a", ready: 2, starting: 0, serving: 2 },
  ]);
});

test("where what serves is gone a Service is led elsewhere, whatever stood in the way of that", () => {
  const odd = view("b", 0, { scale: { replicas: 0, selector: parseSelector("app in (b,c)"), at: 0, since: 0 } });
  const lost = { unresolved: [gone("a")], plan: [ran("a", 2)] };
  const variants = (views: readonly TargetView[], rest: Partial<Sight>) =>
    seen(views, "Service", { ...lost, ...rest }).restrictions?.[0]?.variants;
  assert.equal(variants([view("b", 0)], { unroutable: ["s0"] }), undefined);
  assert.equal(variants([odd], {}), undefined);
});
