import type { Target } from "../../core/control.ts";
import { KubeError } from "../../kube/errors.ts";
import type { Kube } from "../../kube/client.ts";
import type { KubeObject, ObjectPath } from "../../kube/objects.ts";
import { parseSelector, type Selector } from "../see/selector.ts";

/** Who sets replicas, as server-side apply knows it. */
export const FIELD_MANAGER = "ipa";

/** The number of replicas of an object, as its /scale says. */
export interface Scale {
  /** Asked for. */
  readonly replicas: number;
  readonly selector: Selector;
  /** When it was read, seconds; 0: it may be otherwise by now. */
  readonly at: number;
  /** Since when that many are asked for, as far as is known, seconds. */
  readonly since: number;
}

/** Why a target has no scale. */
export interface ScaleProblem {
  readonly reason: "NotFound" | "Forbidden" | "NotScalable";
  readonly message: string;
}

/** What came of a write: the scale; or who holds the number; or how many there were by then, and nothing was written. */
export type ScaleWrite = { readonly scale: Scale } | { readonly heldBy: string } | { readonly found: number };

export interface Scales {
  /** As it was last read or written; null if never. */
  readonly known: (namespace: string, target: Target) => Scale | null;
  readonly read: (namespace: string, target: Target) => Promise<Scale | ScaleProblem>;
  /**
   * Server-side apply of the one field, where it still is as it was seen; a conflict is an answer, unless forced. It is read right before, if
   * that was not just done, and not written if anything has changed since: a 0 that somebody sets by /scale is in conflict with nothing. What is
   * forced is sent once.
   */
  readonly write: (
    namespace: string,
    target: Target,
    replicas: { readonly from: number; readonly to: number },
    force: boolean,
  ) => Promise<ScaleWrite>;
  /** Who else holds the number; empty: nobody; null: that cannot be found out. Writes nothing. */
  readonly holder: (namespace: string, target: Target) => Promise<string | null>;
}

/** What is scaled by a pipeline is read more often: what was not for so long, seconds, is not asked for any more, or has gone. */
const KEPT = 900;

/** Its status changes with every Pod that comes or goes: how often a number is read anew before it is written. */
const TRIES = 5;

/** What was read within so many seconds is likely to be as it was. */
const RECENT = 5;

/** With what tells whether anything of the object has changed since. */
interface Kept extends Scale {
  readonly resourceVersion: string | undefined;
}

/** Who set what was there before anybody used server-side apply, as the API server calls them. */
const UNRECORDED = "before-first-apply";

/** The kinds that every cluster has; those of others are asked for. */
const builtIn: Readonly<Record<string, string>> = {
  "apps/v1/Deployment": "deployments",
  "apps/v1/StatefulSet": "statefulsets",
};

interface Apply {
  readonly force: boolean;
  readonly dryRun?: boolean;
  readonly resourceVersion?: string | undefined;
  /** Whether the read before it took its token. */
  readonly paid?: boolean;
}

