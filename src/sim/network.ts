import { tooOld } from "../core/batching.ts";
import { chain, type Stage } from "../core/pipeline.ts";
import type { Plan, StagePlan } from "../core/plan.ts";
import type { Draws } from "../workload/draws.ts";
import type { StageRules } from "./advance.ts";
import type { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import type { Scenario } from "./scenario.ts";
import { StageRun } from "./stage.ts";

/** Told of what happens to requests and replicas; stages by index, seconds. */
export interface NetworkEvents {
  readonly onDepart: (request: number, origin: number, now: number, accuracy: number) => void;
  readonly onDrop: (stage: number, request: number, origin: number, now: number) => void;
  /** A batch began; at the end of the run also told of those that have not ended. */
  readonly onBatch: (stage: number, flow: Flow, flights: Flights, batch: number) => void;
  readonly onServe: (stage: number, origin: number, arrival: number, start: number, end: number) => void;
  readonly onStartUp: (stage: number, now: number) => void;
  readonly onHandOver: (stage: number, now: number) => void;
  /** The rows of a stage's flow before a position are over and will be discarded. */
  readonly onDiscard: (stage: number, flow: Flow, before: number) => void;
}

/** The stages of a chain, one behind the other. Requests only flow forward, so each is advanced on its own. */
export class Network {
  readonly stages: readonly StageRun[];
  private readonly scenario: Scenario;
  private readonly events: NetworkEvents;
  private readonly wholeBatch: boolean;
  private readonly maxAge: number;

  constructor(scenario: Scenario, draws: Draws, events: NetworkEvents) {
    const { drop } = scenario;
    this.scenario = scenario;
    this.events = events;
    this.wholeBatch = drop.kind === "paper-age-limit";
    this.maxAge = drop.kind === "none" ? Infinity : drop.seconds;
    this.stages = chain(scenario.pipeline).map((stage, s) =>
      this.stageRun(stage, s, planOf(scenario.startPlan, s), draws),
    );
  }

  /** The requests from `first` on arrive, at these instants. */
  arrive(first: number, instants: Float64Array): void {
    this.stages[0]?.queue.enter(first, instants);
  }

  /** Everything that happens before `until`, and replicas becoming ready at it. */
  advanceTo(until: number): void {
    this.stages.forEach((stage, s) => {
      stage.advanceTo(until);
      this.complete(stage, s, until);
    });
  }

  apply(plan: Plan): void {
    this.stages.forEach((stage, s) => stage.apply(planOf(plan, s)));
  }

  /** Tells of what is left at the end of the run. */
  finish(): void {
    this.stages.forEach(({ queue, flights }, s) => {
      for (let k = 0; k < flights.count; k++) this.events.onBatch(s, queue, flights, k);
      this.events.onDiscard(s, queue, queue.joined);
    });
  }

  private stageRun(stage: Stage, s: number, plan: StagePlan, draws: Draws): StageRun {
    const { pad, queueCap } = this.scenario;
    const [factor, startUp] = [draws.service[s], draws.startUp[s]];
    if (factor === undefined || startUp === undefined) throw new RangeError(`nothing is drawn for stage ${s}`);
    const rules: StageRules = {
      factor,
      pad,
      queueCap,
      maxAge: this.maxAge,
      wholeBatch: this.wholeBatch,
      onDrop: (position, now) => this.drop(s, position, now),
    };
    const events = {
      onStartUp: (now: number) => this.events.onStartUp(s, now),
      onHandOver: (now: number) => this.events.onHandOver(s, now),
    };
    return new StageRun(stage, plan, rules, events, startUp);
  }

  private drop(s: number, position: number, now: number): void {
    const queue = this.stages[s]?.queue;
    if (queue === undefined) return;
    const i = position - queue.base;
    queue.dropped[i] = 1;
    this.events.onDrop(s, queue.request[i]!, queue.origin[i]!, now);
  }

  /** Passes on the batches of a stage that ended before `until`, and discards what is over. */
  private complete({ queue, flights }: StageRun, s: number, until: number): void {
    const next = this.stages[s + 1]?.queue ?? null;
    const ended = flights.endedBefore(until);
    for (let k = 0; k < ended.length; k++) this.completeBatch(queue, s, flights, ended[k]!, next);
    flights.remove(until);
    let over = queue.head;
    for (let k = 0; k < flights.count; k++) over = Math.min(over, flights.first[k]!);
    this.events.onDiscard(s, queue, over);
    queue.discard(over);
  }

  /** Passes a batch on to the next stage's queue, or out. */
  private completeBatch(queue: Flow, s: number, flights: Flights, batch: number, next: Flow | null): void {
    const [start, end, size] = [flights.start[batch]!, flights.end[batch]!, flights.size[batch]!];
    const front = flights.first[batch]! - queue.base;
    this.events.onBatch(s, queue, flights, batch);
    const lost = this.wholeBatch && tooOld(end, eldest(queue, front, size), this.maxAge);
    for (let i = front, left = size; left > 0; i++) {
      if (queue.dropped[i] === 1) continue;
      left--;
      if (lost) {
        this.drop(s, queue.base + i, end);
        continue;
      }
      const accuracy = queue.accuracy[i]! * flights.accuracy[batch]!;
      this.events.onServe(s, queue.origin[i]!, queue.arrival[i]!, start, end);
      if (next !== null) next.push(queue.request[i]!, queue.origin[i]!, end + this.scenario.hop, accuracy);
      else this.events.onDepart(queue.request[i]!, queue.origin[i]!, end, accuracy);
    }
  }
}

function planOf(plan: Plan, s: number): StagePlan {
  const stage = plan[s];
  if (stage === undefined) throw new RangeError(`the plan has no stage ${s}`);
  return stage;
}

/** Least arrival at the pipeline among `size` rows from `front` on that were not dropped. */
function eldest({ dropped, origin }: Flow, front: number, size: number): number {
  let least = Infinity;
  for (let i = front, left = size; left > 0; i++) {
    if (dropped[i] === 1) continue;
    left--;
    if (origin[i]! < least) least = origin[i]!;
  }
  return least;
}
