import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pipeline, Variant } from "../../src/core/pipeline.ts";
import { visitOutcomes, type Run } from "../../src/core/run-log.ts";
import type { FanOut } from "../../src/workload/fan-out.ts";
import { drawsOf } from "../../src/workload/draws.ts";
import { draws, hold, pipelineOf, plan, scenarioOf, script, variant } from "../fixtures.ts";
import { both } from "./both.ts";

// S14, sentence by sentence, worked by hand. A stage is written as its number; all stages have one replica and batches
// of one unless a plan says otherwise.

/** Stages "s0", "s1", … by what each comes after, its fan-out and its variants. */
function graph(
  stages: readonly { readonly after?: readonly number[]; readonly fanOut?: number; readonly of: readonly Variant[] }[],
  rest: Partial<Pipeline> = {},
): Pipeline {
  const plain = pipelineOf(
    stages.map(({ of }) => of),
    rest,
  );
  return {
    ...plain,
    stages: plain.stages.map((stage, s) => ({
      ...stage,
      after: (stages[s]?.after ?? []).map((before) => `s${before}`),
      fanOut: stages[s]?.fanOut ?? 1,
    })),
  };
}

/** A variant that takes so long for any batch of up to four. */
function takes(seconds: number, rest: Partial<Variant> = {}): readonly Variant[] {
  return [variant("a", { 1: seconds, 2: seconds, 3: seconds, 4: seconds }, rest)];
}

const one: FanOut = () => 1;
const times =
  (count: number): FanOut =>
  () =>
    count;

/** "request.item@arrival: start–end outcome" of every visit of a stage, in queue order; ×m for a batch of more than one. */
function visitsOf(run: Run, stage: number): string[] {
  const records = run.visitRecords;
  assert.ok(records);
  return [...records.stage.keys()].flatMap((row) => {
    if (records.stage[row] !== stage) return [];
    const start = records.start[row] ?? NaN;
    const size = records.batchSize[row] ?? 0;
    const service = Number.isNaN(start) ? "" : `${start}–${records.end[row]}${size > 1 ? `×${size}` : ""} `;
    const outcome = visitOutcomes[records.outcome[row] ?? -1];
    return [`${records.request[row]}.${records.item[row]}@${records.arrival[row]}: ${service}${outcome}`];
  });
}

/** By request: when it left, or the stage that dropped it, or nothing. */
function endsOf({ requestRecords }: Run): string[] {
  assert.ok(requestRecords);
  const { departure, droppedAt, outcome } = requestRecords;
  return Array.from(outcome, (of, request) =>
    of === 0 ? `left ${departure[request]}` : of === 1 ? `dropped at ${droppedAt[request]}` : "in flight",
  );
}

