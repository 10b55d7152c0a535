import assert from "node:assert/strict";
import { test } from "node:test";
import { printedPlanners } from "../../../src/controller/tell/printed-planners.ts";

test("a planner's line is printed again when logs may have been cut since", () => {
  const printed = printedPlanners();
  printed.add("a", 1000, 0);
  printed.add("b", 1000, 1000);
  assert.deepEqual([...printed.stillThere(3599)], ["a", "b"]);
  assert.deepEqual([...printed.stillThere(3600)], ["b"]);
  printed.add("a", 1000, 3600);
  assert.deepEqual([...printed.stillThere(4599)], ["b", "a"]);
  printed.add("a", 2 ** 22 - 1500, 4599);
  // From where the line of "b" begins it is 4 MiB and more.
  assert.deepEqual([...printed.stillThere(4599)], ["a"]);
});
