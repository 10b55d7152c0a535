import type { Kube } from "../kube/client.ts";
import { contend } from "../kube/lease.ts";
import { during } from "../kube/during.ts";
import { KubeError } from "../kube/errors.ts";
import { recorder } from "../kube/events.ts";
import type { Context, Surroundings } from "./context.ts";
import type { Log } from "./tell/log.ts";
import { serveProbes } from "./probes.ts";
import { rounds, type Rounds } from "./rounds.ts";
import { scales } from "./act/scales.ts";
import { watchNamespace, type World } from "./world.ts";

export interface ControllerOptions {
  readonly namespaces: readonly string[];
  readonly lease: { readonly namespace: string; readonly name: string; readonly seconds?: number };
  /** No two processes have the same. */
  readonly identity: string;
  readonly port: number;
  /** Whether to look for the namespaces themselves: a service account has rights only within those that there are. */
  readonly looksForNamespaces: boolean;
}

/** The term in which this process leads now, or null; asked before each write, which has to be of that term. */
export interface Leadership {
  term: () => AbortSignal | null;
}

/**
 * Controls the pipelines of some namespaces until the signal comes: watches, contends for the lease, and while it leads takes their
 * turns. Then the turns under way end and the lease is given up. Nothing of one term of leadership goes on in the next one.
 */
export async function control(
  kube: Kube,
  surroundings: Surroundings,
  { namespaces, lease, identity, port, looksForNamespaces }: ControllerOptions,
  leadership: Leadership,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { metrics } = surroundings;
  const watches = new AbortController();
  let going: Rounds | null = null;
  const worlds: World[] = [];
  /** Those whose watches have all begun. */
  const known = new Set<World>();
  const probes = await serveProbes(port, {
    healthy: () => true,
    ready: () => worlds.every((world) => known.has(world) && world.stale().length === 0),
    metrics: () => metrics.registry.metrics(),
  });
  log.info(`/healthz, /readyz and /metrics are on port ${probes.port}`);
  worlds.push(
    ...namespaces.map((namespace) =>
      watchNamespace(
        kube,
        namespace,
        {
          pipelineChanged: (object, change) => {
            const world = worlds.find((one) => one.namespace === namespace);
            if (world !== undefined && known.has(world)) going?.changed(world, object, change === "Deleted");
          },
          failed: (what, error) => log.failed(`watch of ${what} in ${namespace}`, error),
        },
        watches.signal,
      ),
    ),
  );
  watchStaleness(worlds, log, watches.signal);
  if (looksForNamespaces)
    for (const namespace of namespaces) void lookForNamespace(kube, namespace, log, watches.signal);
  for (const world of worlds) {
    void world.synced.then(
      () => {
        known.add(world);
        if (world.pipelines().length === 0) log.info(`there are no pipelines in ${world.namespace} yet`);
        if (known.size === worlds.length) log.info("all watches have begun");
      },
      () => {},
    );
  }

  const contextOf = (term: AbortSignal, over: AbortSignal): Context => {
    const own = during(kube, term);
    const onFailure = (error: unknown): void => {
      if (!term.aborted) log.failed("event", error);
    };
    return {
      ...surroundings,
      kube: own,
      log,
      scales: scales(own, surroundings.clock),
      record: recorder(own, { component: "ipa-controller", instance: identity, onFailure }),
      signal: over,
    };
  };

  /** One term, from its beginning to its end. */
  const lead = async (term: AbortSignal): Promise<void> => {
    const over = AbortSignal.any([term, signal]);
    const ended = aborted(over);
    log.leading();
    metrics.leader.set(1);
    const begun = rounds(contextOf(term, over), term, log.failed);
    going = begun;
    for (const world of worlds) {
      // Nothing is decided, and so nothing written, from what is only half known; and no namespace waits for another.
      void world.synced.then(
        () => {
          if (!over.aborted) for (const object of world.pipelines()) begun.changed(world, object, false);
        },
        () => {},
      );
    }
    // Nobody is to follow what a former leader says, however long its turns take to stop. One that is told to end leads until they have.
    const resign = (): void => {
      metrics.leader.set(0);
      void metrics.forget(null);
    };
    void aborted(term).then(resign);
    await ended;
    if (term.aborted) log.info("no longer leading");
    going = null;
    await begun.stop();
    resign();
  };
  // One after the other.
  let terms = Promise.resolve();
  metrics.leader.set(0);
  const contender = contend(
    kube,
    {
      ...lease,
      ...(lease.seconds === undefined ? {} : timesOf(lease.seconds)),
      identity,
      onLeading: (term) => {
        terms = terms.then(() => lead(term)).catch((error: unknown) => log.failed("leading", error));
      },
      onFailure: (error) => log.failed("lease", error),
    },
    watches.signal,
  );
  leadership.term = contender.term;

  await aborted(signal);
  log.info("stopping");
  await terms;
  await contender.release();
  watches.abort();
  probes.close();
}

/** Tells of a namespace that is not there: all that is in it can be listed, and is nothing. Who may not look is told so by the watches. */
async function lookForNamespace(kube: Kube, name: string, log: Log, signal: AbortSignal): Promise<void> {
  const at = { group: "", version: "v1", plural: "namespaces", name };
  const error: unknown = await kube.get(at, { signal }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof KubeError && error.status === 404) {
    log.warn(
      `there is no namespace ${name}: create it, or correct --namespace. Pipelines in it are controlled from then on.`,
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** How often it is looked whether copies are stale, ms. */
const LOOK_EVERY = 5000;

/** Tells once when copies become stale, and when they are no longer. */
function watchStaleness(worlds: readonly World[], log: Log, signal: AbortSignal): void {
  const told = new Set<string>();
  const look = (): void => {
    for (const { namespace, stale } of worlds) {
      const what = stale().join(", ");
      if (what !== "" && !told.has(namespace)) {
        told.add(namespace);
        const error = new Error("nothing was heard of them for a minute: nothing is routed, and nothing goes down");
        log.failed(`${what} in ${namespace}`, error);
      }
      if (what === "" && told.delete(namespace)) log.info(`all watches in ${namespace} are up to date again`);
    }
  };
  const timer = setInterval(look, LOOK_EVERY).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** In the proportions of the usual 15, 10 and 2 s. */
function timesOf(seconds: number) {
  return { leaseSeconds: seconds, renewDeadlineSeconds: (seconds * 2) / 3, retrySeconds: (seconds * 2) / 15 };
}
