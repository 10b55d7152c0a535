import assert from "node:assert/strict";
import { test } from "node:test";
import type { TakenOver } from "../../../src/controller/act/ledger.ts";
import { restore, stepsBack, type Former } from "../../../src/controller/act/restore.ts";
import type { Context } from "../../../src/controller/context.ts";
import type { Known } from "../../../src/controller/known.ts";
import { autoscalerClaims } from "../../../src/controller/see/contest.ts";
import { podIndex } from "../../../src/controller/see/pods.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import type { World } from "../../../src/controller/world.ts";
import type { Control, Target } from "../../../src/core/control.ts";

function former(variant: string, now: number, ready: number, before: number | null): Former {
  const target = { variant, apiVersion: "apps/v1", kind: "Deployment", name: variant };
  return {
    view: { target, scale: { replicas: now, selector: parseSelector(`app=${variant}`), at: 0, since: 0 } },
    ready,
    replicas: before,
  };
}

function told(targets: readonly Former[], routed: string | null, lost = 0) {
  const { steps, waits } = stepsBack([{ targets, routed, lost }]);
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
    { targets: [former("a", 0, 0, 1), former("b", 1, 1, 0)], routed: "b", lost: 0 },
    { targets: [former("c", 5, 5, 1)], routed: "c", lost: 0 },
  ]);
  assert.deepEqual([steps.down.map(({ view }) => view.target.name), waits], [["c"], true]);
});

test("what serves stays where the variant of before is not there any more, and what is there comes up", () => {
  const at = (lost: number) => told([former("b", 3, 3, 0), former("c", 0, 0, 1)], "b", lost);
  assert.deepEqual(at(2), { up: ["c→1"], routes: [], down: [], waits: false });
  // One that had fewer is not missed.
  assert.deepEqual(at(0).waits, true);
  assert.deepEqual(told([former("b", 3, 3, 2), former("c", 1, 1, 0)], null, 1).down, ["b→2", "c→0"]);
});

/** Restores the numbers of targets in a stage without a Service, each of which had two replicas before. */
function restoring(targetsNow: readonly (Pick<TakenOver, "name" | "aboveZero"> & { readonly replicas: number })[]) {
  const wrote: string[] = [];
  const read = async (_namespace: string, { name }: Pick<Target, "name">) => {
    const replicas = targetsNow.find((one) => one.name === name)?.replicas ?? 0;
    return { replicas, selector: parseSelector(`app=${name}`), at: 0, since: 0 };
  };
  const context = {
    record: async () => {},
    scales: {
      read,
      write: async (_namespace: string, { name }: Pick<Target, "name">, { to: replicas }: { readonly to: number }) => {
        wrote.push(`${name}→${replicas}`);
        return { scale: {} };
      },
    },
  } as unknown as Context;
  const targets = targetsNow.map(({ name }) => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name }));
  const takenOver = targets.map((target, i) => {
    const { aboveZero } = targetsNow[i] ?? {};
    return { ...target, replicas: 2, formerManager: "", confirmed: true, aboveZero };
  });
  const stages = [{ stage: "s", dataPlane: "None", service: null, serviceTime: null, targets }];
  const known = { object: { metadata: { name: "p" } }, namespace: "n" } as unknown as Known;
  const at = (stale: readonly string[]) => {
    const [pods, autoscalers] = [podIndex(), autoscalerClaims()];
    const world = { stale: () => stale, pods, autoscalers, claims: autoscalers } as unknown as World;
    const control = { stages } as unknown as Control;
    return restore(context, world, known, control, { takenOver, pinned: [], resumed: "" });
  };
  return { wrote, at };
}

test("on copies that nothing was heard of for long nothing goes down, and the pipeline waits", async () => {
  const { wrote, at } = restoring([
    { name: "a", replicas: 1 },
    { name: "b", replicas: 4 },
  ]);
  assert.equal(await at(["pods"]), false);
  assert.deepEqual(wrote.splice(0), ["a→2"]);
  assert.equal(await at([]), true);
  assert.deepEqual(wrote, ["a→2", "b→2"]);
});

test("a Service does not go back to Pods that ceased to be ready while others were set back", async () => {
  const wrote: string[] = [];
  const pods = podIndex();
  const put = (name: string, status: string): void => {
    const conditions = [{ type: "Ready", status }];
    pods.put({ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } }, status: { conditions } });
  };
  const found = (name: string) => ({
    replicas: name === "c" ? 0 : 1,
    selector: parseSelector(`app=${name}`),
    at: 0,
    since: 0,
  });
  const target = (name: string) => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name });
  const at = (dies: boolean) => {
    put("a", "True");
    const context = {
      record: async () => {},
      kube: {
        get: async () => ({ metadata: { labels: { "ipa.dev/pipeline": "p" } } }),
        apply: async () => void wrote.push("routed"),
      },
      scales: {
        read: async (_namespace: string, { name }: { readonly name: string }) => found(name),
        write: async (
          _namespace: string,
          { name }: { readonly name: string },
          { to: replicas }: { readonly to: number },
        ) => {
          if (dies) put("a", "False");
          wrote.push(`${name}→${replicas}`);
          return { scale: found(name) };
        },
      },
    } as unknown as Context;
    const taken = (name: string, replicas: number) => ({
      ...target(name),
      replicas,
      formerManager: "",
      confirmed: true,
    });
    const ledger = { takenOver: [taken("a", 1), taken("b", 0), taken("c", 1)], pinned: [], resumed: "" };
    const service = { name: "s", port: 80, targetPort: 80 };
    const stages = [
      { stage: "s", dataPlane: "Service", service, serviceTime: null, targets: [target("a"), target("b")] },
      { stage: "t", dataPlane: "None", service: null, serviceTime: null, targets: [target("c")] },
    ];
    const claims = autoscalerClaims();
    const world = {
      stale: () => [],
      pods,
      autoscalers: claims,
      claims,
      service: () => ({ spec: { selector: { app: "b" } } }),
    };
    const known = { object: { metadata: { name: "p", namespace: "n" } }, namespace: "n" };
    return restore(
      context,
      world as unknown as World,
      known as unknown as Known,
      { stages } as unknown as Control,
      ledger,
    );
  };
  assert.equal(await at(true), false);
  assert.deepEqual(wrote.splice(0), ["c→1"]);
  assert.equal(await at(false), false);
  assert.deepEqual(wrote, ["c→1", "routed"]);
});

test("what somebody set to 0 is left at that, and what we did is set back", async () => {
  const { wrote, at } = restoring([
    { name: "theirs", replicas: 0, aboveZero: true },
    { name: "ours", replicas: 0, aboveZero: false },
  ]);
  assert.equal(await at([]), true);
  assert.deepEqual(wrote, ["ours→2"]);
});
