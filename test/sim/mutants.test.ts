import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

// The power of the tests: a simulator that is wrong in one place must fail them. Each mutant is an edit
// of one file in a copy of the sources, on which the hand-worked rules run.

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const mutants: readonly Mutant[] = [
  {
    name: "service takes 3 % longer",
    file: "advance.ts",
    from: "const end = now + pool.mean[paid]!",
    to: "const end = now + 1.03 * pool.mean[paid]!",
  },
  {
    name: "last in, first out",
    file: "advance.ts",
    from: "const front = queue.head;",
    to: `const front = queue.head;
  for (const column of [queue.request, queue.origin, queue.arrival, queue.accuracy]) {
    column.subarray(front - base, queue.joined - base).reverse();
  }`,
  },
  {
    name: "the time-out counts from the last arrival",
    file: "advance.ts",
    from: "const most = full ? Infinity : queue.waiting === 0 ? 1 : pool.batch - queue.waiting;",
    to: `const most = full ? Infinity : 1;
    if (queue.waiting > 0 && !full) {
      start = Math.max(servers.idleFrom(now), timesOutAt(queue.arrival[queue.joined - 1 - queue.base]!, pool.timeout));
    }`,
  },
  {
    name: "a partial batch pays for a full one",
    file: "advance.ts",
    from: "const paid = rules.pad ? pool.batch : size;",
    to: "const paid = pool.batch;",
  },
  {
    name: "the last request is lost",
    file: "simulator.ts",
    from: "next < arrivals.length && arrivals[next]! < until",
    to: "next < arrivals.length - 1 && arrivals[next]! < until",
  },
  {
    name: "the idle replica of the largest id serves",
    file: "servers.ts",
    from: "idle[i - 1]! < place",
    to: "idle[i - 1]! > place",
  },
  {
    name: "a draining replica costs nothing",
    file: "pool.ts",
    from: "leaves.replica.until = leaves.replica.readyAt > now ? now : Math.max(now, leaves.freeAt);",
    to: "leaves.replica.until = now;",
  },
  {
    name: "nothing stands by again",
    file: "pool.ts",
    from: "const standBy = this.reserve.lacks(count);",
    to: "const standBy = 0;",
  },
  {
    name: "a switch waits for all",
    file: "stage.ts",
    from: "this.enough = enough;",
    to: "this.enough = () => plan.replicas;",
  },
  {
    name: "how many are enough is found once",
    file: "stage.ts",
    from: "this.pending ??= this.poolFor(plan);\n    this.enough = enough;",
    to: "if (this.pending === null) this.enough = enough;\n    this.pending ??= this.poolFor(plan);",
  },
  {
    name: "how many are enough is found by what serves at the decision",
    file: "stage.ts",
    from: "this.enough = enough;",
    to: "const ready = this.serving.readyCount(this.now);\n    this.enough = (serves) => enough({ ...serves, replicas: ready });",
  },
  {
    name: "the old group does not grow meanwhile",
    file: "stage.ts",
    from: "from.replicas > wanted",
    to: "from.replicas < 0",
  },
  {
    name: "the old group is scaled down meanwhile",
    file: "stage.ts",
    from: "from.replicas > wanted",
    to: "from.replicas >= 0",
  },
  {
    name: "the old group grows with the batch of the decision",
    file: "stage.ts",
    from: "{ ...from, batch, batchTimeout: timeout }",
    to: "from",
  },
  {
    name: "the old variant is kept after the hand-over",
    file: "stage.ts",
    from: "this.serving.shrink(0, this.now);",
    to: "",
  },
];

/** Of graphs (S14). */
const graphMutants: readonly Mutant[] = [
  {
    name: "items are numbered without gaps",
    file: "entrance.ts",
    from: "item * this.width + j",
    to: "item + j",
  },
  {
    name: "the copies are all the first item",
    file: "graph-routes.ts",
    from: "entrance.send(request, flow.item[i]!, end + this.hop)",
    to: "entrance.send(request, 0, end + this.hop)",
  },
  {
    name: "what becomes none is done when it is sent",
    file: "entrance.ts",
    from: "this.vanishing.push({ request, at: arrival })",
    to: "this.requests.end(request, this.stage, 0)",
  },
  {
    name: "a join's item comes with the first that it waits for",
    file: "open-requests.ts",
    from: "if (at > this.latest[i]!) this.latest[i] = at;",
    to: "if (gate === 0 || this.latest[i] === 0) this.latest[i] = at;",
  },
  {
    name: "a join waits for its predecessors alone",
    file: "open-requests.ts",
    from: "joins.flatMap((join, j) => (after.has(join) ? [j + 1] : []))",
    to: "joins.flatMap((join, j) => (predecessors[join]?.includes(downstream.indexOf(after)) ? [j + 1] : []))",
  },
  {
    name: "no join is passed by",
    file: "open-requests.ts",
    from: "predecessors.some((s) => this.served",
    to: "predecessors.every((s) => s < 0 || this.served",
  },
  {
    name: "a drop is known at earlier stages",
    file: "open-requests.ts",
    from: "for (let s = stage; s < this.stages",
    to: "for (let s = 0; s < this.stages",
  },
  {
    name: "a drop is known at its own stage only",
    file: "open-requests.ts",
    from: "s < this.stages && !this.isLost",
    to: "s <= stage && !this.isLost",
  },
  {
    name: "a drop is known a step early",
    file: "open-requests.ts",
    from: "this.lostIn[i]! <= step",
    to: "this.lostIn[i]! <= step + 1",
  },
  {
    name: "an item in service goes on though its request was dropped",
    file: "graph-routes.ts",
    from: "if (requests.isLost(request, stage, end, 1)) {",
    to: "if (requests.isLost(request, stage, 0, 1)) {",
  },
  {
    name: "siblings of a dropped item are served",
    file: "advance.ts",
    from: "if (siblings !== null && siblings.vanishes(base + i, now)) continue;",
    to: "",
  },
  {
    name: "accuracies of items are multiplied",
    file: "open-requests.ts",
    from: "product *= this.accuracies[i]! / this.served[i]!;",
    to: "product *= (this.accuracies[i]! / this.served[i]!) ** this.served[i]!;",
  },
];

