import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ProxiedRequest } from "../chaos-proxy.ts";
import { until } from "../control-plane/until.ts";
import { type Candidate, startCandidate, wordsOf } from "../scene/candidates.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import { applySwitching } from "../scene/switching.ts";

/** Longer than several intervals, and than all tries of a call, ms. */
const WATCHED = 7000;
const LEASES = { url: /\/leases/ };
/** Writes of replicas. */
const NUMBERS = { method: "PATCH", url: /\/scale\?/ };

describe("a leader that loses its lease and has it again", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    scene.traffic("all").at(6);
  });
  after(() => scene?.close());

  const says = (candidate: Candidate, ...words: readonly string[]): Promise<true> =>
    until(words.join(", "), () => wordsOf(candidate).join() === words.join());
  const numbers = ({ proxy }: Candidate): readonly ProxiedRequest[] =>
    proxy.requests().filter(({ method, url }) => method === NUMBERS.method && NUMBERS.url.test(url));
  const pauseIt = async (name: string): Promise<void> => {
    await scene.plane.kubectl("annotate", "ipl", name, "ipa.dev/paused=true");
  };
  const { condition } = stepsOf(() => scene);
  const restsWith = async (leader: Candidate, sent: number): Promise<void> => {
    const decisions = leader.process.decisions().length;
    await pause(WATCHED);
    assert.equal(leader.process.decisions().length, decisions, "no decision of a former term");
    assert.equal(numbers(leader).length, sent, "no number of a former term");
  };

  test("before all watches have begun", async () => {
    const leader = await startCandidate(scene, "unsynced");
    const begin = leader.proxy.inject({ kind: "hang" }, { url: /\/pods/ });
    await applySwitching(scene, "unsynced");
    await says(leader, "leading");
    const renew = leader.proxy.inject({ kind: "hang" }, LEASES);
    await says(leader, "leading", "no longer leading");
    renew();
    await says(leader, "leading", "no longer leading", "leading");
    assert.deepEqual(leader.process.decisions(), [], "nothing is decided from what is half known");
    begin();
    await until("decisions", () => leader.process.decisions().length >= 3);
    await pauseIt("unsynced");
    await condition("unsynced", "Ready", "False Paused");
    await restsWith(leader, numbers(leader).length);
    assert.equal(await leader.process.stop(), 0);
  });

  test("while a number hangs", async () => {
    const leader = await startCandidate(scene, "hanging");
    await says(leader, "leading");
    const lift = leader.proxy.inject({ kind: "hang" }, NUMBERS);
    await applySwitching(scene, "hanging");
    await until("a number", () => numbers(leader).length > 0);
    const renew = leader.proxy.inject({ kind: "hang" }, LEASES);
    await pauseIt("hanging");
    await says(leader, "leading", "no longer leading");
    const sent = numbers(leader).length;
    renew();
    await says(leader, "leading", "no longer leading", "leading");
    lift();
    await condition("hanging", "Ready", "False Paused");
    await restsWith(leader, sent);
    assert.equal(await leader.process.stop(), 0);
  });
});
