import assert from "node:assert/strict";
import { test } from "node:test";
import { discovery } from "../../src/kube/discovery.ts";
import { fakeClock } from "./fake-clock.ts";

test("what is remembered of group versions is asked for again after a minute, and only so many are", async () => {
  const clock = fakeClock();
  const asked: string[] = [];
  const discover = discovery(async (path) => {
    asked.push(path);
    return { resources: [{ name: "things", kind: "Thing", namespaced: true }] };
  }, clock);
  const isAsked = async (apiVersion: string): Promise<boolean> => {
    const before = asked.length;
    assert.equal((await discover(apiVersion))[0]?.kind, "Thing");
    return asked.length > before;
  };
  assert.ok(await isAsked("a/v1"));
  assert.equal(await isAsked("a/v1"), false);
  await clock.advance(61);
  assert.ok(await isAsked("a/v1"));
  for (let i = 0; i < 49; i++) assert.ok(await isAsked(`g${i}/v1`));
  assert.equal(await isAsked("a/v1"), false);
  for (let i = 49; i < 1000; i++) await isAsked(`g${i}/v1`);
  assert.equal(await isAsked("g999/v1"), false);
  assert.equal(await isAsked("g951/v1"), false);
  assert.ok(await isAsked("g900/v1"));
  assert.ok(await isAsked("a/v1"));
});