/** Of full clusters (S12). */
const roomMutants: readonly Mutant[] = [
  {
    name: "there is room for one more",
    file: "room.ts",
    from: "this.held(now) + replica.cores <= ",
    to: "this.held(now) <= ",
  },
  {
    name: "the line is last in, first out",
    file: "room.ts",
    from: "this.line.push({ tenant, replica });",
    to: "this.line.unshift({ tenant, replica });",
  },
  {
    name: "nothing is admitted between two ticks",
    file: "network.ts",
    from: "const cut = Math.min(until, this.room.admit(this.now));",
    to: "const cut = this.room.admit(this.now) < 0 ? 0 : until;",
  },
  {
    name: "each stage is blocked for itself",
    file: "network.ts",
    from: "this.isBlocked = true;",
    to: "",
  },
  {
    name: "what stands by at time 0 has to start",
    file: "network.ts",
    from: "for (const stage of this.stages) stage.fillReserves();\n    this.room.open();",
    to: "this.room.open();\n    for (const stage of this.stages) stage.fillReserves();",
  },
  {
    name: "what waits for room is not refused",
    file: "stage.ts",
    from: "const refused = pool.waits() ?",
    to: "const refused = pool.waits() && this.now < 0 ?",
  },
  {
    name: "every scale-up that waits is a switch that is blocked",
    file: "stage.ts",
    from: "return this.pending?.waits() ?? false;",
    to: "return (this.pending ?? this.serving).waits();",
  },
  {
    name: "the old group's waiting ones stay in the line",
    file: "stage.ts",
    from: "this.serving.cancelWaiting(this.now);",
    to: "",
  },
];

const root = new URL("../..", import.meta.url).pathname;
let copy = "";

before(() => {
  copy = mkdtempSync(join(tmpdir(), "ipa-mutants-"));
  for (const name of ["src", "test", "package.json"]) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
after(() => rmSync(copy, { recursive: true, force: true }));

interface Result {
  readonly passed: boolean;
  /** Tests ran to their end and at least one of these rules failed by an assertion. */
  readonly found: boolean;
}

/** Runs tests on the copy, within a minute. */
function run(...args: readonly string[]): Result {
  // Without the variable by which a test runner's child reports to its parent.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { cwd: copy, env, encoding: "utf8", timeout: 60_000 } as const;
  const { status, stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...args], options);
  // A mutant that does not even load, or never ends, is not found by a test.
  const ran = /^ℹ pass [1-9]/m.test(stdout) || args.some((arg) => arg.startsWith("--test-name-pattern"));
  return { passed: status === 0, found: status === 1 && ran && stdout.includes("ERR_ASSERTION") };
}

function withMutant({ file, from, to }: Mutant, then: () => void): void {
  const path = join(copy, "src/sim", file);
  const text = readFileSync(path, "utf8");
  assert.equal(text.split(from).length, 2, `"${from}" stands once in src/sim/${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    then();
  } finally {
    writeFileSync(path, text);
  }
}

test("without a mutant the quick tests pass", () => {
  assert.ok(run("test/sim/rules.test.ts", "test/sim/graph-rules.test.ts", "test/sim/full-cluster.test.ts").passed);
});

for (const mutant of mutants) {
  test(`the rules find out: ${mutant.name}`, () => {
    withMutant(mutant, () => assert.ok(run("test/sim/rules.test.ts").found));
  });
}

for (const mutant of graphMutants) {
  test(`the rules of graphs find out: ${mutant.name}`, () => {
    withMutant(mutant, () => assert.ok(run("test/sim/graph-rules.test.ts").found));
  });
}

for (const mutant of roomMutants) {
  test(`the rules of full clusters find out: ${mutant.name}`, () => {
    withMutant(mutant, () => assert.ok(run("test/sim/full-cluster.test.ts").found));
  });
}

test("theory alone finds out: service takes 3 % longer", () => {
  const [slower] = mutants;
  assert.ok(slower !== undefined);
  withMutant(slower, () => {
    assert.ok(run("--test-name-pattern=theory: M/M/1$", "test/sim/theory.test.ts").found);
  });
});
