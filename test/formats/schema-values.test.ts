import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  cores,
  fraction,
  fractionAboveZero,
  fractionBelowOne,
  fractionBetween,
  jsonSchemaOf,
  notNegative,
  positive,
  upToAMillion,
} from "../../src/formats/schema-values.ts";

const decimals = {
  cores,
  fraction,
  fractionAboveZero,
  fractionBelowOne,
  fractionBetween,
  notNegative,
  positive,
  upToAMillion,
};

/** Decimals near the bounds, and far from them; zeros where people write them. */
const decimal = fc
  .tuple(
    fc.constantFrom("", "0", "00", "-"),
    fc.constantFrom(0, 1, 2, 10, 999_999, 1_000_000, 1_000_001, 10_000_000),
    fc.constantFrom("", ".0", ".00", ".5", ".05", ".000001", ".999", ".", ".10"),
  )
  .map((parts) => parts.join(""));

for (const [name, schema] of Object.entries(decimals)) {
  test(`${name}: the pattern for a cluster takes the text that is a number within the bounds`, () => {
    const { anyOf = [] } = jsonSchemaOf(schema) as { anyOf?: readonly { readonly pattern?: string }[] };
    const pattern = new RegExp(anyOf[1]?.pattern ?? "nothing");
    fc.assert(
      fc.property(decimal, (text) => {
        const parsed = schema.safeParse(text);
        assert.equal(pattern.test(text), parsed.success, text);
        if (parsed.success) assert.equal(parsed.data, Number(text));
        // As a number it is taken alike; -0 is none that people write.
        if (!text.endsWith(".") && !Object.is(Number(text), -0))
          assert.equal(schema.safeParse(Number(text)).success, parsed.success, text);
      }),
      { seed: 20_263, numRuns: 500 },
    );
  });
}

test("no text is a number that is written otherwise", () => {
  for (const text of ["", " 1", "1 ", "1e0", "0x1", ".5", "1,5", "Infinity", "NaN", "+1", "1\n"]) {
    for (const schema of Object.values(decimals)) assert.ok(!schema.safeParse(text).success, JSON.stringify(text));
  }
});
