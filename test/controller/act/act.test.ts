import assert from "node:assert/strict";
import { test } from "node:test";
import { carryOut } from "../../../src/controller/act/act.ts";
import type { Steps } from "../../../src/controller/act/carry-out.ts";
import { allWell } from "../turns.ts";
import type { Answer, Context } from "../../../src/controller/context.ts";
import type { Ledger } from "../../../src/controller/act/ledger.ts";
import type { Known } from "../../../src/controller/known.ts";
import { memoryFrom } from "../../../src/controller/memory.ts";
import { controllerMetrics } from "../../../src/controller/tell/metrics.ts";
import { podIndex } from "../../../src/controller/see/pods.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import { pipelineOf, plan, variant } from "../../fixtures.ts";
import { KubeError } from "../../../src/kube/errors.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";

const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p", namespace: "n" } };
const named = (variant: string) => ({ variant, apiVersion: "apps/v1", kind: "Deployment", name: variant });
const stage = {
  stage: "s0",
  dataPlane: "Service",
  service: { name: "s", port: 80, targetPort: 80 },
  targets: ["up", "down"].map(named),
};
const pipeline = pipelineOf([[variant("up", { 1: 0.1 }), variant("down", { 1: 0.1 })]]);
const known = {
  object,
  namespace: "n",
  name: "p",
  built: { pipeline, control: { stages: [stage] } },
  holds: () => true,
} as unknown as Known;

function viewOf(name: string, replicas: number) {
  return { target: named(name), scale: { replicas, selector: parseSelector(`app=${name}`), at: 0, since: 0 } };
}

const steps: Steps = {
  free: Infinity,
  room: [],
  up: [{ index: 0, view: viewOf("up", 1), replicas: 2, cores: 1 }],
  routes: [{ index: 0, view: viewOf("up", 1) }],
  down: [{ index: 0, view: viewOf("down", 2), replicas: 0, cores: 1 }],
};

const up = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  name: "up",
  replicas: 0,
  formerManager: "test",
  confirmed: true,
};

function contextOf(scales: object, kube: object): Context {
  const metrics = controllerMetrics();
  return {
    clock: () => 100,
    metrics,
    record: async () => {},
    log: { ready: () => {} },
    scales,
    kube,
  } as unknown as Context;
}

async function done(
  stale: readonly string[] | (() => readonly string[]),
  takenOver: Ledger["takenOver"] = [up],
  selects?: string,
) {
  const did: string[] = [];
  const scales = {
    known: (_namespace: string, { name }: { readonly name: string }) => viewOf(name, 2).scale,
    write: async (
      _namespace: string,
      { name }: { readonly name: string },
      { to: replicas }: { readonly to: number },
    ) => {
      did.push(`${name} ${replicas}`);
      return { scale: {} };
    },
  };
  const context = contextOf(scales, {
    get: async () => ({ ...object, metadata: { name: "s", labels: { "ipa.dev/pipeline": "p" } } }),
    apply: async ({ plural }: { readonly plural: string }) => void (plural === "services" && did.push("routed")),
  });
  const memory = { ...memoryFrom(object, 0), downFrom: 0, ledger: { takenOver, pinned: [], resumed: "" } };
  // Two of each were ready when it was decided.
  const replicas = ["up", "down"].map((name) => ({
    stage: "s0",
    variant: name,
    ready: 2,
    starting: 0,
    serving: name === "down" ? 2 : 0,
  }));
  const seen = { now: 90, load: { end: 90, step: 5, rates: [null] }, replicas };
  const decision = { at: 90, plan: plan(["up", 2]), outcome: null, reason: "unchanged", state: { planning: {} } };
  const answer = { decision, seen, promised: null } as unknown as Answer;
  const told = { standings: allWell, mode: "Act", id: "1", answer } as const;
  const labels = { app: selects };
  const service = selects === undefined ? undefined : { ...object, spec: { selector: labels } };
  const world = {
    namespace: "n",
    stale: typeof stale === "function" ? stale : () => stale,
    pods: podIndex(),
    service: () => service,
  };
  const { status } = await carryOut(context, world, known, memory, steps, true, "", told);
  const applied = (status as PipelineStatus).conditions?.find(({ type }) => type === "Applied");
  return { did, reason: applied?.reason, message: applied?.message };
}

