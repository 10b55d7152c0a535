import { assess, type Assessment } from "../core/assess.ts";
import { bindingPins } from "../core/binding-pins.ts";
import type { Observation } from "../core/cluster.ts";
import { decide, type Decided, type Decision, type Planner } from "../core/decide.ts";
import { firstDifference, fromExactJson, toExactJson, type Difference } from "../core/exact-json.ts";
import { formulate } from "../core/formulate.ts";
import { givenUp } from "../core/given-up.ts";
import { tick } from "../core/loop.ts";
import { missingLoad, type MissingLoad } from "../core/missing-load.ts";
import { withoutFewest, type Leeway } from "../core/movement/leeway.ts";
import { nextBest, type NextBest } from "../core/next-best.ts";
import { samePlan, type Plan } from "../core/plan.ts";
import { isSolved, type Outcome, type Problem, type RowName } from "../core/problem.ts";
import { bindingRows, improves, relaxations, type Relaxation } from "../core/relax.ts";
import { shortfalls } from "../core/shortfall.ts";
import { servingInstead, type Serving } from "./serving.ts";
import { fixersOf, type FixedPin, type FixedShortfall, type Fixers } from "./fixed-pins.ts";

/** A recorded decision that was made again, and what is behind it. All but `difference` is of the one made again. */
export interface DecisionExplanation {
  readonly decision: Decision;
  /** Whether the recorded one was given up for want of time, and the plan held; `decision` is what it would have been. */
  readonly givenUp: boolean;
  /** Whether its JSON is the recorded one, to the byte; of one that was given up, that of what is held then. */
  readonly reproduced: boolean;
  /** What differs first; null if nothing does but the order of keys. */
  readonly difference: Difference | null;
  /** What was solved for it; null where nothing was, as where data were missing or a rule decided. */
  readonly solved: Solving | null;
  /** Where the plan was held for want of data: what was missing. */
  readonly missing: MissingLoad | null;
  /** Stages whose requests something else takes than the plan in force says. */
  readonly serving: readonly Serving[];
  /** The load that the last plan was made for, before the margin, requests per second; null if none is remembered. */
  readonly lastLoad: number | null;
}

/** What the plan in force would have been at the load decided for. */
export interface Staying {
  readonly promised: Assessment;
  /** What the objective would have lost by it; null where the decision found no plan that keeps all limits. */
  readonly loses: number | null;
}

export interface Solving {
  /** As the loop gave it to the solver: its pipeline may be narrower than the file's. */
  readonly planner: Planner;
  readonly decided: Decided;
  /** Limits, the stages' pins, and what a move from the running plan may be, that cost something. Of a plan that is not proved best: none. */
  readonly binding: readonly (RowName | "pins" | "movement")[];
  /** Where pins do: which. */
  readonly pins: readonly FixedPin[];
  /** Of an infeasible problem: the least change of each row alone; else empty. */
  readonly relaxations: readonly Relaxation[];
  /** Of an infeasible problem: the stages whose replicas are too few, whatever else gives way; else empty. */
  readonly shortfalls: readonly FixedShortfall[];
  /** Null where there is no other plan, or no plan at all. */
  readonly nextBest: NextBest | null;
  /** Null where the plan in force stays, or there is none. */
  readonly staying: Staying | null;
}

/** Makes a recorded decision again from what was seen, compares, and finds out what was behind it. */
export function explainDecision(planner: Planner, seen: Observation, recorded: Decision): DecisionExplanation {
  const makings: Making[] = [];
  const decision = tick(planner, seen, (of, load, running, leeway = []) => {
    const making = makeRecording(of, load, running, leeway);
    makings.push(making);
    return making.decided;
  });
  const isGivenUp = recorded.reason === "held-timeout";
  const making = makings.find(({ decided }) => decided.outcome === decision.outcome);
  return {
    decision,
    givenUp: isGivenUp,
    ...compare(recorded, isGivenUp ? givenUp(seen) : decision),
    solved: making === undefined ? null : explainMaking(making, fixersOf(planner, seen, decision)),
    missing: decision.reason === "held-no-data" ? missingLoad(seen.load, planner.pipeline.adaptation.loadWindow) : null,
    serving: servingInstead(seen),
    lastLoad: seen.state?.planning?.load ?? null,
  };
}

function compare(recorded: Decision, made: Decision): Pick<DecisionExplanation, "reproduced" | "difference"> {
  const json = toExactJson(made);
  if (json === toExactJson(recorded)) return { reproduced: true, difference: null };
  return { reproduced: false, difference: firstDifference(recorded, fromExactJson(json)) };
}

/** A decision for a load with the problem that its outcome is of. */
interface Making {
  readonly planner: Planner;
  readonly running: Plan;
  readonly leeway: Leeway;
  readonly problem: Problem;
  readonly decided: Decided;
}

function makeRecording(planner: Planner, load: number, running: Plan, leeway: Leeway): Making {
  const solves: { readonly problem: Problem; readonly outcome: Outcome }[] = [];
  const solver: Planner["solver"] = (problem, stop) => {
    const outcome = planner.solver(problem, stop);
    solves.push({ problem, outcome });
    return outcome;
  };
  const decided = decide({ ...planner, solver }, load, running, leeway);
  const which = solves.findIndex(({ outcome }) => outcome === decided.outcome);
  const solve = solves[which];
  if (solve === undefined) throw new Error("a decision has an outcome that no solve gave");
  // The first solve is within all of the leeway; where that has no plan, the next is without its fewest numbers.
  return { planner, running, leeway: which === 0 ? leeway : withoutFewest(leeway), problem: solve.problem, decided };
}

function explainMaking({ planner, running, leeway, problem, decided }: Making, fixers: Fixers): Solving {
  const { solver } = planner;
  const { outcome, planned, load } = decided;
  const from = { ...planner, leeway };
  const infeasible = outcome.status === "infeasible";
  const free = formulate({ ...planner, leeway: [] }, planned, running);
  // Of a search that was stopped nothing is known but a bound.
  const known = infeasible || outcome.status === "optimal";
  const pins = known ? bindingPins(from, planned, running, outcome, solver) : [];
  const stays = running.length === 0 || samePlan(running, decided.plan);
  const promised = stays ? null : assess(planner, planned, running);
  return {
    planner,
    decided,
    binding: [
      ...(known ? bindingRows(problem, outcome, solver) : []),
      ...(pins.length > 0 ? (["pins"] as const) : []),
      ...(known && leeway.length > 0 && improves(free, outcome, solver) ? (["movement"] as const) : []),
    ],
    pins: pins.map(fixers.pin),
    relaxations: infeasible ? relaxations(from, load, running, solver) : [],
    shortfalls: infeasible ? shortfalls(planner, planned).map(fixers.shortfall) : [],
    nextBest: isSolved(outcome) ? nextBest(problem, outcome, solver) : null,
    staying:
      promised === null ? null : { promised, loses: isSolved(outcome) ? outcome.objective - promised.objective : null },
  };
}
