import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

// That what the Dockerfile copies is enough. No image is built: the same files are put in a directory and run there.

const run = promisify(execFile);
const root = new URL("..", import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const dockerfile = read("Dockerfile");
const packages = JSON.parse(read("package.json")) as { readonly devDependencies: { readonly node: string } };

/** Of the last stage, without what comes from an earlier one. */
const copied = dockerfile
  .slice(dockerfile.lastIndexOf("\nFROM "))
  .split("\n")
  .flatMap((line) => {
    const words = /^COPY (?!--)(.*)$/.exec(line)?.[1]?.split(" ") ?? [];
    const to = words.at(-1) ?? "";
    return words.slice(0, -1).map((from) => ({ from, to: to === "./" ? from : to }));
  });

describe("the image", () => {
  const directory = mkdtempSync(join(tmpdir(), "ipa-image-"));
  const ipa = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
    // A package that is linked to finds its own where the link is, not where it leads.
    run(process.execPath, ["--preserve-symlinks", join(directory, "bin/ipa.mjs"), ...args], { cwd: "/" });

  before(() => {
    for (const { from, to } of copied) cpSync(join(root, from), join(directory, to), { recursive: true });
    // What `npm ci --omit=dev` installs.
    const lock = JSON.parse(read("package-lock.json")) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
    };
    for (const [path, { dev = false }] of Object.entries(lock.packages)) {
      // Those in a package's own folder come with it.
      const isNested = path.lastIndexOf("node_modules/") > 0;
      if (path === "" || dev || isNested || !existsSync(join(root, path))) continue;
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      symlinkSync(join(root, path), join(directory, path));
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  test("plans a pipeline by its files alone", async () => {
    const { stdout } = await ipa("plan", join(root, "pipelines/video.yaml"), "--load", "20", "--engine", "highs");
    assert.match(stdout, /video at 20 rps: the best plan/);
  });

  test("simulates with what its predictors have learnt", async () => {
    const trace = ["--trace", join(root, "traces/bursty.csv")];
    const { stdout } = await ipa("simulate", join(root, "pipelines/video.yaml"), ...trace, "--predictor", "lstm");
    assert.match(stdout, /SLA/);
  });

  test("has all that a controller loads", async () => {
    const flags = ["--namespace", "any", "--kubeconfig", join(directory, "none")];
    assert.match((await ipa("control", "--help")).stdout, /--max-mode/);
    // It comes as far as its kubeconfig, with all of its modules loaded.
    await assert.rejects(ipa("control", ...flags), /there is no file .*none\. Give --kubeconfig/);
  });

  test("copies nothing that the build's context leaves out", () => {
    const taken = read(".dockerignore")
      .split("\n")
      .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
    const wanted = [...dockerfile.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap(([, words = ""]) => words.split(" "));
    assert.deepEqual(taken.toSorted(), [...new Set(wanted)].toSorted());
    for (const file of taken) assert.ok(existsSync(join(root, file)), file);
  });

  test("runs on the Node that the tests ran on", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    assert.deepEqual([...new Set(bases)], [`node:${packages.devDependencies.node}-slim`]);
  });

  test("is the one that the Deployment names, of this version, and as its user", () => {
    const deployment = read("deploy/controller/deployment.yaml");
    const { version } = JSON.parse(read("package.json")) as { readonly version: string };
    assert.match(deployment, new RegExp(`image: ipa:${version}$`, "m"));
    const user = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? assert.fail("no numeric user");
    assert.match(deployment, new RegExp(`runAsUser: ${user[1]}\\n\\s*runAsGroup: ${user[2]}\\n`));
  });
});