describe("S14, on the simulator and on the reference", () => {
  test("an item that enters becomes several, adjacent in the queue, which may be served apart or together", () => {
    const run = both(
      scenarioOf(graph([{ fanOut: 3, of: takes(1) }]), plan(["a", 1, 2, 0]), 10),
      draws([0, 0, 4], { fanOut: [times(3)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0.0@0: 0–1×2 served",
      "0.1@0: 0–1×2 served",
      "0.2@0: 1–2×2 served",
      "1.0@0: 1–2×2 served",
      "1.1@0: 2–3×2 served",
      "1.2@0: 2–3×2 served",
      "2.0@4: 4–5×2 served",
      "2.1@4: 4–5×2 served",
      "2.2@4: 5–6 served",
    ]);
    // A request leaves with the last of its items.
    assert.deepEqual(endsOf(run), ["left 2", "left 3", "left 6"]);
    assert.deepEqual(run.requests, { offered: 3, served: 3, dropped: 0, inFlight: 0, late: 1 });
    assert.deepEqual([run.stages[0]?.items, run.stages[0]?.batches], [9, 5]);
  });

  test("how many it becomes is asked for by request and item; so is the noise of a batch, by its first", () => {
    const asked: string[] = [];
    const run = both(
      scenarioOf(
        graph([
          { fanOut: 2, of: takes(1) },
          { after: [0], fanOut: 1.5, of: takes(1) },
        ]),
        plan(["a", 2], ["a", 1, 4, 0]),
        9,
      ),
      draws([0], {
        fanOut: [
          times(2),
          (request, item) => {
            asked.push(`fan-out ${request}.${item}`);
            return 1 + item;
          },
        ],
        service: [
          one,
          (request, item) => {
            asked.push(`service ${request}.${item}`);
            return 2;
          },
        ],
      }),
      hold,
    );
    const once = ["fan-out 0.0", "fan-out 0.1", "service 0.0"];
    assert.deepEqual(asked, [...once, ...once]);
    // Item i becomes the items from i·⌈1.5⌉ on.
    assert.deepEqual(visitsOf(run, 1), ["0.0@1: 1–3×3 served", "0.2@1: 1–3×3 served", "0.3@1: 1–3×3 served"]);
  });

  test("below a fan-out of 1 an item keeps its number", () => {
    const run = both(
      scenarioOf(
        graph([
          { fanOut: 3, of: takes(1) },
          { after: [0], fanOut: 0.5, of: takes(1) },
        ]),
        plan(["a", 3], ["a", 3]),
        9,
      ),
      draws([0], { fanOut: [times(3), (_, item) => (item === 1 ? 0 : 1)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 1), ["0.0@1: 1–2 served", "0.2@1: 1–2 served"]);
  });

  test("each successor gets a copy, with the item's number; a request leaves when all its items are done", () => {
    const run = both(
      scenarioOf(
        graph([
          { fanOut: 2, of: takes(1) },
          { after: [0], of: takes(1) },
          { after: [0], of: takes(4) },
        ]),
        plan(["a", 1], ["a", 1], ["a", 1]),
        10,
      ),
      draws([0], { fanOut: [times(2), one, one] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 1), ["0.0@1: 1–2 served", "0.1@2: 2–3 served"]);
    assert.deepEqual(visitsOf(run, 2), ["0.0@1: 1–5 served", "0.1@2: 5–9 served"]);
    assert.deepEqual(endsOf(run), ["left 9"]);
  });

  test("a request enters every stage that follows no other", () => {
    const run = both(
      scenarioOf(
        graph([{ of: takes(1) }, { of: takes(2) }, { after: [0], of: takes(4) }]),
        plan(["a", 1], ["a", 1], ["a", 1]),
        9,
      ),
      draws([0.5]),
      hold,
    );
    assert.deepEqual(
      [0, 1, 2].map((s) => visitsOf(run, s)),
      [["0.0@0.5: 0.5–1.5 served"], ["0.0@0.5: 0.5–2.5 served"], ["0.0@1.5: 1.5–5.5 served"]],
    );
    assert.deepEqual(endsOf(run), ["left 5.5"]);
  });

  test("no item at all is done when it enters: with the hop, and at the tick's own instant after the tick", () => {
    const of = graph([{ of: takes(1) }, { after: [0], fanOut: 0.5, of: takes(1) }], {
      adaptation: { ...pipelineOf([]).adaptation, interval: 2 },
    });
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1]), 5, { hop: 0.5 }),
      draws([0.5, 2], { fanOut: [one, times(0)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 1), []);
    assert.deepEqual(endsOf(run), ["left 2", "left 3.5"]);
    assert.deepEqual(
      run.intervals.map(({ served }) => served),
      [0, 2, 0],
    );
    const nothing = both(
      scenarioOf(graph([{ fanOut: 0.5, of: takes(1) }]), plan(["a", 1]), 5),
      draws([1], { fanOut: [times(0)] }),
      hold,
    );
    assert.deepEqual(endsOf(nothing), ["left 1"]);
    assert.deepEqual([...nothing.latencies, nothing.accuracy], [0, 1]);
  });

  test("a join takes one item, its number 0, a hop after the last of all that it waits for", () => {
    const diamond = graph([
      { of: takes(1) },
      { after: [0], fanOut: 2, of: takes(2) },
      { after: [0], of: takes(0.5) },
      { after: [1, 2], fanOut: 2, of: takes(1) },
    ]);
    const run = both(
      scenarioOf(diamond, plan(["a", 1], ["a", 1], ["a", 1], ["a", 2]), 9, { hop: 0.25 }),
      draws([0], { fanOut: [one, times(2), one, times(2)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 1), ["0.0@1.25: 1.25–3.25 served", "0.1@1.25: 3.25–5.25 served"]);
    assert.deepEqual(visitsOf(run, 2), ["0.0@1.25: 1.25–1.75 served"]);
    assert.deepEqual(visitsOf(run, 3), ["0.0@5.5: 5.5–6.5 served", "0.1@5.5: 5.5–6.5 served"]);
    assert.deepEqual(endsOf(run), ["left 6.5"]);
  });

  test("a join waits for stages upstream that are not its predecessors, and for what becomes none there", () => {
    // 0 → 1 → 4 and 0 → 2 → 3 → 4. Stage 1 ends before the tick at 4 and stage 2 behind it; 3 has no item.
    const of = graph(
      [
        { of: takes(1) },
        { after: [0], of: takes(1) },
        { after: [0], of: takes(3) },
        { after: [2], fanOut: 0.5, of: takes(1) },
        { after: [1, 3], of: takes(1) },
      ],
      { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } },
    );
    const five = { service: Array.from({ length: 5 }, () => one), startUp: Array.from({ length: 5 }, () => () => 0) };
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1], ["a", 1], ["a", 1]), 9, { hop: 0.5 }),
      draws([0], { ...five, fanOut: [one, one, one, times(0), one] }),
      hold,
    );
    // 2 ends at 4.5; there is none at 5; the join's item comes at 5.5.
    assert.deepEqual(visitsOf(run, 4), ["0.0@5.5: 5.5–6.5 served"]);
  });

  test("a join is passed by if none was served at a predecessor; then the request leaves", () => {
    const of = graph([
      { of: takes(1) },
      { after: [0], fanOut: 0.5, of: takes(1) },
      { after: [0], fanOut: 0.5, of: takes(1) },
      { after: [1, 2], of: takes(1) },
    ]);
    const has: FanOut = (request) => (request === 1 ? 1 : 0);
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1], ["a", 1]), 9),
      draws([0, 2], { fanOut: [one, times(0), has, one] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 3), ["1.0@4: 4–5 served"]);
    assert.deepEqual(endsOf(run), ["left 1", "left 5"]);
  });

  test("joins may follow joins, each waiting for the one before", () => {
    // 0, 1 → 2; 2, 0 → 3: at 3 the item of 2 is waited for while it is on its way.
    const of = graph([
      { of: takes(1) },
      { of: takes(2) },
      { after: [0, 1], of: takes(1) },
      { after: [0, 2], of: takes(1) },
    ]);
    const run = both(scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1], ["a", 1]), 9, { hop: 0.5 }), draws([0]), hold);
    assert.deepEqual(visitsOf(run, 2), ["0.0@2.5: 2.5–3.5 served"]);
    assert.deepEqual(visitsOf(run, 3), ["0.0@4: 4–5 served"]);
  });

  test("one dropped item drops the request; siblings vanish when they are looked at, and take no place", () => {
    const run = both(
      scenarioOf(graph([{ fanOut: 2, of: takes(3) }]), plan(["a", 1, 2, 0]), 10, { drop: { kind: "age", seconds: 2 } }),
      draws([0, 0.5, 1], { fanOut: [times(2)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0.0@0: 0–3×2 served",
      "0.1@0: 0–3×2 served",
      "1.0@0.5: dropped",
      "1.1@0.5: vanished",
      "2.0@1: 3–6×2 served",
      "2.1@1: 3–6×2 served",
    ]);
    assert.deepEqual(endsOf(run), ["left 3", "dropped at 0", "left 6"]);
    assert.deepEqual(run.requests, { offered: 3, served: 2, dropped: 1, inFlight: 0, late: 2 });
    assert.deepEqual([run.stages[0]?.dropped, run.stages[0]?.items], [1, 4]);
  });

  test("until then they count in the queue: for its cap, for a full batch, and as its oldest", () => {
    // At 0.5 the queue of two turns 1.2 away. 1.0 and 1.1 stay in it and keep 2 and 3 out.
    const run = both(
      scenarioOf(graph([{ fanOut: 2, of: takes(3) }]), plan(["a", 1, 2, 9]), 30, { queueCap: 2 }),
      draws([0, 0.5, 0.5, 1], { fanOut: [(request) => (request === 1 ? 3 : request === 0 ? 2 : 1)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), [
      "0.0@0: 0–3×2 served",
      "0.1@0: 0–3×2 served",
      "1.0@0.5: vanished",
      "1.1@0.5: vanished",
      "1.2@0.5: dropped",
      "2.0@0.5: dropped",
      "3.0@1: dropped",
    ]);
    // Stage 0 drops request 0 at 2. At stage 1 it still makes a batch of two full at 3, when 1 comes.
    const second = (batch: number): string[] => {
      const of = scenarioOf(graph([{ of: takes(1) }, { of: takes(1) }]), plan(["a", 1, 2, 2], ["a", 1, batch, 4]), 10, {
        drop: { kind: "age", seconds: 1.5 },
      });
      return visitsOf(both(of, draws([0, 3]), hold), 1);
    };
    assert.deepEqual(second(2), ["0.0@0: vanished", "1.0@3: 3–4 served"]);
    // Of three, it makes a batch leave at 4, four seconds after it came.
    assert.deepEqual(second(3), ["0.0@0: vanished", "1.0@3: 4–5 served"]);
  });

  test("an item that would arrive where its request's drop is known makes no visit", () => {
    // The queue of one turns 0.1 away; 0.2 comes just behind it.
    const run = both(
      scenarioOf(graph([{ fanOut: 3, of: takes(1) }]), plan(["a", 1]), 9, { queueCap: 1 }),
      draws([0], { fanOut: [times(3)] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: vanished", "0.1@0: dropped"]);
    assert.deepEqual(endsOf(run), ["dropped at 0"]);
  });

  test("a drop is known at once at later stages: in service there, the item ends and sends nothing on", () => {
    // 0 → 1 and 0 → 2 → 3. Stage 1 is busy with request 0 until 5, and drops 1 then.
    const of = graph([
      { of: takes(1) },
      { after: [0], of: takes(4) },
      { after: [0], of: takes(4) },
      { after: [2], of: takes(1) },
    ]);
    const run = both(
      scenarioOf(of, plan(["a", 2], ["a", 1], ["a", 2], ["a", 1]), 20, { drop: { kind: "age", seconds: 3 } }),
      draws([0, 0.5]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 1), ["0.0@1: 1–5 served", "1.0@1.5: dropped"]);
    assert.deepEqual(visitsOf(run, 2), ["0.0@1: 1–5 served", "1.0@1.5: 1.5–5.5 vanished"]);
    // At 5 request 0 is 5 old, and its own siblings are done.
    assert.deepEqual(visitsOf(run, 3), ["0.0@5: dropped"]);
    assert.deepEqual(endsOf(run), ["dropped at 3", "dropped at 1"]);
    assert.deepEqual(run.stages[2]?.items, 1);
  });

  test("earlier stages and parallel ones before serve on; what they send enters stages before the dropping one only", () => {
    // 0 → 1 → 2, and 3 on its own, which drops request 1 at 2.
    const of = graph([{ of: takes(1) }, { after: [0], of: takes(1) }, { after: [1], of: takes(1) }, { of: takes(2) }]);
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1], ["a", 1]), 20, { drop: { kind: "age", seconds: 1.5 } }),
      draws([0, 0.25], { service: [(request) => (request === 1 ? 0.25 : 1), (r) => (r === 1 ? 2 : 0.25), one, one] }),
      hold,
    );
    assert.deepEqual(visitsOf(run, 3), ["0.0@0: 0–2 served", "1.0@0.25: dropped"]);
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: 0–1 served", "1.0@0.25: 1–1.25 served"]);
    assert.deepEqual(visitsOf(run, 1), ["0.0@1: 1–1.25 served", "1.0@1.25: 1.25–3.25 served"]);
    // Stage 2 comes before stage 3, and does not know: it looks at its age itself, and drops the item too.
    assert.deepEqual(visitsOf(run, 2), ["0.0@1.25: 1.25–2.25 served", "1.0@3.25: dropped"]);
    assert.deepEqual(endsOf(run), ["left 2.25", "dropped at 3"]);
    assert.deepEqual(run.requests.dropped, 1);
    assert.deepEqual(
      run.stages.map(({ dropped }) => dropped),
      [0, 0, 1, 1],
    );
  });

  test("what earlier stages send never enters the dropping stage or a later one, not as a join's item either", () => {
    // 0 → 1, 0 → 3, and 2 drops; 3 joins 0 and 1.
    const of = graph([
      { of: takes(3) },
      { after: [0], of: takes(1) },
      { of: takes(2) },
      { after: [0, 1], of: takes(1) },
    ]);
    const run = both(
      scenarioOf(of, plan(["a", 2], ["a", 1], ["a", 1], ["a", 1]), 20, { drop: { kind: "age", seconds: 1 } }),
      draws([0, 0]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 2), ["0.0@0: 0–2 served", "1.0@0: dropped"]);
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: 0–3 served", "1.0@0: 0–3 served"]);
    assert.deepEqual(visitsOf(run, 1), ["0.0@3: dropped", "1.0@3: dropped"]);
    assert.deepEqual(visitsOf(run, 3), []);
    assert.deepEqual(endsOf(run), ["dropped at 1", "dropped at 2"]);
  });

  test("the first drop counts: by time, then by step of the instant, then by stage", () => {
    // By time: stage 1 drops request 1 at 2, stage 0 at 3.
    const byTime = both(
      scenarioOf(graph([{ of: takes(3) }, { of: takes(2) }]), plan(["a", 1], ["a", 1]), 9, {
        drop: { kind: "age", seconds: 1 },
      }),
      draws([0, 0]),
      hold,
    );
    assert.deepEqual([visitsOf(byTime, 0)[1], visitsOf(byTime, 1)[1]], ["1.0@0: dropped", "1.0@0: dropped"]);
    assert.deepEqual(endsOf(byTime), ["left 3", "dropped at 1"]);
    // By step: at 4 stage 1, whose three wait for a fourth, turns 1.0 away (step 4), and stage 0 drops 1.1 for its age
    // (step 5).
    const byStep = both(
      scenarioOf(
        graph([
          { fanOut: 2, of: takes(2) },
          { after: [0], fanOut: 3, of: takes(1) },
        ]),
        plan(["a", 1], ["a", 1, 4, 99]),
        9,
        { drop: { kind: "age", seconds: 3 }, queueCap: 3 },
      ),
      draws([0, 0.5], { fanOut: [(request) => 1 + request, (request) => (request === 0 ? 3 : 1)] }),
      hold,
    );
    assert.deepEqual(visitsOf(byStep, 0), ["0.0@0: 0–2 served", "1.0@0.5: 2–4 served", "1.1@0.5: dropped"]);
    assert.deepEqual(visitsOf(byStep, 1).at(-1), "1.0@4: dropped");
    assert.deepEqual(endsOf(byStep), ["in flight", "dropped at 1"]);
    // By stage: both stages drop request 1 at 2.
    const byStage = both(
      scenarioOf(graph([{ of: takes(2) }, { of: takes(2) }]), plan(["a", 1], ["a", 1]), 9, {
        drop: { kind: "age", seconds: 1 },
      }),
      draws([0, 0]),
      hold,
    );
    assert.deepEqual([visitsOf(byStage, 0)[1], visitsOf(byStage, 1)[1]], ["1.0@0: dropped", "1.0@0: vanished"]);
    assert.deepEqual(endsOf(byStage), ["left 2", "dropped at 0"]);
  });

  test("the step tells whether a drop is known: a batch that ends at that instant was first", () => {
    // At 2 stage 1 ends request 1's item (step 1), and stage 0 drops its sibling for its age (step 5).
    const run = both(
      scenarioOf(
        graph([{ of: takes(2) }, { of: takes(1) }, { after: [1], of: takes(1) }]),
        plan(["a", 1], ["a", 1], ["a", 1]),
        9,
        { drop: { kind: "age", seconds: 1.5 } },
      ),
      draws([0, 0]),
      hold,
    );
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: 0–2 served", "1.0@0: dropped"]);
    assert.deepEqual(visitsOf(run, 1), ["0.0@0: 0–1 served", "1.0@0: 1–2 served"]);
    // It still arrives at 2 (step 4), and vanishes in step 5, when stage 0 has been looked at.
    assert.deepEqual(visitsOf(run, 2), ["0.0@1: 1–2 served", "1.0@2: vanished"]);
  });

  test("paper-age-limit drops all items of the batch, and siblings in batches that end later vanish", () => {
    const of = graph([{ fanOut: 3, of: takes(2) }]);
    const age = (seconds: number) => ({ drop: { kind: "paper-age-limit", seconds } }) as const;
    const atEnd = both(
      scenarioOf(of, plan(["a", 2, 2, 0]), 9, age(1)),
      draws([0], { fanOut: [times(3)], service: [(_, item) => (item === 0 ? 1 : 2)] }),
      hold,
    );
    assert.deepEqual(visitsOf(atEnd, 0), ["0.0@0: 0–2×2 dropped", "0.1@0: 0–2×2 dropped", "0.2@0: 0–4 vanished"]);
    assert.deepEqual([atEnd.requests.dropped, atEnd.stages[0]?.dropped], [1, 2]);
    // The drop at the end is known as soon as that, and no sooner: 0.2 starts at 1.
    const known = both(
      scenarioOf(of, plan(["a", 1]), 9, age(3)),
      draws([0, 0.5], { fanOut: [times(3)], service: [(request, item) => (request === 0 && item === 0 ? 0.5 : 1)] }),
      hold,
    );
    assert.deepEqual(visitsOf(known, 0), [
      "0.0@0: 0–1 served",
      "0.1@0: 1–3 served",
      "0.2@0: 3–5 dropped",
      "1.0@0.5: dropped",
      "1.1@0.5: vanished",
      "1.2@0.5: vanished",
    ]);
    // Before service: 1.0 and 1.1 are looked at together and go together.
    const before = both(
      scenarioOf(graph([{ fanOut: 2, of: takes(2) }]), plan(["a", 1, 2, 0]), 9, age(1.5)),
      draws([0.25, 0.5], { fanOut: [times(2)] }),
      hold,
    );
    assert.deepEqual(visitsOf(before, 0).slice(2), ["1.0@0.5: dropped", "1.1@0.5: dropped"]);
  });

  test("accuracy: product over the stages that served the request of the mean over its items there", () => {
    // At 4 stage 0 changes from accuracy 0.5 to 0.75 without a start-up: of the two items each serves one.
    const of = graph(
      [
        { fanOut: 2, of: [variant("a", { 1: 4 }, { accuracy: 0.5 }), variant("b", { 1: 4 }, { accuracy: 0.75 })] },
        { after: [0], fanOut: 0.5, of: takes(1, { accuracy: 0.8 }) },
        { of: takes(1, { accuracy: 0.9 }) },
      ],
      { adaptation: { ...pipelineOf([]).adaptation, interval: 4 }, sla: { seconds: 20, quantile: 0.99 } },
    );
    const { control } = script(plan(["b", 1], ["a", 1], ["a", 1]));
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1]), 10),
      draws([0], { fanOut: [times(2), times(0), one] }),
      control,
    );
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: 0–4 served", "0.1@0: 4–8 served"]);
    assert.ok(Math.abs((run.accuracy ?? 0) - ((0.5 + 0.75) / 2) * 0.9) < 1e-12);
  });

  test("S13: at the cut-off dead items that wait or are in service are in flight, their request is dropped", () => {
    const of = graph([{ of: takes(1) }, { of: takes(1) }, { of: takes(1) }], { sla: { seconds: 1, quantile: 0.99 } });
    const run = both(
      scenarioOf(of, plan(["a", 1], ["a", 1], ["a", 1, 2, 500]), 2, { queueCap: 1 }),
      draws([0, 0, 0], { service: [one, () => 100, one] }),
      hold,
    );
    // Of the three at one instant the queue holds the first.
    assert.deepEqual(visitsOf(run, 0), ["0.0@0: 0–1 served", "1.0@0: dropped", "2.0@0: dropped"]);
    assert.deepEqual(visitsOf(run, 1), ["0.0@0: 0–NaN in_flight"]);
    assert.deepEqual(visitsOf(run, 2), ["0.0@0: in_flight"]);
    assert.deepEqual(endsOf(run), ["in flight", "dropped at 0", "dropped at 0"]);
  });

  test("another plan meets the same fan-out", () => {
    const of = graph([{ fanOut: 1.4, of: takes(1) }]);
    const trace = { kind: "arrivals", name: "log", arrivals: Float64Array.from({ length: 50 }, (_, k) => k) } as const;
    const numbers = (replicas: number): string => {
      const scenario = scenarioOf(of, plan(["a", replicas]), 0, { trace });
      const { visitRecords: visits } = both(scenario, drawsOf(scenario, of.stages), hold);
      return Array.from(visits?.request ?? [], (request, row) => `${request}.${visits?.item[row]}`).join();
    };
    assert.equal(numbers(1), numbers(3));
    assert.ok(numbers(1).includes(".1"));
  });
});
