import { quantity } from "../../formats/quantity.ts";

/** What of a Pod's spec says how many cores it requests. */
export interface PodRequests {
  readonly resources?: Resources;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly (Container & { readonly restartPolicy?: string })[];
  /** What its runtime takes beside the containers. */
  readonly overhead?: { readonly cpu?: Quantity };
}

type Quantity = string | number;

interface Resources {
  readonly requests?: { readonly cpu?: Quantity };
}

interface Container {
  readonly resources?: Resources;
}

/**
 * CPU cores that a node keeps for a Pod as long as it is there, by the scheduler's rule
 * (https://kubernetes.io/docs/concepts/resource-management/effective-pod-requests-limits/): what the Pod requests as a whole; else what
 * its containers request together with the sidecars, or what the greatest init container does with the sidecars begun before it, if that
 * is more. Null if something that runs as long as the Pod does requests none.
 */
export function requestedCores({
  resources,
  containers = [],
  initContainers = [],
  overhead,
}: PodRequests): number | null {
  const own = coresOf(resources) ?? coresOfContainers(containers, initContainers);
  return own === null ? null : own + (quantity(overhead?.cpu) ?? 0);
}

function coresOfContainers(
  containers: readonly Container[],
  initContainers: NonNullable<PodRequests["initContainers"]>,
): number | null {
  let [sidecars, greatest]: [number | null, number] = [0, 0];
  for (const { resources, restartPolicy } of initContainers) {
    const cores = coresOf(resources);
    if (restartPolicy === "Always") sidecars = plus(sidecars, cores);
    else greatest = Math.max(greatest, (sidecars ?? 0) + (cores ?? 0));
  }
  const together = containers.map(({ resources }) => coresOf(resources)).reduce(plus, sidecars);
  return together === null ? null : Math.max(together, greatest);
}

function coresOf(resources: Resources | undefined): number | null {
  return quantity(resources?.requests?.cpu);
}

function plus(sum: number | null, cores: number | null): number | null {
  return sum === null || cores === null ? null : sum + cores;
}
