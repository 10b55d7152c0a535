import { graphOf } from "../core/graph.ts";
import type { Stage } from "../core/pipeline.ts";
import type { Draws } from "../workload/draws.ts";
import type { Siblings, Step } from "./advance.ts";
import { Entrance } from "./entrance.ts";
import { ABSENT, DROPPED, VANISHED, type Flow } from "./flow.ts";
import { OpenRequests } from "./open-requests.ts";
import type { RequestEvents, Route, Routes } from "./routes.ts";

/** Any graph of stages, with fan-out: a request is many items, and ends with the last of them (S14). */
export class GraphRoutes implements Routes {
  readonly stages: readonly Route[];
  private readonly sources: readonly Entrance[];
  private readonly requests: OpenRequests;
  private readonly arrivals: Float64Array;
  private readonly events: RequestEvents;

  constructor(stages: readonly Stage[], flows: readonly Flow[], hop: number, draws: Draws, events: RequestEvents) {
    const graph = graphOf(stages);
    const requests = new OpenRequests(graph);
    const before = (s: number): number => graph.predecessors[s]?.length ?? 0;
    const entrances = flows.map((flow, s) => new Entrance(s, stages[s], flow, draws, requests));
    this.stages = entrances.map((entrance, s) => {
      // Joins look after themselves.
      const next = entrances.filter((_, t) => graph.successors[s]?.includes(t) && before(t) === 1);
      return new GraphRoute(entrance, before(s) > 1, next, requests, hop, events);
    });
    this.sources = entrances.filter((_, s) => before(s) === 0);
    this.requests = requests;
    this.arrivals = draws.arrivals;
    this.events = events;
  }

  enter(first: number, instants: Float64Array): void {
    for (let k = 0; k < instants.length; k++) {
      this.requests.open(first + k);
      for (const source of this.sources) source.send(first + k, 0, instants[k]!);
    }
  }

  settle(): void {
    const { requests, arrivals, events } = this;
    for (const { request, stage, at } of requests.lost()) events.onDrop(stage, request, at);
    for (const { request, at, accuracy } of requests.done()) events.onDepart(request, arrivals[request]!, at, accuracy);
  }
}

class GraphRoute implements Route, Siblings {
  readonly siblings = this;
  readonly flow: Flow;
  private readonly stage: number;
  private readonly entrance: Entrance;
  private readonly isJoin: boolean;
  /** Where a copy of each item goes that was served. */
  private readonly next: readonly Entrance[];
  private readonly requests: OpenRequests;
  private readonly hop: number;
  private readonly events: RequestEvents;

  constructor(
    entrance: Entrance,
    isJoin: boolean,
    next: readonly Entrance[],
    requests: OpenRequests,
    hop: number,
    events: RequestEvents,
  ) {
    this.stage = entrance.stage;
    this.flow = entrance.flow;
    this.entrance = entrance;
    this.isJoin = isJoin;
    this.next = next;
    this.requests = requests;
    this.hop = hop;
    this.events = events;
  }

  gather(until: number): void {
    const { entrance, requests, stage } = this;
    if (this.isJoin) {
      for (const { request, at } of requests.gathered(stage)) entrance.send(request, 0, at + this.hop);
    }
    entrance.becomeNone(until);
  }

  pass(i: number, end: number, accuracy: number): boolean {
    const { flow, requests, stage } = this;
    const request = flow.request[i]!;
    if (requests.isLost(request, stage, end, 1)) {
      this.vanish(i, VANISHED);
      return false;
    }
    requests.serve(request, stage, accuracy);
    for (const entrance of this.next) entrance.send(request, flow.item[i]!, end + this.hop);
    requests.end(request, stage, end);
    return true;
  }

  /** Siblings that a stage drops at the end of batches go together, in whatever batch they are. */
  expire(i: number, end: number): void {
    const { requests, stage } = this;
    const request = this.flow.request[i]!;
    const before = requests.isLost(request, stage, end, 0) || requests.isLost(request, stage - 1, end, 1);
    if (before) this.vanish(i, VANISHED);
    else this.drop(i, end, 1);
  }

  drop(i: number, now: number, step: Step): void {
    const { flow, requests, stage } = this;
    const request = flow.request[i]!;
    flow.gone[i] = DROPPED;
    this.events.onItemDrop(stage, request);
    requests.lose(request, stage, now, step);
    requests.end(request, stage, Infinity);
  }

  joins(position: number, now: number): boolean {
    return !this.vanishesIfLost(position, now, 4, ABSENT);
  }

  vanishes(position: number, now: number): boolean {
    return this.vanishesIfLost(position, now, 5, VANISHED);
  }

  onForeseenDrop(first: number, behind: number, end: number): void {
    const { flow, requests, stage } = this;
    for (let i = first - flow.base; i < behind - flow.base; i++) {
      if (flow.gone[i] === 0) requests.foresee(flow.request[i]!, stage, end, 1);
    }
  }

  private vanishesIfLost(position: number, now: number, step: Step, why: number): boolean {
    const i = position - this.flow.base;
    const isLost = this.requests.isLost(this.flow.request[i]!, this.stage, now, step);
    if (isLost) this.vanish(i, why);
    return isLost;
  }

  private vanish(i: number, why: number): void {
    this.flow.gone[i] = why;
    this.requests.end(this.flow.request[i]!, this.stage, Infinity);
  }
}
