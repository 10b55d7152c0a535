import type { ReplicaCount } from "../core/cluster.ts";
import { tooOld } from "../core/batching.ts";
import type { Decision } from "../core/decide.ts";
import { isChain } from "../core/graph.ts";
import { samePlan, type Plan, type StagePlan } from "../core/plan.ts";
import { enoughReady } from "../core/enough.ts";
import type { ServedBatches } from "../core/service-time.ts";
import type { Draws } from "../workload/draws.ts";
import type { StageRules } from "./advance.ts";
import { ChainRoutes } from "./chain-routes.ts";
import type { Flights } from "./flights.ts";
import { Flow } from "./flow.ts";
import { GraphRoutes } from "./graph-routes.ts";
import { Room } from "./room.ts";
import type { RequestEvents, Route, Routes } from "./routes.ts";
import type { Scenario } from "./scenario.ts";
import { StageRun } from "./stage.ts";

/** Told of what happens to requests and replicas; stages by index, seconds. */
export interface NetworkEvents extends RequestEvents {
  /** A batch began; at the end of the run also told of those that have not ended. */
  readonly onBatch: (stage: number, flow: Flow, flights: Flights, batch: number) => void;
  readonly onServe: (stage: number, origin: number, arrival: number, start: number, end: number) => void;
  readonly onStartUp: (stage: number, now: number) => void;
  readonly onHandOver: (stage: number, now: number) => void;
  /** At a decision there is no room yet for a switch of the plan in force; told once for each plan. */
  readonly onBlocked: (now: number) => void;
  /** The rows of a stage's flow before a position are over and will be discarded. */
  readonly onDiscard: (stage: number, flow: Flow, before: number) => void;
}

/** The stages in topological order. Requests only flow forward, so each is advanced on its own. */
export class Network {
  readonly stages: readonly StageRun[];
  private readonly scenario: Scenario;
  private readonly events: NetworkEvents;
  private readonly routes: Routes;
  private readonly wholeBatch: boolean;
  private readonly maxAge: number;
  private readonly room: Room;
  private inForce: Plan;
  private isBlocked = false;
  private now = 0;

  constructor(scenario: Scenario, draws: Draws, events: NetworkEvents) {
    const { drop } = scenario;
    this.scenario = scenario;
    this.events = events;
    this.inForce = scenario.startPlan;
    this.wholeBatch = drop.kind === "paper-age-limit";
    this.maxAge = drop.kind === "none" ? Infinity : drop.seconds;
    this.room = new Room(scenario.clusterCores);
    const { stages } = scenario.pipeline;
    const flows = stages.map(() => new Flow());
    this.routes = isChain(stages)
      ? new ChainRoutes(flows, scenario.hop, events)
      : new GraphRoutes(stages, flows, scenario.hop, draws, events);
    this.stages = this.routes.stages.map((route, s) => this.stageRun(s, route, draws));
    for (const stage of this.stages) stage.fillReserves();
    this.room.open();
  }

  /** The requests from `first` on arrive, at these instants. */
  arrive(first: number, instants: Float64Array): void {
    this.routes.enter(first, instants);
  }

  /** Everything that happens before `until`, and replicas becoming ready at it. */
  advanceTo(until: number): void {
    while (this.now < until) {
      // Whether another replica has room then may depend on any stage: all of them stop there.
      const cut = Math.min(until, this.room.admit(this.now));
      this.sweep(cut);
      this.now = cut;
    }
  }

  /** Puts a decision in force now, by the load that it saw (requests per second). */
  apply({ plan, state }: Pick<Decision, "plan" | "state">, load: number | null): void {
    if (!samePlan(plan, this.inForce)) this.isBlocked = false;
    this.inForce = plan;
    const { pipeline } = this.scenario;
    this.stages.forEach((stage, s) => {
      const ofStage = planOf(plan, s);
      const from = state?.rollouts?.[ofStage.stage]?.switching?.from;
      stage.apply(ofStage, (serves) => enoughReady(pipeline, load, ofStage, serves), from);
    });
  }

