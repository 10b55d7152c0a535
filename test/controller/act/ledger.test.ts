import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStatus } from "../../../src/formats/status-schema.ts";
import {
  confirmed,
  intending,
  pinned,
  released,
  pruned,
  resumed,
  yielded,
  type Ledger,
} from "../../../src/controller/act/ledger.ts";

const targetOf = (name: string) => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name });
const [a, b] = [targetOf("a"), targetOf("b")];
const empty: Ledger = { takenOver: [], pinned: [], resumed: "" };
const begun = intending(intending(empty, a, 2, 5), b, 3, 0);
const both = confirmed(confirmed(begun, a, "kubectl", 5), b, "helm", 0);

/** "name former-number manager" of each target, and whether it is ours beyond doubt. */
const told = ({ takenOver }: Ledger): readonly string[] =>
  takenOver.map((one) => `${one.name} ${one.replicas} ${one.formerManager}${one.confirmed ? "" : " in doubt"}`);

test("a taking over is in doubt until it is confirmed", () => {
  assert.deepEqual(told(intending(empty, a, 2, 5)), ["a 2  in doubt"]);
  assert.deepEqual(told(both), ["a 2 kubectl", "b 3 helm"]);
});

test("what a rival scales is in doubt, with the number before all", () => {
  assert.deepEqual(told(yielded(both, [a])), ["a 2 kubectl in doubt", "b 3 helm"]);
  const once = yielded(both, [a]);
  assert.equal(yielded(once, [a]), once, "nothing new, nothing to write");
  assert.equal(yielded(both, []), both);
});

test("a new value of resume lets go of what was pinned, and takes that alone over again", () => {
  const held = pinned(both, b, "2026-01-01T00:00:00Z", "kubectl");
  const again = resumed(held, "2");
  assert.deepEqual(told(again), ["a 2 kubectl", "b 3 helm in doubt"]);
  assert.deepEqual([again.pinned, again.resumed], [[], "2"]);
});

test("what others are to have is forgotten, so that it would be taken over anew", () => {
  const held = pinned(both, b, "2026-01-01T00:00:00Z", "kubectl");
  const { pinned: left, ...rest } = released(held, [b]);
  assert.deepEqual([told({ ...rest, pinned: left }), left], [["a 2 kubectl"], []]);
  assert.deepEqual(released(held, []), held);
});

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

test("what a pipeline no longer names is forgotten, and taken over anew if it names it again", () => {
  const held = pinned(both, b, "2026-01-01T00:00:00Z", "kubectl");
  assert.equal(pruned(held, [a, b]), held, "nothing new, nothing to write");
  const left = pruned(held, [a]);
  assert.deepEqual([told(left), left.pinned], [["a 2 kubectl"], []]);
  assert.deepEqual(told(intending(pruned(left, [a, b]), b, 9, 1)), ["a 2 kubectl", "b 9  in doubt"]);
});

test("however many releases name targets of their own, the status has room for them", () => {
  let ledger = empty;
  for (let release = 0; release < 500; release++) {
    const targets = Array.from({ length: 6 }, (_, v) => targetOf(`m${v}-r${release}`));
    ledger = targets.reduce((before, target) => intending(before, target, 1, 2), pruned(ledger, targets));
  }
  assert.equal(parseStatus({ takenOver: ledger.takenOver }).takenOver?.length, 6);
});
