import assert from "node:assert/strict";
import { test } from "node:test";
import { scales } from "../../../src/controller/act/scales.ts";
import type { CallOptions } from "../../../src/kube/call.ts";
import type { ApplyAs, Kube } from "../../../src/kube/client.ts";
import { KubeError } from "../../../src/kube/errors.ts";

const target = { variant: "v", apiVersion: "apps/v1", kind: "Deployment", name: "v" };

/** A Deployment of two replicas that somebody may hold, and what was applied. */
function deployment(heldBy?: string) {
  const applied: { readonly replicas: number; readonly as: ApplyAs }[] = [];
  const kube = {
    get: async () => scaleOf(2),
    apply: async (_at: unknown, { spec }: { readonly spec: { readonly replicas: number } }, as: ApplyAs) => {
      applied.push({ replicas: spec.replicas, as });
      if (heldBy === undefined || as.force || spec.replicas === 2) return scaleOf(spec.replicas);
      const causes = [{ message: `conflict with "${heldBy}" using apps/v1` }];
      throw new KubeError("", { status: 409, reason: "Conflict", causes });
    },
  } as unknown as Kube;
  return { applied, of: scales(kube, () => 0) };
}

/** As the API server tells it. */
function scaleOf(replicas: number, resourceVersion = "1") {
  return { metadata: { name: "v", resourceVersion }, spec: { replicas }, status: { selector: "app=v" } };
}

/** From the two that there are. */
const toThree = { from: 2, to: 3 };

test("a conflict names who holds the number; by force there is none", async () => {
  const { of } = deployment("kubectl");
  assert.deepEqual(await of.write("default", target, toThree, false), { heldBy: "kubectl" });
  assert.ok("scale" in (await of.write("default", target, toThree, true)));
});

test("whose the number is is found out by another number, and without writing it", async () => {
  for (const heldBy of ["kubectl", undefined]) {
    const { of, applied } = deployment(heldBy);
    await of.read("default", target);
    assert.equal(await of.holder("default", target), heldBy ?? "");
    assert.deepEqual(
      applied.map(({ replicas, as }) => [replicas, as.force, as.dryRun]),
      [[3, false, true]],
    );
    assert.equal(of.known("default", target)?.replicas, 2);
  }
});

test("what is forced is sent once, what is not may be sent again", async () => {
  const sent: unknown[] = [];
  const kube = {
    get: async () => scaleOf(2),
    apply: async (_at: unknown, _body: unknown, { force }: ApplyAs, how?: CallOptions) => {
      sent.push([force, how?.once ?? false]);
      return scaleOf(2);
    },
  } as unknown as Kube;
  const of = scales(kube, () => 0);
  for (const force of [false, true]) await of.write("default", target, toThree, force);
  assert.deepEqual(sent, [
    [false, false],
    [true, true],
  ]);
});

const modified = new KubeError("the object has been modified", { status: 409, reason: "Conflict" });

test("what changes between the reading and the writing is read anew, and written where it is as it was seen", async () => {
  const written = async (...found: readonly number[]) => {
    const sent: unknown[] = [];
    let reads = 0;
    const kube = {
      get: async () => scaleOf(found[reads++] ?? 2, String(reads)),
      apply: async (_at: unknown, { metadata }: { readonly metadata: { readonly resourceVersion: string } }) => {
        sent.push(metadata.resourceVersion);
        if (reads < found.length) throw modified;
        return scaleOf(3);
      },
    } as unknown as Kube;
    const of = scales(kube, () => 0);
    const outcome = await of.write("default", target, toThree, true).catch((error: unknown) => error);
    return { sent, outcome, known: of.known("default", target)?.replicas };
  };
  assert.deepEqual((await written(2, 2)).sent, ["1", "2"], "its status has changed");
  assert.deepEqual(await written(0), { sent: [], outcome: { found: 0 }, known: 0 });
  assert.deepEqual(await written(2, 7), { sent: ["1"], outcome: { found: 7 }, known: 7 });
  assert.deepEqual((await written(2, 3)).known, 3, "what a try has done whose answer was lost");
  const { sent, outcome } = await written(2, 2, 2, 2, 2, 2);
  assert.deepEqual([sent.length, outcome], [5, modified]);
});

test("what was read just now is written as it was read, and read again only if it has changed since", async () => {
  for (const [later, isChanged, sent] of [
    [0, false, "get 1"],
    [0, true, "get 1 get 2"],
    [60, false, "get get 1"],
  ] as const) {
    let now = 0;
    let calls = "";
    let version = 1;
    const kube = {
      get: async () => {
        calls += " get";
        return scaleOf(2, String(version));
      },
      apply: async (_at: unknown, { metadata }: { readonly metadata: { readonly resourceVersion: string } }) => {
        calls += ` ${metadata.resourceVersion}`;
        if (Number(metadata.resourceVersion) !== version) throw modified;
        return scaleOf(3);
      },
    } as unknown as Kube;
    const of = scales(kube, () => now);
    await of.read("default", target);
    now += later;
    if (isChanged) version += 1;
    assert.ok("scale" in (await of.write("default", target, toThree, false)));
    assert.equal(calls.trim(), sent);
  }
});

test("after a write without an answer the number is read anew, and not after one that was refused", async () => {
  for (const [status, reason, isKept] of [
    [0, "TimedOut", false],
    [503, "ServiceUnavailable", false],
    [422, "Invalid", true],
    [0, "NotLeader", true],
  ] as const) {
    const kube = {
      get: async () => scaleOf(2),
      apply: async () => {
        throw new KubeError("", { status, reason });
      },
    } as unknown as Kube;
    const now = 1000;
    const of = scales(kube, () => now);
    await of.read("default", target);
    await assert.rejects(of.write("default", target, toThree, false), { reason });
    const { at, since, replicas } = of.known("default", target) ?? {};
    assert.deepEqual([at, since, replicas], [isKept ? now : 0, now, 2], reason);
  }
});

test("what is not asked for any more, or was not there when it was to be written, is forgotten", async () => {
  let now = 0;
  let isThere = true;
  const kube = {
    get: async () => scaleOf(2),
    apply: async () => {
      if (!isThere) throw new KubeError("", { status: 404, reason: "NotFound" });
      return scaleOf(3);
    },
  } as unknown as Kube;
  const of = scales(kube, () => now);
  const other = { ...target, name: "w" };
  await of.read("default", target);
  await of.read("default", other);
  now = 600;
  await of.read("default", other);
  assert.ok(of.known("default", target) !== null);
  now = 1000;
  await of.read("default", other);
  assert.equal(of.known("default", target), null);
  assert.equal(of.known("default", other)?.since, 0, "what is asked for is kept");
  isThere = false;
  await assert.rejects(of.write("default", other, toThree, false), { status: 404 });
  assert.equal(of.known("default", other), null);
});
