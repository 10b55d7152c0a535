import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenBucket, type Urgency } from "../../src/kube/token-bucket.ts";
import { fakeClock } from "./fake-clock.ts";

test("a burst goes through at once, the rest at the rate and in turn", async () => {
  const clock = fakeClock();
  const take = tokenBucket(20, 40, clock);
  const passed: { readonly call: number; readonly at: number }[] = [];
  for (let call = 0; call < 100; call++) void take("patient").then(() => passed.push({ call, at: clock.now() }));
  await clock.advance(0);
  assert.equal(passed.length, 40);
  await clock.advance(1);
  assert.equal(passed.length, 60);
  await clock.advance(10);
  assert.deepEqual(
    passed.map(({ call }) => call),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.equal(passed.at(-1)?.at.toFixed(9), "3.000000000");
});

test("a pause fills the bucket up to the burst and no further", async () => {
  const clock = fakeClock();
  const take = tokenBucket(1, 2, clock);
  let passed = 0;
  const call = (): void => void take("patient").then(() => (passed += 1));
  await clock.advance(1000);
  for (let i = 0; i < 5; i++) call();
  await clock.advance(0);
  assert.equal(passed, 2);
  await clock.advance(2);
  assert.equal(passed, 4);
});

test("one that gives up learns it at once and takes no token, wherever it stands", async () => {
  const clock = fakeClock();
  const take = tokenBucket(1, 1, clock);
  const outcomes: string[] = [];
  const call = (name: string, signal?: AbortSignal): void =>
    void take("patient", signal).then(
      () => outcomes.push(`${name} passed`),
      (error: unknown) => outcomes.push(`${name} ${String(error)}`),
    );
  const first = new AbortController();
  const second = new AbortController();
  call("zero");
  call("first", first.signal);
  call("second", second.signal);
  call("third");
  await clock.advance(0.5);
  second.abort("gave up");
  first.abort("gave up");
  await clock.advance(0);
  assert.deepEqual(outcomes, ["zero passed", "second gave up", "first gave up"]);
  await clock.advance(0.5);
  assert.equal(outcomes.at(-1), "third passed");
});

test("what is urgent goes before what came earlier and can wait", async () => {
  const clock = fakeClock();
  const take = tokenBucket(1, 1, clock);
  const passed: string[] = [];
  const call = (name: string, urgency: Urgency): void =>
    void take(urgency).then(() => passed.push(`${name} ${clock.now()}`));
  call("read 1", "patient");
  call("read 2", "patient");
  call("read 3", "patient");
  await clock.advance(0.5);
  call("watch 1", "prompt");
  call("write 1", "urgent");
  call("write 2", "urgent");
  await clock.advance(10);
  assert.deepEqual(passed, ["read 1 0", "write 1 1", "write 2 2", "watch 1 3", "read 2 4", "read 3 5"]);
});
