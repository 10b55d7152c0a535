import type { CallOptions } from "./call.ts";
import type { Kube } from "./client.ts";
import { systemClock } from "./clock.ts";
import { type Deadline, deadline } from "./deadline.ts";
import { KubeError } from "./errors.ts";
import { microTime } from "./micro-time.ts";
import type { KubeObject } from "./objects.ts";

// Leader election as client-go does it. Clocks of machines are never compared: a lease has run out when its record has
// not changed for its duration by the clock of the one who looks on.

export interface Contention {
  readonly namespace: string;
  readonly name: string;
  /** No two processes may have the same one, not even one after the other. */
  readonly identity: string;
  /** How long others wait after the last renewal that they saw. */
  readonly leaseSeconds?: number;
  /** How long after our last renewal we still lead; less than `leaseSeconds`. */
  readonly renewDeadlineSeconds?: number;
  /** Between two tries to renew it or to get it. */
  readonly retrySeconds?: number;
  /** A term begins. The signal ends it: the lease was lost, or given up, or nobody contends for it any more. */
  readonly onLeading: (term: AbortSignal) => void;
  /** A call failed, and is tried again. */
  readonly onFailure?: (error: unknown) => void;
}

export interface Contender {
  /** The term that we lead in, or null. By the local clock: null from the renew deadline on, though a renewal may hang. */
  readonly term: () => AbortSignal | null;
  /** Gives the lease up, so that another one need not wait for its end, and contends no more. Never rejects. */
  readonly release: () => Promise<void>;
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** Contends for a Lease until it is released or the signal comes; then a lease that is held runs out by itself. */
export function contend(kube: Kube, contention: Contention, signal: AbortSignal): Contender {
  const { namespace, name, identity, onLeading, onFailure = () => {} } = contention;
  const { leaseSeconds = 15, renewDeadlineSeconds = 10, retrySeconds = 2 } = contention;
  const leases = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace };
  const stop = new AbortController();
  const halted = AbortSignal.any([signal, stop.signal]);
  let current: AbortController | null = null;
  /** When our last renewal that succeeded was sent. */
  let renewedAt = -Infinity;
  /** The lease as we wrote it last, if nothing is known to have happened to it since. */
  let ours: KubeObject | null = null;
  /** The record as last seen, and since when it has been like that. */
  let seen: { readonly record: string; readonly since: number } = { record: "", since: 0 };

  const leadsUntil = (): number => renewedAt + renewDeadlineSeconds;
  const term = (): AbortSignal | null => (current !== null && systemClock.now() < leadsUntil() ? current.signal : null);

  const endTerm = (): void => {
    const ended = current;
    current = null;
    ended?.abort(new KubeError("the term of leadership is over", { status: 0, reason: "NotLeader" }));
  };
  halted.addEventListener("abort", endTerm, { once: true });

  const isHeldByAnother = (lease: KubeObject): boolean => {
    const record = JSON.stringify(lease.spec);
    if (record !== seen.record) seen = { record, since: systemClock.now() };
    const { holderIdentity = "", leaseDurationSeconds = leaseSeconds } = specOf(lease);
    if (holderIdentity === "" || holderIdentity === identity) return false;
    return systemClock.now() < seen.since + leaseDurationSeconds;
  };

  /** Whether the lease is ours now. */
  async function take(how: CallOptions): Promise<boolean> {
    const mine = ours;
    ours = null;
    // What was just renewed need not be read before it is renewed again; if another one took it, that is a conflict.
    if (mine !== null && (await write(how, mine))) return true;
    const found = await orNull(404, kube.get({ ...leases, name }, how));
    // Somebody else may have led meanwhile, though the lease is to be had again.
    if (found === null || specOf(found).holderIdentity !== identity) endTerm();
    const taken = (found === null || !isHeldByAnother(found)) && (await write(how, found));
    // Whatever we held before: it is known to be another's, or likely so after two conflicts.
    if (!taken) renewedAt = -Infinity;
    return taken;
  }

  async function write(how: CallOptions, before: KubeObject | null): Promise<boolean> {
    const sentAt = systemClock.now();
    const was = before === null ? null : specOf(before);
    const spec = renewed(was, { identity, leaseSeconds, now: microTime(new Date()) });
    const metadata = { name, namespace };
    ours = await orNull(
      409,
      before === null
        ? kube.create(leases, { apiVersion: API_VERSION, kind: "Lease", metadata, spec }, how)
        : kube.replace({ ...leases, name }, { ...before, spec }, how),
    );
    // A conflict: somebody else was faster, or an answer of ours was lost.
    if (ours === null) return false;
    renewedAt = sentAt;
    return true;
  }

  /** One round, over by the time that leadership would be. */
  async function round(): Promise<void> {
    const left = current === null ? renewDeadlineSeconds : leadsUntil() - systemClock.now();
    const limit: Deadline = deadline(Math.max(0, left), halted);
    try {
      if ((await take({ signal: limit.signal, urgent: true })) && current === null && !halted.aborted) {
        current = new AbortController();
        onLeading(current.signal);
      }
    } catch (error) {
      if (!halted.aborted) onFailure(error);
    } finally {
      limit.clear();
    }
  }

  async function run(): Promise<void> {
    while (!halted.aborted) {
      await round();
      if (term() === null) endTerm();
      const pause = current === null ? retrySeconds : Math.min(retrySeconds, leadsUntil() - systemClock.now());
      await systemClock.sleep(Math.max(0, pause), halted).catch(() => {});
    }
  }

  async function giveUp(): Promise<void> {
    const lease = await orNull(404, kube.get({ ...leases, name }, { urgent: true }));
    if (lease === null || specOf(lease).holderIdentity !== identity) return;
    const spec = { ...specOf(lease), holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(new Date()) };
    await kube.replace({ ...leases, name }, { ...lease, spec }, { urgent: true });
  }

  const ended = run();
  return {
    term,
    release: async () => {
      stop.abort();
      await ended;
      // A renewal that was cut off may arrive in between, and is a conflict.
      await giveUp().catch(giveUp).catch(onFailure);
    },
  };
}

const API_VERSION = "coordination.k8s.io/v1";

interface Renewal {
  readonly identity: string;
  readonly leaseSeconds: number;
  readonly now: string;
}

/** The record of a lease that we make, renew or take over. */
function renewed(before: LeaseSpec | null, { identity, leaseSeconds, now }: Renewal): LeaseSpec {
  const transitions = before?.leaseTransitions ?? 0;
  const isOurs = before?.holderIdentity === identity;
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: leaseSeconds,
    acquireTime: isOurs ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: before === null || isOurs ? transitions : transitions + 1,
  };
}

function specOf(lease: KubeObject): LeaseSpec {
  return (lease.spec ?? {}) as LeaseSpec;
}

async function orNull(status: number, answer: Promise<KubeObject>): Promise<KubeObject | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === status) return null;
    throw error;
  }
}