  /** What a decision sees of the replicas. */
  counts(): readonly ReplicaCount[] {
    if (!this.isBlocked && this.stages.some((stage) => stage.isBlocked())) {
      this.isBlocked = true;
      this.events.onBlocked(this.now);
    }
    return this.stages.flatMap((stage) => stage.counts());
  }

  /** What each stage's variant that serves has served since this was last asked for (S18). */
  served(): readonly ServedBatches[] {
    return this.stages.flatMap((stage) => stage.served());
  }

  private sweep(until: number): void {
    this.stages.forEach((stage, s) => {
      stage.route.gather(until);
      stage.advanceTo(until);
      this.complete(stage, s, until);
    });
    this.routes.settle();
  }

  /** Tells of what is left at the end of the run. */
  finish(): void {
    this.stages.forEach(({ queue, flights }, s) => {
      for (let k = 0; k < flights.count; k++) this.events.onBatch(s, queue, flights, k);
      this.events.onDiscard(s, queue, queue.joined);
    });
  }

  private stageRun(s: number, route: Route, draws: Draws): StageRun {
    const { pad, queueCap, pipeline, startPlan } = this.scenario;
    const [stage, factor, startUp] = [pipeline.stages[s], draws.service[s], draws.startUp[s]];
    if (stage === undefined || factor === undefined || startUp === undefined) {
      throw new RangeError(`nothing is drawn for stage ${s}`);
    }
    const rules: StageRules = {
      factor,
      pad,
      queueCap,
      maxAge: this.maxAge,
      wholeBatch: this.wholeBatch,
      onDrop: (position, now, step) => route.drop(position - route.flow.base, now, step),
      siblings: route.siblings,
    };
    const events = {
      onStartUp: (now: number) => this.events.onStartUp(s, now),
      onHandOver: (now: number) => this.events.onHandOver(s, now),
    };
    return new StageRun(stage, planOf(startPlan, s), route, rules, events, startUp, this.room);
  }

  /** Passes on the batches of a stage that ended before `until`, and discards what is over. */
  private complete(stage: StageRun, s: number, until: number): void {
    const { queue, flights } = stage;
    const ended = flights.endedBefore(until);
    for (let k = 0; k < ended.length; k++) this.completeBatch(stage, s, ended[k]!);
    flights.remove(until);
    let over = queue.head;
    for (let k = 0; k < flights.count; k++) over = Math.min(over, flights.first[k]!);
    this.events.onDiscard(s, queue, over);
    queue.discard(over);
  }

  /** Passes the items of a batch on. */
  private completeBatch(stage: StageRun, s: number, batch: number): void {
    const { route, queue, flights } = stage;
    const [start, end, size] = [flights.start[batch]!, flights.end[batch]!, flights.size[batch]!];
    stage.onEnd(end - start, flights.variant[batch]!, size);
    const front = flights.first[batch]! - queue.base;
    this.events.onBatch(s, queue, flights, batch);
    const lost = this.wholeBatch && tooOld(end, eldest(queue, front, size), this.maxAge);
    for (let i = front, left = size; left > 0; i++) {
      if (queue.gone[i] !== 0) continue;
      left--;
      if (lost) route.expire(i, end);
      else if (route.pass(i, end, flights.accuracy[batch]!)) {
        this.events.onServe(s, queue.origin[i]!, queue.arrival[i]!, start, end);
      }
    }
  }
}

function planOf(plan: Plan, s: number): StagePlan {
  const stage = plan[s];
  if (stage === undefined) throw new RangeError(`the plan has no stage ${s}`);
  return stage;
}

/** Least arrival at the pipeline among `size` rows from `front` on that are in the batch. */
function eldest({ gone, origin }: Flow, front: number, size: number): number {
  let least = Infinity;
  for (let i = front, left = size; left > 0; i++) {
    if (gone[i] !== 0) continue;
    left--;
    if (origin[i]! < least) least = origin[i]!;
  }
  return least;
}
