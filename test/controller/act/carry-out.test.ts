import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  numbersOf,
  stepsTo,
  take,
  type Failure,
  type RouteStep,
  type ScaleStep,
  type Steps,
} from "../../../src/controller/act/carry-out.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import type { TargetView } from "../../../src/controller/see/targets.ts";
import type { Control } from "../../../src/core/control.ts";
import type { Pipeline } from "../../../src/core/pipeline.ts";
import type { Plan } from "../../../src/core/plan.ts";
import { switchPhases } from "../../../src/core/switch.ts";
import { parseResource } from "../../../src/formats/resource.ts";
import { KubeError } from "../../../src/kube/errors.ts";
import { pipelineObject, profiles } from "../../cluster/scene/objects.ts";
import { stagePlan } from "../../fixtures.ts";

type DataPlane = "None" | "Service";

function live(dataPlane: DataPlane, cores?: number): { readonly pipeline: Pipeline; readonly control: Control } {
  const limits = { replicas: 20, ...(cores === undefined ? {} : { cores }) };
  const object = pipelineObject({ dataPlane, spec: { limits } });
  return parseResource(object, new Map(Object.entries(profiles)), "shop");
}

/** Of each variant as many as are asked for, all of them Ready. */
function viewsOf({ pipeline, control }: ReturnType<typeof live>, counts: readonly number[]): readonly TargetView[] {
  return pipeline.stages
    .flatMap((stage, s) =>
      stage.variants.map((variant, v) => ({ stage, variant, target: control.stages[s]?.targets[v] })),
    )
    .flatMap(({ stage, variant, target }, i): readonly TargetView[] => {
      const replicas = counts[i] ?? 0;
      const scale = { replicas, selector: parseSelector(`app=${variant.name}`), at: 0, since: 0 };
      const nothing = { refused: null, coming: 0, differs: null };
      return target === undefined || target === null
        ? []
        : [{ stage: stage.name, variant, target, scale, ready: replicas, ...nothing }];
    });
}

const said = (steps: readonly ScaleStep[]): readonly string[] =>
  steps.map(({ view, replicas }) => `${view.target.variant}→${replicas}`);
/** All but the cores. */
function told({ room, up, routes, down }: Steps) {
  return { room: said(room), up: said(up), routes: routes.map(({ view }) => view.target.variant), down: said(down) };
}
const nothing = { room: [], up: [], routes: [], down: [] };

