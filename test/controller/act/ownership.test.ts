import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { carryOut } from "../../../src/controller/act/act.ts";
import type { Steps } from "../../../src/controller/act/carry-out.ts";
import { settleOwned } from "../../../src/controller/act/ownership.ts";
import { scales } from "../../../src/controller/act/scales.ts";
import type { Answer, Context } from "../../../src/controller/context.ts";
import type { Known } from "../../../src/controller/known.ts";
import { memoryFrom, type Memory } from "../../../src/controller/memory.ts";
import { fixedBy } from "../../../src/controller/see/fixed.ts";
import { autoscalerClaims } from "../../../src/controller/see/contest.ts";
import type { TargetView } from "../../../src/controller/see/targets.ts";
import { allWell } from "../turns.ts";
import { controllerMetrics } from "../../../src/controller/tell/metrics.ts";
import { UnreportedError } from "../../../src/controller/tell/report.ts";
import type { World } from "../../../src/controller/world.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import type { ApplyAs, Kube } from "../../../src/kube/client.ts";
import { KubeError } from "../../../src/kube/errors.ts";
import type { KubeObject, ObjectPath } from "../../../src/kube/objects.ts";

// One target, leaders that die between any two calls, an API server whose answers get lost, and people who set the number, too.

/** What becomes of a call that writes. */
type Fate = "done" | "answer lost" | "lost" | "refused" | "dead before" | "dead after";

const FOUND = 7;
const target = { variant: "v", apiVersion: "apps/v1", kind: "Deployment", name: "v" };

class Death extends Error {}

/** `refuse`: what a policy says of a number of replicas. */
function deployment(refuse: (replicas: number) => boolean = () => false) {
  /** As the API server stores it: of 0 nobody is the owner. */
  let [replicas, owner]: [number, string | null] = [FOUND, "helm"];
  let status: PipelineStatus | undefined;
  let fates: Fate[] = [];
  let [version, time] = [1, 100];
  /** What somebody does before so many more calls. */
  let meanwhile: { readonly calls: number; readonly act: () => void } | null = null;
  const log: string[] = [];
  const pipeline = () => ({
    apiVersion: "ipa.dev/v1alpha1",
    kind: "InferencePipeline",
    metadata: { name: "p", namespace: "n" },
    ...(status === undefined ? {} : { status }),
  });
  const scaleObject = (count: number) => ({
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "v", resourceVersion: String(version) },
    spec: count === 0 ? {} : { replicas: count },
    status: { selector: "app=v" },
  });
  const meet = (write: () => unknown): void => {
    const fate = fates.shift() ?? "done";
    if (fate === "dead before") throw new Death();
    if (fate === "lost") throw new KubeError("no answer", { status: 0, reason: "NoAnswer" });
    if (fate === "refused") throw new KubeError("denied", { status: 403, reason: "Forbidden" });
    write();
    if (fate === "dead after") throw new Death();
    if (fate === "answer lost") throw new KubeError("no answer", { status: 0, reason: "NoAnswer" });
  };
  const pass = (): void => {
    if (meanwhile === null) return;
    const { calls, act } = meanwhile;
    meanwhile = calls === 0 ? null : { calls: calls - 1, act };
    if (calls === 0) act();
  };
  const scale = (wanted: number, seen: string | undefined, { force, dryRun = false }: ApplyAs) => {
    if (!force && owner !== null && owner !== "ipa" && wanted !== replicas) {
      const causes = [{ reason: "FieldManagerConflict", message: `conflict with "${owner}"` }];
      throw new KubeError("", { status: 409, reason: "Conflict", causes });
    }
    if (seen !== undefined && seen !== String(version)) {
      throw new KubeError("modified", { status: 409, reason: "Conflict" });
    }
    if (refuse(wanted)) throw new KubeError("too many", { status: 422, reason: "Invalid" });
    if (dryRun) return scaleObject(wanted);
    meet(() => {
      log.push(`ipa ${wanted}${force ? " by force" : ""} over ${replicas} of ${owner ?? "nobody"}`);
      [replicas, owner] = [wanted, wanted === 0 ? null : "ipa"];
      version += 1;
    });
    return scaleObject(wanted);
  };
  const kube = {
    get: async () => {
      pass();
      return scaleObject(replicas);
    },
    apply: async (
      { subresource }: ObjectPath,
      body: KubeObject & { readonly status?: PipelineStatus },
      as: ApplyAs,
    ) => {
      pass();
      if (subresource === "scale") {
        return scale((body.spec as { readonly replicas: number }).replicas, body.metadata.resourceVersion, as);
      }
      meet(() => void (status = structuredClone(body.status)));
      return pipeline();
    },
  } as unknown as Kube;
  const world = {
    stale: () => [],
    autoscalers: autoscalerClaims(),
    claims: autoscalerClaims(),
  } as unknown as World;
  const leader = () => {
    const context = {
      kube,
      scales: scales(kube, () => time),
      clock: () => time,
      metrics: controllerMetrics(),
      record: async () => {},
      log: { ready: () => {} },
    } as unknown as Context;
    let memory: Memory = { ...memoryFrom(pipeline(), 0), downFrom: 0 };
    const known = {
      object: pipeline(),
      namespace: "n",
      name: "p",
      built: { pipeline: { stages: [] }, control: { stages: [] } },
      holds: () => true,
    } as unknown as Known;
    /** One turn that wants so many replicas; the fates of its writes, in their order. */
    return async (wanted: number, ...met: readonly Fate[]): Promise<void> => {
      fates = [...met];
      // What is known from the turn before is not recent.
      time += 10;
      const before = context.scales.known("n", target);
      // The Pods hint that somebody set another number.
      if (before?.replicas !== replicas) await context.scales.read("n", target);
      const now = context.scales.known("n", target);
      assert.ok(now !== null);
      const view = { stage: "s", variant: { name: "v" }, target, scale: now, differs: null } as unknown as TargetView;
      const of = { views: [view], running: [], ledger: memory.ledger };
      const fixed = fixedBy(pipeline(), "Act", world, of);
      const ledger = await settleOwned(context.scales, "n", [view], fixed, memory);
      const step = { index: 0, view, replicas: wanted, cores: 1 };
      const isFree = fixed.length === 0;
      const steps: Steps = {
        free: Infinity,
        room: [],
        up: isFree && wanted > now.replicas ? [step] : [],
        routes: [],
        down: isFree && wanted < now.replicas ? [step] : [],
      };
      const decision = { plan: [], state: { planning: {} } };
      const answer = { decision, promised: null } as unknown as Answer;
      const told = { standings: allWell, mode: "Act", id: "1", answer, fixed } as const;
      memory = { ...memory, isFresh: false, ledger };
      try {
        memory = await carryOut(context, world, known, memory, steps, true, "", told);
      } catch (error) {
        if (!(error instanceof UnreportedError)) throw error;
        if (error.cause instanceof Death) throw error.cause;
        memory = error.memory;
      }
    };
  };
  return {
    leader,
    log,
    now: () => `${replicas} of ${owner ?? "nobody"}`,
    replicas: () => replicas,
    heldBy: () => status?.heldTargets?.map(({ by }) => by).join(),
    confirmed: () => status?.takenOver?.map((one) => one.confirmed).join(),
    /** By the workload itself 0 has an owner, too. */
    edit: (count: number, by = "kubectl", ownerOfNone: string | null = null) => {
      log.push(`${by} ${count}`);
      [replicas, owner] = [count, count === 0 ? ownerOfNone : by];
      version += 1;
    },
    /** In the next turn, before so many of its calls. */
    meanwhile: (calls: number, act: () => void) => {
      meanwhile = { calls, act };
    },
  };
}

