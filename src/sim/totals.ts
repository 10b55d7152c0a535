import type { Run } from "../core/run-log.ts";
import type { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import type { NetworkEvents } from "./network.ts";
import { RequestRecorder, VisitRecorder } from "./recorder.ts";
import type { Scenario } from "./scenario.ts";
import { Ended, StageTally } from "./statistics.ts";

/** When a run ends, and when it is given up (S13); seconds. */
export interface RunTimes {
  readonly end: number;
  readonly cutOff: number;
}

/** Counts what happens to requests and replicas: over the run (S7: from the warm-up on), and since the interval began. */
export class Totals implements NetworkEvents {
  /** What ended since the interval began, warm-up or not. */
  readonly interval = new Ended();
  private readonly scenario: Scenario;
  private readonly times: RunTimes;
  private readonly arrivals: Float64Array;
  private readonly ended: Ended;
  private readonly tallies: readonly StageTally[];
  private readonly requests: RequestRecorder | null;
  private readonly visits: VisitRecorder | null;
  private blocked = 0;
  private accuracySum = 0;
  private onTimeSum = 0;

  constructor(scenario: Scenario, times: RunTimes, arrivals: Float64Array) {
    this.scenario = scenario;
    this.times = times;
    this.arrivals = arrivals;
    this.ended = new Ended(arrivals.length);
    this.tallies = scenario.pipeline.stages.map(() => new StageTally());
    this.requests = scenario.keepRequests ? new RequestRecorder(arrivals) : null;
    this.visits = scenario.keepVisits ? new VisitRecorder(scenario.pipeline.stages.length) : null;
  }

  onDepart(request: number, origin: number, now: number, accuracy: number): void {
    const sla = this.scenario.pipeline.sla.seconds;
    this.interval.serve(now - origin, sla);
    this.requests?.depart(request, now);
    if (origin < this.scenario.warmup) return;
    this.accuracySum += accuracy;
    if (this.ended.serve(now - origin, sla)) this.onTimeSum += accuracy;
  }

  onDrop(stage: number, request: number): void {
    this.interval.dropped++;
    this.requests?.drop(request, stage);
    if (this.arrivals[request]! >= this.scenario.warmup) this.ended.dropped++;
  }

  onItemDrop(stage: number, request: number): void {
    if (this.arrivals[request]! >= this.scenario.warmup) this.tally(stage).dropped++;
  }

  onServe(stage: number, origin: number, arrival: number, start: number, end: number): void {
    if (origin >= this.scenario.warmup) this.tally(stage).serve(arrival, start, end);
  }

  onBatch(stage: number, flow: Flow, flights: Flights, batch: number): void {
    if (flights.start[batch]! >= this.scenario.warmup) this.tally(stage).batches++;
    this.visits?.serve(stage, flow, flights, batch);
  }

  onStartUp(stage: number, now: number): void {
    if (this.counts(now)) this.tally(stage).replicasStarted++;
  }

  onHandOver(stage: number, now: number): void {
    if (this.counts(now)) this.tally(stage).switches++;
  }

  onBlocked(now: number): void {
    if (this.counts(now)) this.blocked++;
  }

  onDiscard(stage: number, flow: Flow, before: number): void {
    this.visits?.keep(stage, flow, before, this.times.cutOff);
  }

  /** What the run log says of requests and stages; `coreSeconds` by stage, from the warm-up to the end. */
  summary(
    coreSeconds: readonly number[],
  ): Pick<
    Run,
    | "requests"
    | "latencies"
    | "accuracy"
    | "accuracyOnTime"
    | "costCores"
    | "replicasStarted"
    | "switches"
    | "blocked"
    | "stages"
    | "requestRecords"
    | "visitRecords"
  > {
    const { warmup, pipeline } = this.scenario;
    const { served, dropped, late } = this.ended;
    const offered = this.arrivals.length - countBefore(this.arrivals, warmup);
    const stages = pipeline.stages.map((stage, s) => {
      const tally = this.tally(s);
      return {
        stage: stage.name,
        costCores: (coreSeconds[s] ?? 0) / (this.times.end - warmup),
        batches: tally.batches,
        items: tally.items,
        dropped: tally.dropped,
        switches: tally.switches,
        replicasStarted: tally.replicasStarted,
        meanWait: tally.meanWait(),
        meanSojourn: tally.meanSojourn(),
      };
    });
    return {
      requests: { offered, served, dropped, inFlight: offered - served - dropped, late },
      latencies: this.ended.ascending(),
      accuracy: served === 0 ? null : this.accuracySum / served,
      accuracyOnTime: offered === 0 ? null : this.onTimeSum / offered,
      costCores: stages.reduce((sum, stage) => sum + stage.costCores, 0),
      replicasStarted: stages.reduce((sum, stage) => sum + stage.replicasStarted, 0),
      switches: stages.reduce((sum, stage) => sum + stage.switches, 0),
      blocked: this.blocked,
      stages,
      requestRecords: this.requests?.done() ?? null,
      visitRecords: this.visits?.done() ?? null,
    };
  }

  /** Whether what happens to replicas now counts (S7). */
  private counts(now: number): boolean {
    return now >= this.scenario.warmup && now <= this.times.end;
  }

  private tally(stage: number): StageTally {
    const found = this.tallies[stage];
    if (found === undefined) throw new RangeError(`there is no stage ${stage}`);
    return found;
  }
}

function countBefore(ascending: Float64Array, limit: number): number {
  const found = ascending.findIndex((value) => value >= limit);
  return found < 0 ? ascending.length : found;
}
