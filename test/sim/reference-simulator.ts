import assert from "node:assert/strict";
import { batchSigma, serviceTime } from "../../src/core/profile.ts";
import { timesOutAt, tooOld } from "../../src/core/batching.ts";
import type { Observation, ReplicaCount, StageLoad } from "../../src/core/cluster.ts";
import type { Decision } from "../../src/core/decide.ts";
import type { Variant } from "../../src/core/pipeline.ts";
import { planVariants, samePlan, type Plan, type StagePlan } from "../../src/core/plan.ts";
import type { Run } from "../../src/core/run-log.ts";
import { visitsOf } from "../../src/core/visits.ts";
import type { Control, Scenario } from "../../src/sim/scenario.ts";
import { traceEnd } from "../../src/workload/trace.ts";
import {
  addReplica,
  count,
  isReady,
  oldestOf,
  type Group,
  type History,
  type Replica,
  type Request,
  type StageState,
  type Visit,
} from "./reference-state.ts";
import { summarise } from "./reference-statistics.ts";

/**
 * The simulator's rules S1 … S16, written down as literally as a program can: the state
 * says at which instant something happens next, and at that instant the five steps of S1 are done.
 * It is slow, and shares nothing with the simulator under test but the random numbers and the
 * formulas of `core`.
 */
export function referenceSimulate(scenario: Scenario, draws: Draws, control: Control): Run {
  return summarise(scenario, referenceHistory(scenario, draws, control));
}

/** All that happens in a run. */
export function referenceHistory(scenario: Scenario, draws: Draws, control: Control): History {
  return new Simulation(scenario, draws, control).run();
}

/** All that is random in a run, keyed so that the order of events does not matter (S5). */
export interface Draws {
  /** Instants of the arrivals at the pipeline, ascending, before T_end. */
  readonly arrivals: Float64Array;
  /** The X of S5 for the batch whose first item in queue order is this one. */
  serviceFactor(stage: number, request: number, item: number, sigma: number): number;
  /** Start-up time of the replica with this ordinal, seconds. */
  startUp(stage: number, ordinal: number, variant: Variant): number;
  /** S14: how many items an item becomes that enters a stage. */
  fanOut(stage: number, request: number, item: number): number;
}

class Simulation {
  readonly scenario: Scenario;
  readonly draws: Draws;
  readonly control: Control;
  readonly end: number;
  /** Ends of the adaptation intervals: the ticks, then T_end. */
  readonly boundaries: readonly number[];
  readonly stages: readonly StageState[];
  readonly requests: Request[] = [];
  readonly plans: { from: number; plan: Plan }[];
  readonly ticks: { at: number; decision: Decision; running: Plan }[] = [];
  readonly readyAtEnd: number[][] = [];
  /** S12: the replicas that wait for room, in order of request. */
  line: { readonly stage: StageState; readonly replica: Replica }[] = [];
  readonly blocked: number[] = [];
  isBlocked = false;
  due: { readonly at: number; readonly decision: Decision; readonly load: number | null }[] = [];
  now = 0;

  constructor(scenario: Scenario, draws: Draws, control: Control) {
    this.scenario = scenario;
    this.draws = draws;
    this.control = control;
    this.end = traceEnd(scenario.trace);
    const boundaries: number[] = [];
    const { interval } = scenario.pipeline.adaptation;
    for (let k = 1; k * interval < this.end; k++) boundaries.push(k * interval);
    this.boundaries = [...boundaries, this.end];
    this.plans = [{ from: 0, plan: scenario.startPlan }];
    const variants = planVariants(scenario.pipeline, scenario.startPlan);
    const { stages } = scenario.pipeline;
    const indexOf = (name: string): number => stages.findIndex((stage) => stage.name === name);
    const upstreamOf = (index: number): number[] => {
      const before = at(stages, index).after.map(indexOf);
      return [...new Set([...before, ...before.flatMap(upstreamOf)])];
    };
    this.stages = stages.map((stage, index): StageState => {
      const { batch, batchTimeout, replicas } = at(scenario.startPlan, index);
      const variant = at(variants, index);
      const serving: Group = { variant, batch, timeout: batchTimeout, replicas: [], wanted: replicas };
      const state: StageState = {
        index,
        stage,
        predecessors: stage.after.map(indexOf),
        successors: stages.flatMap(({ after }, s) => (after.includes(stage.name) ? [s] : [])),
        upstream: upstreamOf(index),
        queue: [],
        onTheWay: [],
        serving,
        pending: null,
        pendingPlan: { replicas: 0, load: null },
        visits: [],
        replicas: [],
        standby: [],
        services: [],
        handOvers: [],
      };
      for (let n = 0; n < replicas; n++) this.request(state, serving);
      return state;
    });
    // S17: what stands by comes after what serves, of all stages.
    for (const stage of this.stages) {
      for (const variant of stage.stage.variants) {
        const more: Group = { variant, batch: 1, timeout: 0, replicas: [], wanted: 0 };
        const up = variant === stage.serving.variant ? stage.serving.replicas.length : 0;
        for (let n = up; n < (variant.standby ?? 0); n++) this.request(stage, more);
        stage.standby.push(...more.replicas);
      }
    }
    // S7, S12: of both, what fits is ready at time 0, and costs from then on.
    for (let first = this.line[0]; first !== undefined && this.hasRoomFor(first.replica); first = this.line[0]) {
      this.line.shift();
      Object.assign(first.replica, { startedAt: 0, readyAt: 0, state: "idle" });
    }
  }