describe("what a cluster lacks of a plan", () => {
  const plan: Plan = [stagePlan("detect", "small", 3), stagePlan("classify", "fast", 1)];

  test("without a data plane the variants that do not serve are let be", () => {
    const of = live("None");
    const scene = { ...of, views: viewsOf(of, [1, 5, 2, 5]), routed: [null, null], fixed: [] };
    assert.deepEqual(told(stepsTo(scene, plan, null)), { ...nothing, up: ["small→3"], down: ["fast→1"] });
  });

  test("with a Service the requests are routed, and what is left over goes", () => {
    const of = live("Service");
    const scene = { ...of, views: viewsOf(of, [3, 2, 1, 0]), routed: ["small", null], fixed: [] };
    assert.deepEqual(told(stepsTo(scene, plan, null)), { ...nothing, routes: ["fast"], down: ["large→0"] });
  });

  test("without a data plane what does not serve takes no cores from what does", () => {
    const of = live("None", 8);
    const views = viewsOf(of, [3, 2, 1, 3]);
    const to = [stagePlan("detect", "small", 6), stagePlan("classify", "fast", 2)];
    const steps = stepsTo({ ...of, views, routed: [null, null], fixed: [] }, to, null);
    assert.deepEqual([steps.free, said(numbersOf(steps, true))], [4, ["small→6", "fast→2"]]);
  });

  test("numbers that others set are let be", () => {
    const of = live("None");
    const views = viewsOf(of, [1, 0, 2, 0]);
    const fixed = views.slice(0, 1).map(({ stage, variant, target }) => ({
      stage,
      target,
      variant: variant.name,
      replicas: 1,
      by: "kubectl",
      reason: "TargetPinned" as const,
    }));
    assert.deepEqual(told(stepsTo({ ...of, views, routed: [null, null], fixed }, plan, null)), {
      ...nothing,
      down: ["fast→1"],
    });
  });

  test("where more does not fit beside what is there, fewer comes first", () => {
    const of = live("None", 5);
    const scene = { ...of, views: viewsOf(of, [1, 0, 4, 0]), routed: [null, null], fixed: [] };
    assert.deepEqual(told(stepsTo(scene, plan, null)), { ...nothing, room: ["fast→1"], up: ["small→3"] });
  });

  test("what is planned and cannot be looked at has its room, too", () => {
    const of = live("Service", 5);
    const views = viewsOf(of, [1, 1]).filter(({ stage }) => stage === "detect");
    const to = [stagePlan("detect", "small", 2), stagePlan("classify", "fast", 2)];
    const scene = { ...of, views, routed: ["small", null], fixed: [] };
    assert.deepEqual(told(stepsTo(scene, to, null)), { ...nothing, room: ["large→0"], up: ["small→2"] });
  });

  test("property: what serves is never scaled below the plan, nor below what a switch comes from", () => {
    const count = fc.integer({ min: 0, max: 6 });
    const at = fc.record({
      counts: fc.tuple(count, count, count, count),
      replicas: fc.integer({ min: 1, max: 6 }),
      from: fc.integer({ min: 1, max: 6 }),
      phase: fc.constantFrom(...switchPhases),
      routed: fc.constantFrom("small", "large", null),
      cores: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(at, ({ counts, replicas, from, phase, routed, cores }) => {
        const of = live("Service", cores);
        const to = [stagePlan("detect", "large", replicas), stagePlan("classify", "fast", 1)];
        const switching = { from: stagePlan("detect", "small", from), phase, since: 0 } as const;
        const state = { rollouts: { detect: { switching, setbacks: [] } } };
        const scene = { ...of, views: viewsOf(of, counts), routed: [routed, "fast"], fixed: [] };
        const { room, up, routes, down } = stepsTo(scene, to, state);
        for (const { view, replicas: set } of [...room, ...up, ...down]) {
          if (view.target.variant === "small") assert.equal(set, from);
          if (view.target.variant === "large") assert.equal(set, replicas);
        }
        const goTo = routes.find(({ index }) => index === 0)?.view.target.variant ?? routed;
        assert.equal(goTo, ["Preparing", "Returning"].includes(phase) ? "small" : "large");
        if (routes.length > 0) assert.ok(!room.some(({ view }) => /small|large/.test(view.target.variant)));
      }),
    );
  });
});

describe("the steps, one after the other", () => {
  const of = live("None");
  const [small, large, fast, precise] = viewsOf(of, [1, 1, 1, 1]).map((view, v) => ({
    index: v < 2 ? 0 : 1,
    view,
    replicas: 2,
    cores: 1,
  }));
  const steps: Steps = {
    free: Infinity,
    room: [],
    up: [small, large].flatMap((step) => step ?? []),
    routes: [fast].flatMap((step) => (step === undefined ? [] : { index: 1, view: step.view })),
    down: [precise].flatMap((step) => step ?? []),
  };
  const target = { variant: "small", apiVersion: "apps/v1", kind: "Deployment", name: "small" };
  const pinned: Failure = { reason: "TargetPinned", target, by: "kubectl" };
  const lost = new KubeError("", { status: 0, reason: "NotLeader" });
  const broken = new KubeError("", { status: 500, reason: "InternalError" });

  async function taken(at: Record<string, Failure | Error>, mayGoDown = true, all = steps): Promise<readonly string[]> {
    const done: string[] = [];
    const act = async ({ view }: ScaleStep | RouteStep): Promise<Failure | null> => {
      const what = at[view.target.variant];
      if (what instanceof Error) throw what;
      if (what === undefined) done.push(view.target.variant);
      return what ?? null;
    };
    const failures = await take(all, { scale: act, route: act, goesOn: () => true }, mayGoDown);
    return [...done, ...failures.map(({ reason }) => reason)];
  }

  test("more first, then the requests, then fewer", async () => {
    assert.deepEqual(await taken({}), ["small", "large", "fast", "precise"]);
  });
  test("nothing goes down where that is not known to be too much, nor of a stage after a failure of it", async () => {
    assert.deepEqual(await taken({}, false), ["small", "large", "fast"]);
    assert.deepEqual(await taken({ fast: broken }), ["small", "large", "WriteFailed"]);
    assert.deepEqual(await taken({ small: broken }), ["large", "fast", "precise", "WriteFailed"]);
  });
  test("what somebody took back keeps nothing else from going down", async () => {
    assert.deepEqual(await taken({ small: pinned }), ["large", "fast", "precise", "TargetPinned"]);
  });
  test("a lost lease ends all", async () => {
    await assert.rejects(taken({ large: lost }), lost);
  });
  test("what goes up does so as far as there are cores, and what cannot is told", async () => {
    const narrow = { ...steps, free: 1, room: steps.down.map((step) => ({ ...step, replicas: 0 })), down: [] };
    assert.deepEqual(await taken({}, true, narrow), ["precise", "small", "large", "fast"]);
    assert.deepEqual(await taken({ precise: pinned }, true, narrow), ["small", "fast", "TargetPinned", "NoCores"]);
    assert.deepEqual(await taken({}, false, narrow), ["small", "fast", "NoCores"]);
    assert.deepEqual(await taken({}, false, { ...narrow, free: 0 }), ["fast", "NoCores", "NoCores"]);
    // What is not going to be written must not be said to be.
    assert.deepEqual(said(numbersOf(narrow, false)), ["small→2"]);
    assert.deepEqual(said(numbersOf(narrow, true)), ["precise→0", "small→2", "large→2"]);
    assert.deepEqual(said(numbersOf({ ...narrow, free: 0 }, false)), []);
  });

  test("property: whichever steps fail, no number is set that was not said to be", async () => {
    const growth = fc.record({
      now: fc.nat({ max: 3 }),
      more: fc.integer({ min: 1, max: 4 }),
      cores: fc.nat({ max: 3 }),
    });
    const at = fc.record({
      free: fc.integer({ min: -2, max: 4 }),
      ups: fc.array(growth, { minLength: 1, maxLength: 3 }),
      rooms: fc.array(fc.record({ growth, fails: fc.boolean() }), { maxLength: 3 }),
      mayGoDown: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(at, async ({ free, ups, rooms, mayGoDown }) => {
        const step = (name: string, from: number, to: number, cores: number): ScaleStep => {
          const scale = { replicas: from, selector: parseSelector(`app=${name}`), at: 0, since: 0 };
          return {
            index: 0,
            view: { target: { ...target, variant: name, name }, scale },
            replicas: to,
            cores: cores + 1,
          };
        };
        const all: Steps = {
          free,
          room: rooms.map(({ growth: { now, more, cores } }, i) => step(`room ${i}`, now + more, now, cores)),
          up: ups.map(({ now, more, cores }, i) => step(`up ${i}`, now, now + more, cores)),
          routes: [],
          down: [],
        };
        const names = numbersOf(all, mayGoDown).map(({ view }) => view.target.name);
        const failing = rooms.flatMap(({ fails }, i) => (fails ? `room ${i}` : []));
        const scale = async ({ view }: ScaleStep): Promise<Failure | null> => {
          assert.ok(names.includes(view.target.name), view.target.name);
          return failing.includes(view.target.name) ? pinned : null;
        };
        await take(all, { scale, route: async () => null, goesOn: () => true }, mayGoDown);
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  test("property: with no write more is asked for than the limit, if it was not before; what can go up does", async () => {
    const count = fc.integer({ min: 0, max: 6 });
    const at = fc.record({
      counts: fc.tuple(count, count, count, count),
      wanted: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
      variants: fc.tuple(fc.constantFrom("small", "large"), fc.constantFrom("fast", "precise")),
      routed: fc.tuple(fc.constantFrom("small", "large", null), fc.constantFrom("fast", "precise", null)),
      cores: fc.integer({ min: 1, max: 30 }),
      mayGoDown: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(at, async ({ counts, wanted, variants, routed, cores, mayGoDown }) => {
        const within = live("Service", cores);
        const views = viewsOf(within, counts);
        const plan = [stagePlan("detect", variants[0], wanted[0]), stagePlan("classify", variants[1], wanted[1])];
        const now = new Map(views.map(({ variant, scale }) => [variant.name, scale.replicas]));
        const asked = (): number =>
          views.reduce((sum, { variant }) => sum + variant.coresPerReplica * (now.get(variant.name) ?? 0), 0);
        const began = asked();
        const scale = async ({ view, replicas }: ScaleStep): Promise<null> => {
          now.set(view.target.variant, replicas);
          assert.ok(asked() <= Math.max(cores, began));
          return null;
        };
        const all = stepsTo({ ...within, views, routed, fixed: [] }, plan, null);
        const failures = await take(all, { scale, route: async () => null, goesOn: () => true }, mayGoDown);
        const lacks = plan.filter(({ variant, replicas }) => (now.get(variant) ?? 0) < replicas);
        assert.deepEqual(
          failures.map(({ reason, index }) => `${reason} ${index}`),
          lacks.map(({ stage }) => `NoCores ${stage === "detect" ? 0 : 1}`),
        );
        // Of what lacks replicas, not one more would have fitted when it was its turn.
        if (!mayGoDown || all.down.length === 0) {
          for (const { variant } of lacks) {
            const each = views.find((view) => view.variant.name === variant)?.variant.coresPerReplica ?? 0;
            assert.ok(asked() + each > cores);
          }
        }
      }),
    );
  });
});
