import { accuracyMetrics } from "../core/accuracy.ts";
import { pathsOf } from "../core/graph.ts";
import type { Pipeline, Stage } from "../core/pipeline.ts";
import type { QueueingModel } from "../core/queueing/latency.ts";
import type { engines } from "./engines.ts";

/** An engine, and why it is this one. */
export interface EngineChoice {
  readonly engine: keyof typeof engines;
  readonly reason: string;
}

/** With so many stages side by side the exact engine was seen to end without a plan where HiGHS proved one (docs/benchmarks.md). */
const WIDE = 8;

/**
 * The engine for a pipeline, by its shape alone: all its decisions are made by the same, whatever time they take. That is `exact`,
 * but where four things come together: many stages side by side, each of which must keep the SLA with the rest of its path; a
 * core budget, for which they compete; waits that compose as a root of squares; and accuracies that add up, which exclude little.
 */
export function chooseEngine({ stages, limits, objective }: Pipeline, queueing: QueueingModel): EngineChoice {
  const paths = pathsOf(stages).length;
  const wide = sideBySide(stages);
  const adds = accuracyMetrics[objective.accuracy].combine === "sum";
  const budget = limits.cores !== undefined;
  const shape = [
    `${stages.length} ${stages.length === 1 ? "stage" : "stages"} on ${paths === 1 ? "one path" : `${paths} paths`}`,
    ...(wide > 1 ? [`up to ${wide} side by side`] : []),
    `accuracies ${adds ? "added" : "multiplied"}`,
    budget ? "a core budget" : "no core budget",
  ].join(", ");
  return wide >= WIDE && budget && adds && queueing.replicasMatter
    ? { engine: "highs", reason: `${shape}: exact may end without a plan` }
    : { engine: "exact", reason: shape };
}

/** The most stages that follow the same ones; of the first stages, how many they are. */
function sideBySide(stages: readonly Stage[]): number {
  const following = stages.map(({ after }) => after.toSorted().join("\n"));
  return Math.max(...following.map((one) => following.filter((other) => other === one).length));
}
