import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { z } from "zod";
import { givenUp } from "../src/core/given-up.ts";
import { tick } from "../src/core/loop.ts";
import { learntBy, loadPipeline } from "../src/formats/files.ts";
import { assemble } from "../src/study/setup.ts";
import { entryOf, textOf } from "./recorded-run.ts";

// Runs the command as a process: what is printed where, the exit code, and the JSON that programs rely on.

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ipa-cli-"));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function ipa(...args: readonly string[]): Promise<Ran> {
  return run(process.execPath, args);
}

function run(node: string, args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, XDG_CACHE_HOME: folder, IPA_TRACE: "" };
  return new Promise((resolve) => {
    const child = execFile(node, [join(root, "bin/ipa.mjs"), ...args], { cwd: root, env }, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

function put(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const VIDEO = "pipelines/video.yaml";
const videoText = readFileSync(join(root, VIDEO), "utf8").replaceAll("../profiles", join(root, "profiles"));
const trace = put("short.csv", `second,rps\n${Array.from({ length: 30 }, (_, s) => `${s},${5 + (s % 7)}\n`).join("")}`);

const number = z.number();
const maybe = number.nullable();

// The public contract. Keys are only ever added: when one is, it is added here; none is taken away.
const settingSchema = z.strictObject({
  stage: z.string(),
  variant: z.string(),
  batch: z.int(),
  batch_timeout_s: number,
  replicas: z.int(),
});

const planSchema = z.strictObject({
  pipeline: z.string(),
  load_rps: number,
  planned_load_rps: number,
  sla_s: number,
  quantile: number,
  policy: z.string(),
  queueing: z.string(),
  engine: z.string(),
  engine_reason: z.string().min(1),
  status: z.enum(["optimal", "feasible", "infeasible", "unknown"]),
  reason: z.string(),
  objective: maybe,
  bound: maybe,
  accuracy_metric: z.string(),
  accuracy: maybe,
  objective_accuracy: maybe,
  cost_cores: maybe,
  latency_s: maybe,
  solve_ms: number.min(0),
  stages: z.array(
    z.strictObject({
      stage: z.string(),
      variant: z.string(),
      batch: z.int().min(1),
      batch_timeout_s: number.min(0),
      replicas: z.int().min(1),
      cores_per_replica: number.positive(),
      load_rps: number.positive(),
      capacity_rps: number.positive(),
      utilisation: number.min(0),
      mean_s: number.positive(),
      excess_s: number.min(0),
    }),
  ),
  standby: z.array(
    z.strictObject({ stage: z.string(), variant: z.string(), replicas: z.int().min(1), cores: number.positive() }),
  ),
  binding: z.array(z.enum(["sla", "cores", "accuracy_floor", "pins"])),
  pins: z.array(
    z.strictObject({
      stage: z.string(),
      pin: z.string(),
      value: z.union([z.string(), number, z.array(z.union([z.string(), number]))]),
      variant: z.string().nullable(),
      alone: z.boolean(),
      by: z.enum(["pipeline", "cluster", "setback", "switch"]),
    }),
  ),
  relaxations: z.array(
    z.strictObject({ row: z.enum(["sla", "cores", "accuracy_floor", "load"]), value: maybe, exact: z.boolean() }),
  ),
  shortfalls: z.array(
    z.strictObject({
      stage: z.string(),
      replicas: z.int().min(1),
      pinned: z.boolean(),
      by: z.enum(["limits", "policy", "stage", "variant"]),
      needs: z.strictObject({ replicas: z.int().min(1), variant: z.string(), batch: z.int().min(1) }).nullable(),
    }),
  ),
});

const frontierSchema = z.strictObject({
  pipeline: z.string(),
  load_rps: number,
  planned_load_rps: number,
  sla_s: number,
  quantile: number,
  policy: z.string(),
  queueing: z.string(),
  engine: z.string(),
  engine_reason: z.string().min(1),
  accuracy_metric: z.string(),
  solve_ms: number.min(0),
  points: z.array(
    z.strictObject({
      accuracy: number,
      cost_cores: number.positive(),
      latency_s: number.positive(),
      optimal: z.enum(["always", "tie", "never"]),
      alpha_over_beta_from: number.min(0),
      alpha_over_beta_to: maybe,
      other_plans: z.int().min(0).nullable(),
      stages: z.array(
        z.strictObject({
          stage: z.string(),
          variant: z.string(),
          batch: z.int().min(1),
          batch_timeout_s: number.min(0),
          replicas: z.int().min(1),
        }),
      ),
    }),
  ),
});

const measures = {
  accuracy: maybe,
  objective: maybe,
  objective_accuracy: maybe,
  accuracy_on_time: maybe,
  goodput_rps: maybe,
  cost_cores: maybe,
  planned_cores: maybe,
  sla_attainment: maybe,
};

const summariesSchema = z.array(
  z.strictObject({
    pipeline: z.string(),
    trace: z.string(),
    policy: z.string(),
    seeds: z.array(z.int()).min(1),
    duration_s: number,
    accuracy_metric: z.string(),
    requests: z.strictObject({ offered: number, served: number, dropped: number, in_flight: number, late: number }),
    ...measures,
    sla_s: number,
    latency_s: z.strictObject({ mean: maybe, p50: maybe, p95: maybe, p99: maybe, max: maybe }),
    decisions: number,
    infeasible_decisions: number,
    plan_changes: number,
    replicas_started: number,
    switches: number,
    blocked: number,
    ci95: z.strictObject({
      ...measures,
      latency_mean_s: maybe,
      latency_p50_s: maybe,
      latency_p95_s: maybe,
      latency_p99_s: maybe,
    }),
    wall_s: maybe,
    stages: z.array(
      z.strictObject({
        stage: z.string(),
        cost_cores: maybe,
        batches: number,
        items: number,
        dropped: number,
        switches: number,
        replicas_started: number,
        mean_wait_s: maybe,
        mean_sojourn_s: maybe,
      }),
    ),
  }),
);

const traceSchema = z.strictObject({
  trace: z.string(),
  duration_s: number,
  requests: number,
  rps: z.strictObject({ min: number, mean: number, p50: number, p95: number, p99: number, max: number }),
});

/** Standard output without the two times that were measured. */
const untimed = (out: string): string => out.replace(/"(wall_s|solve_ms)": [\d.e-]+/g, '"$1": 0');

test("plan --json: a plan", async () => {
  const { code, out, err } = await ipa("plan", VIDEO, "--load", "20", "--json");
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  const plan = planSchema.parse(JSON.parse(out));
  assert.equal(plan.status, "optimal");
  assert.deepEqual(
    plan.stages.map(({ stage }) => stage),
    ["object-detection", "classification"],
  );
  assert.ok(plan.stages.every(({ capacity_rps }) => capacity_rps >= 20));
  assert.ok(plan.latency_s !== null && plan.latency_s <= plan.sla_s);
  assert.equal(untimed((await ipa("plan", VIDEO, "--load", "20", "--json")).out), untimed(out));
});

test("plan: replicas that stand by are told, and make up the cores with those that serve", async () => {
  const path = put("standby.yaml", videoText.replace(/(name: yolov5n, .*?) }/, "$1, standby: 3 }"));
  const { code, out } = await ipa("plan", path, "--load", "20", "--policy", "fa2-high", "--json");
  assert.equal(code, 0);
  const plan = planSchema.parse(JSON.parse(out));
  assert.deepEqual(plan.standby, [{ stage: "object-detection", variant: "yolov5n", replicas: 3, cores: 3 }]);
  const serving = plan.stages.reduce((sum, stage) => sum + stage.replicas * stage.cores_per_replica, 0);
  assert.equal(plan.cost_cores, serving + 3);
  const inWords = await ipa("plan", path, "--load", "20", "--policy", "fa2-high");
  assert.match(inWords.out, /\n\nStanding by: yolov5n × 3 of object-detection \(3\.00 cores\)\.\n/);
});

test("plan: no feasible plan is exit code 1, with the nearest to one and what would help", async () => {
  const path = put("one-core.yaml", videoText.replace("limits:", "limits:\n    cores: 1"));
  const { code, out, err } = await ipa("plan", path, "--load", "500", "--json");
  assert.deepEqual({ code, err }, { code: 1, err: "" });
  const plan = planSchema.parse(JSON.parse(out));
  assert.equal(plan.status, "infeasible");
  assert.deepEqual(plan.binding, ["cores"]);
  assert.ok(plan.relaxations.some(({ row, value }) => row === "cores" && value !== null && value > 1));
  const inWords = await ipa("plan", path, "--load", "500");
  assert.equal(inWords.code, 1);
  assert.match(inWords.out, /no plan keeps all limits/);
});

test("plan: a policy that contradicts the stage is exit code 2, and all others are answered", async () => {
  const pinned = videoText
    .replace("    - name: object-detection\n", "    - name: object-detection\n      pin: { batches: [1] }\n")
    .replace("{ variants: [yolov5n] }", "{ variants: [yolov5n], batches: [2] }");
  const path = put("contradicting.yaml", pinned);
  const other = await ipa("plan", path, "--load", "10", "--json");
  assert.deepEqual([other.code, other.err], [0, ""]);
  const refused = await ipa("plan", path, "--load", "10", "--policy", "fa2-low");
  assert.deepEqual([refused.code, refused.out], [2, ""]);
  assert.match(refused.err, /policy fa2-low leaves stage "object-detection" nothing to run: policies\.fa2-low\./);
});

const explainSchema = z.strictObject({
  decision_id: z.string(),
  pipeline: z.string(),
  clock: z.iso.datetime(),
  reason: z.string(),
  given_up: z.strictObject({ after_s: number, reason_given_time: z.string() }).nullable(),
  reproduced: z.boolean(),
  difference: z
    .strictObject({ path: z.string(), recorded: z.string().nullable(), remade: z.string().nullable() })
    .nullable(),
  recorded_by: z.strictObject({ ipa: z.string(), node: z.string() }),
  explained_by: z.strictObject({ ipa: z.string(), node: z.string() }),
  predicted_load_rps: maybe,
  load_end_s: number,
  last_load_rps: maybe,
  running: z.array(settingSchema),
  serving: z.array(
    z.strictObject({ stage: z.string(), variant: z.string(), replicas: z.int(), ready: z.int().nullable() }),
  ),
  change: number,
  plan: planSchema.nullable(),
  next_best: z
    .strictObject({
      loses: number,
      tie: z.boolean(),
      objective_accuracy: number,
      cost_cores: number,
      latency_s: number,
      stages: z.array(settingSchema),
    })
    .nullable(),
  staying: z
    .strictObject({
      loses: maybe,
      objective: number,
      objective_accuracy: number,
      cost_cores: number,
      latency_s: maybe,
      breaks: z.array(z.strictObject({ row: z.string(), value: maybe, limit: number })),
    })
    .nullable(),
  missing: z
    .strictObject({
      window_s: number,
      windows: z.int(),
      missing: z.int(),
      newest: z.boolean(),
      coarse: z.boolean(),
      spans: z.array(z.strictObject({ from_s: number, to_s: number })),
    })
    .nullable(),
});

const listedSchema = z.strictObject({
  decision_id: z.string(),
  clock: z.iso.datetime(),
  pipeline: z.string(),
  reason: z.string(),
  predicted_load_rps: maybe,
  planned_load_rps: maybe,
  changed: z.boolean(),
  cost_cores: maybe,
  stages: z.array(settingSchema),
});

test("explain: a decision of a journal, by its id, from a file, a folder or standard input", async () => {
  const of = await loadPipeline(join(root, VIDEO));
  const setup = { pipeline: of, policy: "ipa", predictor: "lstm", queueing: "tail", engine: "auto" };
  const planner = await assemble(setup, await learntBy("lstm"));
  const rates = Array.from({ length: 120 }, (_, second) => 5 + (second % 7));
  const seen = { now: 120, load: { end: 120, step: 1, rates }, running: [], replicas: [], stages: [], state: null };
  const made = tick(planner, seen);
  const blind = { ...seen, now: 130, load: { end: 130, step: 5, rates: [4, null] }, running: made.plan };
  const entries = [entryOf(setup, seen, made), entryOf(setup, blind, tick(planner, blind))];
  const [first, second] = entries.map(({ decision_id }) => decision_id);
  assert.ok(first !== undefined && second !== undefined);
  mkdirSync(join(folder, "ring"));
  const text = textOf(setup, entries);
  const path = put("ring/decisions-1.jsonl", `starting\n${text}{"decision_id":"torn`);

  const { code, out, err } = await ipa("explain", path, first, "--json");
  assert.equal(code, 0, err);
  const report = explainSchema.parse(JSON.parse(out));
  assert.deepEqual([report.decision_id, report.reproduced, report.plan?.status], [first, true, "optimal"]);
  assert.match(err, /decisions-1\.jsonl:5: this line is torn/);
  const inWords = await ipa("explain", join(folder, "ring"), first);
  assert.match(
    inWords.out,
    /the same, to the byte\.\nLoad: 8\.916 rps predicted; no plan before is remembered\.\nNothing was running\.\n\nvideo at/,
  );
  assert.match(inWords.out, /\nNext best: object-detection /);

  const last = await ipa("explain", path);
  assert.equal(last.code, 0);
  assert.match(last.out, new RegExp(`^Decision ${second} of test/demo at .*: HeldNoData\n`));
  assert.match(last.out, /1 of 2 windows of 5 s are missing, the newest too\. They are those 5 to 0 s before the end/);
  const list = await ipa("explain", path, "--list");
  const [head = "", , ...lines] = list.out.trim().split("\n");
  assert.match(head, /^time +decision +pipeline +reason +load rps +cores +plan$/);
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? "",
    new RegExp(`^\\S+Z  ${first}  test/demo  First +[0-9.]+ +[0-9.]+  object-detection \\w+×\\d`),
  );
  assert.match(lines[1] ?? "", new RegExp(`^\\S+Z  ${second}  test/demo  HeldNoData +– +[0-9.]+  object-detection`));
  const changes = JSON.parse((await ipa("explain", path, "--list", "--changes", "--json")).out);
  assert.deepEqual(
    z
      .array(listedSchema)
      .parse(changes)
      .map((one) => [one.decision_id, one.reason, one.changed]),
    [[first, "first", true]],
  );

  // Given up for want of time: the plan is held, whatever it would have been.
  const late = { ...seen, now: 121, running: made.plan.map((stage) => ({ ...stage, replicas: 9 })) };
  const heldPath = put("timed-out", textOf(setup, [entryOf(setup, late, givenUp(late))]));
  const timedOut = await ipa("explain", heldPath);
  assert.equal(timedOut.code, 0, timedOut.err);
  assert.match(
    timedOut.out,
    /: HeldTimeout\nGiven up after 0\.25 s, and the plan held\. Given time it would have been: First\./,
  );
  const told = explainSchema.parse(JSON.parse((await ipa("explain", heldPath, "--json")).out));
  assert.deepEqual([told.reason, told.reproduced, told.plan?.status], ["held-timeout", true, "optimal"]);
  assert.deepEqual(told.given_up, { after_s: 0.25, reason_given_time: "first" });
  const notHeld = { ...givenUp(late), plan: made.plan };
  const wrong = await ipa("explain", put("not-held", textOf(setup, [entryOf(setup, late, notHeld)])));
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /NOT the same when made again: plan\.0\.replicas was \d+, and is 9\.\n/);

  const other = text.replace('"reason":"first"', '"reason":"unchanged"');
  const piped = spawnSync(process.execPath, [join(root, "bin/ipa.mjs"), "explain", "-", first], { input: other });
  assert.equal(piped.status, 1);
  assert.match(
    piped.stdout.toString(),
    /NOT the same when made again: reason was "unchanged", and is "first"\. The plan is the same\./,
  );
  assert.match(
    piped.stdout.toString(),
    /made by ipa 0\.1\.0\+x on Node v0, and again by ipa 0\.1\.0\+[0-9a-f]{12} on Node v/,
  );

  for (const [args, message] of [
    [[path, "0000000000000000"], /there is no whole decision 0000000000000000/],
    [[first], /there is no journal to look in/],
    [[path, first, second], /these are several decisions/],
    [[path, first.slice(0, -1)], new RegExp(`there is no whole decision \\w{15}\\. Is it ${first} `)],
    [[first.slice(0, -1)], /there is no journal to look in/],
    [[path, first, "--list"], /--list prints all\. Leave the id out/],
    [[path, first, "--changes"], /--changes says which decisions --list prints/],
    [[put("none", ""), "--list"], /there is no whole decision in it/],
    [[path, "nonsense"], /nonsense: there is no such file.*A decision's id has 16 digits/],
    [[put("empty", "")], /there is no whole decision in it/],
  ] as const) {
    const refused = await ipa("explain", ...args);
    assert.equal(refused.code, 2);
    assert.match(refused.err, message);
  }
});

test("plan --time-limit: an engine that is stopped says what is known", async () => {
  const { code, out } = await ipa(
    "plan",
    VIDEO,
    "--load",
    "50",
    "--engine",
    "highs",
    "--time-limit",
    "0.001",
    "--json",
  );
  const plan = planSchema.parse(JSON.parse(out));
  assert.ok(plan.status === "feasible" || plan.status === "unknown", plan.status);
  assert.equal(code, plan.status === "feasible" ? 0 : 1);
  assert.equal(plan.bound === null, plan.objective === null);
  assert.deepEqual(plan.binding, []);
});

test("simulate --json: an array, one element per policy, for one policy too", async () => {
  const one = await ipa("simulate", VIDEO, "--trace", trace, "--json");
  assert.deepEqual({ code: one.code, err: one.err }, { code: 0, err: "" });
  const [summary, ...rest] = summariesSchema.parse(JSON.parse(one.out));
  assert.equal(rest.length, 0);
  assert.ok(summary !== undefined);
  const { offered, served, dropped, in_flight } = summary.requests;
  assert.ok(offered > 100 && offered === served + dropped + in_flight);
  assert.equal(summary.trace, "short");
  assert.equal(untimed((await ipa("simulate", VIDEO, "--trace", trace, "--json")).out), untimed(one.out));

  const args = ["--policy", "ipa", "rim", "ipa", "--seeds", "2", "--seed", "4"];
  const two = await ipa("simulate", VIDEO, "--trace", trace, "--json", ...args);
  const summaries = summariesSchema.parse(JSON.parse(two.out));
  assert.deepEqual(
    summaries.map(({ policy, seeds }) => [policy, seeds]),
    [
      ["ipa", [4, 5]],
      ["rim", [4, 5]],
    ],
  );
});

test("simulate, plan and frontier find what the LSTM has learnt; it decides otherwise than max", async () => {
  const runs = await Promise.all(
    ["lstm", "max"].map((predictor) =>
      ipa("simulate", VIDEO, "--trace", "traces/bursty.csv", "--predictor", predictor, "--json"),
    ),
  );
  const [lstm, max] = runs.map(({ out }) => summariesSchema.parse(JSON.parse(out))[0]?.cost_cores);
  assert.ok(lstm !== undefined && max !== undefined && lstm !== max);
  const own = put("lstm.yaml", videoText.replace("predictor: max", "predictor: lstm"));
  for (const command of ["plan", "frontier"]) assert.equal((await ipa(command, own, "--load", "20")).code, 0);
});

test("simulate --cluster-cores: no more is held, whatever is planned", async () => {
  const args = ["simulate", VIDEO, "--trace", "traces/bursty.csv", "--json"];
  const [free, full] = await Promise.all([ipa(...args), ipa(...args, "--cluster-cores", "3")]);
  const [without, within] = [free, full].map(({ out }) => summariesSchema.parse(JSON.parse(out))[0]);
  assert.ok(without !== undefined && within !== undefined);
  assert.equal(without.blocked, 0);
  assert.ok(within.blocked > 0 && Number(within.cost_cores) <= 3);
  assert.ok(Number(within.sla_attainment) < Number(without.sla_attainment));
});

test("simulate: a trace on which nothing arrives has no accuracy, and no NaN", async () => {
  const { code, out } = await ipa("simulate", VIDEO, "--trace", put("zero.csv", "second,rps\n0,0\n1,0\n"), "--json");
  assert.equal(code, 0);
  const [summary] = summariesSchema.parse(JSON.parse(out));
  assert.deepEqual([summary?.accuracy, summary?.sla_attainment, summary?.latency_s.p99], [null, null, null]);
});

test("trace show: the summary as JSON and as a picture", async () => {
  const { code, out, err } = await ipa("trace", "show", "traces/bursty.csv", "--json");
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  const summary = traceSchema.parse(JSON.parse(out));
  assert.deepEqual([summary.trace, summary.duration_s, summary.requests], ["bursty", 1200, 14437]);
  assert.deepEqual([summary.rps.min, summary.rps.max], [3, 34]);
  const picture = await ipa("trace", "show", "traces/bursty.csv");
  assert.match(picture.out, /^bursty: 1,200 s, 14,437 requests\n/);
  assert.ok(picture.out.split("\n").every((line) => line.length <= 100 || line.startsWith("load in rps")));
});

test("what is wrong with the input is exit code 2, told on standard error without a stack trace", async () => {
  const bad = put("bad.csv", "second,rps\n0,x\n");
  const typo = put("typo.yaml", videoText.replace("beta: 1", "bta: 1"));
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/nowhere\.yaml: there is no such file/, "plan", "nowhere.yaml", "--load", "20"],
    [/pipelines: this is a folder/, "plan", "pipelines", "--load", "20"],
    [/video\.yaml\/x: there is no such file/, "plan", "pipelines/video.yaml/x", "--load", "20"],
    [/typo\.yaml:15:5: spec\.objective\.bta: is not known here; known are/, "plan", typo, "--load", "20"],
    [/unknown option '--lod'.*--load/s, "plan", VIDEO, "--load", "20", "--lod", "20"],
    [/'twenty' is invalid\. Give a number from 0 to 1e9/, "plan", VIDEO, "--load", "twenty"],
    [/'-1' is invalid/, "plan", VIDEO, "--load", "-1"],
    [
      /'best' is invalid\. Allowed choices are ipa, fa2-low, fa2-high, rim/,
      "plan",
      VIDEO,
      "--load",
      "20",
      "--policy",
      "best",
    ],
    [/'cplex' is invalid\. Allowed choices are/, "plan", VIDEO, "--load", "20", "--engine", "cplex"],
    [/required option '--load <rps>' not specified/, "plan", VIDEO],
    [/missing required argument 'pipeline'/, "plan", "--load", "20"],
    [/too many arguments/, "plan", VIDEO, "other.yaml", "--load", "20"],
    [/unknown command 'paln'/, "paln"],
    [/required option '--trace <file>' not specified/, "simulate", VIDEO],
    [/bad\.csv:2: rps: "x" is not a number/, "simulate", VIDEO, "--trace", bad],
    [/'1\.5' is invalid\. Give a whole number/, "simulate", VIDEO, "--trace", trace, "--seeds", "1.5"],
    [/'5' is invalid\. Give a time with its unit/, "simulate", VIDEO, "--trace", trace, "--warmup", "5"],
    [/this file is read, and would be written over/, "simulate", VIDEO, "--trace", trace, "--log", trace],
    [
      /both\.arrow: this would be written twice/,
      "simulate",
      VIDEO,
      "--trace",
      trace,
      "--log",
      join(folder, "both.arrow"),
      "--requests",
      join(folder, "both.arrow"),
    ],
    [/If it is the pipeline file, put it before the options/, "simulate", "--trace", trace, "--policy", "ipa", VIDEO],
    [/unknown command 'validate'/, "validate", "--help"],
    [/'0' is invalid\. Give a number of at least 0\.001/, "simulate", VIDEO, "--trace", trace, "--cluster-cores", "0"],
    [/Nothing is younger than 0/, "simulate", VIDEO, "--trace", trace, "--drop-after", "0s"],
    [/a pipeline file begins with apiVersion/, "plan", "profiles/classification.csv", "--load", "20"],
    [/only http and https can be fetched from/, "trace", "fetch", "--from", "ftp://example.org/x"],
    [/'1e400' is invalid/, "plan", VIDEO, "--load", "1e400"],
    [/--warmup 60 s leaves nothing/, "simulate", VIDEO, "--trace", trace, "--warmup", "1m"],
    [/--decision-delay must be shorter/, "simulate", VIDEO, "--trace", trace, "--decision-delay", "10s"],
    [/missing required argument 'trace'/, "trace", "show"],
    [/unknown command 'shwo'/, "trace", "shwo"],
    [/required option '--window <from:to>'/, "trace", "import", "--out", join(folder, "w.csv")],
    [/'9:3' is invalid\. Give two whole seconds/, "trace", "import", "--window", "9:3", "--out", join(folder, "w.csv")],
    [
      /the 22-day trace is not here\. Name its file/,
      "trace",
      "import",
      "--window",
      "0:3",
      "--out",
      join(folder, "w.csv"),
    ],
    [/swing must be at least 0 and below 1/, "trace", "generate", "--swing", "1", "--out", join(folder, "w.csv")],
    [/'1e9' is invalid/, "trace", "generate", "--hours", "1e9", "--out", join(folder, "w.csv")],
    [/required option '--namespace <name>'/, "control"],
    [/'a,b' is invalid\. Give the name of one namespace/, "control", "--namespace", "a,b"],
    [/there is no file \/no\/where\. Give --kubeconfig/, "control", "--namespace", "a", "--kubeconfig", "/no/where"],
    [/package\.json: there is no current context/, "control", "--namespace", "a", "--kubeconfig", "package.json"],
    [
      /--journal: decisions cannot be kept in package\.json/,
      "control",
      "--namespace",
      "a",
      "--journal",
      "package.json",
    ],
    [/--prometheus-ca is for a Prometheus/, "control", "--namespace", "a", "--prometheus-ca", "package.json"],
    ...["--prometheus-ca", "--prometheus-token-file"].map((flag): readonly [RegExp, ...string[]] => [
      new RegExp(`${flag}: /no/where cannot be read`),
      "control",
      "--namespace",
      "a",
      "--prometheus",
      "http://localhost:9",
      flag,
      "/no/where",
    ]),
    [/Allowed choices are Observe, Recommend/, "control", "--namespace", "a", "--max-mode", "Watch"],
  ];
  const runs = await Promise.all(cases.map(async ([says, ...args]) => ({ says, args, ran: await ipa(...args) })));
  for (const { says, args, ran } of runs) {
    const { code, out, err } = ran;
    assert.deepEqual({ code, out }, { code: 2, out: "" }, `${args.join(" ")}\n${err}`);
    assert.match(err, says);
    assert.doesNotMatch(err, /\n {4}at |fault in ipa/);
  }
  assert.ok(!existsSync(join(folder, "w.csv")));
});

