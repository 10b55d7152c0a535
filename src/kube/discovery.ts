import type { Clock } from "./clock.ts";
import { groupVersion, urlOfGroup } from "./objects.ts";

export interface ApiResource {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
}

/** So that a kind that is installed later is found. */
const REMEMBERED_SECONDS = 60;
/** Group versions that are remembered at most: pipelines may name any. */
const MOST = 50;

/** What the API server has, asked once a minute for each group version; a failure is not remembered. */
export function discovery(
  get: (path: string) => Promise<unknown>,
  clock: Clock,
): (apiVersion: string) => Promise<readonly ApiResource[]> {
  const known = new Map<string, { readonly until: number; readonly resources: Promise<readonly ApiResource[]> }>();
  return async (apiVersion) => {
    const found = known.get(apiVersion);
    if (found !== undefined && clock.now() < found.until) return found.resources;
    const { group, version } = groupVersion(apiVersion);
    const resources = get(urlOfGroup(group, version)).then(resourcesOf);
    known.delete(apiVersion);
    for (const oldest of known.keys()) if (known.size >= MOST) known.delete(oldest);
    known.set(apiVersion, { until: clock.now() + REMEMBERED_SECONDS, resources });
    try {
      return await resources;
    } catch (error) {
      known.delete(apiVersion);
      throw error;
    }
  };
}

interface ResourceList {
  /** Subresources are "deployments/scale". */
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

function resourcesOf(answer: unknown): readonly ApiResource[] {
  const { resources } = answer as ResourceList;
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, kind, namespaced }) => {
      const below = resources.filter((other) => other.name.startsWith(`${name}/`));
      const subresources = below.map((other) => other.name.slice(name.length + 1));
      return { kind, plural: name, namespaced, subresources };
    });
}
