import assert from "node:assert/strict";
import { test } from "node:test";
import { gate } from "../../src/controller/gate.ts";

test("no more than so many go on at once, and all get their turn, those that fail too", async () => {
  const pass = gate(2);
  let [now, most] = [0, 0];
  const order: number[] = [];
  const works = Array.from({ length: 7 }, (_, i) =>
    pass(async () => {
      now += 1;
      most = Math.max(most, now);
      order.push(i);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (i === 1) throw new RangeError("fails");
      return i;
    }),
  );
  const ends = await Promise.allSettled(works);
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ["fulfilled", "rejected", ...Array.from({ length: 5 }, () => "fulfilled")],
  );
  assert.equal(await pass(() => Promise.resolve("again")), "again");
});
