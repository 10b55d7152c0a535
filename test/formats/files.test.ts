import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import {
  fetchLongTrace,
  findLongTrace,
  loadPipeline,
  loadTrace,
  readPacked,
  writeWhole,
} from "../../src/formats/files.ts";
import { refusedLater } from "./refusal.ts";

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ipa-files-"));
after(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Sets variables of the environment for one test. */
function environment(t: TestContext, values: Readonly<Record<string, string>>): void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

test("the five shipped pipelines load with their profiles; no number in them is NaN", async () => {
  for (const name of ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"]) {
    const pipeline = await loadPipeline(join(root, `pipelines/${name}.yaml`));
    assert.equal(pipeline.name, name);
    // JSON has no NaN: it becomes null.
    assert.doesNotMatch(JSON.stringify(pipeline), /null/);
    const points = pipeline.stages.flatMap((stage) => stage.variants.flatMap((variant) => variant.profile));
    assert.ok(points.length > 0 && points.every(({ mean, p99 }) => mean > 0 && p99 > 0));
  }
});

test("a missing file, a path through a file, and a folder", async () => {
  const missing = join(folder, "none.csv");
  for (const load of [loadPipeline, loadTrace, readPacked]) {
    const message = await refusedLater(() => load(missing), "missing_file", /there is no such file\. Check the path/);
    assert.ok(message.startsWith(`${missing}: `));
    await refusedLater(() => load(join(put("file", "x"), "below")), "missing_file", /there is no such file/);
    await refusedLater(() => load(folder), "wrong_kind", /this is a folder\. Name a file in it/);
  }
});

test("a pipeline whose profile is missing, or is another kind of file, names the profile", async () => {
  const text = readFileSync(join(root, "pipelines/video.yaml"), "utf8");
  const path = put("video.yaml", text.replaceAll("../profiles/", ""));
  await refusedLater(
    () => loadPipeline(path),
    "missing_file",
    /video\.yaml:\d+:16: profile: .*object-detection\.csv: there is no such file/,
  );
  put("object-detection.csv", "second,rps\n0,1\n");
  await refusedLater(() => loadPipeline(path), "wrong_kind", /object-detection\.csv:1: the header lacks "variant"/);
});

test("what is no text is refused before it is read as one", async () => {
  const says = /this is no text in UTF-8\. Name another file, or save it as UTF-8/;
  const contents = [
    gzipSync("second,rps\n0,1\n"),
    Buffer.from("second,rps\n0,1\n", "utf16le"),
    Uint8Array.of(0xe9, 10),
  ];
  for (const content of contents) {
    const path = put("binary", content);
    await refusedLater(() => loadTrace(path), "wrong_kind", says);
    await refusedLater(() => loadPipeline(path), "wrong_kind", says);
  }
  await refusedLater(() => readPacked(put("packed.gz", gzipSync(Uint8Array.of(0, 1)))), "wrong_kind", says);
});

test("a packed file is read as the text in it", async () => {
  assert.equal(await readPacked(put("rates.gz", gzipSync("1 2 3\n"))), "1 2 3\n");
  await refusedLater(() => readPacked(put("cut.gz", gzipSync("1 2 3\n").subarray(0, 12))), "bad_syntax", /damaged/);
});

test("a file is written whole, over an older one, in a folder made for it", async () => {
  const path = join(folder, "deep/er/out.txt");
  await writeWhole(path, "one");
  await writeWhole(path, Buffer.from("two"));
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.deepEqual(readdirSync(join(folder, "deep/er")), ["out.txt"]);
});

test("a file that cannot be written leaves nothing behind", async () => {
  const says = /cannot be written \(.*\)\. Choose another place/;
  const place = join(folder, "place");
  mkdirSync(join(place, "taken/inside"), { recursive: true });
  // The draft can be written, and then not be renamed over a folder that is not empty.
  await refusedLater(() => writeWhole(join(place, "taken"), "x"), "bad_value", says);
  assert.deepEqual(readdirSync(place), ["taken"]);
  // A file where a folder should be.
  await refusedLater(() => writeWhole(join(put("plain", "x"), "out.txt"), "x"), "bad_value", says);
  assert.equal(readFileSync(join(folder, "plain"), "utf8"), "x");
  await refusedLater(
    () => writeWhole(join(folder, "plain/out.txt"), "x"),
    "bad_value",
    /plain is a file, and a folder is needed/,
  );
  if (existsSync("/proc")) await refusedLater(() => writeWhole("/proc/none/out.txt", "x"), "bad_value", says);
});

test("the long trace is what IPA_TRACE names, else what was fetched, else nowhere", async (t) => {
  environment(t, { IPA_TRACE: "some/where", XDG_CACHE_HOME: join(folder, "cache") });
  assert.equal(await findLongTrace(), join(process.cwd(), "some/where"));
  process.env["IPA_TRACE"] = "";
  assert.equal(await findLongTrace(), null);
  const kept = join(folder, "cache/ipa/twitter-2018.txt");
  await writeWhole(kept, "1 2 3\n");
  assert.equal(await findLongTrace(), kept);
});

test("fetching refuses what is not the long trace, and keeps nothing of it", async (t) => {
  const cache = join(folder, "empty-cache");
  environment(t, { XDG_CACHE_HOME: cache });
  const path = put("other.txt", "1 2 3\n");
  await refusedLater(
    () => fetchLongTrace(path),
    "bad_value",
    /this is not the 22-day trace: the sha256 .* with --from/,
  );
  await refusedLater(() => fetchLongTrace(join(folder, "none")), "missing_file", /there is no such file/);
  // A port on which nothing listens.
  await refusedLater(
    () => fetchLongTrace("http://127.0.0.1:1/workload.tbz2"),
    "missing_file",
    /cannot be fetched \(.*\)\. Give another place with --from/,
  );
  assert.throws(() => readdirSync(cache), { code: "ENOENT" });
});

test("fetching keeps the unpacked trace where it is found again", async (t) => {
  const path = await findLongTrace();
  if (path === null) {
    t.skip("the 22-day trace is not here: set IPA_TRACE, or run `ipa trace fetch`");
    return;
  }
  environment(t, { XDG_CACHE_HOME: join(folder, "full-cache"), IPA_TRACE: "" });
  const kept = await fetchLongTrace(path);
  assert.equal(await findLongTrace(), kept);
  assert.equal((await readPacked(kept)).trim().split(/\s+/).length, 1_899_061);
});
