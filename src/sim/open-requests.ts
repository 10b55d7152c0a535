import type { Graph } from "../core/graph.ts";

/** A join, or the way out: where a request waits for all its items at some stages. */
interface Gate {
  /** Predecessors of the join: at one of them at least an item must have been served. */
  readonly predecessors: readonly number[];
  /** Requests for which nothing was left to wait for, at some time. */
  waiting: number[];
}

/** The way out is the first of the gates. */
const EXIT = 0;
/** Instead of a count: the gate has opened. */
const OPENED = -1;

/**
 * The requests that have items somewhere: how many each gate waits for, since when a request is known to be dropped,
 * and who served it (S14). Stages are advanced one after the other, so what is told of here does not come in order of
 * time; therefore everything has its instant. In columns, by request modulo their length.
 */
export class OpenRequests {
  private readonly stages: number;
  private readonly gates: readonly Gate[];
  /** By stage: the gates that wait for its items, and the gate that it is itself. */
  private readonly gatesAfter: readonly (readonly number[])[];
  private readonly gateOf: readonly (number | undefined)[];
  private capacity = 256;
  /** Requests before the first have ended; those from the second on have not arrived. */
  private oldest = 0;
  private next = 0;
  private losses: number[] = [];

  /** By request and gate: items waited for, and when the last of the others ended; Infinity if one was lost. */
  private pending: Int32Array;
  private latest: Float64Array;
  /** By request and stage: the first drop at it or at a stage before it, its instant and step. */
  private lostAt: Float64Array;
  private lostIn: Uint8Array;
  /** By request and stage: items served, and their accuracies added up. */
  private served: Int32Array;
  private accuracies: Float64Array;
  /** By request: whether its drop has been told. */
  private told: Uint8Array;

  constructor({ predecessors, successors }: Graph) {
    this.stages = predecessors.length;
    const joins = predecessors.flatMap((before, s) => (before.length > 1 ? [s] : []));
    this.gates = [[], ...joins.map((s) => predecessors[s] ?? [])].map((before) => ({
      predecessors: before,
      waiting: [],
    }));
    const downstream = predecessors.map(() => new Set<number>());
    for (let s = this.stages - 1; s >= 0; s--) {
      for (const t of successors[s] ?? []) {
        downstream[s]?.add(t);
        for (const later of downstream[t] ?? []) downstream[s]?.add(later);
      }
    }
    this.gateOf = predecessors.map((_, s) => (joins.includes(s) ? joins.indexOf(s) + 1 : undefined));
    this.gatesAfter = downstream.map((after) => [
      EXIT,
      ...joins.flatMap((join, j) => (after.has(join) ? [j + 1] : [])),
    ]);
    this.pending = new Int32Array(this.capacity * this.gates.length);
    this.latest = new Float64Array(this.capacity * this.gates.length);
    this.lostAt = new Float64Array(this.capacity * this.stages);
    this.lostIn = new Uint8Array(this.capacity * this.stages);
    this.served = new Int32Array(this.capacity * this.stages);
    this.accuracies = new Float64Array(this.capacity * this.stages);
    this.told = new Uint8Array(this.capacity);
  }

  /** Requests come by their numbers, from 0. */
  open(request: number): void {
    if (request - this.oldest === this.capacity) this.grow();
    this.next = request + 1;
    const [gates, stages] = [this.gates.length, this.stages];
    const [g, s] = [this.row(request) * gates, this.row(request) * stages];
    this.pending.fill(0, g, g + gates);
    this.latest.fill(0, g, g + gates);
    this.lostAt.fill(Infinity, s, s + stages);
    this.served.fill(0, s, s + stages);
    this.accuracies.fill(0, s, s + stages);
    this.told[this.row(request)] = 0;
  }

  /** Items are on their way to a stage. */
  begin(request: number, stage: number, items: number): void {
    const first = this.row(request) * this.gates.length;
    for (const gate of this.gatesAfter[stage] ?? []) this.pending[first + gate]! += items;
  }

  /** An item at a stage is over; at Infinity if it was lost, so that nothing ever follows. */
  end(request: number, stage: number, at: number): void {
    const first = this.row(request) * this.gates.length;
    for (const gate of this.gatesAfter[stage] ?? []) {
      const i = first + gate;
      if (at > this.latest[i]!) this.latest[i] = at;
      if (--this.pending[i]! === 0) this.gates[gate]?.waiting.push(request);
    }
  }

  serve(request: number, stage: number, accuracy: number): void {
    const i = this.row(request) * this.stages + stage;
    this.served[i]! += 1;
    this.accuracies[i]! += accuracy;
  }

