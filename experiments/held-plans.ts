// Plans held at a constant load, simulated stage by stage: requests only flow forward, and all that is random is
// keyed, so plans that begin alike share the run of what they begin with. The kernel and the draws are the
// simulator's, and the latencies are the same to the last bit.
import { isChain } from "../src/core/graph.ts";
import type { Pipeline, Stage } from "../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../src/core/plan.ts";
import { advance, type StageRules } from "../src/sim/advance.ts";
import { Flights } from "../src/sim/flights.ts";
import { Flow } from "../src/sim/flow.ts";
import { Pool, serviceTable, type ServiceTable } from "../src/sim/pool.ts";
import { Reserve } from "../src/sim/reserve.ts";
import { drawsOf } from "../src/workload/draws.ts";
import type { Trace } from "../src/workload/trace.ts";

/** The late share is the mean over this many batches of requests, one after the other. */
export const BATCHES = 20;
/** Before this share of the requests that count there are as many more that don't. */
const WARMUP = 0.1;
/** Requests in the queues that are kept. */
const KEPT = 4_000_000;
/** No service time that is drawn lies further below its mean, in σ of its logarithm. */
const SIGMAS = 6;

/** How much of a load is late. */
export interface Lateness {
  readonly share: number;
  /** Standard error of the share. */
  readonly error: number;
}

/** Seconds until requests count, and in all, for so many that count. */
export function runTimes(load: number, requests: number): { readonly warmup: number; readonly seconds: number } {
  const warmup = Math.ceil((WARMUP * requests) / load);
  return { warmup, seconds: warmup + Math.ceil(requests / load) };
}

export function constantLoad(load: number, seconds: number): Trace {
  return { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(load) };
}

/** The share of ones from `first` on, and how sure it is. */
export function lateness(late: Uint8Array, first: number): Lateness {
  const size = Math.floor((late.length - first) / BATCHES);
  const means = Array.from({ length: BATCHES }, (_, b) => {
    let count = 0;
    for (let i = first + b * size; i < first + (b + 1) * size; i++) count += late[i]!;
    return count / size;
  });
  const share = means.reduce((a, b) => a + b, 0) / BATCHES;
  const variance = means.reduce((sum, x) => sum + (x - share) ** 2, 0) / (BATCHES - 1);
  return { share, error: Math.sqrt(variance / BATCHES) };
}

/** What the first stages of a plan do with the requests. */
interface Prefix {
  /** The queue of the stage behind them, nobody served yet. */
  readonly queue: Flow;
  /** Of what is late by then, or will be however fast the rest is. */
  readonly late: Lateness;
}

/** A stage, and what serves it in any plan. */
interface Station {
  readonly stage: Stage;
  /** By variant. */
  readonly tables: ReadonlyMap<string, ServiceTable>;
  readonly rules: StageRules;
}

export class HeldPlans {
  private readonly pipeline: Pipeline;
  private readonly load: number;
  private readonly arrivals: Float64Array;
  private readonly stations: readonly Station[];
  /** By stage: less than what all stages behind it take, seconds. */
  private readonly rest: readonly number[];
  /** By length of run and plan of the first stages, in order of use. */
  private readonly kept = new Map<string, Prefix>();
  private keptRequests = 0;
  private readonly flights = new Flights();

  /** At most `requests` will count in a run. */
  constructor(pipeline: Pipeline, load: number, requests: number) {
    this.pipeline = pipeline;
    this.load = load;
    const trace = constantLoad(load, runTimes(load, requests).seconds);
    const draws = drawsOf({ trace, arrivals: "poisson", service: "lognormal", seed: 1 }, pipeline.stages);
    this.arrivals = draws.arrivals;
    if (!isChain(pipeline.stages)) throw new RangeError(`pipeline "${pipeline.name}" is no chain`);
    this.stations = pipeline.stages.map((stage, s) => {
      const factor = draws.service[s];
      if (factor === undefined) throw new RangeError(`nothing is drawn for stage ${s}`);
      const tables = new Map(stage.variants.map((variant) => [variant.name, serviceTable(variant)]));
      const rules: StageRules = {
        factor,
        pad: false,
        queueCap: Infinity,
        maxAge: Infinity,
        wholeBatch: false,
        onDrop: () => {},
        siblings: null,
      };
      return { stage, tables, rules };
    });
    const least = this.stations.map(({ tables }) => Math.min(...[...tables.values()].map(leastTime)));
    this.rest = least.map((_, s) => least.slice(s + 1).reduce((sum, time) => sum + time, 0));
  }

