import assert from "node:assert/strict";
import { test } from "node:test";
import { resumed } from "../../src/controller/ledger.ts";

test("what was pinned is taken over anew, and not another kind of the same name", () => {
  const [own, other] = ["apps/v1", "example.org/v1"].map((apiVersion) => ({
    apiVersion,
    kind: "Deployment",
    name: "a",
  }));
  assert.ok(own !== undefined && other !== undefined);
  const taken = { replicas: 1, formerManager: "", confirmed: true };
  const ledger = {
    takenOver: [own, other].map((one) => ({ ...one, ...taken })),
    pinned: [{ ...own, since: "2026-01-01T00:00:00Z", by: "kubectl" }],
    resumed: "",
  };
  const { takenOver, pinned } = resumed(ledger, "1");
  assert.deepEqual(pinned, []);
  assert.deepEqual(
    takenOver.map(({ apiVersion, confirmed }) => [apiVersion, confirmed]),
    [
      ["apps/v1", false],
      ["example.org/v1", true],
    ],
  );
});
