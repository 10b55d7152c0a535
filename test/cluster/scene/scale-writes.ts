import type { Write } from "./audit.ts";

/** A number that a controller asked for. */
export interface ScaleWrite {
  readonly at: number;
  /** Of the object. */
  readonly name: string;
  readonly replicas: number;
  readonly forced: boolean;
  /** HTTP status: 409 is a number that somebody else holds. */
  readonly status: number;
}

/**
 * The numbers that were asked for, of the objects named, or of all; without the forced ones that were refused, as the object had changed since
 * it was read: they are asked for again.
 */
export function scaleWrites(writes: readonly Write[], ...names: readonly string[]): readonly ScaleWrite[] {
  return writes
    .filter(({ resource, name }) => resource.endsWith("/scale") && (names.length === 0 || names.includes(name)))
    .filter(({ forced, status }) => !(forced && status === 409))
    .map(({ at, name, forced, status, body }) => {
      const { replicas = 0 } = (body as { readonly spec?: { readonly replicas?: number } }).spec ?? {};
      return { at, name, replicas, forced, status };
    });
}

/** A Deployment before the first write. */
export interface Scaled {
  readonly replicas: number;
  /** Of a replica. */
  readonly cores: number;
}

/** The most cores that Deployments were asked to have together, after any of the writes. */
export function mostCores(writes: readonly Write[], began: Readonly<Record<string, Scaled>>): number {
  const scaled = new Map(Object.entries(began));
  const sums = scaleWrites(writes, ...scaled.keys()).flatMap(({ name, replicas, status }) => {
    const before = scaled.get(name);
    if (before === undefined || status !== 200) return [];
    scaled.set(name, { ...before, replicas });
    return [...scaled.values()].reduce((sum, one) => sum + one.replicas * one.cores, 0);
  });
  return Math.max(...sums);
}