  /** How much is late under a plan; or under its first stages alone, if that is `plainly` too much already. */
  lateness(plan: Plan, requests: number, plainly: (late: Lateness) => boolean): Lateness {
    let reached = this.entrance(requests);
    for (let s = 0; s < plan.length; s++) {
      reached = this.prefix(plan.slice(0, s + 1), reached.queue, requests);
      if (plainly(reached.late)) break;
    }
    return reached.late;
  }

  private entrance(requests: number): Prefix {
    return this.keep(String(requests), requests, () => {
      const { seconds } = runTimes(this.load, requests);
      const queue = new Flow();
      queue.enter(0, this.arrivals.subarray(0, countBefore(this.arrivals, seconds)));
      return { queue, late: { share: 0, error: 0 } };
    });
  }

  private prefix(stages: Plan, queue: Flow, requests: number): Prefix {
    const s = stages.length - 1;
    const stage = stages[s];
    if (stage === undefined) throw new RangeError("a plan has stages");
    const serve = (): Prefix => this.serve(queue, s, stage, requests);
    if (stages.length === this.stations.length) return serve();
    const names = stages.map(({ variant, batch, replicas }) => `${variant}/${batch}/${replicas}`);
    return this.keep(`${requests} ${names.join(" ")}`, requests, serve);
  }

  /** Finds what is kept or makes it, and forgets what was used longest ago. */
  private keep(key: string, requests: number, make: () => Prefix): Prefix {
    const known = this.kept.get(key);
    this.kept.delete(key);
    const found = known ?? make();
    this.kept.set(key, found);
    if (known === undefined) this.keptRequests += requests;
    for (const [oldest] of this.kept) {
      if (this.keptRequests <= KEPT || oldest === key) break;
      this.kept.delete(oldest);
      this.keptRequests -= Number.parseInt(oldest, 10);
    }
    return found;
  }

  /** Lets all in a queue through a stage. */
  private serve(queue: Flow, s: number, plan: StagePlan, requests: number): Prefix {
    const station = this.stations[s];
    const table = station?.tables.get(plan.variant);
    const variant = station?.stage.variants.find(({ name }) => name === plan.variant);
    if (station === undefined || table === undefined || variant === undefined)
      throw new RangeError(`no ${plan.variant}`);
    const pool = new Pool(0, variant, table, new Reserve(0), plan);
    for (let id = 0; id < plan.replicas; id++) {
      pool.add({ replica: { id, cores: 0, startUp: 0, since: 0, readyAt: 0, until: Infinity }, freeAt: 0 });
    }
    const { flights } = this;
    flights.count = 0;
    [queue.joined, queue.head, queue.waiting] = [0, 0, 0];
    advance(queue, pool, flights, station.rules, 0, Infinity);

    const isLast = s + 1 === this.stations.length;
    const latest = this.pipeline.sla.seconds - (this.rest[s] ?? 0);
    const next = new Flow();
    const late = new Uint8Array(queue.length);
    for (let k = 0; k < flights.count; k++) {
      const end = flights.end[k]!;
      const first = flights.first[k]!;
      for (let i = first; i < first + flights.size[k]!; i++) {
        const request = queue.request[i]!;
        if (end - queue.origin[i]! > latest) late[request] = 1;
        if (!isLast) next.push(request, 0, queue.origin[i]!, end, 1);
      }
    }
    const { warmup } = runTimes(this.load, requests);
    return { queue: next, late: lateness(late, countBefore(this.arrivals, warmup)) };
  }
}

/** Less than any service time of a variant. */
function leastTime({ mean, sigma }: ServiceTable): number {
  return Math.min(...mean.subarray(1).map((time, i) => time * Math.exp(-SIGMAS * sigma[i + 1]!)));
}

function countBefore(ascending: Float64Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
