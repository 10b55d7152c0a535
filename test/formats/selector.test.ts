import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSelector } from "../../src/formats/selector.ts";

test("selectors of one counter are taken", () => {
  for (const good of [
    "http_requests_total",
    " job:requests:total { } ",
    'http_requests_total{job="gateway"}',
    `http_requests_total{job="gateway", path=~"/v[12]/.*",code!='500',x!~\`a[b](c)\`,}`,
    String.raw`x{a="quoted \" [5m] offset ("}`,
  ]) {
    assert.equal(checkSelector(good), null, good);
  }
});

test("all else is refused, with what is wrong", () => {
  for (const [bad, why] of [
    ["", /^is empty/],
    ["rate(http_requests_total[1m])", /function/],
    ["sum by (job) (x)", /function/],
    ["http_requests_total[5m]", /has a range/],
    ['x{a="b"} offset 5m', /another time/],
    ["x @ 1700000000", /another time/],
    ['{job="gateway"}', /no metric name/],
    ["x + y", /no selector/],
    ["x or y", /no selector/],
    ['x{a="b"', /no selector/],
    ["x{a=b}", /no selector/],
    ['x{a="b" c="d"}', /no selector/],
    ['x{a="b"}{c="d"}', /no selector/],
    ["1", /no selector/],
    ["x y", /no selector/],
    ['x{a="\n"}', /no selector/],
  ] as const) {
    assert.match(checkSelector(bad) ?? "taken", why, bad);
  }
});

test("a long selector is checked at once", () => {
  const from = performance.now();
  checkSelector(`x{${'a="b",'.repeat(20_000)}(`);
  checkSelector(`x{a="${"\\\\".repeat(20_000)}`);
  assert.ok(performance.now() - from < 1000);
});
