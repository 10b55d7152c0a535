import type { Stage } from "./pipeline.ts";

/** How the stages of a pipeline follow each other; stages as indices, in topological order. */
export interface Graph {
  /** By stage: those that it follows. */
  readonly predecessors: readonly (readonly number[])[];
  /** By stage: those that follow it. */
  readonly successors: readonly (readonly number[])[];
}

export function graphOf(stages: readonly Stage[]): Graph {
  const index = new Map(stages.map(({ name }, s) => [name, s]));
  const predecessors = stages.map(({ after }) => after.flatMap((name) => index.get(name) ?? []));
  const successors = stages.map((_, s) => stages.flatMap((__, t) => (predecessors[t]?.includes(s) ? [t] : [])));
  return { predecessors, successors };
}

/** Whether each stage follows the one before it, and none has a fan-out: then a request is one item all the way. */
export function isChain(stages: readonly Stage[]): boolean {
  return stages.every(({ after, fanOut }, s) => fanOut === 1 && after.join() === (stages[s - 1]?.name ?? ""));
}

/** Each path keeps the SLA by itself, and so is a row of its own: with more than this, planning would be slow. */
export const MOST_PATHS = 64;

type Paths = readonly (readonly number[])[];

/** The stages of a pipeline never change, and every decision asks. */
const known = new WeakMap<readonly Stage[], Paths>();

/** All paths from a stage that takes requests to one that none follows. */
export function pathsOf(stages: readonly Stage[]): Paths {
  const before = known.get(stages);
  if (before !== undefined) return before;
  const { predecessors, successors } = graphOf(stages);
  const from = (s: number): Paths => {
    const next = successors[s] ?? [];
    return next.length === 0 ? [[s]] : next.flatMap(from).map((path) => [s, ...path]);
  };
  const paths = predecessors.flatMap((ofStage, s) => (ofStage.length === 0 ? from(s) : []));
  known.set(stages, paths);
  return paths;
}

/** How many they are, without listing them. */
export function countPaths(stages: readonly Stage[]): number {
  const { predecessors } = graphOf(stages);
  return pathsThrough(stages).reduce((sum, count, s) => (predecessors[s]?.length === 0 ? sum + count : sum), 0);
}

/** By stage: how many of them lead through it. */
export function pathsThrough(stages: readonly Stage[]): readonly number[] {
  const { predecessors, successors } = graphOf(stages);
  const behind = countsBy(predecessors, [...stages.keys()]);
  const ahead = countsBy(successors, [...stages.keys()].reverse());
  return stages.map((_, s) => (behind[s] ?? 0) * (ahead[s] ?? 0));
}

/** By stage: the ways that end where there is no neighbour; `order` has the neighbours of a stage before it. */
function countsBy(neighbours: readonly (readonly number[])[], order: readonly number[]): readonly number[] {
  const counts: number[] = [];
  for (const s of order) {
    const of = neighbours[s] ?? [];
    counts[s] = of.length === 0 ? 1 : of.reduce((sum, t) => sum + (counts[t] ?? 0), 0);
  }
  return counts;
}