  run(): History {
    const { drop, pipeline } = this.scenario;
    const dropAge = drop.kind !== "none" && Number.isFinite(drop.seconds) ? drop.seconds : 0;
    // S13: what happens at the cut-off itself still happens.
    const cutOff = this.end + Math.max(60, 2 * pipeline.sla.seconds, dropAge);
    for (let instant = this.nextInstant(); instant <= cutOff; instant = this.nextInstant()) {
      if (instant < this.now) throw new Error(`time runs backwards from ${this.now} to ${instant}`);
      this.now = instant;
      // S1, in this order.
      this.completeBatches();
      this.makeReady();
      this.controlStep();
      this.admitReplicas();
      this.admitArrivals();
      this.startBatches();
    }
    const { requests, stages, plans, ticks, blocked, readyAtEnd } = this;
    return { requests, stages, plans, ticks, blocked, readyAtEnd };
  }

  /** The least of all instants at which, as things stand, something happens; Infinity if nothing ever will. */
  nextInstant(): number {
    const instants = [
      this.draws.arrivals[this.requests.length],
      this.boundaries[this.readyAtEnd.length],
      ...this.due.map((due) => due.at),
      ...this.stages.flatMap((stage) => [
        ...stage.replicas.filter((replica) => replica.state === "busy").map((replica) => replica.batchEnd),
        ...stage.replicas.filter((replica) => replica.state === "starting").map((replica) => replica.readyAt),
        ...stage.onTheWay.map((coming) => coming.at),
        ...stage.queue
          .slice(0, 1)
          .map((oldest) => timesOutAt(oldest.arrival, stage.serving.timeout))
          // A time-out that is past waits for a replica, whose own instant comes.
          .filter((timeOut) => timeOut > this.now),
      ]),
    ];
    return Math.min(...instants.map((instant) => instant ?? Infinity));
  }

  /** S1 (1). */
  completeBatches(): void {
    const { drop } = this.scenario;
    for (const stage of this.stages) {
      const ended = stage.replicas.filter((replica) => replica.state === "busy" && replica.batchEnd === this.now);
      // S6: such a batch has used its replica, and nothing goes on.
      const isExpired = (replica: Replica): boolean =>
        drop.kind === "paper-age-limit" && tooOld(this.now, oldestOf(replica.batch), drop.seconds);
      // S14: siblings in these batches go together, and those in the others know of it.
      const expired = ended.filter(isExpired).flatMap((replica) => replica.batch);
      const alive = expired.filter((visit) => !this.isLost(stage, visit.request));
      for (const visit of expired) {
        visit.end = this.now;
        if (alive.includes(visit)) this.drop(stage, visit);
        else this.vanish(stage, visit);
      }
      for (const replica of ended) {
        for (const visit of isExpired(replica) ? [] : replica.batch) this.complete(stage, visit, replica.variant);
        replica.batch = [];
        replica.state = "idle";
        if (replica.draining) this.release(replica);
      }
    }
  }

  complete(stage: StageState, visit: Visit, { accuracy }: Variant): void {
    const { request, item } = visit;
    visit.end = this.now;
    if (this.isLost(stage, request)) {
      this.vanish(stage, visit);
      return;
    }
    visit.outcome = "served";
    at(request.accuracies, stage.index).push(accuracy);
    for (const s of stage.successors) {
      const next = at(this.stages, s);
      if (next.predecessors.length === 1) this.send(next, request, item);
    }
    this.leave(stage, request);
  }

