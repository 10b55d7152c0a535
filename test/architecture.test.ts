import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";

// The direction of dependencies is law: what a folder may import of ours, of npm, and of Node. A package
// with files behind it may be imported by those alone.

interface Rule {
  readonly ours: readonly string[];
  readonly npm: Readonly<Record<string, string | readonly string[]>> | "any";
  readonly node: boolean | readonly string[];
}

const rules: Readonly<Record<string, Rule>> = {
  core: { ours: [], npm: {}, node: false },
  solver: { ours: ["core"], npm: { highs: "solver/highs.ts" }, node: false },
  workload: { ours: ["core"], npm: { "d3-random": "workload/streams.ts" }, node: false },
  sim: { ours: ["core", "workload"], npm: {}, node: false },
  study: { ours: ["core", "solver", "workload", "sim"], npm: {}, node: false },
  formats: {
    ours: ["core", "workload"],
    npm: {
      zod: ["pipeline", "stage", "status", "sweep"]
        .map((of) => `formats/${of}-schema.ts`)
        .concat("formats/schema-values.ts"),
      yaml: "formats/yaml.ts",
      "csv-parse": "formats/csv.ts",
      "apache-arrow": "formats/arrow.ts",
      "seek-bzip": "formats/public-trace.ts",
    },
    node: ["formats/decision-journal.ts", "formats/files.ts", "formats/public-trace.ts"],
  },
  report: {
    ours: ["core"],
    npm: { "@observablehq/plot": "report/frame.ts", linkedom: "report/frame.ts" },
    node: false,
  },
  kube: { ours: ["core"], npm: { "@kubernetes/client-node": "kube/kubeconfig.ts" }, node: true },
  controller: { ours: ["core", "formats", "kube"], npm: { "prom-client": "controller/tell/metrics.ts" }, node: true },
  commands: {
    ours: ["core", "solver", "workload", "sim", "study", "formats", "report", "kube", "controller"],
    npm: { commander: "any" },
    node: true,
  },
  "index.ts": { ours: ["core", "solver", "workload", "sim", "study"], npm: {}, node: false },
  "cli.ts": { ours: ["core", "commands"], npm: { commander: "any" }, node: true },
};

const root = new URL("..", import.meta.url).pathname;
const source = join(root, "src");

/** Static imports and exports, and imports at run time. */
const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;

function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.d)\.ts$/.test(name));
}

function wrongImports(file: string): readonly string[] {
  const [folder = ""] = file.split("/");
  const rule = rules[folder];
  if (rule === undefined) return [`src/${file}: the folder has no rule in this test`];
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(IMPORT)].flatMap(([, target = ""]) => {
    const complaint = complaintAbout(target, file, folder, rule);
    return complaint === null ? [] : [`src/${file} imports ${target}: ${complaint}`];
  });
}

function complaintAbout(target: string, file: string, folder: string, rule: Rule): string | null {
  if (target.startsWith(".")) {
    const [other = ""] = relative(source, join(source, dirname(file), target)).split("/");
    if (other === ".." || other === folder || rule.ours.includes(other))
      return other === ".." ? "it is outside src" : null;
    return `${folder} may import only ${rule.ours.join(", ") || "nothing"} of ours`;
  }
  if (target.startsWith("node:")) {
    const allowed = typeof rule.node === "boolean" ? rule.node : rule.node.includes(file);
    return allowed ? null : "no Node module is allowed here";
  }
  const name = target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
  const place = rule.npm === "any" ? "any" : rule.npm[name];
  if (place === undefined) return `${folder} may not import this package`;
  return place === "any" || [place].flat().includes(file) ? null : `only ${String(place)} may import this package`;
}

test("every import goes the way of the table", () => {
  const found = files(source);
  assert.ok(found.length > 50, `only ${found.length} files were looked at`);
  assert.deepEqual(found.flatMap(wrongImports), []);
});

test("the test sees forbidden imports", () => {
  const core = rules["core"];
  assert.ok(core !== undefined);
  for (const bad of ["../solver/milp.ts", "../../test/x.ts", "node:fs", "zod", "d3-random"]) {
    assert.notEqual(complaintAbout(bad, "core/decide.ts", "core", core), null, bad);
  }
  assert.equal(
    [...'import { a } from "x";\nawait import("y");\nimport "z";\nexport * from "w";'.matchAll(IMPORT)].length,
    4,
  );
});

test("no source file has more than 400 lines", () => {
  const long = files(source).filter((file) => readFileSync(join(source, file), "utf8").split("\n").length > 401);
  assert.deepEqual(long, []);
});

test("the library bundles for a browser", async () => {
  const result = await build({
    entryPoints: [join(source, "index.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    // Loaded only when the engine of that name is asked for.
    external: ["highs"],
    logLevel: "silent",
  });
  assert.deepEqual([...result.errors, ...result.warnings], []);
  assert.doesNotMatch(result.outputFiles[0]?.text ?? "node:", /["']node:/);
});