  /** An item is dropped at a stage: known there and later in topological order, from this step of this instant on. */
  lose(request: number, stage: number, now: number, step: number): void {
    this.foresee(request, stage, now, step);
    if (this.told[this.row(request)] === 0) this.losses.push(request);
    this.told[this.row(request)] = 1;
  }

  /** The same, before it happens. */
  foresee(request: number, stage: number, at: number, step: number): void {
    for (let s = stage; s < this.stages && !this.isLost(request, s, at, step); s++) {
      const i = this.row(request) * this.stages + s;
      this.lostAt[i] = at;
      this.lostIn[i] = step;
    }
  }

  /** Whether a drop at a stage or before it is known, in a step of an instant. */
  isLost(request: number, stage: number, now: number, step: number): boolean {
    if (stage < 0) return false;
    const i = this.row(request) * this.stages + stage;
    const at = this.lostAt[i]!;
    return at < now || (at === now && this.lostIn[i]! <= step);
  }

  /** The requests whose items before a join have all ended, in order of that, if it takes one of them. */
  gathered(join: number): readonly { readonly request: number; readonly at: number }[] {
    const gate = this.gateOf[join];
    if (gate === undefined) return [];
    const { predecessors } = this.gates[gate] ?? { predecessors: [] };
    return this.opened(gate)
      .filter(({ request }) => predecessors.some((s) => this.served[this.row(request) * this.stages + s]! > 0))
      .sort((a, b) => a.at - b.at || a.request - b.request);
  }

  /** The requests that lost their first item since the last call: when and where that was. */
  lost(): readonly { readonly request: number; readonly at: number; readonly stage: number }[] {
    const losses = this.losses.map((request) => {
      const first = this.row(request) * this.stages;
      const last = first + this.stages - 1;
      // The last stage knows of every drop; the first that knows of that one is where it was.
      let i = first;
      while (this.lostAt[i] !== this.lostAt[last] || this.lostIn[i] !== this.lostIn[last]) i++;
      return { request, at: this.lostAt[i]!, stage: i - first };
    });
    this.losses = [];
    return losses;
  }

  /** The requests whose last item has been served since the last call. They are forgotten, like those that were lost. */
  done(): readonly { readonly request: number; readonly at: number; readonly accuracy: number }[] {
    const done = this.opened(EXIT).map(({ request, at }) => ({ request, at, accuracy: this.accuracyOf(request) }));
    while (this.oldest < this.next && this.pending[this.row(this.oldest) * this.gates.length + EXIT] === OPENED) {
      this.oldest++;
    }
    return done;
  }

  /** The requests for which a gate opens: all that it waited for has ended, and nothing was lost. */
  private opened(gate: number): { readonly request: number; readonly at: number }[] {
    const of = this.gates[gate];
    if (of === undefined || of.waiting.length === 0) return [];
    const opened: { readonly request: number; readonly at: number }[] = [];
    for (const request of of.waiting) {
      const i = this.row(request) * this.gates.length + gate;
      // An item that a join has sent on since may be under way again.
      if (this.pending[i] !== 0) continue;
      this.pending[i] = OPENED;
      if (this.latest[i]! < Infinity) opened.push({ request, at: this.latest[i]! });
    }
    of.waiting = [];
    return opened;
  }

  /** Product over the stages that served the request of the mean over its items there (S14). */
  private accuracyOf(request: number): number {
    const first = this.row(request) * this.stages;
    let product = 1;
    for (let i = first; i < first + this.stages; i++) {
      if (this.served[i]! > 0) product *= this.accuracies[i]! / this.served[i]!;
    }
    return product;
  }

  private row(request: number): number {
    return request & (this.capacity - 1);
  }

  private grow(): void {
    const before = this.capacity;
    this.capacity *= 2;
    const { oldest, next, capacity } = this;
    const moved = <T extends Float64Array | Int32Array | Uint8Array>(to: T, from: T, width: number): T => {
      for (let request = oldest; request < next; request++) {
        const place = (request & (before - 1)) * width;
        to.set(from.subarray(place, place + width), (request & (capacity - 1)) * width);
      }
      return to;
    };
    const [gates, stages] = [this.gates.length, this.stages];
    this.pending = moved(new Int32Array(capacity * gates), this.pending, gates);
    this.latest = moved(new Float64Array(capacity * gates), this.latest, gates);
    this.lostAt = moved(new Float64Array(capacity * stages), this.lostAt, stages);
    this.lostIn = moved(new Uint8Array(capacity * stages), this.lostIn, stages);
    this.served = moved(new Int32Array(capacity * stages), this.served, stages);
    this.accuracies = moved(new Float64Array(capacity * stages), this.accuracies, stages);
    this.told = moved(new Uint8Array(capacity), this.told, 1);
  }
}
