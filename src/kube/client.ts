import { type Call, type CallOptions, caller, type ConnectOptions } from "./call.ts";
import { systemClock } from "./clock.ts";
import { deadline } from "./deadline.ts";
import { type ApiResource, discovery } from "./discovery.ts";
import { listPages } from "./list.ts";
import {
  type KubeObject,
  type ObjectList,
  type ObjectPath,
  type ResourcePath,
  urlOfObject,
  urlOfResource,
} from "./objects.ts";
import { eventsOf, type WatchEvent } from "./watch.ts";

export interface ListQuery {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface WatchQuery extends ListQuery {
  readonly resourceVersion: string;
  /** After how many seconds the server ends the watch. */
  readonly seconds: number;
  /** After how many seconds more it is taken for dead. */
  readonly grace: number;
}

export interface ApplyAs {
  readonly fieldManager: string;
  readonly force: boolean;
  /** The API server answers as if it had done it. */
  readonly dryRun?: boolean;
}

/**
 * The API server. All calls reject with a KubeError, or with the reason of the caller's own signal. What may be sent
 * twice is tried four times when the server is busy, fails or does not answer.
 */
export interface Kube {
  readonly get: (at: ObjectPath, how?: CallOptions) => Promise<KubeObject>;
  /** All pages. */
  readonly list: (of: ResourcePath, query?: ListQuery, how?: CallOptions) => Promise<ObjectList>;
  /** Server-side apply. A 409 names in its `causes` who holds the fields. */
  readonly apply: (at: ObjectPath, body: object, as: ApplyAs, how?: CallOptions) => Promise<KubeObject>;
  /** JSON merge patch (RFC 7386). */
  readonly patch: (at: ObjectPath, merge: object, how?: CallOptions) => Promise<KubeObject>;
  /** Tried again only where the server says that it did nothing (429). */
  readonly create: (of: ResourcePath, body: object, how?: CallOptions) => Promise<KubeObject>;
  /**
   * A resourceVersion in the body guards against overwriting what was not seen. After a lost answer the 409 of the
   * next try may be due to our own write.
   */
  readonly replace: (at: ObjectPath, body: object, how?: CallOptions) => Promise<KubeObject>;
  /** What a group version such as "apps/v1" has; remembered for a minute. */
  readonly discover: (apiVersion: string) => Promise<readonly ApiResource[]>;
  /** One watch, tried once; `reflect` is what keeps at it. */
  readonly watch: (of: ResourcePath, query: WatchQuery, signal: AbortSignal) => AsyncGenerator<WatchEvent, void>;
}

const PAGE_SIZE = 500;

export function connect(options: ConnectOptions): Kube {
  const { ask, open, broken } = caller(options);
  // These all answer with one object.
  const one = (call: Call, how?: CallOptions): Promise<KubeObject> => ask(call, how) as Promise<KubeObject>;

  return {
    get: (at, how) => one({ verb: "get", path: urlOfObject(at) }, how),
    list: (of, query, how) => {
      const path = urlOfResource(of);
      return listPages(PAGE_SIZE, (paging) => ask({ verb: "list", path, query: { ...query, ...paging } }, how));
    },
    apply: (at, body, { fieldManager, force, dryRun = false }, how) => {
      const query = { fieldManager, force: String(force), ...(dryRun ? { dryRun: "All" } : {}) };
      return one({ verb: "apply", path: urlOfObject(at), query, body }, how);
    },
    patch: (at, merge, how) => one({ verb: "patch", path: urlOfObject(at), body: merge }, how),
    create: (of, body, how) => one({ verb: "create", path: urlOfResource(of), body }, how),
    replace: (at, body, how) => one({ verb: "update", path: urlOfObject(at), body }, how),
    discover: discovery((path) => ask({ verb: "get", path }), systemClock),
    watch: async function* (of, { seconds, grace, ...query }, signal) {
      const standing = { watch: "true", allowWatchBookmarks: "true", timeoutSeconds: String(seconds) };
      const call: Call = { verb: "watch", path: urlOfResource(of), query: { ...query, ...standing } };
      const limit = deadline(seconds + grace, signal);
      try {
        const answer = await open(call, limit);
        limit.extend(seconds + grace);
        yield* eventsOf(answer, `watch ${call.path}`);
      } catch (error) {
        throw broken(call, error, limit);
      } finally {
        limit.clear();
      }
    },
  };
}
