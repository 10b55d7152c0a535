import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sweepDigest, withKeys, type KeyedRun } from "../../src/commands/run-keys.ts";
import { loadSweep, programDigest } from "../../src/formats/files.ts";
import { runsOf } from "../../src/study/sweep.ts";

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ipa-keys-"));
after(() => rmSync(folder, { recursive: true }));

const profile = "classification.csv";
const files: Readonly<Record<string, string>> = {
  "sweep.yaml": `apiVersion: ipa.dev/v1alpha1
kind: Sweep
metadata: { name: demo }
spec: { pipelines: [video.yaml], traces: [load.csv], alpha: [1, 2], seeds: [1, 2] }
`,
  "video.yaml": readFileSync(join(root, "pipelines/video.yaml"), "utf8")
    .replace(`../profiles/${profile}`, profile)
    .replaceAll("../profiles", join(root, "profiles")),
  "load.csv": "second,rps\n0,5\n1,5\n",
  [profile]: readFileSync(join(root, "profiles", profile), "utf8"),
};

/** The runs of the sweep with one of its files changed. */
async function runsWith(
  name = "",
  from: string | RegExp = "",
  to = "",
  program = "this",
): Promise<readonly KeyedRun[]> {
  for (const [file, text] of Object.entries(files)) {
    const changed = file === name ? text.replace(from, to) : text;
    assert.equal(changed === text, file !== name, `${name} is not changed`);
    writeFileSync(join(folder, file), changed);
  }
  return withKeys(runsOf((await loadSweep(join(folder, "sweep.yaml"))).sweep), program);
}

const keysOf = (runs: readonly KeyedRun[]): readonly string[] => runs.map(({ key }) => key);

test("each run has its own key, the same each time", async () => {
  const runs = await runsWith();
  assert.equal(new Set(keysOf(runs)).size, 4);
  assert.deepEqual(keysOf(await runsWith()), keysOf(runs));
});

test("no key outlives a change of pipeline, profile, trace or program", async () => {
  const before = keysOf(await runsWith());
  for (const [name, from, to] of [
    ["video.yaml", "replicas: 100", "replicas: 50"],
    ["video.yaml", 'accuracy: "0.457"', 'accuracy: "0.458"'],
    [profile, /(?<=\nresnet18,1,1,)[\d.]+/, "0.07"],
    ["load.csv", "1,5", "1,6"],
  ] as const) {
    const now = keysOf(await runsWith(name, from, to));
    assert.deepEqual(
      now.filter((key) => before.includes(key)),
      [],
      name,
    );
  }
  assert.notDeepEqual(keysOf(await runsWith("", "", "", "another")), before);
  assert.match(await programDigest(), /^[0-9a-f]{64}$/);
});

test("a longer sweep keeps the keys of a shorter one, and is another sweep", async () => {
  const [short, long] = [await runsWith(), await runsWith("sweep.yaml", "alpha: [1, 2]", "alpha: [0.5, 1, 2]")];
  assert.deepEqual(keysOf(long).slice(2), keysOf(short));
  assert.notEqual(sweepDigest("demo", long), sweepDigest("demo", short));
  assert.notEqual(sweepDigest("other", short), sweepDigest("demo", short));
});