  send(stage: StageState, request: Request, item: number): void {
    request.places[stage.index] = at(request.places, stage.index) + 1;
    stage.onTheWay.push({ request, item, at: this.now + this.scenario.hop });
  }

  /** S14: one item fewer at a stage. Joins may have waited for that, and so may the end. */
  leave(stage: StageState, request: Request): void {
    request.places[stage.index] = at(request.places, stage.index) - 1;
    for (const join of this.stages.filter(({ predecessors }) => predecessors.length > 1)) {
      if (request.joined.has(join.index) || join.upstream.some((s) => at(request.places, s) > 0)) continue;
      request.joined.add(join.index);
      const anyServed = join.predecessors.some((s) => at(request.accuracies, s).length > 0);
      if (anyServed && !this.isLost(join, request)) this.send(join, request, 0);
    }
    if (request.drops.length > 0 || request.places.some((items) => items > 0)) return;
    request.outcome = "served";
    request.endedAt = this.now;
  }

  /** S14: known here is what was dropped here or at a stage before in topological order. */
  isLost(stage: StageState, request: Request): boolean {
    return request.drops.some((dropping) => dropping <= stage.index);
  }

  /** S1 (2). */
  makeReady(): void {
    for (const stage of this.stages) {
      for (const replica of stage.replicas) {
        if (replica.state === "starting" && replica.readyAt === this.now) replica.state = "idle";
      }
      this.handOverIfReady(stage);
    }
  }

  /** S1 (3): what is due is applied before the tick of the same instant sees anything. */
  controlStep(): void {
    const isBoundary = this.now === this.boundaries[this.readyAtEnd.length];
    if (isBoundary) this.readyAtEnd.push(this.stages.map((stage) => count(stage.serving, "ready")));

    const dueNow = this.due.filter((due) => due.at === this.now);
    this.due = this.due.filter((due) => due.at !== this.now);
    for (const { decision, load } of dueNow) this.apply(decision, load);

    if (!isBoundary || this.now >= this.end) return;
    const isWaiting = ({ state }: Replica): boolean => state === "waiting";
    if (!this.isBlocked && this.stages.some(({ pending }) => pending?.replicas.some(isWaiting))) {
      this.blocked.push(this.now);
      this.isBlocked = true;
    }
    const seen = this.observe();
    const decision = this.control(seen);
    this.ticks.push({ at: this.now, decision, running: seen.running });
    const dueAt = this.now + this.scenario.decisionDelay;
    const load = this.newestLoad(seen.load.rates);
    if (dueAt === this.now) this.apply(decision, load);
    // S13: a plan due at or after T_end is not applied.
    else if (dueAt < this.end) this.due.push({ at: dueAt, decision, load });
  }

  /** S7: only what precedes step 3; whole seconds that have ended, and no zeros for what nobody measured. */
  observe(): Observation {
    const { history, pipeline } = this.scenario;
    const end = Math.floor(this.now);
    const rates: number[] = [];
    for (let second = Math.max(end - pipeline.adaptation.history, -history.length); second < end; second++) {
      rates.push(
        second < 0
          ? at(history, history.length + second)
          : this.requests.filter((request) => Math.floor(request.arrival) === second).length,
      );
    }
    return {
      now: this.now,
      load: { end, step: 1, rates },
      running: at(this.plans, this.plans.length - 1).plan,
      replicas: this.stages.flatMap(({ stage, serving, pending, standby }) =>
        stage.variants.flatMap((variant): ReplicaCount[] => {
          const groups = [serving, ...(pending === null ? [] : [pending])].filter((group) => group.variant === variant);
          const spares = standby.filter((replica) => replica.variant === variant);
          const up = [...groups.flatMap((group) => group.replicas), ...spares];
          if (groups.length === 0 && spares.length === 0) return [];
          return [
            {
              stage: stage.name,
              variant: variant.name,
              ready: up.filter((replica) => isReady(replica)).length,
              starting: up.filter((replica) => !isReady(replica)).length,
              serving: variant === serving.variant ? count(serving, "ready") : 0,
              ...(groups.some(({ replicas }) => replicas.some(({ state }) => state === "waiting"))
                ? { refused: "Unschedulable" }
                : {}),
            },
          ];
        }),
      ),
      stages: this.stages.map((stage) => this.loadOf(stage)),
      state: this.ticks.at(-1)?.decision.state ?? null,
    };
  }

