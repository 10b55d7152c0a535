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

/** The numbers that were asked for, of the objects named, or of all. */
export function scaleWrites(writes: readonly Write[], ...names: readonly string[]): readonly ScaleWrite[] {
  return writes
    .filter(({ resource, name }) => resource.endsWith("/scale") && (names.length === 0 || names.includes(name)))
    .map(({ at, name, forced, status, body }) => {
      const { replicas = 0 } = (body as { readonly spec?: { readonly replicas?: number } }).spec ?? {};
      return { at, name, replicas, forced, status };
    });
}
