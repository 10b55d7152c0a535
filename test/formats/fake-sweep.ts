import type { Figures, SweepRow } from "../../src/core/sweep-row.ts";
import { summarise } from "../../src/report/summary.ts";
import { figuresOf } from "../../src/report/sweep.ts";
import { context, fakeRun } from "../report/fake-runs.ts";

export function fakeFigures(overrides: Partial<Figures> = {}): Figures {
  return { ...figuresOf(summarise([fakeRun()], context)), ...overrides };
}

/** A row, to be overridden where a test looks. */
export function fakeRow(overrides: Partial<SweepRow> = {}): SweepRow {
  return {
    run: 0,
    pipeline: "video",
    trace: "bursty",
    policy: "ipa",
    predictor: "max",
    queueing: "tail",
    sla_s: 1,
    alpha: 2,
    beta: 1,
    seed: 1,
    accuracy_metric: "pas",
    ...fakeFigures(),
    ...overrides,
  };
}
