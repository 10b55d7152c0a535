import { leastReplicas } from "./capacity.ts";
import type { Formulation } from "./formulate.ts";
import { choiceOf, settingsOf, usefulCounts, type Setting } from "./options.ts";
import type { Stage } from "./pipeline.ts";
import { coresBeside, coresWith, standbyCores, type Plan, type StagePlan } from "./plan.ts";
import { isSolved, planOf, type Option, type Problem, type Solver } from "./problem.ts";
import type { LatencyTerms } from "./queueing/latency.ts";
import { visitsOf } from "./visits.ts";

/**
 * The plan to run when none is feasible: within the limits and pins the greatest share of the load
 * that every stage carries (min over stages of min(1, n·h/λ)), then the least latency, then the
 * fewest cores. A stage that is left nothing but to have no replicas has none, and the others are planned for the load all the same. Null
 * if not even the fewest replicas allowed fit the core budget.
 */
export function bestEffort(from: Formulation, planned: number, running: Plan, solver: Solver): Plan | null {
  const all = visitsOf(from.pipeline.stages).map((visited, s) =>
    settingsOf(from.pipeline, visited.stage, from.policy.pins[visited.stage.name], from.leeway?.[s]).map((setting) => ({
      visited,
      setting,
    })),
  );
  const idle = from.pipeline.stages.map((stage, s) => (all[s]?.length === 0 ? idleOf(stage, running) : null));
  const stages = all.filter((_, s) => idle[s] === null);
  if (stages.length === 0) return null;
  const { limits } = from.pipeline;
  const coresOfIdle = from.pipeline.stages.reduce((sum, one, s) => sum + (idle[s] === null ? 0 : standbyCores(one)), 0);
  const shares = new Set<number>();
  for (const { visited, setting } of stages.flat()) {
    const load = visited.items * planned;
    for (const n of usefulCounts(setting, load)) shares.add(Math.min(1, (n * setting.capacity.rate) / load));
  }
  // More share needs more replicas, so the greatest one that fits is found by bisection.
  const ascending = [...shares].sort((a, b) => a - b);
  let best: readonly Option[] | null = null;
  let [low, high] = [0, ascending.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const options = plansWithShare(ascending[middle] ?? 0);
    if (options === null) high = middle - 1;
    else {
      best = options;
      low = middle + 1;
    }
  }
  if (best === null) return null;
  const busy = planOf(best).values();
  return idle.flatMap((one) => one ?? busy.next().value ?? []);

  function plansWithShare(share: number): readonly Option[] | null {
    const options = stages.map((ofStage) =>
      ofStage.flatMap(({ visited, setting }): Option[] => {
        const replicas = replicasFor(setting, share * visited.items * planned);
        if (replicas === null) return [];
        const { chosen, ...choice } = choiceOf(from.pipeline, visited, setting, from.queueing, planned, replicas);
        const cores = coresWith(standbyCores(visited.stage), chosen, replicas);
        const uses = [cores + coresBeside(visited.stage, chosen, running)];
        return [{ ...choice, score: 0, cores, penalty: ownLatency(choice.latency), tie: cores * 1e-9, uses }];
      }),
    );
    const problem: Problem = {
      alpha: 0,
      tieAlpha: 0,
      combine: "sum",
      options,
      // Latency is what is minimised: the sum over the stages, of whatever path.
      latency: { limit: Infinity, paths: [stages.map((_, s) => s)] },
      rows: limits.cores === undefined ? [] : [{ name: "cores", limit: limits.cores - coresOfIdle }],
    };
    const outcome = solver(limits.cores === undefined ? { ...problem, options: options.map(withoutUses) } : problem);
    return isSolved(outcome) ? outcome.options : null;
  }

  function replicasFor(setting: Setting, load: number): number | null {
    const replicas = Math.max(setting.fewest, leastReplicas(load, setting.capacity.rate));
    return replicas > setting.most ? null : replicas;
  }
}

/** What a stage runs where there can be no replicas of that; null where there can. */
export function idleOf({ name, variants }: Stage, running: Plan): StagePlan | null {
  const runs = running.find(({ stage }) => stage === name);
  const variant = variants.find((one) => one.name === runs?.variant);
  const isIdle = variant?.minReplicas === 0 && variant.maxReplicas === 0;
  return runs !== undefined && isIdle ? { ...runs, replicas: 0 } : null;
}

/** What stands for a latency that grows without end, seconds: more than any other. */
const OVERLOADED = 1000;

/** The latency of one stage alone; finite, as a solver needs it. */
function ownLatency({ mean, forming, excessSquared }: LatencyTerms): number {
  return Math.min(OVERLOADED, mean + Math.sqrt(forming * forming + excessSquared));
}

function withoutUses(options: readonly Option[]): readonly Option[] {
  return options.map((option) => ({ ...option, uses: [] }));
}