  /** Since the last tick, or time 0. */
  loadOf({ stage, queue, replicas, services, pending, standby }: StageState): StageLoad {
    const from = this.ticks.at(-1)?.at ?? 0;
    const within = (start: number, end: number): number => Math.max(0, Math.min(end, this.now) - Math.max(start, from));
    const aside = [...(pending?.replicas ?? []), ...standby];
    const serving = replicas.filter((replica) => !aside.includes(replica));
    const ready = serving.reduce((sum, { readyAt, releasedAt }) => sum + within(readyAt, releasedAt), 0);
    const worked = services.reduce((sum, { start, end }) => sum + within(start, end), 0);
    return { stage: stage.name, waiting: queue.length, busy: ready > 0 ? Math.min(1, worked / ready) : null };
  }

  /** S11: the mean of the last window that a tick has seen, of what there is of it; null if anything in it is not known. */
  newestLoad(rates: readonly (number | null)[]): number | null {
    const known: number[] = [];
    for (const rate of rates.slice(-this.scenario.pipeline.adaptation.loadWindow)) {
      if (rate === null) return null;
      known.push(rate);
    }
    return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0) / known.length;
  }

  /**
   * S11: the least replicas that carry the load and are not busy all the time, or only carry it if they are all; where what serves does not do so,
   * the least that carry as much as that; all of them if the load is not known.
   */
  enoughOf({ index, serving, pendingPlan }: StageState, pending: Group): number {
    const { replicas, load } = pendingPlan;
    if (load === null) return replicas;
    const { pipeline } = this.scenario;
    const { margins, adaptation } = pipeline;
    // Margins are none, loads not rounded, and capacities means in the scenarios that come here.
    assert.deepEqual([margins.load, margins.serviceTime, margins.throughput, adaptation.loadStep], [0, 0, 0, 0]);
    const items = at(visitsOf(pipeline.stages), index).items * Math.max(adaptation.minLoad, load);
    const ofOne = ({ variant, batch }: Group): number => batch / serviceTime(variant.profile, batch).mean;
    const isIdleAtTimes = (count: number, group: Group): boolean =>
      count > 0 && items / (count * ofOne(group)) < 1 - 1e-9;
    const up = count(serving, "ready");
    const isCarried = isIdleAtTimes(up, serving);
    const carries = (count: number, group: Group, what: number): boolean =>
      what / (count * ofOne(group)) <= 1 + 1e-9 / count;
    const isEnough = (n: number): boolean =>
      isCarried
        ? carries(n, pending, items) && (n >= replicas || isIdleAtTimes(n, pending))
        : carries(n, pending, up * ofOne(serving));
    let enough = 1;
    while (!isEnough(enough)) enough++;
    return enough;
  }

  apply({ plan, state }: Decision, load: number | null): void {
    const variants = planVariants(this.scenario.pipeline, plan);
    // S12: the same plan again is not counted again.
    if (!samePlan(plan, at(this.plans, this.plans.length - 1).plan)) this.isBlocked = false;
    this.plans.push({ from: this.now, plan });
    for (const stage of this.stages) {
      const setting = at(plan, stage.index);
      const target = at(variants, stage.index);
      const { serving } = stage;
      if (target === serving.variant) {
        // S11: back to the variant that serves.
        this.cancelPending(stage);
        this.resize(stage, serving, setting);
        continue;
      }
      if (target !== stage.pending?.variant) {
        // S12: a group that is to be replaced waits for nothing more.
        this.shrink(stage, serving, serving.replicas.filter(({ state: now }) => now !== "waiting").length);
        this.cancelPending(stage);
      }
      const { batch, batchTimeout: timeout } = setting;
      stage.pending ??= { variant: target, batch, timeout, replicas: [], wanted: 0 };
      stage.pendingPlan = { replicas: setting.replicas, load };
      this.resize(stage, stage.pending, setting);
      // S11: the old group grows meanwhile, if the decision says so.
      const from = state?.rollouts?.[stage.stage.name]?.switching?.from;
      if (from?.variant === serving.variant.name && from.replicas > serving.wanted) {
        const { batch: same, timeout: sameTimeout } = serving;
        this.resize(stage, serving, { batch: same, batchTimeout: sameTimeout, replicas: from.replicas });
      }
      this.handOverIfReady(stage);
    }
  }

  /** S10. */
  resize(stage: StageState, group: Group, setting: Pick<StagePlan, "batch" | "batchTimeout" | "replicas">): void {
    group.batch = setting.batch;
    group.timeout = setting.batchTimeout;
    group.wanted = setting.replicas;
    while (group.replicas.length < setting.replicas) {
      // S17: one that stands by first, the one that is free first.
      // One that waits for room is the last of all.
      const freeAt = ({ state, readyAt, batchEnd }: Replica): number =>
        state === "waiting"
          ? Number.MAX_VALUE
          : state === "starting"
            ? readyAt
            : state === "busy"
              ? batchEnd
              : this.now;
      const [spare] = stage.standby
        .filter(({ variant }) => variant === group.variant)
        .toSorted((a, b) => freeAt(a) - freeAt(b) || a.id - b.id);
      if (spare !== undefined) {
        stage.standby = stage.standby.filter((replica) => replica !== spare);
        group.replicas = [...group.replicas, spare].toSorted((a, b) => a.id - b.id);
        continue;
      }
      this.request(stage, group);
    }
    this.shrink(stage, group, setting.replicas);
  }

  request(stage: StageState, group: Group): void {
    this.line.push({ stage, replica: addReplica(stage, group, this.now) });
  }

  /** S10, S17: the last to leave stand by, as many as are lacking. */
  shrink(stage: StageState, group: Group, left: number): void {
    // Starting ones go first, the latest of them first; then idle ones, then busy ones, the largest id first.
    const order = [["waiting", "starting"], ["idle"], ["busy"]];
    const leaving = order
      .flatMap((states) => group.replicas.filter(({ state }) => states.includes(state)).toReversed())
      .slice(0, Math.max(0, group.replicas.length - left));
    group.replicas = group.replicas.filter((replica) => !leaving.includes(replica));
    const spares = stage.standby.filter(({ variant }) => variant === group.variant);
    const lacking = Math.max(0, (group.variant.standby ?? 0) - left - spares.length);
    const stay = leaving.slice(Math.max(0, leaving.length - lacking));
    stage.standby.push(...stay);
    for (const replica of leaving) if (!stay.includes(replica)) this.letGo(replica);
  }

  /** S11: once enough of the new group are ready, the queue is theirs. */
  handOverIfReady(stage: StageState): void {
    const { pending } = stage;
    if (pending !== null && count(pending, "ready") >= this.enoughOf(stage, pending)) this.handOver(stage, pending);
  }

  handOver(stage: StageState, group: Group): void {
    this.shrink(stage, stage.serving, 0);
    stage.serving = group;
    stage.pending = null;
    stage.handOvers.push(this.now);
  }

  cancelPending(stage: StageState): void {
    if (stage.pending !== null) this.shrink(stage, stage.pending, 0);
    stage.pending = null;
  }

  letGo(replica: Replica): void {
    if (replica.state === "busy") replica.draining = true;
    else this.release(replica);
  }

  release(replica: Replica): void {
    replica.state = "released";
    replica.releasedAt = this.now;
    this.line = this.line.filter((one) => one.replica !== replica);
  }

  /** S12, at the end of step 3: the line moves on as long as the first in it fits. */
  admitReplicas(): void {
    for (let first = this.line[0]; first !== undefined && this.hasRoomFor(first.replica); first = this.line[0]) {
      this.line.shift();
      const { stage, replica } = first;
      replica.startedAt = this.now;
      replica.readyAt = this.now + this.draws.startUp(stage.index, replica.id, replica.variant);
      // S13: a start-up that takes no time is over before step 4 of this instant.
      replica.state = replica.readyAt === this.now ? "idle" : "starting";
      this.handOverIfReady(stage);
    }
  }

  hasRoomFor({ variant }: Replica): boolean {
    const held = this.stages
      .flatMap(({ replicas }) => replicas)
      .filter(({ state }) => state !== "waiting" && state !== "released")
      .reduce((sum, replica) => sum + replica.variant.coresPerReplica, 0);
    return held + variant.coresPerReplica <= this.scenario.clusterCores + 1e-9;
  }

  /** S1 (4): external arrivals, then what the stages sent, by request whatever batch it comes from. */
  admitArrivals(): void {
    while (this.draws.arrivals[this.requests.length] === this.now) {
      const request: Request = {
        id: this.requests.length,
        arrival: this.now,
        places: this.stages.map(({ predecessors }) => (predecessors.length === 0 ? 1 : 0)),
        accuracies: this.stages.map(() => []),
        drops: [],
        joined: new Set(),
        outcome: "in_flight",
        endedAt: NaN,
        droppedAt: -1,
      };
      this.requests.push(request);
      for (const stage of this.stages.filter(({ predecessors }) => predecessors.length === 0)) {
        this.arrive(stage, request, 0);
      }
    }
    for (const stage of this.stages) {
      const here = stage.onTheWay.filter((coming) => coming.at === this.now);
      stage.onTheWay = stage.onTheWay.filter((coming) => coming.at !== this.now);
      for (const { request, item } of here.toSorted((a, b) => a.request.id - b.request.id || a.item - b.item)) {
        this.arrive(stage, request, item);
      }
    }
  }

  /** S14: an item becomes several, or none, when it enters. */
  arrive(stage: StageState, request: Request, item: number): void {
    const items = this.draws.fanOut(stage.index, request.id, item);
    const first = item * Math.max(1, Math.ceil(stage.stage.fanOut));
    request.places[stage.index] = at(request.places, stage.index) + items;
    for (let j = 0; j < items; j++) this.join(stage, request, first + j);
    this.leave(stage, request);
  }

  join(stage: StageState, request: Request, item: number): void {
    if (this.isLost(stage, request)) {
      this.leave(stage, request);
      return;
    }
    const visit: Visit = {
      request,
      item,
      arrival: this.now,
      start: NaN,
      end: NaN,
      variant: -1,
      batchSize: 0,
      outcome: "in_flight",
    };
    stage.visits.push(visit);
    // S3: a full queue turns the newcomer away.
    if (stage.queue.length >= this.scenario.queueCap) this.drop(stage, visit);
    else stage.queue.push(visit);
  }

  /** S1 (5). */
  startBatches(): void {
    let any = true;
    while (any) {
      any = false;
      for (const stage of this.stages) while (this.startBatch(stage)) any = true;
    }
  }

  /** S4: whether the condition held, in which case a batch started or requests were dropped. */
  startBatch(stage: StageState): boolean {
    const { queue, serving } = stage;
    const replica = serving.replicas.find((one) => one.state === "idle");
    const oldest = queue[0];
    if (replica === undefined || oldest === undefined) return false;
    if (queue.length < serving.batch && this.now < timesOutAt(oldest.arrival, serving.timeout)) return false;
    const batch = this.takeBatch(stage);
    const first = batch[0];
    if (first === undefined) return true;
    const paidFor = this.scenario.pad ? serving.batch : batch.length;
    const { profile } = serving.variant;
    const factor = this.draws.serviceFactor(stage.index, first.request.id, first.item, batchSigma(profile, paidFor));
    replica.state = "busy";
    replica.batch = batch;
    replica.batchEnd = this.now + serviceTime(profile, paidFor).mean * factor;
    stage.services.push({ start: this.now, end: replica.batchEnd });
    for (const visit of batch) {
      visit.start = this.now;
      visit.variant = replica.variantIndex;
      visit.batchSize = batch.length;
    }
    return true;
  }

  /** S6: up to b from the front of the queue; empty if all that was looked at is dropped. */
  takeBatch(stage: StageState): Visit[] {
    const { drop } = this.scenario;
    const { queue, serving } = stage;
    const batch: Visit[] = [];
    while (batch.length < serving.batch) {
      const visit = queue.shift();
      if (visit === undefined) break;
      if (this.isLost(stage, visit.request)) this.vanish(stage, visit);
      else if (drop.kind === "age" && tooOld(this.now, visit.request.arrival, drop.seconds)) this.drop(stage, visit);
      else batch.push(visit);
    }
    if (drop.kind !== "paper-age-limit" || !tooOld(this.now, oldestOf(batch), drop.seconds)) return batch;
    for (const visit of batch) this.drop(stage, visit);
    return [];
  }

  /** S14: its request was dropped with another item. */
  vanish(stage: StageState, visit: Visit): void {
    visit.outcome = "vanished";
    this.leave(stage, visit.request);
  }

  drop(stage: StageState, visit: Visit): void {
    const { request } = visit;
    visit.outcome = "dropped";
    request.drops.push(stage.index);
    if (request.outcome !== "dropped") {
      request.outcome = "dropped";
      request.endedAt = this.now;
      request.droppedAt = stage.index;
    }
    this.leave(stage, request);
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index} of ${items.length}`);
  return item;
}