test("on copies that nothing was heard of for long nothing is routed or taken over and nothing goes down, and the status says so", async () => {
  assert.deepEqual(await done([]), { did: ["up 2", "routed", "down 0"], reason: "Applied", message: "" });
  const { did, reason, message } = await done(["pods"]);
  assert.deepEqual(did, ["up 2"]);
  assert.equal(reason, "WatchesStale");
  assert.match(message ?? "", /pods/);
  // An autoscaler may have come to what is not our own yet.
  assert.deepEqual((await done(["horizontalpodautoscalers"], [])).did, []);
  assert.deepEqual((await done([], [])).did, ["up 2", "routed", "down 0"]);
});

test("what was withheld is told, also where watches went on meanwhile", async () => {
  let looks = 0;
  const { did, reason, message } = await done(() => (looks++ === 0 ? ["pods"] : []));
  assert.deepEqual(did, ["up 2"]);
  assert.equal(reason, "WatchesStale");
  assert.match(message ?? "", /pods/);
});

test("requests are not sent to Pods that are not ready any more, and then nothing of the stage goes down", async () => {
  const { did, reason, message } = await done([], [up], "down");
  assert.deepEqual(did, ["up 2"]);
  assert.equal(reason, "Switching");
  assert.match(message ?? "", /too few of up/);
});

test("what is forced was written down before, whichever step failed; what was not tried is as if it was not meant", async () => {
  const ours = { apiVersion: "apps/v1", kind: "Deployment", formerManager: "helm", confirmed: true, aboveZero: true };
  const statuses: PipelineStatus[] = [];
  const forced: string[] = [];
  const scales = {
    write: async (
      _namespace: string,
      { name }: { readonly name: string },
      { to }: { readonly to: number },
      force: boolean,
    ) => {
      if (name === "room") throw new KubeError("", { status: 500, reason: "InternalError" });
      if (!force) return { heldBy: "helm" };
      forced.push(
        `${name} ${to}, said: ${statuses
          .at(-1)
          ?.takenOver?.map((one) => one.name)
          .join()}`,
      );
      return { scale: {} };
    },
  };
  const context = contextOf(scales, {
    apply: async (_at: unknown, { status }: { readonly status: PipelineStatus }) => void statuses.push(status),
  });
  const toTake: Steps = {
    free: 1,
    room: [{ index: 0, view: viewOf("room", 3), replicas: 0, cores: 1 }],
    up: [
      { index: 1, view: viewOf("first", 0), replicas: 3, cores: 2 },
      // There are cores for more of it only because none are freed for the first.
      { index: 2, view: viewOf("second", 3), replicas: 5, cores: 1 },
    ],
    routes: [],
    // Nothing of a stage goes down in which a step failed.
    down: [{ index: 0, view: viewOf("down", 2), replicas: 0, cores: 1 }],
  };
  const takenOver = ["room", "down"].map((name) => ({ ...ours, name, replicas: 3 }));
  const memory = { ...memoryFrom(object, 0), downFrom: 0, ledger: { takenOver, pinned: [], resumed: "" } };
  const decision = { at: 90, plan: plan(["up", 5]), outcome: null, reason: "unchanged", state: { planning: {} } };
  const seen = { now: 90, load: { end: 90, step: 5, rates: [null] }, replicas: [] };
  const told = {
    standings: allWell,
    mode: "Act",
    id: "1",
    answer: { decision, seen, promised: null } as unknown as Answer,
  } as const;
  const world = { namespace: "n", stale: () => [], pods: podIndex(), service: () => undefined };
  const { ledger } = await carryOut(context, world, known, memory, toTake, true, "", told);
  assert.deepEqual(forced, ["second 4, said: room,down,first,second"]);
  const entries = ledger.takenOver.map(({ name, confirmed, aboveZero }) => `${name} ${confirmed} ${aboveZero}`);
  // Of what failed nobody knows whether it was done.
  assert.deepEqual(entries, ["room true false", "down true true", "second true true"]);
  assert.deepEqual(statuses.at(-1)?.takenOver, ledger.takenOver);
});
