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
  const probes = await serveProbes(port, {
    healthy: () => true,
    ready: () => isSynced,
    metrics: () => context.metrics.registry.metrics(),
  });
  log.info(`/healthz, /readyz and /metrics are on port ${probes.port}`);
  const worlds: readonly World[] = namespaces.map((namespace) =>
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
  );
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
    context.scales.forget();
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

/** In the proportions of the usual 15, 10 and 2 s. */
function timesOf(seconds: number) {
  return { leaseSeconds: seconds, renewDeadlineSeconds: (seconds * 2) / 3, retrySeconds: (seconds * 2) / 15 };
}
