import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Candidate, leaderOf, startCandidate, WRITES } from "../scene/candidates.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

describe("a leader that crashes", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    scene.traffic("all").at(6);
  });
  after(() => scene?.close());

  test("a leader killed between any two writes", async () => {
    const start = (): Promise<Candidate> => startCandidate(scene, "killed");
    let candidates: readonly Candidate[] = await Promise.all([start(), start()]);
    let kills = 0;
    for (let isOver = false; !isOver;) {
      const name = `kill-${kills}`;
      const leader = await leaderOf(candidates);
      const dead: Promise<void>[] = [];
      const answered = (): void => void dead.push(leader.process.kill());
      // Once that is more than it writes, it has run through undisturbed.
      leader.proxy.inject({ kind: "answered", answered, lost: true }, { ...WRITES, after: kills, times: 1 });
      await applySwitching(scene, name);
      await endsAsUndisturbed(scene, name);
      await scene.plane.kubectl("delete", "ipl", name, "--wait=false");
      isOver = dead.length === 0;
      if (isOver) break;
      await Promise.all(dead);
      kills += 1;
      candidates = [...candidates.filter((one) => one !== leader), await start()];
    }
    assert.ok(kills >= 10, `${kills} writes were the last before a crash`);
  });
});
