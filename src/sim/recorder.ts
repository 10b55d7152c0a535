import { GrowingArray } from "../workload/growing-array.ts";
import type { Flow } from "./flow.ts";
import type { RequestRecords, VisitRecords } from "../core/run-log.ts";

const [SERVED, DROPPED, IN_FLIGHT] = [0, 1, 2];

/** Keeps one row per request. */
export class RequestRecorder {
  private readonly departure: Float64Array;
  private readonly outcome: Uint8Array;
  private readonly droppedAt: Int16Array;
  private readonly arrival: Float64Array;

  constructor(arrivals: Float64Array) {
    this.arrival = arrivals;
    this.departure = new Float64Array(arrivals.length).fill(NaN);
    this.outcome = new Uint8Array(arrivals.length).fill(IN_FLIGHT);
    this.droppedAt = new Int16Array(arrivals.length).fill(-1);
  }

  depart(request: number, now: number): void {
    this.departure[request] = now;
    this.outcome[request] = SERVED;
  }

  drop(request: number, stage: number): void {
    this.outcome[request] = DROPPED;
    this.droppedAt[request] = stage;
  }

  done(): RequestRecords {
    const { arrival, departure, outcome, droppedAt } = this;
    return { arrival, departure, outcome, droppedAt };
  }
}

/** Keeps one row per request and stage, in the order in which they joined the stage's queue. */
export class VisitRecorder {
  private readonly stages: StageVisits[];

  constructor(stages: number) {
    this.stages = Array.from({ length: stages }, () => new StageVisits());
  }

  /** Copies the rows of a stage's flow before a position; they are over, or the run is (`cutOff`, seconds). */
  keep(stage: number, flow: Flow, before: number, cutOff: number): void {
    this.stages[stage]?.keep(flow, before, cutOff);
  }

  done(): VisitRecords {
    const rows = this.stages.reduce((sum, one) => sum + one.arrival.length, 0);
    const records = {
      request: new Uint32Array(rows),
      item: new Uint32Array(rows),
      stage: new Uint16Array(rows),
      variant: new Int16Array(rows),
      batchSize: new Uint16Array(rows),
      arrival: new Float64Array(rows),
      start: new Float64Array(rows),
      end: new Float64Array(rows),
      outcome: new Uint8Array(rows),
    };
    let at = 0;
    this.stages.forEach((one, stage) => {
      records.request.set(one.request.view(), at);
      records.stage.fill(stage, at, at + one.arrival.length);
      records.variant.set(one.variant.view(), at);
      records.batchSize.set(one.size.view(), at);
      records.arrival.set(one.arrival.view(), at);
      records.start.set(one.start.view(), at);
      records.end.set(one.end.view(), at);
      records.outcome.set(one.outcome.view(), at);
      at += one.arrival.length;
    });
    return records;
  }
}

class StageVisits {
  readonly request = new GrowingArray();
  readonly variant = new GrowingArray();
  readonly size = new GrowingArray();
  readonly arrival = new GrowingArray();
  readonly start = new GrowingArray();
  readonly end = new GrowingArray();
  readonly outcome = new GrowingArray();

  keep(flow: Flow, before: number, cutOff: number): void {
    for (let i = 0; i < before - flow.base; i++) {
      const end = flow.end[i]!;
      const ended = end <= cutOff;
      this.request.push(flow.request[i]!);
      this.variant.push(flow.variant[i]!);
      this.size.push(flow.size[i]!);
      this.arrival.push(flow.arrival[i]!);
      this.start.push(flow.start[i]!);
      this.end.push(ended ? end : NaN);
      this.outcome.push(flow.dropped[i] === 1 ? DROPPED : ended ? SERVED : IN_FLIGHT);
    }
  }
}
