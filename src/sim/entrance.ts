import type { Stage } from "../core/pipeline.ts";
import type { Draws } from "../workload/draws.ts";
import type { FanOut } from "../workload/fan-out.ts";
import type { Flow } from "./flow.ts";
import type { OpenRequests } from "./open-requests.ts";

/** The way into a stage, where an item becomes several, or none (S14). */
export class Entrance {
  readonly stage: number;
  readonly flow: Flow;
  private readonly fanOut: FanOut;
  /** Most items that one becomes, and at least 1: item i becomes the `width` · i-th and those after it. */
  private readonly width: number;
  private readonly arrivals: Float64Array;
  private readonly requests: OpenRequests;
  /** Items on their way that become none when they arrive. */
  private vanishing: { readonly request: number; readonly at: number }[] = [];

  constructor(s: number, stage: Stage | undefined, flow: Flow, draws: Draws, requests: OpenRequests) {
    const fanOut = draws.fanOut[s];
    if (stage === undefined || fanOut === undefined) throw new RangeError(`nothing is drawn for stage ${s}`);
    this.stage = s;
    this.flow = flow;
    this.fanOut = fanOut;
    this.width = Math.max(1, Math.ceil(stage.fanOut));
    this.arrivals = draws.arrivals;
    this.requests = requests;
  }

  /** An item is on its way; what it becomes stays together. */
  send(request: number, item: number, arrival: number): void {
    const count = this.fanOut(request, item);
    this.requests.begin(request, this.stage, Math.max(1, count));
    if (count === 0) this.vanishing.push({ request, at: arrival });
    const origin = this.arrivals[request]!;
    for (let j = 0; j < count; j++) this.flow.push(request, item * this.width + j, origin, arrival, 1);
  }

  /** Ends what became none before an instant. */
  becomeNone(until: number): void {
    if (this.vanishing.length === 0) return;
    for (const { request, at } of this.vanishing) if (at < until) this.requests.end(request, this.stage, at);
    this.vanishing = this.vanishing.filter(({ at }) => at >= until);
  }
}
