import assert from "node:assert/strict";
import { test } from "node:test";
import { policyKinds } from "../../src/core/policies.ts";
import { policyStyles } from "../../src/report/styles.ts";

test("every known policy has a colour of its own, and others differ from them with and without colour", () => {
  const known = Object.keys(policyKinds);
  const styles = [...policyStyles([...known, "mine", "yours"]).values()];
  assert.equal(new Set(styles.slice(0, known.length).map(({ colour }) => colour)).size, known.length);
  for (const mark of ["dash", "symbol"] as const) {
    assert.equal(new Set(styles.map((style) => `${style.colour} ${style[mark]}`)).size, styles.length);
    assert.equal(new Set(styles.slice(0, known.length).map((style) => style[mark])).size, known.length);
  }
});
