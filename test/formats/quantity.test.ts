import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CORES, DURATION, parseNumber, POSITIVE_DURATION, quantity, seconds } from "../../src/formats/quantity.ts";

test("durations in each unit, exactly", () => {
  const known = { "4598ms": 4.598, "600ms": 0.6, "5s": 5, "0.1s": 0.1, "2m": 120, "1.5h": 5400, "0s": 0 };
  for (const [text, value] of Object.entries(known)) {
    assert.match(text, DURATION);
    assert.equal(seconds(text), value);
  }
});

test("whole milliseconds are the nearest number to a thousandth of theirs", () => {
  fc.assert(fc.property(fc.nat(10_000_000), (ms) => seconds(`${ms}ms`) === Number(`${ms}e-3`)));
});

test("what is no duration is refused", () => {
  for (const text of ["", "5", "5 s", "-5s", "5sec", "s", ".5s", "5.s", "1e3s", "5S", "5s ", "5s\n6s"]) {
    assert.doesNotMatch(text, DURATION);
    assert.throws(() => seconds(text), RangeError);
  }
});

test("a positive duration has a digit other than 0", () => {
  for (const text of ["1ms", "0.001s", "10h", "100s"]) assert.match(text, POSITIVE_DURATION);
  for (const text of ["0s", "0.0ms", "00h", "5", "-5s"]) assert.doesNotMatch(text, POSITIVE_DURATION);
});

test("cores as Kubernetes writes them", () => {
  for (const [text, value] of Object.entries({ "2": 2, "0.5": 0.5, "500m": 0.5, "1m": 0.001, "2000m": 2 })) {
    assert.match(text, CORES);
    assert.equal(quantity(text), value);
  }
  for (const text of ["", "0", "0m", "0.0", "two", "-1", "1 m", "1M", "m"]) assert.doesNotMatch(text, CORES);
});

test("thousandths of a core are the nearest number", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), (m) => quantity(`${m}m`) === Number(`${m}e-3`)));
});

test("quantities of Kubernetes: with a suffix, or an exponent", () => {
  const known = {
    "1500e-3": 1.5,
    "1E3": 1000,
    "1e+2": 100,
    "15E-1": 1.5,
    "1E": 1e18,
    "100u": 1e-4,
    "250000n": 2.5e-4,
    ".5": 0.5,
    "2.": 2,
    "+1": 1,
    "-0.5": -0.5,
    "1.5k": 1500,
    "2M": 2e6,
    "1Ki": 1024,
    "0.5Mi": 524288,
    "0": 0,
  };
  for (const [text, value] of Object.entries(known)) assert.equal(quantity(text), value, text);
  assert.equal(quantity(2), 2);
  for (const text of [
    "",
    "1.5e3m",
    "1e3k",
    "1e",
    "e3",
    "1K",
    "1ki",
    "1mi",
    "1 ",
    " 1",
    "1e1.5",
    ".",
    "m",
    "0x1",
    "1,5",
    "1e999",
  ]) {
    assert.equal(quantity(text), null, text);
  }
  assert.equal(quantity(undefined), null);
});

test("numbers as people write them; not as programmers do", () => {
  assert.deepEqual(["1", "-1.5", "+.5", "2.", "1e-3", " 7 "].map(parseNumber), [1, -1.5, 0.5, 2, 0.001, 7]);
  for (const text of ["", " ", "0x10", "0b1", "Infinity", "NaN", "1_000", "1,5", "1 2", "e3", ".", "1e400"]) {
    assert.ok(Number.isNaN(parseNumber(text)), text);
  }
});
