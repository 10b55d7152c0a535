import { countPaths, graphOf, pathsThrough, type Graph } from "./graph.ts";
import type { Stage } from "./pipeline.ts";

/** A stage with what of the pipeline's load reaches it. */
export interface Visited {
  readonly stage: Stage;
  /** Mean number of items per request that it serves. */
  readonly items: number;
  /** Share of requests with at least one item there. */
  readonly share: number;
  /** Paths from the first stages to the last, for each that leads through it: 1 where all of them do. */
  readonly paths: number;
}

/** The stages of a pipeline never change, and every decision asks. */
const known = new WeakMap<readonly Stage[], readonly Visited[]>();

/**
 * What reaches each stage. An item that enters a stage with fan-out φ becomes ⌊φ⌋ items, and one more with
 * probability φ − ⌊φ⌋; each goes on to every successor. A stage with several predecessors takes one item of a request,
 * if any of them had one.
 */
export function visitsOf(stages: readonly Stage[]): readonly Visited[] {
  const before = known.get(stages);
  if (before !== undefined) return before;
  const graph = graphOf(stages);
  const none = new Absence(stages, graph);
  const items: number[] = [];
  const paths = countPaths(stages);
  const through = pathsThrough(stages);
  const visits = stages.map((stage, s): Visited => {
    const [first, ...others] = graph.predecessors[s] ?? [];
    const entering =
      first === undefined ? 1 : others.length === 0 ? (items[first] ?? 0) : 1 - none.of([first, ...others]);
    items[s] = stage.fanOut * entering;
    return { stage, items: items[s], share: 1 - none.of([s]), paths: paths / (through[s] ?? paths) };
  });
  known.set(stages, visits);
  return visits;
}

/** The probability that a request has no item at any of some stages. */
class Absence {
  private readonly stages: readonly Stage[];
  private readonly graph: Graph;
  /** By stage: the last source or join on the way to it, which it may be itself; its items come from there alone. */
  private readonly roots: readonly number[];

  constructor(stages: readonly Stage[], graph: Graph) {
    this.stages = stages;
    this.graph = graph;
    const roots: number[] = [];
    stages.forEach((_, s) => {
      const [only, ...others] = graph.predecessors[s] ?? [];
      roots[s] = only === undefined || others.length > 0 ? s : (roots[only] ?? s);
    });
    this.roots = roots;
  }

  /**
   * Given that a join took an item, what becomes of it depends on nothing else. So with the last join on the way to any
   * of the targets: either it took none, which is to say that none of its predecessors had one, or it did, and its item
   * came to none of its own targets. Sources always take an item, each on its own.
   */
  of(targets: readonly number[]): number {
    const last = Math.max(...targets.map((target) => this.roots[target] ?? 0));
    const own = targets.filter((target) => this.roots[target] === last);
    const others = targets.filter((target) => this.roots[target] !== last);
    const missed = this.fromItem(last, own);
    const without = others.length === 0 ? 1 : this.of(others);
    const predecessors = this.graph.predecessors[last] ?? [];
    if (predecessors.length === 0) return without * missed;
    const untaken = this.of([...new Set([...predecessors, ...others])]);
    return untaken + (without - untaken) * missed;
  }

  /** The probability that an item entering a stage comes to none of the targets, which are fed by no join after it. */
  private fromItem(s: number, targets: readonly number[]): number {
    const { fanOut } = this.stages[s] ?? { fanOut: 1 };
    const next = (this.graph.successors[s] ?? []).filter((after) => this.graph.predecessors[after]?.length === 1);
    const ofOne = targets.includes(s) ? 0 : next.reduce((product, after) => product * this.fromItem(after, targets), 1);
    const whole = Math.floor(fanOut);
    const more = fanOut - whole;
    return ofOne ** whole * (1 - more + more * ofOne);
  }
}
