import { backOff } from "./back-off.ts";
import type { Kube, ListQuery } from "./client.ts";
import { systemClock } from "./clock.ts";
import { KubeError } from "./errors.ts";
import type { KubeObject, ResourcePath } from "./objects.ts";
import { type Change, objectCopy } from "./object-copy.ts";
import type { WatchEvent } from "./watch.ts";

export interface Handlers {
  /** Of a deleted object at least what was kept of it. An exception is told to `failed`, and the copy goes on. */
  readonly changed: (object: KubeObject, change: Change) => void;
  /** Once, when all that is in the first list was told. */
  readonly synced: () => void;
  /** A list or watch failed and is tried again, or a handler threw. */
  readonly failed: (error: unknown) => void;
  /** What is kept of an object; without it, all but its managed fields. */
  readonly kept?: (object: KubeObject) => KubeObject;
}

export interface Reflection {
  readonly items: () => readonly KubeObject[];
  /** Of the namespace that is watched. */
  readonly item: (name: string) => KubeObject | undefined;
  /** Rejects when the signal comes first. */
  readonly synced: Promise<void>;
  /** For how long nothing has shown that the copy is up to date: no list, event or bookmark, nor a watch that ended in good order; seconds. */
  readonly age: () => number;
}

export interface WatchTiming {
  /** The server ends a watch after that long, and the next one begins where it ended, seconds. */
  readonly watch: number;
  /** A server that has not done so after this much more is taken for dead, seconds. */
  readonly grace: number;
  /** After a failure the list is read anew if nothing was heard for so long, seconds. */
  readonly unheard: number;
}

/** A watch gone silent is caught up within a minute. */
const TIMING: WatchTiming = { watch: 45, grace: 5, unheard: 25 };
const BACK_OFF = { first: 0.5, most: 15 };
/** One without an event that ends sooner is a failure: it must not be begun again without a pause, seconds. */
const SHORTEST_WATCH = 1;
/**
 * After so many whole watches without even a bookmark the list is read anew: a watch from a version that the server does not have, as
 * when its store was set back, may say nothing, or fail, for ever.
 */
const MOST_SILENT = 5;

/**
 * Keeps a copy of a list up to date until the signal: lists, watches from there, and does it again with growing pauses
 * whenever something fails. A change that was missed in between is told when it is found. Objects come without their
 * managed fields.
 */
export function reflect(
  kube: Kube,
  of: ResourcePath,
  query: ListQuery,
  handlers: Handlers,
  signal: AbortSignal,
  timing: Partial<WatchTiming> = {},
): Reflection {
  const { watch: seconds, grace, unheard } = { ...TIMING, ...timing };
  const copy = objectCopy(handlers.kept);
  const synced = Promise.withResolvers<void>();
  // Whoever does not wait for it need not handle that it never comes.
  synced.promise.catch(() => {});
  let isSynced = false;
  /** Where the next watch begins; null: with a list. */
  let resourceVersion: string | null = null;
  let failures = 0;
  let silent = 0;
  let freshAt = systemClock.now();
  const heard = (): void => {
    freshAt = systemClock.now();
    failures = 0;
  };
  const age = (): number => systemClock.now() - freshAt;

  const guarded = (handler: () => void): void => {
    try {
      handler();
    } catch (error) {
      handlers.failed(error);
    }
  };
  const tell = (object: KubeObject, change: Change): void => guarded(() => handlers.changed(object, change));

  async function list(): Promise<string> {
    const found = await kube.list(of, query, { signal });
    freshAt = systemClock.now();
    silent = 0;
    const differences = copy.replaceAll(found.items.map(withoutManagedFields));
    for (const { object, change } of differences) tell(object, change);
    if (!isSynced) {
      isSynced = true;
      synced.resolve();
      guarded(handlers.synced);
    }
    return found.resourceVersion;
  }

  async function watch(from: string): Promise<void> {
    const began = systemClock.now();
    let events = 0;
    const asked = { ...query, resourceVersion: from, seconds, grace };
    for await (const event of kube.watch(of, asked, signal)) {
      // What comes late, after the signal, is not told.
      if (signal.aborted) return;
      events += 1;
      heard();
      take(event);
    }
    if (events === 0 && systemClock.now() - began < SHORTEST_WATCH) {
      const message = `watch ${of.plural}: the server ended it as soon as it had begun`;
      throw new KubeError(message, { status: 0, reason: "NoAnswer" });
    }
    heard();
    silent = events === 0 ? silent + 1 : 0;
    if (silent === MOST_SILENT) resourceVersion = null;
  }

  const take = ({ type, object }: WatchEvent): void => {
    resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
    if (type === "BOOKMARK") return;
    const kept = withoutManagedFields(object);
    const change = type === "DELETED" ? copy.remove(kept) : copy.put(kept);
    if (change !== null) tell(kept, change);
  };

  async function keepAtIt(): Promise<void> {
    while (!signal.aborted) {
      try {
        resourceVersion ??= await list();
        await watch(resourceVersion);
      } catch (error) {
        if (signal.aborted) break;
        failures += 1;
        // What has changed since then is no longer told: list anew.
        const isGone = error instanceof KubeError && error.status === 410;
        if (isGone || age() > unheard) resourceVersion = null;
        handlers.failed(error);
        const pause = backOff(failures, error instanceof KubeError ? error.retryAfter : null, BACK_OFF);
        await systemClock.sleep(pause, signal).catch(() => {});
      }
    }
    synced.reject(signal.reason);
  }

  void keepAtIt();
  return {
    items: copy.items,
    item: (name) => copy.item(of.namespace, name),
    synced: synced.promise,
    age,
  };
}

/** They are half of an object, and nobody needs them of all objects of a list. */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
