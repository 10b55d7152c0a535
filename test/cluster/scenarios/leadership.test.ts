import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../control-plane/until.ts";
import type { Write } from "../scene/audit.ts";
import { type Candidate, leaderOf, startCandidate, WRITES } from "../scene/candidates.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

describe("a leader that goes away", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    scene.traffic("all").at(6);
  });
  after(() => scene?.close());
  const start = (lease: string, seconds: number): Promise<Candidate> => startCandidate(scene, lease, seconds);

  test("a leader that is told to end", async () => {
    const candidates = await Promise.all([start("told", 15), start("told", 15)]);
    const leader = await leaderOf(candidates);
    const other = candidates.find((one) => one !== leader);
    // So that it is in the middle of a turn.
    leader.proxy.inject({ kind: "delay", seconds: 0.2 }, WRITES);
    await applySwitching(scene, "told");
    await until("a write", () => scaleWrites(scene.ownWrites(), "told-large").length > 0);
    assert.equal(await leader.process.stop(), 0);

    const holders = (): readonly Write[] =>
      scene.writes().filter(({ resource, name, status }) => resource === "leases" && name === "told" && status < 300);
    const released = holders().findLast((write) => holderOf(write) === "");
    assert.ok(released !== undefined, "the lease is given up");
    const isNext = (write: Write): boolean => write.at > released.at && holderOf(write) !== "";
    const next = await until("another leader", () => holders().find(isNext) ?? null);
    assert.ok(next.at - released.at < 10, "the other one does not wait for the lease to run out");
    const sent = leader.proxy.requests().filter(({ method }) => method !== "GET");
    assert.match(sent.at(-1)?.url ?? "", /\/leases\/told$/, "it writes nothing after that");
    await endsAsUndisturbed(scene, "told");
    assert.equal(await other?.process.stop(), 0);
  });

  test("a leader that is paused beyond its lease", async () => {
    const candidates = await Promise.all([start("paused", 2), start("paused", 2)]);
    for (const after of [0, 2, 4]) {
      const name = `paused-${after}`;
      const leader = await leaderOf(candidates);
      const { pid } = leader.process;
      const stopped = Promise.withResolvers<void>();
      const answered = (): void => {
        process.kill(pid, "SIGSTOP");
        stopped.resolve();
      };
      // The answer is there when it goes on.
      leader.proxy.inject({ kind: "answered", answered, lost: false }, { ...WRITES, after, times: 1 });
      await applySwitching(scene, name);
      await stopped.promise;
      await leaderOf(candidates.filter((one) => one !== leader));
      const before = leader.proxy.requests().length;
      process.kill(pid, "SIGCONT");
      await endsAsUndisturbed(scene, name);
      await pause(1000);
      const since = leader.proxy.requests().slice(before);
      const writes = since.filter(({ method, url }) => method !== "GET" && !url.includes("/leases"));
      assert.deepEqual(writes, [], "it writes no more");
    }
    await Promise.all(candidates.map(async ({ process: one }) => assert.equal(await one.stop(), 0)));
  });
});

function holderOf({ body }: Write): string {
  return (body as { readonly spec: { readonly holderIdentity?: string } }).spec.holderIdentity ?? "";
}
