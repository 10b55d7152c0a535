import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseProfiles } from "../../src/formats/profile-csv.ts";
import { refused } from "./refusal.ts";

const HEADER = "variant,cores,batch,latency_mean_s,latency_mean_provenance,latency_p99_s,latency_p99_provenance";
const ROW = "a,1,1,0.1,measured,0.2,measured";

const parse = (...lines: readonly string[]) => parseProfiles(lines.join("\n"), "p.csv");
const root = new URL("../..", import.meta.url);

test("entries by variant and cores, points ascending by batch, whatever the order of the rows", () => {
  const file = parse(
    `${HEADER},throughput_rps,throughput_provenance`,
    "a,1,4,0.4,modelled,0.5,derived,,",
    "b,0.5,1,0.3,measured,0.3,inferred,3,measured",
    "a,1,1,0.1,measured,0.2,measured,9,modelled",
    "a,2,1,0.05,measured,0.1,measured,,",
  );
  assert.deepEqual(file, {
    path: "p.csv",
    entries: [
      {
        variant: "a",
        cores: 1,
        profile: [
          { batch: 1, mean: 0.1, p99: 0.2, throughput: 9 },
          { batch: 4, mean: 0.4, p99: 0.5 },
        ],
        provenance: [
          { mean: "measured", p99: "measured", throughput: "modelled" },
          { mean: "modelled", p99: "derived" },
        ],
      },
      {
        variant: "b",
        cores: 0.5,
        profile: [{ batch: 1, mean: 0.3, p99: 0.3, throughput: 3 }],
        provenance: [{ mean: "measured", p99: "inferred", throughput: "measured" }],
      },
      {
        variant: "a",
        cores: 2,
        profile: [{ batch: 1, mean: 0.05, p99: 0.1 }],
        provenance: [{ mean: "measured", p99: "measured" }],
      },
    ],
  });
});

test("a byte order mark, Windows line ends, blank lines, spaces and quotes do no harm", () => {
  const tidy = parse(HEADER, ROW);
  assert.deepEqual(parseProfiles(`\uFEFF${HEADER}\r\n\r\n "a" , 1,1,0.1,measured ,0.2,measured\r\n`, "p.csv"), tidy);
});

test("all shipped profiles load, and every number in them is one", () => {
  const names = readdirSync(new URL("profiles", root)).filter((name) => name.endsWith(".csv"));
  assert.ok(names.length >= 9);
  for (const name of names) {
    const { entries } = parseProfiles(readFileSync(new URL(`profiles/${name}`, root), "utf8"), name);
    assert.ok(entries.length > 0);
    for (const { profile } of entries)
      for (const point of profile)
        assert.ok(Object.values(point).every((value) => Number.isFinite(value) && value > 0));
  }
});

test("a header that is not right", () => {
  const columns = /Columns of this kind of file are variant, cores, batch, /;
  refused(() => parse(HEADER.replace("batch,", ""), "a,1,1,m,1,m"), "bad_value", /^p\.csv:1: .*lacks "batch"/, columns);
  refused(() => parse(`${HEADER},colour`, `${ROW},red`), "bad_value", /^p\.csv:1: .*unknown "colour"/, columns);
  refused(() => parse(`${HEADER},batch`, `${ROW},1`), "bad_value", /^p\.csv:1: .*"batch" twice/, columns);
});

test("cells that are not right", () => {
  const cases: readonly (readonly [row: string, ...patterns: RegExp[]])[] = [
    ["a,1,1,NaN,measured,0.2,measured", /^p\.csv:3: latency_mean_s: "NaN" is not a number above 0\. Correct/],
    ["a,1,1,Infinity,measured,0.2,measured", /^p\.csv:3: latency_mean_s: "Infinity"/],
    ["a,1,1,,measured,0.2,measured", /^p\.csv:3: latency_mean_s: "" is not a number/],
    ["a,1,1,0.1s,measured,0.2,measured", /^p\.csv:3: latency_mean_s: "0\.1s"/],
    ["a,1,1,0.1,measured,-0.2,measured", /^p\.csv:3: latency_p99_s: "-0\.2" is not a number above 0/],
    ["a,0,1,0.1,measured,0.2,measured", /^p\.csv:3: cores: "0" is not a number above 0/],
    ["a,1,0,0.1,measured,0.2,measured", /^p\.csv:3: batch: "0" is not a number at least 1/],
    ["a,1,1.5,0.1,measured,0.2,measured", /^p\.csv:3: batch: 1\.5 is no whole number\. Give/],
    ["a,1,2,0.1,guessed,0.2,measured", /^p\.csv:3: latency_mean_provenance: "guessed" is none of measured, derived/],
    ["a,1,2,0.1,measured,0.2,Measured", /^p\.csv:3: latency_p99_provenance: "Measured"/],
    [",1,1,0.1,measured,0.2,measured", /^p\.csv:3: variant: is empty\. Name the variant/],
    ["a,1,2,0.1,measured,1.5,measured", /^p\.csv:3: latency_p99_s: .*14 times the mean.*Check the units/],
  ];
  for (const [row, ...patterns] of cases) refused(() => parse(HEADER, ROW, row), "bad_value", ...patterns);
});

