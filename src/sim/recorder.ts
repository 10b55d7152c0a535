import { GrowingArray } from "../workload/growing-array.ts";
import type { Flights } from "./flights.ts";
import { ABSENT, type Flow } from "./flow.ts";
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

/** Keeps one row per item and stage, in the order in which they joined the stage's queue. */
export class VisitRecorder {
  private readonly stages: StageVisits[];

  constructor(stages: number) {
    this.stages = Array.from({ length: stages }, () => new StageVisits());
  }

  /** Copies the rows of a stage's flow before a position; they are over, or the run is (`cutOff`, seconds). */
  keep(stage: number, flow: Flow, before: number, cutOff: number): void {
    this.stages[stage]?.keep(flow, before, cutOff);
  }

  /** A batch of a stage is in service, or was. */
  serve(stage: number, flow: Flow, flights: Flights, batch: number): void {
    this.stages[stage]?.serve(flow, flights, batch);
  }

  done(): VisitRecords {
    const rows = this.stages.reduce((sum, one) => sum + one.length, 0);
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
      const { length } = one;
      records.request.set(one.request.view(), at);
      records.item.set(one.item.view(), at);
      records.stage.fill(stage, at, at + length);
      records.variant.set(one.variant.view().subarray(0, length), at);
      records.batchSize.set(one.size.view().subarray(0, length), at);
      records.arrival.set(one.arrival.view(), at);
      records.start.set(one.start.view().subarray(0, length), at);
      records.end.set(one.end.view().subarray(0, length), at);
      records.outcome.set(one.outcome.view(), at);
      at += length;
    });
    return records;
  }
}

/** The visits of one stage, in the order of its flow. Rows that are not kept yet lie at their position in the flow. */
class StageVisits {
  readonly request = new GrowingArray();
  readonly item = new GrowingArray();
  readonly arrival = new GrowingArray();
  readonly outcome = new GrowingArray();
  readonly variant = new GrowingArray();
  readonly size = new GrowingArray();
  readonly start = new GrowingArray();
  readonly end = new GrowingArray();

  /** Visits that are kept. */
  get length(): number {
    return this.request.length;
  }

  /** A batch is in service, or was; its requests have not been kept yet. */
  serve({ base, gone }: Flow, flights: Flights, batch: number): void {
    const size = flights.size[batch]!;
    for (let position = flights.first[batch]!, left = size; left > 0; position++) {
      if (gone[position - base] !== 0) continue;
      left--;
      this.reach(position + 1);
      this.variant.set(position, flights.variant[batch]!);
      this.size.set(position, size);
      this.start.set(position, flights.start[batch]!);
      this.end.set(position, flights.end[batch]!);
    }
  }

  keep(flow: Flow, before: number, cutOff: number): void {
    this.reach(before);
    for (let position = flow.base; position < before; position++) {
      const i = position - flow.base;
      const gone = flow.gone[i]!;
      if (gone === ABSENT) continue;
      const ended = this.end.at(position) <= cutOff;
      if (!ended) this.end.set(position, NaN);
      if (this.length < position) this.move(position, this.length);
      this.request.push(flow.request[i]!);
      this.item.push(flow.item[i]!);
      this.arrival.push(flow.arrival[i]!);
      this.outcome.push(gone !== 0 ? gone : ended ? SERVED : IN_FLIGHT);
    }
  }

  /** Closes the gap that rows without a visit left. */
  private move(from: number, to: number): void {
    for (const column of [this.variant, this.size, this.start, this.end]) column.set(to, column.at(from));
  }

  /** Makes room for `count` visits, none of which has started. */
  private reach(count: number): void {
    while (this.start.length < count) {
      this.variant.push(-1);
      this.size.push(0);
      this.start.push(NaN);
      this.end.push(NaN);
    }
  }
}
