import { DROPPED, type Flow } from "./flow.ts";
import type { RequestEvents, Route, Routes } from "./routes.ts";

/** One stage behind the other, without fan-out: a request is one item, and what happens to that happens to it. */
export class ChainRoutes implements Routes {
  readonly stages: readonly Route[];
  private readonly first: Flow | undefined;

  constructor(flows: readonly Flow[], hop: number, events: RequestEvents) {
    this.first = flows[0];
    this.stages = flows.map((flow, s) => new ChainRoute(s, flow, flows[s + 1], hop, events));
  }

  enter(first: number, instants: Float64Array): void {
    this.first?.enter(first, instants);
  }

  settle(): void {}
}

class ChainRoute implements Route {
  readonly siblings = null;
  readonly flow: Flow;
  private readonly stage: number;
  private readonly next: Flow | undefined;
  private readonly hop: number;
  private readonly events: RequestEvents;

  constructor(stage: number, flow: Flow, next: Flow | undefined, hop: number, events: RequestEvents) {
    this.stage = stage;
    this.flow = flow;
    this.next = next;
    this.hop = hop;
    this.events = events;
  }

  /** Nothing waits for others. */
  gather(): void {}

  pass(i: number, end: number, accuracy: number): boolean {
    const { flow, next } = this;
    const product = flow.accuracy[i]! * accuracy;
    if (next !== undefined) next.push(flow.request[i]!, 0, flow.origin[i]!, end + this.hop, product);
    else this.events.onDepart(flow.request[i]!, flow.origin[i]!, end, product);
    return true;
  }

  expire(i: number, end: number): void {
    this.drop(i, end);
  }

  drop(i: number, now: number): void {
    const { flow, stage, events } = this;
    flow.gone[i] = DROPPED;
    events.onItemDrop(stage, flow.request[i]!);
    events.onDrop(stage, flow.request[i]!, now);
  }
}
