import { tooOld } from "../core/batching.ts";
import { chain, type Stage } from "../core/pipeline.ts";
import type { Plan, StagePlan } from "../core/plan.ts";
import type { Draws } from "../workload/draws.ts";
import type { StageRules } from "./advance.ts";
import { Flow } from "./flow.ts";
import type { Scenario } from "./scenario.ts";
import { StageRun } from "./stage.ts";

/** Told of what happens to requests and replicas; stages by index, seconds. */
export interface NetworkEvents {
  readonly onDepart: (request: number, origin: number, now: number, accuracy: number) => void;
  readonly onDrop: (stage: number, request: number, origin: number, now: number) => void;
  readonly onServe: (stage: number, origin: number, arrival: number, start: number, end: number) => void;
  readonly onBatch: (stage: number, start: number) => void;
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
  private readonly departures = new Flow();

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

  arrive(request: number, now: number): void {
    this.stages[0]?.queue.push(request, now, now, 1);
  }

  /** Everything that happens before `until`, and replicas becoming ready at it. */
  advanceTo(until: number): void {
    this.stages.forEach((stage, s) => {
      stage.advanceTo(until);
      this.complete(stage, s, until);
    });
    const { departures } = this;
    for (let i = 0; i < departures.length; i++) {
      this.events.onDepart(
        departures.request[i]!,
        departures.origin[i]!,
        departures.arrival[i]!,
        departures.accuracy[i]!,
      );
    }
    departures.discard(departures.base + departures.length);
  }

  apply(plan: Plan): void {
    this.stages.forEach((stage, s) => stage.apply(planOf(plan, s)));
  }

  /** Tells of what is left at the end of the run. */
  finish(): void {
    this.stages.forEach(({ queue, flights }, s) => {
      for (let k = 0; k < flights.count; k++) this.events.onBatch(s, queue.start[flights.first[k]! - queue.base]!);
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
    const next = this.stages[s + 1]?.queue ?? this.departures;
    const hop = next === this.departures ? 0 : this.scenario.hop;
    let ended = 0;
    for (; ended < flights.count && flights.end[ended]! < until; ended++) {
      this.completeBatch(queue, s, flights.first[ended]!, flights.size[ended]!, next, hop);
    }
    flights.remove(ended);
    let over = queue.head;
    for (let k = 0; k < flights.count; k++) over = Math.min(over, flights.first[k]!);
    this.events.onDiscard(s, queue, over);
    queue.discard(over);
  }

  private completeBatch(queue: Flow, s: number, first: number, size: number, next: Flow, hop: number): void {
    const front = first - queue.base;
    const end = queue.end[front]!;
    this.events.onBatch(s, queue.start[front]!);
    const lost = this.wholeBatch && tooOld(end, eldest(queue, front, size), this.maxAge);
    for (let i = front, left = size; left > 0; i++) {
      if (queue.dropped[i] === 1) continue;
      left--;
      if (lost) {
        this.drop(s, queue.base + i, end);
        continue;
      }
      this.events.onServe(s, queue.origin[i]!, queue.arrival[i]!, queue.start[i]!, end);
      next.push(queue.request[i]!, queue.origin[i]!, end + hop, queue.accuracy[i]!);
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