test("0 that somebody sets is theirs, as any other number is; our own is not", async () => {
  const one = deployment();
  const turn = one.leader();
  await turn(5);
  one.edit(0);
  await turn(5);
  assert.equal(one.now(), "0 of nobody");
  assert.match(one.heldBy() ?? "", /not known/);
  await turn(3);
  assert.equal(one.now(), "0 of nobody");

  const named = deployment();
  const by = named.leader();
  await by(5);
  named.edit(0, "kubectl-patch", "kubectl-patch");
  await by(5);
  assert.deepEqual([named.now(), named.heldBy()], ["0 of kubectl-patch", "kubectl-patch"]);

  const other = deployment();
  const on = other.leader();
  for (const wanted of [5, 0, 3, 0, 0, 2]) await on(wanted);
  assert.deepEqual([other.now(), other.heldBy()], ["2 of ipa", undefined]);
  // Who leads next knows it, too.
  await other.leader()(2);
  other.edit(0);
  await other.leader()(2);
  assert.match(other.heldBy() ?? "", /not known/);

  const died = deployment();
  const first = died.leader();
  for (const wanted of [5, 0]) await first(wanted);
  await assert.rejects(first(5, "dead after"), Death);
  const second = died.leader();
  await second(5);
  died.edit(0);
  await second(5);
  assert.match(died.heldBy() ?? "", /not known/, "what was set above 0 before it was said");
});

test("what somebody sets while a number is on its way is theirs", async () => {
  for (const to of [0, 3, 12]) {
    // Before the number is read, and before it is written.
    for (const calls of [0, 1]) {
      const one = deployment();
      const turn = one.leader();
      await turn(5);
      one.meanwhile(calls, () => one.edit(to));
      await turn(6);
      assert.deepEqual(
        [one.replicas(), one.heldBy() !== undefined],
        [to, true],
        `${to} before call ${calls}: ${one.log.join("; ")}`,
      );
    }
  }
});

test("our own going to 0 is none of somebody else's to who leads next, whenever the leader died", async () => {
  for (const fate of ["done", "lost", "answer lost", "dead before", "dead after"] as const) {
    for (const calls of [0, 1, 2]) {
      const one = deployment();
      await one.leader()(5);
      const dies = one.leader()(0, ...Array.from({ length: calls }, () => "done" as const), fate);
      await dies.catch((error: unknown) => assert.ok(error instanceof Death));
      const next = one.leader();
      for (const wanted of [0, 3, 4]) await next(wanted);
      assert.deepEqual([one.now(), one.heldBy()], ["4 of ipa", undefined], `${fate} after ${calls}`);
    }
  }
});

