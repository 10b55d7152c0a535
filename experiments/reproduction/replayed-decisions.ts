// A published run decided anew, step by step, for given loads: plans only, no simulation.
import { accuracyOf } from "../../src/core/accuracy.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { plannedLoad } from "../../src/core/load.ts";
import { planVariants, type Plan } from "../../src/core/plan.ts";
import { deployed, type PublishedRun } from "./published-runs.ts";
import { reportedMetric } from "./replayed-runs.ts";

/** A decision of ours; steps count from 1. */
export interface Step {
  readonly step: number;
  readonly load: number;
  readonly plan: Plan;
  readonly feasible: boolean;
  /** What would have been in force at each load: of an infeasible one the plan before. */
  readonly before: Plan;
}

/** What a published run's configuration decides; each planned load is solved once. */
export class RunPlanner {
  readonly run: PublishedRun;
  readonly planner: Planner;
  /** By load: the plan, or null where there is none. */
  private readonly plans = new Map<number, Plan | null>();

  constructor(run: PublishedRun, planner: Planner) {
    this.run = run;
    this.planner = planner;
  }

  /** Step by step for predicted loads, before the margin, from the deployed plan on. */
  decideAll(loads: readonly number[]): readonly Step[] {
    let running = deployed(this.run, this.planner.pipeline);
    return loads.map((predicted, i) => {
      const load = plannedLoad(this.planner.pipeline, predicted);
      const found = this.planAt(load);
      const before = running;
      running = found ?? running;
      return { step: i + 1, load, plan: running, feasible: found !== null, before };
    });
  }

  /** The best plan at a planned load; null if there is none. */
  planAt(load: number): Plan | null {
    const known = this.plans.get(load);
    if (known !== undefined) return known;
    const { pipeline } = this.planner;
    const unmargined = { ...this.planner, pipeline: { ...pipeline, margins: { ...pipeline.margins, load: 0 } } };
    const { plan, outcome } = decide(unmargined, load, []);
    const found = outcome !== null && "options" in outcome ? plan : null;
    this.plans.set(load, found);
    return found;
  }

  /** In the metric that the figures report. */
  accuracyOf(plan: Plan): number {
    const { pipeline } = this.planner;
    return accuracyOf(reportedMetric(this.run), pipeline.stages, planVariants(pipeline, plan));
  }
}
