import assert from "node:assert/strict";
import { test } from "node:test";
import { accuracyOf } from "../../src/core/accuracy.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const of = (name: string, accuracy: number) => variant(name, { 1: 1 }, { accuracy });
const stages = pipelineOf([[of("a", 0.5), of("b", 0.8), of("c", 0.8), of("d", 0.9)], [of("x", 0.6)]]).stages;
const [first, lone] = stages;
const pick = (name: string) =>
  [first?.variants.find((v) => v.name === name), lone?.variants[0]].filter((v) => v !== undefined);
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

test("pas is the product, average the mean of the accuracies", () => {
  near(accuracyOf("pas", stages, pick("b")), 0.48);
  near(accuracyOf("average", stages, pick("b")), 0.7);
});

test("ranks: least 0, greatest 1, equals share the lower, a lone variant has 1", () => {
  near(accuracyOf("rank-sum", stages, pick("a")), 1);
  near(accuracyOf("rank-sum", stages, pick("b")), 1 + 1 / 3);
  near(accuracyOf("rank-sum", stages, pick("c")), 1 + 1 / 3);
  near(accuracyOf("rank-sum", stages, pick("d")), 2);
});

test("a product of ranks lifts the lowest to 0.05", () => {
  near(accuracyOf("rank-product", stages, pick("a")), 0.05);
  near(accuracyOf("rank-product", stages, pick("b")), 0.05 + 0.95 / 3);
  near(accuracyOf("rank-product", stages, pick("d")), 1);
});
