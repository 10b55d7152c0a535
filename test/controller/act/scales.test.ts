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
  const of = (replicas: number) => ({ metadata: { name: "v" }, spec: { replicas }, status: { selector: "app=v" } });
  const kube = {
    get: async () => of(2),
    apply: async (_at: unknown, { spec }: { readonly spec: { readonly replicas: number } }, as: ApplyAs) => {
      applied.push({ replicas: spec.replicas, as });
      if (heldBy === undefined || as.force || spec.replicas === 2) return of(spec.replicas);
      const causes = [{ message: `conflict with "${heldBy}" using apps/v1` }];
      throw new KubeError("", { status: 409, reason: "Conflict", causes });
    },
  } as unknown as Kube;
  return { applied, of: scales(kube, () => 0) };
}

test("a conflict names who holds the number; by force there is none", async () => {
  const { of } = deployment("kubectl");
  assert.deepEqual(await of.write("default", target, 3, false), { heldBy: "kubectl" });
  assert.ok("scale" in (await of.write("default", target, 3, true)));
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
    apply: async (_at: unknown, _body: unknown, { force }: ApplyAs, how?: CallOptions) => {
      sent.push([force, how?.once ?? false]);
      return { metadata: { name: "v" } };
    },
  } as unknown as Kube;
  const of = scales(kube, () => 0);
  for (const force of [false, true]) await of.write("default", target, 3, force);
  assert.deepEqual(sent, [
    [false, false],
    [true, true],
  ]);
});

test("a conflict that nobody is named in is nobody's number", async () => {
  const kube = {
    apply: async () => {
      throw new KubeError("the object has been modified", { status: 409, reason: "Conflict" });
    },
  } as unknown as Kube;
  await assert.rejects(scales(kube, () => 0).write("default", target, 3, false), { status: 409 });
});

test("after a write without an answer the number is read anew, and not after one that was refused", async () => {
  for (const [status, reason, isKept] of [
    [0, "TimedOut", false],
    [503, "ServiceUnavailable", false],
    [422, "Invalid", true],
    [0, "NotLeader", true],
  ] as const) {
    const kube = {
      get: async () => ({ metadata: { name: "v" }, spec: { replicas: 2 }, status: { selector: "app=v" } }),
      apply: async () => {
        throw new KubeError("", { status, reason });
      },
    } as unknown as Kube;
    const now = 1000;
    const of = scales(kube, () => now);
    await of.read("default", target);
    await assert.rejects(of.write("default", target, 3, false), { reason });
    const { at, since, replicas } = of.known("default", target) ?? {};
    assert.deepEqual([at, since, replicas], [isKept ? now : 0, now, 2], reason);
  }
});

test("what is not asked for any more, or was not there when it was to be written, is forgotten", async () => {
  let now = 0;
  let isThere = true;
  const kube = {
    get: async () => ({ metadata: { name: "v" }, spec: { replicas: 2 }, status: { selector: "app=v" } }),
    apply: async () => {
      if (!isThere) throw new KubeError("", { status: 404, reason: "NotFound" });
      return { metadata: { name: "v" }, spec: { replicas: 3 }, status: { selector: "app=v" } };
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
  await assert.rejects(of.write("default", other, 3, false), { status: 404 });
  assert.equal(of.known("default", other), null);
});