test("a throughput is a number and says where it comes from", () => {
  const header = `${HEADER},throughput_rps,throughput_provenance`;
  refused(() => parse(header, `${ROW},5,`), "bad_value", /^p\.csv:2: throughput_provenance: "" is none of/);
  refused(() => parse(header, `${ROW},none,measured`), "bad_value", /^p\.csv:2: throughput_rps: "none"/);
});

test("the same variant, cores and batch twice, also if the cores are written otherwise", () => {
  refused(
    () => parse(HEADER, ROW, "b,1,1,0.1,measured,0.2,measured", "a,1.0,1,0.3,measured,0.4,measured"),
    "duplicate",
    /^p\.csv:4: batch: variant "a" with 1 cores has batch 1 twice\. Keep one/,
  );
});

test("rows that are not rows", () => {
  refused(() => parse(HEADER, "a,1,1"), "bad_syntax", /^p\.csv:2: /, /one cell for each column/);
  refused(() => parse(HEADER, ROW, "", `${ROW},x`), "bad_syntax", /^p\.csv:4: /);
  refused(() => parse(HEADER, '"a,1,1'), "bad_syntax", /^p\.csv:2: a quote is open or misplaced/);
  refused(() => parse(HEADER), "bad_value", /^p\.csv: the file has no rows\. Add/);
  refused(() => parse(""), "bad_value", /^p\.csv: the file has no rows/);
});

test("a file without a header is not taken for one whose header is wrong", () => {
  const says =
    /^p\.csv:1: the file has no header: its first row holds numbers\. Put the columns' names above it: variant, cores/;
  refused(() => parseProfiles(`${ROW}\n${ROW}\n`, "p.csv"), "wrong_kind", says);
});

test("files of another kind", () => {
  for (const name of ["traces/bursty.csv", "pipelines/video.yaml", "package.json"]) {
    const text = readFileSync(new URL(name, root), "utf8");
    const message = refused(() => parseProfiles(text, name), "wrong_kind");
    assert.ok(message.startsWith(`${name}:1: `), message);
  }
});

test("of many problems ten are told, and how many more there are", () => {
  const rows = Array.from({ length: 15 }, (_, i) => `a,1,${i + 1},x,measured,0.2,measured`);
  const lines = refused(() => parse(HEADER, ...rows), "bad_value").split("\n");
  assert.equal(lines.length, 11);
  assert.match(lines[9] ?? "", /^p\.csv:11: /);
  assert.equal(lines[10], "… and 5 more like these");
  const ten = refused(() => parse(HEADER, ...rows.slice(0, 10)), "bad_value");
  assert.equal(ten.split("\n").length, 10);
});

test("whatever the cells are: either a complaint or numbers, never NaN", () => {
  const cell = fc.constantFrom(
    "1",
    "2",
    "0.1",
    "-1",
    "0",
    "",
    "NaN",
    "Infinity",
    "x",
    "1e400",
    "measured",
    "0.2",
    "1,5",
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 7, maxLength: 7 }), { minLength: 1, maxLength: 3 }), (rows) => {
      const text = [HEADER, ...rows.map((row) => row.map((value) => `"${value}"`).join(","))].join("\n");
      try {
        for (const { profile } of parseProfiles(text, "p.csv").entries)
          for (const { batch, mean, p99 } of profile) assert.ok(batch >= 1 && mean > 0 && p99 > 0);
      } catch (error) {
        refused(() => {
          throw error;
        }, "bad_value");
      }
    }),
    { seed: 1 },
  );
});