test("so is it where it comes late, between the reading and the writing of the next number", async () => {
  const one = deployment();
  const turn = one.leader();
  await turn(3);
  await turn(0, "done", "lost");
  one.meanwhile(1, () => one.edit(0, "the API server"));
  for (const wanted of [2, 2]) await turn(wanted);
  assert.deepEqual([one.now(), one.heldBy()], ["2 of ipa", undefined]);
});

test("so is it where the answer to the status before was lost, which may say that it was above 0", async () => {
  const one = deployment();
  const leader = one.leader();
  await leader(0);
  await leader(1, "done", "answer lost");
  await assert.rejects(leader(0, "done", "dead after"), Death);
  await one.leader()(1);
  assert.deepEqual([one.now(), one.heldBy()], ["1 of ipa", undefined]);
});

test("a taking over whose answer was lost is found out, and done again only where nobody came in between", async () => {
  const arrived = deployment();
  const turn = arrived.leader();
  await turn(5, "done", "answer lost");
  assert.equal(arrived.confirmed(), "false");
  await turn(5);
  assert.deepEqual([arrived.confirmed(), arrived.log], ["true", ["ipa 5 by force over 7 of helm"]]);

  const lost = deployment();
  const again = lost.leader();
  await again(5, "done", "lost");
  await again(5);
  assert.deepEqual([lost.confirmed(), lost.log], ["true", ["ipa 5 by force over 7 of helm"]]);

  for (const leads of ["the same", "another"]) {
    const edited = deployment();
    const first = edited.leader();
    await first(5, "done", "answer lost");
    edited.edit(12, "alice");
    const second = leads === "the same" ? first : edited.leader();
    for (let i = 0; i < 3; i++) await second(5);
    assert.deepEqual([edited.now(), edited.heldBy()], ["12 of alice", "alice"], leads);
  }
});

test("what a policy refuses to try is not known, and stops nothing; nothing is forced again for it", async () => {
  const one = deployment((replicas) => replicas > 10 || replicas < 5);
  const turn = one.leader();
  await turn(10, "done", "answer lost");
  // One more is refused, one fewer is not.
  await turn(10);
  assert.equal(one.confirmed(), "true");

  const strict = deployment((replicas) => replicas !== 5);
  const on = strict.leader();
  await on(5, "done", "answer lost");
  for (let i = 0; i < 3; i++) await on(5);
  assert.deepEqual([strict.confirmed(), strict.log], ["false", ["ipa 5 by force over 7 of helm"]]);
  strict.edit(12, "alice");
  for (let i = 0; i < 3; i++) await on(5);
  assert.deepEqual([strict.now(), strict.heldBy()], ["12 of alice", "alice"]);
});

const fate = fc.constantFrom<Fate>("done", "answer lost", "lost", "refused", "dead before", "dead after");
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wanted: fc.integer({ min: 0, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ wanted: fc.integer({ min: 0, max: 3 }), fates: fc.array(fate, { maxLength: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      wanted: fc.integer({ min: 1, max: 3 }),
      meanwhile: fc.record({ calls: fc.nat({ max: 4 }), toZero: fc.boolean() }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ toZero: fc.boolean() }) },
);

test("whatever is lost and whoever dies: nothing is pinned that nobody set, and nobody is overruled", async () => {
  const history = fc.array(event, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(history, async (events) => {
      const one = deployment();
      let turn = one.leader();
      /** Whether a turn without faults has written, or was a leader's first, since one met a fault: until then 0 may be our own. */
      let isSure = false;
      let isNew = true;
      let [edits, theirs]: [number, number | null] = [0, null];
      const edit = (toZero: boolean): void => {
        const isOurs = one.log.some((line) => line.startsWith("ipa"));
        if (toZero && !(isSure && one.now().endsWith("of ipa"))) return;
        edits += 1;
        // A number that was there before would not be told from a taking over that was lost.
        const number = toZero ? 0 : 10 + edits;
        one.edit(number);
        theirs = isOurs ? number : null;
      };
      for (const event of events) {
        if ("toZero" in event) {
          edit(event.toZero);
          continue;
        }
        const { wanted } = event;
        const { calls, toZero } = "meanwhile" in event ? event.meanwhile : { calls: Infinity, toZero: false };
        one.meanwhile(calls, () => edit(toZero));
        const fates = "fates" in event ? event.fates : [];
        const [written, isFirst] = [one.log.length, isNew];
        const dead = await turn(wanted, ...fates).then(
          () => false,
          (error: unknown) => {
            if (!(error instanceof Death)) throw error;
            return true;
          },
        );
        if (dead) turn = one.leader();
        isNew = dead;
        const isWell = fates.every((met) => met === "done");
        isSure = isWell && (isSure || isFirst || one.log.length > written);
        assert.ok(edits > 0 || one.heldBy() === undefined, `pinned: ${one.log.join("; ")}`);
        assert.ok(theirs === null || one.replicas() === theirs, `overruled: ${one.log.join("; ")}`);
      }
    }),
    { seed: 20, numRuns: 1000 },
  );
});
