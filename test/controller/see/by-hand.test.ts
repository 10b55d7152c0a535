import assert from "node:assert/strict";
import { test } from "node:test";
import { leftByHand, mostOf } from "../../../src/controller/see/by-hand.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import type { TargetView } from "../../../src/controller/see/targets.ts";
import type { Control, Mode, Target } from "../../../src/core/control.ts";
import { plan, variant } from "../../fixtures.ts";

const targetOf = (name: string): Target => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name });

function view(name: string, replicas: number, ready = replicas): TargetView {
  const scale = { replicas, selector: parseSelector(`app=${name}`), at: 0, since: 0 };
  const of = { stage: "s0", variant: variant(name, { 1: 0.1 }), target: targetOf(name) };
  return { ...of, scale, ready, refused: null, coming: 0, differs: null };
}

const by = { by: "kubectl", since: "2026-01-01T00:00:00Z" };

function leftOf(
  views: readonly TargetView[],
  {
    pinned = [],
    rival = null,
    dataPlane = "None",
    mode = "Act",
    runs = "a",
  }: {
    readonly pinned?: readonly string[];
    readonly rival?: string | null;
    readonly dataPlane?: "None" | "Service";
    readonly mode?: Mode;
    readonly runs?: string | null;
  } = {},
): readonly string[] {
  const stage = { stage: "s0", dataPlane, service: null, serviceTime: null, targets: views.map((one) => one.target) };
  const control: Control = { mode, onDelete: "Keep", load: null, latency: null, fallback: null, stages: [stage] };
  const ledger = { pinned: pinned.map((name) => ({ ...targetOf(name), ...by })) };
  const inForce = runs === null ? [] : plan([runs, 3]);
  return leftByHand(control, mode, inForce, views, ledger, () => rival).map((one) => one.variant.name);
}

test("the variant in force stays so, however few there are of it, while nobody else set its number", () => {
  assert.deepEqual(leftOf([view("a", 1), view("b", 1)]), []);
  assert.deepEqual(leftOf([view("a", 1), view("b", 5)]), []);
  assert.deepEqual(leftOf([view("a", 4, 0), view("b", 5)]), []);
});

test("people go over to another one by leaving it none, or a number of theirs that is less", () => {
  assert.deepEqual(leftOf([view("a", 0), view("b", 5)]), ["a"]);
  // What is about to go does not count; but there has to be something else.
  assert.deepEqual(leftOf([view("a", 0, 3), view("b", 1)]), ["a"]);
  assert.deepEqual(leftOf([view("a", 0, 3), view("b", 1, 0)]), []);
  assert.deepEqual(leftOf([view("a", 0), view("b", 0)]), []);
  assert.deepEqual(leftOf([view("a", 2), view("b", 5)], { pinned: ["a"] }), ["a"]);
  assert.deepEqual(leftOf([view("a", 2), view("b", 5)], { pinned: ["b"] }), []);
  // Of one level with it, or not ready yet, it is not known whether the traffic goes there.
  assert.deepEqual(leftOf([view("a", 2), view("b", 2)], { pinned: ["a"] }), []);
  assert.deepEqual(leftOf([view("a", 2), view("b", 5, 1)], { pinned: ["a"] }), []);
  // Fewer may be ready for a while.
  assert.deepEqual(leftOf([view("a", 5, 2), view("b", 3)], { pinned: ["a"] }), []);
});

test("what something else scales, what a plan may switch, and what is in force nowhere people have not left", () => {
  const views = [view("a", 0), view("b", 5)];
  assert.deepEqual(leftOf(views, { rival: "ScaledObject a" }), []);
  assert.deepEqual(leftOf(views, { dataPlane: "Service" }), []);
  assert.deepEqual(leftOf(views, { runs: null }), []);
  assert.deepEqual(leftOf(views, { runs: "b" }), []);
});

test("most replicas are those that run and stay, then those that are asked for; of equals the first in the file", () => {
  const most = (...views: readonly TargetView[]): string => mostOf(views).variant.name;
  assert.equal(most(view("a", 2), view("b", 3)), "b");
  assert.equal(most(view("a", 1, 5), view("b", 2)), "b");
  assert.equal(most(view("a", 0), view("b", 2, 0)), "b");
  assert.equal(most(view("a", 2), view("b", 2)), "a");
});
