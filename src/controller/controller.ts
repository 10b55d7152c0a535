import type { Kube } from "../kube/client.ts";
import { contend } from "../kube/lease.ts";
import type { Context } from "./context.ts";
import type { Log } from "./log.ts";
import { serveProbes } from "./probes.ts";
import { rounds, type Rounds } from "./rounds.ts";
import { watchNamespace, type World } from "./world.ts";

export interface ControllerOptions {
  readonly namespaces: readonly string[];
  readonly lease: { readonly namespace: string; readonly name: string; readonly seconds?: number };
  /** No two processes have the same. */
  readonly identity: string;
  readonly port: number;
}

/** Whether this process leads now; asked before each write. */
export interface Leadership {
  isLeader: () => boolean;
}

/**
 * Controls the pipelines of some namespaces until the signal comes: watches, contends for the lease, and while it leads takes their
 * turns. Then the turns under way end and the lease is given up.
 */
export async function control(
  kube: Kube,
  context: Context,
  { namespaces, lease, identity, port }: ControllerOptions,
  leadership: Leadership,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const watches = new AbortController();
  let going: Rounds | null = null;
  let isSynced = false;
  const worlds: World[] = [];
  const probes = await serveProbes(port, {
    healthy: () => true,
    ready: () => isSynced && worlds.every((world) => world.stale().length === 0),
    metrics: () => context.metrics.registry.metrics(),
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
            if (world !== undefined) going?.changed(world, object, change === "Deleted");
          },
          failed: (what, error) => log.failed(`watch of ${what} in ${namespace}`, error),
        },
        watches.signal,
      ),
    ),
  );
  watchStaleness(worlds, log, watches.signal);
  const synced = Promise.all(worlds.map((world) => world.synced)).then(() => {
    isSynced = true;
    log.info("all watches have begun");
  });
  synced.catch(() => {});

  const lead = async (): Promise<void> => {
    log.info("leading");
    // Nothing is decided, and so nothing written, from what is only half known.
    await synced;
    if (!leadership.isLeader() || signal.aborted) return;
    context.metrics.leader.set(1);
    const begun = rounds(context, log.failed);
    going = begun;
    for (const world of worlds) for (const object of world.pipelines()) begun.changed(world, object, false);
  };
  const follow = async (): Promise<void> => {
    context.metrics.leader.set(0);
    const ended = going;
    going = null;
    await ended?.stop();
    await context.metrics.forget(null);
  };
  context.metrics.leader.set(0);
  const contender = contend(
    kube,
    {
      ...lease,
      ...(lease.seconds === undefined ? {} : timesOf(lease.seconds)),
      identity,
      onLeading: () => void lead().catch((error: unknown) => log.failed("taking the lead", error)),
      onLost: () => {
        log.info("no longer leading");
        void follow();
      },
      onFailure: (error) => log.failed("lease", error),
    },
    watches.signal,
  );
  leadership.isLeader = contender.isLeader;

  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  log.info("stopping");
  await follow();
  await contender.release();
  watches.abort();
  probes.close();
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
