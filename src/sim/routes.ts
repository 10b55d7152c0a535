import type { Siblings, Step } from "./advance.ts";
import type { Flow } from "./flow.ts";

/** Told of what becomes of requests and of their items; stages by index, seconds. */
export interface RequestEvents {
  readonly onDepart: (request: number, origin: number, now: number, accuracy: number) => void;
  /** A request is lost, with the first of its items that was dropped. */
  readonly onDrop: (stage: number, request: number, now: number) => void;
  readonly onItemDrop: (stage: number, request: number) => void;
}

/** Where the items of a stage come from and go to. `i` is a row of its flow. */
export interface Route {
  readonly flow: Flow;
  /** What the stage must know of an item's siblings; null where there are none. */
  readonly siblings: Siblings | null;
  /** Lets those arrive that waited for stages before this one, all of which are past `until`. */
  readonly gather: (until: number) => void;
  /** An item leaves the stage; returns whether that served its request. */
  readonly pass: (i: number, end: number, accuracy: number) => boolean;
  /** An item's batch is dropped as it ends. */
  readonly expire: (i: number, end: number) => void;
  readonly drop: (i: number, now: number, step: Step) => void;
}

/** The ways of requests through all stages. */
export interface Routes {
  /** By stage. */
  readonly stages: readonly Route[];
  /** The requests from `first` on arrive, at these instants. */
  readonly enter: (first: number, instants: Float64Array) => void;
  /** All stages are past an instant: tells of the requests that ended, where that was not told at once. */
  readonly settle: () => void;
}