test("frontier: table, JSON and plot; none where no plan keeps the limits", async () => {
  const plot = join(folder, "frontier.svg");
  const text = await ipa("frontier", VIDEO, "--load", "20", "--plot", plot);
  assert.equal(text.code, 0);
  assert.match(text.out, /^video at 20 rps: 8 trade-offs between cores and accuracy/);
  assert.match(readFileSync(plot, "utf8"), /^<svg[^>]* aria-label="8 trade-offs of video at 20 rps, 7 of them/);
  const { code, out } = await ipa("frontier", VIDEO, "--load", "20", "--queueing", "tail", "--json");
  const { points } = frontierSchema.parse(JSON.parse(out));
  assert.equal(code, 0);
  assert.ok(points.every((point, p) => p === 0 || point.cost_cores > (points[p - 1]?.cost_cores ?? 0)));
  const none = await ipa("frontier", VIDEO, "--load", "5000");
  assert.equal(none.code, 1);
  assert.match(none.out, /no plan keeps all limits; `ipa plan` says/);
});

test("what was read is never written over, by whatever name", async () => {
  const profile = put("det.csv", readFileSync(join(root, "profiles/object-detection.csv"), "utf8"));
  const own = put("own.yaml", videoText.replace(join(root, "profiles/object-detection.csv"), profile));
  const link = join(folder, "link.csv");
  symlinkSync(trace, link);
  const hard = join(folder, "hard.csv");
  linkSync(trace, hard);
  const long = put("long.txt", "8 16 24 32");
  const cases: readonly (readonly [string, ...string[]])[] = [
    [profile, "simulate", own, "--trace", trace, "--report", profile],
    [own, "simulate", own, "--trace", trace, "--log", own],
    [trace, "simulate", own, "--trace", link, "--report", trace],
    [trace, "simulate", own, "--trace", trace, "--report", hard],
    [long, "trace", "import", long, "--window", "0:2", "--out", long],
  ];
  for (const [file, ...args] of cases) {
    const before = readFileSync(file, "utf8");
    const { code, err } = await ipa(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, /this file is read, and would be written over/);
    assert.equal(readFileSync(file, "utf8"), before);
  }
});

test("who reads only the first lines is content", () => {
  const command = `"${process.execPath}" bin/ipa.mjs trace generate --hours 2 | head -1`;
  const { stdout, stderr } = spawnSync("bash", ["-c", command], { cwd: root, encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["second,rps\n", ""]);
});

test("a wrong input leaves no output file", async () => {
  const bad = put("bad-too.csv", "second,rps\n0,1\n2,1\n");
  const out = join(folder, "never");
  const outputs = ["--out", out, "--log", join(out, "log.arrow"), "--requests", join(out, "requests.arrow")];
  assert.equal((await ipa("simulate", VIDEO, "--trace", bad, ...outputs)).code, 2);
  assert.equal((await ipa("plan", VIDEO, "--load", "x")).code, 2);
  assert.ok(!existsSync(out));
});

test("the help of every command shows an example", async () => {
  const commands = [
    [],
    ["plan"],
    ["simulate"],
    ["sweep"],
    ["sweep", "merge"],
    ["trace"],
    ["trace", "show"],
    ["trace", "import"],
    ["trace", "fetch"],
    ["trace", "generate"],
    ["control"],
  ];
  const runs = await Promise.all(commands.map(async (command) => ({ command, ran: await ipa(...command, "--help") })));
  for (const { command, ran } of runs) {
    const { code, out, err } = ran;
    assert.deepEqual({ code, err }, { code: 0, err: "" }, command.join(" "));
    assert.match(out, new RegExp(`\\n {2}${["ipa", ...command].join(" ")} [a-z-]`), command.join(" "));
  }
  assert.match((await ipa("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

test("simulate writes files that Arrow reads", async () => {
  const paths = ["log", "requests", "visits"].map((name) => join(folder, `one/${name}.arrow`));
  const [log = "", requests = "", visits = ""] = paths;
  const { code, out } = await ipa(
    "simulate",
    VIDEO,
    "--trace",
    trace,
    "--log",
    log,
    "--requests",
    requests,
    "--visits",
    visits,
  );
  assert.equal(code, 0);
  assert.match(out, /\nWritten: .*log\.arrow/);
  const [logTable, requestTable, visitTable] = paths.map((path) => tableFromIPC(readFileSync(path)));
  assert.equal(logTable?.schema.metadata.get("policy"), "ipa");
  assert.ok((logTable?.numRows ?? 0) >= 3);
  const offered = requestTable?.numRows ?? 0;
  assert.ok(offered > 100);
  assert.ok((visitTable?.numRows ?? 0) >= offered && (visitTable?.numRows ?? 0) <= 2 * offered);
  const arrivals: unknown[] = [...(requestTable?.getChild("arrival_s") ?? [])];
  assert.ok(arrivals.every((at) => typeof at === "number" && at >= 0 && at < 30));
});

test("simulate takes a graph: every policy, all files, all numbers", async () => {
  const out = join(folder, "graph");
  const files = ["--out", out, "--requests", join(out, "requests.arrow"), "--visits", join(out, "visits.arrow")];
  const policies = ["ipa", "fa2-low", "fa2-high", "rim"];
  const args = ["simulate", "pipelines/traffic.yaml", "--trace", trace, "--policy", ...policies, ...files];
  const text = await ipa(...args);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /^traffic: detection → cars, people, on short \(30 s/);
  assert.match(readFileSync(join(out, "report.html"), "utf8"), /people/);
  for (const policy of policies) {
    const [requests, visits] = ["requests", "visits"].map((name) =>
      tableFromIPC(readFileSync(join(out, `${name}-${policy}-seed1.arrow`))),
    );
    const column = (name: string): unknown[] => [...(visits?.getChild(name) ?? [])].map(String);
    assert.ok((visits?.numRows ?? 0) > 2 * (requests?.numRows ?? Infinity));
    assert.deepEqual([...new Set(column("stage"))], ["detection", "cars", "people"]);
    assert.ok(new Set(column("item")).has("1"));
  }
  const json = await ipa(...args, "--json");
  const summaries = summariesSchema.parse(JSON.parse(json.out));
  for (const { requests, stages } of summaries) {
    assert.equal(requests.offered, requests.served + requests.dropped + requests.in_flight);
    assert.equal(stages.length, 3);
  }
});

test("simulate --out: a report, and a run log for each policy and seed; the same bytes each time", async () => {
  const args = ["simulate", VIDEO, "--trace", trace, "--policy", "ipa", "rim", "--seeds", "2", "--out"];
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  for (const out of [first, second]) assert.equal((await ipa(...args, out)).code, 0);
  const names = readdirSync(first).sort();
  assert.deepEqual(names, [
    "report.html",
    ...["ipa-seed1", "ipa-seed2", "rim-seed1", "rim-seed2"].map((name) => `run-log-${name}.arrow`),
  ]);
  for (const name of names.filter((one) => one.endsWith(".arrow"))) {
    const bytes = readFileSync(join(first, name));
    assert.ok(tableFromIPC(bytes).numRows >= 3);
    assert.deepEqual(readFileSync(join(second, name)), bytes, name);
  }
  assert.match(readFileSync(join(first, "report.html"), "utf8"), /^<!doctype html>/i);
});

test("an output that cannot be written is a wrong input", async () => {
  const { code, err } = await ipa("simulate", VIDEO, "--trace", trace, "--log", join(trace, "log.arrow"));
  assert.equal(code, 2);
  assert.match(err, /log\.arrow: cannot be written/);
});

test("trace import and trace generate write traces that load", async () => {
  const rates = put("rates.txt", "80 160 7 9\n");
  const cut = join(folder, "cut.csv");
  assert.equal((await ipa("trace", "import", rates, "--window", "1:4", "--out", cut)).code, 0);
  assert.equal(readFileSync(cut, "utf8"), "second,rps\n0,20\n1,0\n2,1\n");

  const made = [join(folder, "made.csv"), join(folder, "again.csv")];
  for (const out of made)
    assert.equal((await ipa("trace", "generate", "--hours", "0.05", "--seed", "3", "--out", out)).code, 0);
  const [text, again] = made.map((path) => readFileSync(path, "utf8"));
  assert.equal(text, again);
  assert.equal(
    traceSchema.parse(JSON.parse((await ipa("trace", "show", made[0] ?? "", "--json")).out)).duration_s,
    180,
  );
});

test("a Node that is too old says what to do", async (t) => {
  const old = "/usr/bin/node";
  const version = existsSync(old) ? spawnSync(old, ["--version"], { encoding: "utf8" }).stdout.trim() : "";
  if (!/^v(1\d|20|21)\./.test(version)) {
    t.skip(`${old} is ${version === "" ? "not there" : version}; a Node older than 22 is needed`);
    return;
  }
  const { code, out, err } = await run(old, ["plan", VIDEO, "--load", "20"]);
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.match(err, /^ipa needs Node 22\.19 or newer; this is \d+.*npm/);
  assert.doesNotMatch(err, /\n {4}at /);
});