/** Reads and writes /scale, for one term of leadership: what others wrote after it is not known. `clock`: seconds. */
export function scales(kube: Kube, clock: () => number): Scales {
  const cache = new Map<string, Kept>();
  let swept = clock();
  const keyOf = (namespace: string, { apiVersion, kind, name }: Target): string =>
    `${namespace}/${apiVersion}/${kind}/${name}`;

  const keep = (key: string, object: KubeObject): Kept => {
    const { replicas = 0 } = (object.spec ?? {}) as { readonly replicas?: number };
    const { selector = "" } = (object.status ?? {}) as { readonly selector?: string };
    const before = cache.get(key);
    const at = clock();
    const scale = {
      replicas,
      selector: before?.selector.text === selector ? before.selector : parseSelector(selector),
      at,
      since: before?.replicas === replicas ? before.since : at,
      resourceVersion: object.metadata.resourceVersion,
    };
    cache.set(key, scale);
    if (at - swept >= KEPT) sweep(at);
    return scale;
  };

  const sweep = (now: number): void => {
    for (const [key, { at }] of cache) if (now - at >= KEPT) cache.delete(key);
    swept = now;
  };

  const pathOf = async (namespace: string, { apiVersion, kind, name }: Target): Promise<ObjectPath | null> => {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const plural = builtIn[`${apiVersion}/${kind}`] ?? (await pluralOf(apiVersion, kind));
    return plural === null ? null : { group, version, plural, namespace, name, subresource: "scale" };
  };

  const pluralOf = async (apiVersion: string, kind: string): Promise<string | null> => {
    const found = (await kube.discover(apiVersion)).find((one) => one.kind === kind);
    return found !== undefined && found.namespaced && found.subresources.includes("scale") ? found.plural : null;
  };

  const apply = async (
    namespace: string,
    target: Target,
    replicas: number,
    { force, dryRun = false, resourceVersion, paid = false }: Apply,
  ): Promise<{ readonly applied: KubeObject } | { readonly heldBy: string }> => {
    const path = await existing(namespace, target);
    const metadata = { name: target.name, namespace, resourceVersion };
    const body = { apiVersion: "autoscaling/v1", kind: "Scale", metadata, spec: { replicas } };
    try {
      // Whoever set it after a force whose answer was lost must not be overruled by the next try.
      const how = { paid, ...(force ? { once: true } : {}) };
      return { applied: await kube.apply(path, body, { fieldManager: FIELD_MANAGER, force, dryRun }, how) };
    } catch (error) {
      if (error instanceof KubeError && isHeld(error) && !force) return { heldBy: managersIn(error) };
      throw error;
    }
  };

  const existing = async (namespace: string, target: Target): Promise<ObjectPath> => {
    const path = await pathOf(namespace, target);
    if (path === null) throw new RangeError(`${target.kind} ${target.name} was never read`);
    return path;
  };

  const write = async (
    namespace: string,
    target: Target,
    replicas: { readonly from: number; readonly to: number },
    force: boolean,
  ): Promise<ScaleWrite> => {
    const key = keyOf(namespace, target);
    for (let tries = 1; ; tries++) {
      const known = cache.get(key);
      const isKnown = tries === 1 && known !== undefined && clock() - known.at < RECENT;
      const now = isKnown ? known : keep(key, await kube.get(await existing(namespace, target), { acts: true }));
      // As many as are wanted may be what an earlier try has done, whose answer was lost.
      if (now.replicas !== replicas.from && now.replicas !== replicas.to) return { found: now.replicas };
      try {
        const { resourceVersion } = now;
        const written = await apply(namespace, target, replicas.to, { force, resourceVersion, paid: !isKnown });
        return "heldBy" in written ? written : { scale: keep(key, written.applied) };
      } catch (error) {
        if (!(error instanceof KubeError && isModified(error)) || tries === TRIES) throw error;
      }
    }
  };

  return {
    known: (namespace, target) => cache.get(keyOf(namespace, target)) ?? null,
    read: async (namespace, target) => {
      const { apiVersion, kind, name } = target;
      const what = `${kind} ${name}`;
      const path = await pathOf(namespace, target).catch(orNull);
      if (path === null) {
        const message = `${apiVersion} ${kind} is no kind with a /scale here. Correct scaleTargetRef.`;
        return { reason: "NotScalable", message };
      }
      try {
        return keep(keyOf(namespace, target), await kube.get(path));
      } catch (error) {
        cache.delete(keyOf(namespace, target));
        if (error instanceof KubeError && error.status === 404) {
          return {
            reason: "NotFound",
            message: `there is no ${what} in ${namespace}. Create it, or correct scaleTargetRef.`,
          };
        }
        if (error instanceof KubeError && error.status === 403) {
          const rule = `apiGroups: ["${path.group}"], resources: ["${path.plural}/scale"], verbs: ["get", "patch"]`;
          return {
            reason: "Forbidden",
            message: `the controller may not scale ${what}. Give its role the rule {${rule}}.`,
          };
        }
        throw error;
      }
    },
    write: (namespace, target, replicas, force) =>
      write(namespace, target, replicas, force).catch((error: unknown) => {
        const key = keyOf(namespace, target);
        const before = cache.get(key);
        // It has gone since it was read.
        if (error instanceof KubeError && error.status === 404) cache.delete(key);
        // Nobody knows how many there are now: it is read anew in the next turn.
        else if (error instanceof KubeError && isUnanswered(error) && before !== undefined) {
          cache.set(key, { ...before, at: 0 });
        }
        throw error;
      }),
    holder: async (namespace, target) => {
      const { replicas = 0 } = cache.get(keyOf(namespace, target)) ?? {};
      // Only a number that differs is in conflict with those who hold it; and a policy may refuse more, or fewer.
      for (const another of [replicas + 1, replicas - 1].filter((one) => one > 0)) {
        const tried = await apply(namespace, target, another, { force: false, dryRun: true }).catch(orNotKnown);
        if (tried !== null) return "heldBy" in tried ? tried.heldBy : "";
      }
      return null;
    },
  };
}

/** Whether others hold the field. */
function isHeld({ status, causes }: KubeError): boolean {
  return status === 409 && causes.length > 0;
}

/** Whether the object has changed since it was read: a conflict of another kind. */
function isModified({ status, causes }: KubeError): boolean {
  return status === 409 && causes.length === 0;
}

/** Who holds the field: each cause of a conflict names one. */
function managersIn({ causes }: KubeError): string {
  const names = causes.flatMap(({ message = "" }) => /conflict with "([^"]*)"/.exec(message)?.[1] ?? []);
  const known = names.map((name) => (name === UNRECORDED ? "somebody of whom there is no record" : name));
  return [...new Set(known)].join(", ") || "somebody else";
}

/** Whether what was asked for may have been done all the same. */
function isUnanswered({ status, reason }: KubeError): boolean {
  return (status === 0 && reason !== "NotLeader") || status >= 500;
}

/** What is only tried may be refused, whatever the reason. */
function orNotKnown(error: unknown): null {
  if (error instanceof KubeError && error.reason !== "NotLeader") return null;
  throw error;
}

function orNull(error: unknown): null {
  if (error instanceof KubeError && error.status === 404) return null;
  throw error;
}
