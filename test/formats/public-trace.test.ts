import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { findLongTrace, readPacked } from "../../src/formats/files.ts";
import { parsePublicTrace, unpack } from "../../src/formats/public-trace.ts";
import { formatTrace } from "../../src/formats/trace-file.ts";
import { refused } from "./refusal.ts";

const TEXT = "80 95 7\n160 8\n";

// TEXT, packed once with Python's bz2, gzip and tarfile.
const packed = {
  bzip2: "QlpoOTFBWSZTWZ5AONwAAAZYAAAQQABj4CAAIgaYQgyYhNGmDJKGeLuSKcKEhPIBxuA=",
  "bzip2 in two streams":
    "QlpoOTFBWSZTWdBfp/kAAANYAAAQQABC4CAAIho9T1CGAA5WeLuSKcKEhoL9P8hCWmg5MUFZJlNZgS+NIgAAAdgAABBAAGFAIAAwwAhhoQgYXckU4UJCBL40iA==",
  "tar in bzip2":
    "QlpoOTFBWSZTWYUIOr0AAHf9gMqQBABAAffgAARmDJ7ACAggAHUNTJA9Q0yBoDJtQSVGQyaAaAAH3UCVCChqEIr5tcXwfQgRIEYsItNbL2Ce61oYImwHnDfB6RyrCYmSk0SeId8TjKdLEKiqlXyrbckg/F3JFOFCQhQg6vQ=",
  "tar in gzip":
    "H4sIAAAAAAACA+3NMQqEQBBE0Y49xZxAexYd9TgDbqQgaIse31kTwViExf+SKiqpLlqcv1as49QPY+xy20xupkkoyyOTa6r6cPbf7n1dfcSpPGCZLU7pXt6pUddWrs58UNdkAgAAAAAAAAAAAAAAAAD4EzvjZNGKACgAAA==",
};

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(unpack(bytes, "w"));

test("a file is unpacked by what it is, not by its name", () => {
  assert.equal(textOf(Buffer.from(TEXT)), TEXT);
  assert.equal(textOf(gzipSync(TEXT)), TEXT);
  for (const [what, base64] of Object.entries(packed)) assert.equal(textOf(Buffer.from(base64, "base64")), TEXT, what);
});

test("a damaged packed file", () => {
  const says = /^w: the packed file is damaged \(.*\)\. Fetch it again\.$/;
  const gzip = gzipSync(TEXT);
  refused(() => unpack(gzip.subarray(0, 15), "w"), "bad_syntax", says);
  refused(
    () =>
      unpack(
        gzip.map((byte, i) => (i === 12 ? byte ^ 0xff : byte)),
        "w",
      ),
    "bad_syntax",
    says,
  );
  const bzip2 = Buffer.from(packed.bzip2, "base64");
  refused(() => unpack(bzip2.subarray(0, 30), "w"), "bad_syntax", says);
  refused(
    () =>
      unpack(
        bzip2.map((byte, i) => (i === 12 ? byte ^ 0xff : byte)),
        "w",
      ),
    "bad_syntax",
    says,
  );
});

test("a window, its end excluded; loads are divided and rounded down", () => {
  assert.deepEqual(parsePublicTrace(TEXT, "w", { from: 0, to: 5, damping: 8 }), Float64Array.of(10, 11, 0, 20, 1));
  assert.deepEqual(parsePublicTrace(TEXT, "w", { from: 1, to: 3, damping: 1 }), Float64Array.of(95, 7));
});

test("windows that the trace does not hold, and texts that are no trace", () => {
  const parse = (text: string, from: number, to: number) => parsePublicTrace(text, "w", { from, to, damping: 8 });
  refused(() => parse(TEXT, 3, 6), "bad_value", /^w: the trace has the seconds 0:5, which do not hold 3:6\. Choose/);
  refused(() => parse(TEXT, 3, 3), "bad_value", /do not hold 3:3/);
  refused(() => parse("  \n", 0, 1), "bad_value", /^w: the trace is empty\./);
  refused(() => parse("80 -95 7", 0, 3), "wrong_kind", /^w: value 2, "-95", is no whole number\. The file should hold/);
  refused(() => parse("80 9.5 7", 1, 3), "wrong_kind", /^w: value 2, "9\.5"/);
  const yaml = readFileSync(new URL("../../pipelines/video.yaml", import.meta.url), "utf8");
  refused(() => parse(yaml, 0, 3), "wrong_kind", /^w: value 1, "#"/);
});

// What traces/README.md says each shipped trace is.
const windows: Readonly<Record<string, readonly (readonly [from: number, to: number])[]>> = {
  bursty: [[1_301_160, 1_302_360]],
  "steady-low": [[1_299_600, 1_300_800]],
  "steady-high": [
    [1_768_800, 1_769_400],
    [1_768_800, 1_769_400],
  ],
  fluctuating: [
    [1_301_400, 1_302_000],
    [1_308_600, 1_309_200],
  ],
};

test("the shipped traces are these windows of the 22-day trace", async (t) => {
  const path = await findLongTrace();
  if (path === null) {
    t.skip("the 22-day trace is not here: set IPA_TRACE, or run `ipa trace fetch`");
    return;
  }
  const text: string = await readPacked(path);
  for (const [name, parts] of Object.entries(windows)) {
    const rates: readonly number[] = parts.flatMap(([from, to]) => [
      ...parsePublicTrace(text, path, { from, to, damping: 8 }),
    ]);
    const shipped = readFileSync(new URL(`../../traces/${name}.csv`, import.meta.url), "utf8");
    assert.equal(formatTrace(Float64Array.from(rates)), shipped, name);
  }
});
